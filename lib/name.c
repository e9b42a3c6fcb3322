/*
 * Making, removing and moving names. Each call: walk, check in the order in
 * which Linux checks, reserve the new name, let the backend record the change,
 * then change the core's objects, which cannot fail any more.
 */
#include "internal.h"

/* Where a new name may be put. Linux's order: what is there, slashes behind a
 * name that is not to be a directory, a read-only mount; then rights. */
static int check_place(const vfs__path *p, bool directory)
{
	if (p->node)
		return -EEXIST;
	if ((p->slash && !directory) || !p->dir->nlink)
		return -ENOENT;
	return p->dir->mount->flags & VFS_RDONLY ? -EROFS : 0;
}

static int check_new(const vfs__path *p, bool directory)
{
	int err = check_place(p, directory);
	return err ? err : vfs__may_change(p->dir);
}

static void count_dirs(FSNode *dir, const FSNode *node, int by)
{
	if (S_ISDIR(node->mode))
		dir->nlink = (uint32_t)((int)dir->nlink + by);
	vfs_mark(dir, VFS_MTIME | VFS_CTIME);
}

/* One name less; the file lives on while something holds it. */
static void drop_link(FSNode *n)
{
	n->nlink -= S_ISDIR(n->mode) ? 2 : 1;
	vfs_mark(n, VFS_CTIME);
}

/* The group and the set-group-ID bit that a new node takes from its directory. */
static void inherit(const FSNode *dir, FSNode *n)
{
	if (!(dir->mode & S_ISGID))
		return;
	n->gid = dir->gid;
	if (S_ISDIR(n->mode))
		n->mode |= S_ISGID;
	vfs__tell_mode(n);
}

/* The mode that a new node gets: its set-group-ID bit goes by what was asked
 * for, then the umask counts. */
mode_t vfs__new_mode(const FSNode *dir, mode_t mode)
{
	const mode_t both = S_ISGID | S_IXGRP;
	if ((mode & both) == both && (dir->mode & S_ISGID) && !vfs__in_group(dir->gid) &&
	    !vfs__capable(VFS_CAP_FSETID))
		mode &= ~(mode_t)S_ISGID;
	return mode & ~vfs__process.umask;
}

int vfs__create(FSNode *dir, const vfs__name *name, mode_t mode, dev_t rdev, FSNode **out)
{
	FSDentry *d = NULL;
	FSNode *n;
	int err;
	if (!dir->node_ops || !dir->node_ops->mknod)
		return -EPERM;
	if (name && (err = vfs__reserve(dir, name, &d)) != 0)
		return err;
	err = dir->node_ops->mknod(dir, name ? name->ptr : NULL, name ? name->len : 0, mode, rdev,
				   &n);
	if (err) {
		if (d)
			vfs__abandon(d);
		return err;
	}
	inherit(dir, n);
	*out = n;
	if (!d) {
		n->nlink = 0;
		return 0;
	}
	vfs__enter(d, n);
	vfs_node_put(n); /* the name holds it now */
	count_dirs(dir, n, 1);
	return 0;
}

int vfs_make_name(FSNode *dir, const char *ptr, mode_t mode, dev_t rdev, FSNode **out)
{
	size_t len = strlen(ptr);
	vfs__name name = {ptr, (unsigned)len, vfs__hash(dir, ptr, len)};
	return vfs__create(dir, &name, mode, rdev, out);
}

static int make(int dirfd, const char *path, mode_t mode, dev_t rdev)
{
	vfs__path p;
	FSNode *n;
	int err = vfs__walk(dirfd, path, VFS__NAME, &p);
	if (!err)
		err = check_new(&p, S_ISDIR(mode));
	/* a character device 0:0 is nobody's: Linux's whiteout */
	if (!err && (S_ISBLK(mode) || (S_ISCHR(mode) && rdev)) && !vfs__capable(VFS_CAP_MKNOD))
		err = -EPERM;
	if (!err)
		err = vfs__create(p.dir, &p.name, vfs__new_mode(p.dir, mode), rdev, &n);
	vfs__end_walk(&p);
	vfs__settle();
	return err;
}

int vfs_mkdirat(int dirfd, const char *path, mode_t mode)
{
	VFS__TRACE(mkdirat, (dirfd, path, mode));
	return make(dirfd, path, S_IFDIR | (mode & 01777), 0);
}

int vfs_mkdir(const char *path, mode_t mode)
{
	return vfs_mkdirat(AT_FDCWD, path, mode);
}

int vfs_mknodat(int dirfd, const char *path, mode_t mode, dev_t dev)
{
	VFS__TRACE(mknodat, (dirfd, path, mode, dev));
	switch (mode & S_IFMT) {
	case 0:
		mode |= S_IFREG;
		break;
	case S_IFREG:
	case S_IFIFO:
	case S_IFSOCK:
		break;
	case S_IFCHR:
	case S_IFBLK:
		break;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
	return make(dirfd, path, mode & (S_IFMT | 07777), S_ISCHR(mode) || S_ISBLK(mode) ? dev : 0);
}

int vfs_mknod(const char *path, mode_t mode, dev_t dev)
{
	return vfs_mknodat(AT_FDCWD, path, mode, dev);
}

/* The link's node, without a name. */
static int make_link(FSNode *dir, const char *target, FSNode **out)
{
	const NodeOps *ops = dir->node_ops;
	FSNode *n;
	if (!ops || !ops->mknod || !(dir->mount->type->caps & VFS_CAP_SYMLINKS))
		return -EPERM;
	char *copy = strdup(target);
	if (!copy)
		return -ENOMEM;
	int err = ops->mknod(dir, NULL, 0, S_IFLNK | 0777, 0, &n);
	if (err) {
		free(copy);
		return err;
	}
	n->u.target = copy;
	n->size = (off_t)strlen(copy);
	*out = n;
	return 0;
}

int vfs_symlinkat(const char *target, int dirfd, const char *path)
{
	VFS__TRACE(symlinkat, (target, dirfd, path));
	vfs__path p;
	FSNode *n;
	FSDentry *d;
	int err = vfs__check_string(target);
	if (!err && !*target)
		err = -ENOENT;
	if (err)
		return err;
	err = vfs__walk(dirfd, path, VFS__NAME, &p);
	if (!err)
		err = check_new(&p, false);
	if (!err)
		err = make_link(p.dir, target, &n);
	if (!err) {
		err = vfs__reserve(p.dir, &p.name, &d);
		if (!err && p.dir->node_ops->symlink &&
		    (err = p.dir->node_ops->symlink(p.dir, p.name.ptr, p.name.len, n)) != 0)
			vfs__abandon(d);
		if (!err) {
			inherit(p.dir, n);
			vfs__enter(d, n);
			count_dirs(p.dir, n, 1);
		}
		vfs_node_put(n);
	}
	vfs__end_walk(&p);
	vfs__settle();
	return err;
}

int vfs_symlink(const char *target, const char *path)
{
	return vfs_symlinkat(target, AT_FDCWD, path);
}

static int link_walked(const vfs__path *from, const vfs__path *to)
{
	FSNode *n = from->node, *dir = to->dir;
	FSDentry *d;
	int err = check_place(to, false);
	if (err)
		return err;
	/* /dev/fd/N: on a filesystem of its own, as on Linux */
	if (n->mount != dir->mount || (n->node_ops && n->node_ops->follow))
		return -EXDEV;
	if ((err = vfs__may_change(dir)) != 0)
		return err;
	if (S_ISDIR(n->mode) || !(n->mount->type->caps & VFS_CAP_LINKS))
		return -EPERM;
	if (!n->nlink && !n->linkable)
		return -ENOENT;
	if (n->nlink == UINT32_MAX)
		return -EMLINK;
	if ((err = vfs__reserve(dir, &to->name, &d)) != 0)
		return err;
	if (dir->node_ops->link &&
	    (err = dir->node_ops->link(dir, to->name.ptr, to->name.len, n)) != 0) {
		vfs__abandon(d);
		return err;
	}
	vfs__enter(d, n);
	n->nlink++;
	n->linkable = false;
	vfs_mark(n, VFS_CTIME);
	count_dirs(dir, n, 1);
	return 0;
}

int vfs_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	VFS__TRACE(linkat, (from_fd, from, to_fd, to, flags));
	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	vfs__path a, b;
	int err = vfs__walk2(from_fd, from,
			     (flags & AT_SYMLINK_FOLLOW ? VFS__FOLLOW : 0) |
				     (flags & AT_EMPTY_PATH ? VFS__EMPTY : 0),
			     &a, to_fd, to, VFS__NAME, &b);
	if (!err)
		err = link_walked(&a, &b);
	vfs__end_walk2(&a, &b);
	vfs__settle();
	return err;
}

int vfs_link(const char *from, const char *to)
{
	return vfs_linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

static bool is_empty(const FSNode *dir)
{
	return !dir->u.dir.first;
}

static int unlink_walked(const vfs__path *p)
{
	FSNode *n = p->node, *dir = p->dir;
	int err;
	if (!p->name.len || vfs__is_dot(&p->name) || vfs__is_dotdot(&p->name))
		return -EISDIR;
	if (dir->mount->flags & VFS_RDONLY)
		return -EROFS;
	if (!n)
		return -ENOENT;
	if (p->slash)
		return S_ISDIR(n->mode) ? -EISDIR : -ENOTDIR;
	if ((err = vfs__may_delete(dir, n)) != 0)
		return err;
	if (S_ISDIR(n->mode))
		return -EISDIR;
	if (!p->entry)
		return -EPERM; /* a name that only the backend has */
	if (dir->node_ops->unlink &&
	    (err = dir->node_ops->unlink(dir, p->name.ptr, p->name.len, n)) != 0)
		return err;
	drop_link(n);
	count_dirs(dir, n, -1);
	vfs__remove(p->entry);
	return 0;
}

static int rmdir_walked(const vfs__path *p)
{
	FSNode *n = p->node, *dir = p->dir;
	int err;
	if (!p->name.len)
		return -EBUSY;
	if (vfs__is_dot(&p->name))
		return -EINVAL;
	if (vfs__is_dotdot(&p->name))
		return -ENOTEMPTY;
	if (dir->mount->flags & VFS_RDONLY)
		return -EROFS;
	if (!n)
		return -ENOENT;
	if ((err = vfs__may_delete(dir, n)) != 0)
		return err;
	if (!S_ISDIR(n->mode))
		return -ENOTDIR;
	if (n->u.dir.covered_by)
		return -EBUSY;
	if (!is_empty(n))
		return -ENOTEMPTY;
	if (!p->entry)
		return -EPERM;
	if (dir->node_ops->rmdir &&
	    (err = dir->node_ops->rmdir(dir, p->name.ptr, p->name.len, n)) != 0)
		return err;
	drop_link(n);
	count_dirs(dir, n, -1);
	vfs__remove(p->entry);
	return 0;
}

int vfs_unlinkat(int dirfd, const char *path, int flags)
{
	VFS__TRACE(unlinkat, (dirfd, path, flags));
	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	vfs__path p;
	int err = vfs__walk(dirfd, path, VFS__NAME, &p);
	if (!err)
		err = flags ? rmdir_walked(&p) : unlink_walked(&p);
	vfs__end_walk(&p);
	vfs__settle();
	return err;
}

int vfs_unlink(const char *path)
{
	return vfs_unlinkat(AT_FDCWD, path, 0);
}

int vfs_rmdir(const char *path)
{
	return vfs_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

/* Is `dir` the directory n or somewhere below it? */
static bool is_below(const FSNode *dir, const FSNode *n)
{
	while (dir && dir != n)
		dir = dir->u.dir.parent;
	return dir != NULL;
}

/* The checks of rename, in Linux's order. */
static int check_rename(const vfs__path *from, const vfs__path *to, unsigned flags)
{
	FSNode *n = from->node, *victim = to->node;
	int err;
	if (from->dir->mount != to->dir->mount)
		return -EXDEV;
	if (!from->name.len || vfs__is_dot(&from->name) || vfs__is_dotdot(&from->name))
		return -EBUSY;
	if (!to->name.len || vfs__is_dot(&to->name) || vfs__is_dotdot(&to->name))
		return flags ? -EEXIST : -EBUSY;
	if (from->dir->mount->flags & VFS_RDONLY)
		return -EROFS;
	if (!n || !to->dir->nlink)
		return -ENOENT;
	if (victim && flags)
		return -EEXIST;
	if (!S_ISDIR(n->mode) && (from->slash || to->slash))
		return -ENOTDIR;
	if (S_ISDIR(n->mode) && is_below(to->dir, n))
		return -EINVAL;
	if (victim && S_ISDIR(victim->mode) && is_below(from->dir, victim))
		return -ENOTEMPTY;
	if (n == victim)
		return 0;
	if ((err = vfs__may_delete(from->dir, n)) != 0)
		return err;
	if ((err = victim ? vfs__may_delete(to->dir, victim) : vfs__may_change(to->dir)) != 0)
		return err;
	if (victim && S_ISDIR(n->mode) != S_ISDIR(victim->mode))
		return S_ISDIR(n->mode) ? -ENOTDIR : -EISDIR;
	if (S_ISDIR(n->mode) && from->dir != to->dir && (err = vfs__may(n, W_OK)) != 0)
		return err;
	if ((S_ISDIR(n->mode) && n->u.dir.covered_by) ||
	    (victim && S_ISDIR(victim->mode) && victim->u.dir.covered_by))
		return -EBUSY;
	if (victim && S_ISDIR(victim->mode) && !is_empty(victim))
		return -ENOTEMPTY;
	return from->entry && (to->entry || !victim) ? 0 : -EPERM;
}

static int rename_walked(const vfs__path *from, const vfs__path *to, unsigned flags)
{
	FSNode *n = from->node, *victim = to->node;
	FSDentry *d = to->entry;
	int err = check_rename(from, to, flags);
	if (err || n == victim)
		return err;
	if (!d && (err = vfs__reserve(to->dir, &to->name, &d)) != 0)
		return err;
	if (to->dir->node_ops->rename &&
	    (err = to->dir->node_ops->rename(from->dir, from->name.ptr, from->name.len, n, to->dir,
					     to->name.ptr, to->name.len, victim)) != 0) {
		if (!victim)
			vfs__abandon(d);
		return err;
	}
	vfs_mark(n, VFS_CTIME);
	if (victim) {
		drop_link(victim);
		count_dirs(to->dir, victim, -1);
		vfs__replace(d, n);
	} else if (from->dir == to->dir) {
		vfs_mark(to->dir, VFS_MTIME | VFS_CTIME);
		vfs__move_in_place(d, from->entry);
		return 0;
	} else {
		vfs__enter(d, n);
	}
	count_dirs(to->dir, n, 1);
	count_dirs(from->dir, n, -1);
	vfs__remove(from->entry);
	return 0;
}

int vfs_renameat(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	VFS__TRACE(renameat, (from_fd, from, to_fd, to, flags));
	enum { NOREPLACE = 1 };
	if (flags & ~(unsigned)NOREPLACE)
		return -EINVAL;
	vfs__path a, b;
	int err = vfs__walk2(from_fd, from, VFS__NAME, &a, to_fd, to, VFS__NAME, &b);
	if (!err)
		err = rename_walked(&a, &b, flags);
	vfs__end_walk2(&a, &b);
	vfs__settle();
	return err;
}

int vfs_rename(const char *from, const char *to)
{
	return vfs_renameat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

ssize_t vfs_readlinkat(int dirfd, const char *path, char *buf, size_t size)
{
	VFS__TRACE(readlinkat, (dirfd, path, buf, size));
	if (!size || size > SSIZE_MAX)
		return -EINVAL;
	vfs__path p;
	ssize_t r = vfs__walk_to(dirfd, path, VFS__EMPTY, &p);
	if (!r) {
		FSNode *n = p.node;
		if (!S_ISLNK(n->mode)) {
			r = *path ? -EINVAL : -ENOENT;
		} else {
			r = (ssize_t)strlen(n->u.target);
			if ((size_t)r > size)
				r = (ssize_t)size;
			if (vfs__bad_address(buf, (size_t)r))
				r = -EFAULT;
			else
				memcpy(buf, n->u.target, (size_t)r);
			vfs__mark_access(n);
		}
	}
	vfs__end_walk(&p);
	return r;
}

ssize_t vfs_readlink(const char *path, char *buf, size_t size)
{
	return vfs_readlinkat(AT_FDCWD, path, buf, size);
}
