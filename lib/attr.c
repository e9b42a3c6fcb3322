/*
 * Attributes: stat, access, chmod, chown, utimens.
 */
#include "internal.h"

void vfs__stat(FSNode *n, struct stat *st)
{
	vfs__settle();
	vfs__lock_node(n);
	st->st_dev = n->mount->dev;
	st->st_ino = n->ino;
	st->st_mode = n->mode;
	st->st_nlink = n->nlink;
	st->st_uid = n->uid;
	st->st_gid = n->gid;
	st->st_rdev = n->rdev;
	st->st_size = n->size;
	st->st_blksize = 4096;
	st->st_blocks = 0;
	if (n->node_ops && n->node_ops->getattr)
		n->node_ops->getattr(n, st);
	vfs__get_times(n, st);
	vfs__unlock_node(n);
}

static unsigned walk_flags(int flags)
{
	return (flags & AT_SYMLINK_NOFOLLOW ? 0 : VFS__FOLLOW) |
	       (flags & AT_EMPTY_PATH ? VFS__EMPTY : 0);
}

int vfs_fstatat(int dirfd, const char *path, struct stat *st, int flags)
{
	VFS__TRACE(fstatat, (dirfd, path, st, flags));
	if (UNLIKELY(flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT)))
		return -EINVAL;
	vfs__path p;
	int err = vfs__walk_to(dirfd, path, walk_flags(flags), &p);
	if (LIKELY(!err)) {
		if (vfs__bad_address(st, sizeof *st))
			err = -EFAULT;
		else
			vfs__stat(p.node, st);
	}
	vfs__end_walk(&p);
	return err;
}

int vfs_stat(const char *path, struct stat *st)
{
	return vfs_fstatat(AT_FDCWD, path, st, 0);
}

int vfs_lstat(const char *path, struct stat *st)
{
	return vfs_fstatat(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}

int vfs_fstat(int fd, struct stat *st)
{
	VFS__TRACE(fstat, (fd, st));
	FSStream *s = vfs__get_stream(fd);
	if (UNLIKELY(!s))
		return -EBADF;
	int err = 0;
	if (vfs__bad_address(st, sizeof *st)) {
		err = -EFAULT;
	} else {
		vfs__lock_names();
		vfs__stat(s->shared->node, st);
		vfs__unlock_names();
	}
	vfs__put_stream(s);
	return err;
}

int vfs_faccessat(int dirfd, const char *path, int mode, int flags)
{
	VFS__TRACE(faccessat, (dirfd, path, mode, flags));
	if ((mode & ~(R_OK | W_OK | X_OK)) ||
	    (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	vfs__path p;
	const vfs_credential *c = &vfs__process.cred;
	bool effective = flags & AT_EACCESS;
	int err = effective ? vfs__walk_to(dirfd, path, walk_flags(flags), &p)
			    : vfs__walk_real(dirfd, path, walk_flags(flags), &p);
	if (!err && !p.node)
		err = -ENOENT;
	if (!err) {
		FSNode *n = p.node;
		if ((mode & W_OK) && (n->mount->flags & VFS_RDONLY) &&
		    (S_ISREG(n->mode) || S_ISDIR(n->mode) || S_ISLNK(n->mode)))
			err = -EROFS;
		else if (effective)
			err = vfs__may(n, (unsigned)mode);
		else
			err = vfs__may_as(n, (unsigned)mode, c->uid, c->gid);
	}
	vfs__end_walk(&p);
	return err;
}

int vfs_access(const char *path, int mode)
{
	return vfs_faccessat(AT_FDCWD, path, mode, 0);
}

/* Asks the backend, then changes the node. UTIME_NOW is the present time. */
static int set(FSNode *n, vfs_attr *a)
{
	struct timespec t;
	int err = 0;
	if (n->mount->flags & VFS_RDONLY)
		return -EROFS;
	vfs__settle_at(&t);
	if (a->atime.tv_nsec == UTIME_NOW)
		a->atime = t;
	if (a->mtime.tv_nsec == UTIME_NOW)
		a->mtime = t;
	if (n->node_ops && n->node_ops->setattr)
		err = n->node_ops->setattr(n, a);
	if (err)
		return err;
	if (a->valid & VFS_MODE) {
		vfs__lock_node(n);
		n->mode = (n->mode & S_IFMT) | (a->mode & 07777);
		vfs__unlock_node(n);
	}
	if (a->valid & VFS_UID)
		n->uid = a->uid;
	if (a->valid & VFS_GID)
		n->gid = a->gid;
	vfs__set_times(n, a, t);
	return 0;
}

/* May the process set the set-group-ID bit of a file of this group? */
static bool may_set_gid(gid_t gid)
{
	return vfs__in_group(gid) || vfs__capable(VFS_CAP_FSETID);
}

static int chmod_node(FSNode *n, mode_t mode)
{
	if (S_ISLNK(n->mode))
		return -EOPNOTSUPP;
	if (n->mount->flags & VFS_RDONLY)
		return -EROFS;
	if (!vfs__owns(n))
		return -EPERM;
	if (!may_set_gid(n->gid))
		mode &= ~(mode_t)S_ISGID;
	vfs_attr a = {.valid = VFS_MODE, .mode = mode};
	return set(n, &a);
}

static int chown_node(FSNode *n, uid_t uid, gid_t gid)
{
	vfs_attr a = {.uid = uid, .gid = gid};
	if (n->mount->flags & VFS_RDONLY)
		return -EROFS;
	if (uid != (uid_t)-1) {
		if (!vfs__capable(VFS_CAP_CHOWN) &&
		    (n->uid != vfs__process.cred.euid || uid != n->uid))
			return -EPERM;
		a.valid |= VFS_UID;
	}
	if (gid != (gid_t)-1) {
		if (!vfs__capable(VFS_CAP_CHOWN) &&
		    (n->uid != vfs__process.cred.euid || (gid != n->gid && !vfs__in_group(gid))))
			return -EPERM;
		a.valid |= VFS_GID;
	}
	/* a program that changes hands is no longer set-id */
	a.mode = n->mode;
	if (!S_ISDIR(n->mode)) {
		a.mode &= ~(mode_t)S_ISUID;
		if ((n->mode & S_IXGRP) || !may_set_gid(n->gid))
			a.mode &= ~(mode_t)S_ISGID;
	}
	if (a.mode != n->mode) {
		if (!vfs__owns(n))
			return -EPERM;
		/* which is a change of mode, in a file of the new group */
		if (!may_set_gid(a.valid & VFS_GID ? gid : n->gid))
			a.mode &= ~(mode_t)S_ISGID;
		a.valid |= VFS_MODE;
	}
	return set(n, &a);
}

static bool good_time(const struct timespec *t)
{
	return t->tv_nsec == UTIME_NOW || t->tv_nsec == UTIME_OMIT ||
	       (t->tv_nsec >= 0 && t->tv_nsec < 1000000000);
}

static int utimens_node(FSNode *n, const struct timespec times[2])
{
	static const struct timespec both_now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
	if (!times)
		times = both_now;
	if (!good_time(&times[0]) || !good_time(&times[1]))
		return -EINVAL;
	bool now = times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW;
	if (n->mount->flags & VFS_RDONLY)
		return -EROFS;
	if (!vfs__owns(n)) {
		if (!now)
			return -EPERM;
		int err = vfs__may(n, W_OK);
		if (err)
			return err;
	}
	vfs_attr a = {.atime = times[0], .mtime = times[1]};
	if (times[0].tv_nsec != UTIME_OMIT)
		a.valid |= VFS_ATIME;
	if (times[1].tv_nsec != UTIME_OMIT)
		a.valid |= VFS_MTIME;
	return set(n, &a);
}

int vfs_fchmodat(int dirfd, const char *path, mode_t mode, int flags)
{
	VFS__TRACE(fchmodat, (dirfd, path, mode, flags));
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	vfs__path p;
	int err = vfs__walk_to(dirfd, path, walk_flags(flags), &p);
	if (!err)
		err = chmod_node(p.node, mode);
	vfs__end_walk(&p);
	return err;
}

int vfs_chmod(const char *path, mode_t mode)
{
	return vfs_fchmodat(AT_FDCWD, path, mode, 0);
}

/* The node of a descriptor that is not O_PATH's. */
static int walk_real_fd(int fd, vfs__path *p)
{
	int err = vfs__walk_fd(fd, p);
	if (!err && p->base->stream_ops == &vfs__path_ops)
		err = -EBADF;
	return err;
}

int vfs_fchmod(int fd, mode_t mode)
{
	VFS__TRACE(fchmod, (fd, mode));
	vfs__path p;
	int err = walk_real_fd(fd, &p);
	if (!err)
		err = chmod_node(p.node, mode);
	vfs__end_walk(&p);
	return err;
}

int vfs_fchownat(int dirfd, const char *path, uid_t uid, gid_t gid, int flags)
{
	VFS__TRACE(fchownat, (dirfd, path, uid, gid, flags));
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	vfs__path p;
	int err = vfs__walk_to(dirfd, path, walk_flags(flags), &p);
	if (!err)
		err = chown_node(p.node, uid, gid);
	vfs__end_walk(&p);
	return err;
}

int vfs_chown(const char *path, uid_t uid, gid_t gid)
{
	return vfs_fchownat(AT_FDCWD, path, uid, gid, 0);
}

int vfs_lchown(const char *path, uid_t uid, gid_t gid)
{
	return vfs_fchownat(AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
}

int vfs_fchown(int fd, uid_t uid, gid_t gid)
{
	VFS__TRACE(fchown, (fd, uid, gid));
	vfs__path p;
	int err = walk_real_fd(fd, &p);
	if (!err)
		err = chown_node(p.node, uid, gid);
	vfs__end_walk(&p);
	return err;
}

int vfs_utimensat(int dirfd, const char *path, const struct timespec times[2], int flags)
{
	VFS__TRACE(utimensat, (dirfd, path, times, flags));
	vfs__path p;
	int err;
	if (times) {
		if (vfs__bad_address(times, 2 * sizeof *times))
			return -EFAULT;
		if (times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT)
			return 0;
	}
	if (!path && dirfd != AT_FDCWD) {
		if (flags)
			return -EINVAL;
		err = walk_real_fd(dirfd, &p);
	} else {
		if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
			return -EINVAL;
		err = vfs__walk_to(dirfd, path, walk_flags(flags), &p);
	}
	if (!err)
		err = utimens_node(p.node, times);
	vfs__end_walk(&p);
	return err;
}
