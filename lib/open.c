/*
 * Opening: from a path to a node, to a stream, to a descriptor.
 */
#include "internal.h"
#include <dirent.h>
#include <vfsfs/device.h>

#ifndef O_TMPFILE
#error "fcntl.h without O_TMPFILE: define _GNU_SOURCE"
#endif
enum {
	TMPFILE = O_TMPFILE & ~O_DIRECTORY,
	DROPPED = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC,
	KNOWN = 3 | DROPPED | O_APPEND | O_NONBLOCK | O_SYNC | O_ASYNC | O_DIRECT | O_DIRECTORY |
		O_NOFOLLOW | O_NOATIME | O_PATH | O_TMPFILE
};

/* O_RDONLY, O_WRONLY, O_RDWR are 0, 1, 2; 3 asks for both rights and gives
 * neither, as on Linux. */
static bool wants_read(int flags)
{
	return !(flags & 1);
}

static bool wants_write(int flags)
{
	return (flags + 1) & 2;
}

/* The ops of what a node is; NULL: no such device, or what cannot be opened (a
 * block device, a FIFO, a socket). */
static const StreamOps *ops_of(const FSNode *n, int flags)
{
	if (UNLIKELY(flags & O_PATH))
		return &vfs__path_ops;
	return UNLIKELY(S_ISCHR(n->mode)) ? vfs_get_device(n->rdev, NULL) : n->stream_ops;
}

/* A stream with a description of its own on n. */
static int stream_on(FSNode *n, int flags, FSStream **out)
{
	FSStreamShared *shared = vfs__shared_new(n, flags & ~DROPPED);
	if (UNLIKELY(!shared))
		return -ENOMEM;
	FSStream *s = vfs__stream_new(shared);
	if (UNLIKELY(!s)) {
		vfs__shared_free(shared);
		return -ENOMEM;
	}
	s->cloexec = flags & O_CLOEXEC;
	*out = s;
	return 0;
}

/* What it can do; its open is still to be run. */
static void equip(FSStream *s, const StreamOps *ops, int flags)
{
	const FSNode *n = s->shared->node;
	s->stream_ops = ops;
	s->type = (unsigned char)((n->mode & S_IFMT) >> 12); /* DT_ are S_IF >> 12 */
	if (LIKELY(!(flags & O_PATH))) {
		s->readable = wants_read(flags);
		s->writable = wants_write(flags);
		s->seekable = s->type == DT_REG || s->type == DT_DIR || ops->llseek;
	}
}

/* A new file in dir, and a stream on it, which is made first: then nothing but
 * the file itself can fail. name NULL: O_TMPFILE. */
static int open_new(FSNode *dir, const vfs__name *name, int flags, mode_t mode, FSStream **out)
{
	FSNode *n;
	FSStream *s;
	int err = name && !dir->nlink ? -ENOENT : vfs__may_change(dir);
	if (!err)
		err = stream_on(dir, flags, &s);
	if (err)
		return err;
	err = vfs__create(dir, name, vfs__new_mode(dir, S_IFREG | (mode & 07777)), 0, &n);
	if (err) {
		s->stream_ops = &vfs__path_ops;
		vfs__put_stream(s);
		return err;
	}
	s->shared->node = n;
	if (name)
		vfs__get_node(n);
	else
		n->linkable = !(flags & O_EXCL);
	vfs_node_put(dir);
	equip(s, n->stream_ops, flags);
	*out = s;
	return 0;
}

/* May this file be opened so? */
static int check_open(const FSNode *n, int flags)
{
	int err;
	if (S_ISDIR(n->mode)) {
		if ((flags & 3) || (flags & (O_CREAT | O_TRUNC)))
			return -EISDIR;
	} else if (flags & O_DIRECTORY) {
		return -ENOTDIR;
	}
	if (flags & O_PATH)
		return 0;
	if (S_ISLNK(n->mode))
		return -ELOOP;
	if ((S_ISCHR(n->mode) || S_ISBLK(n->mode)) && (n->mount->flags & VFS_NODEV))
		return -EACCES;
	unsigned want = (unsigned)"\4\2\6\6"[flags & 3]; /* R_OK, W_OK, both */
	if (flags & O_TRUNC)
		want |= W_OK;
	if (want & W_OK && !S_ISCHR(n->mode) && (n->mount->flags & VFS_RDONLY))
		return -EROFS;
	if ((err = vfs__may(n, want)) != 0)
		return err;
	if ((flags & O_NOATIME) && !vfs__owns(n))
		return -EPERM;
	if ((flags & O_DIRECT) && (S_ISDIR(n->mode) || S_ISCHR(n->mode)))
		return -EINVAL;
	return 0;
}

/* Finds or makes the node; the caller has walked. *trunc: it is to be cut. */
static int open_walked(const vfs__path *p, int flags, mode_t mode, FSStream **out, bool *trunc)
{
	FSNode *n = p->node;
	int err;
	*trunc = false;
	if (UNLIKELY((flags & O_TMPFILE) == O_TMPFILE)) {
		if (!n)
			return -ENOENT;
		return S_ISDIR(n->mode) ? open_new(n, NULL, flags, mode, out) : -ENOTDIR;
	}
	if (!n)
		return flags & O_CREAT ? open_new(p->dir, &p->name, flags, mode, out) : -ENOENT;
	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	if ((err = check_open(n, flags)) != 0)
		return err;
	*trunc = (flags & O_TRUNC) && S_ISREG(n->mode);
	const StreamOps *ops = ops_of(n, flags);
	if (UNLIKELY(!ops))
		return -ENXIO;
	if (LIKELY((err = stream_on(n, flags, out)) == 0))
		equip(*out, ops, flags);
	return err;
}

static int open_at(int dirfd, const char *path, int flags, mode_t mode)
{
	unsigned how = VFS__FOLLOW;
	flags &= KNOWN;
	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if (flags & TMPFILE) {
		if ((flags & O_TMPFILE) != O_TMPFILE || !(flags & 3) || (flags & O_CREAT))
			return -EINVAL;
	} else if (flags & O_CREAT) {
		if (flags & O_DIRECTORY)
			return -EINVAL;
		how |= VFS__FILE;
	}
	if ((flags & O_NOFOLLOW) || (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		how &= ~(unsigned)VFS__FOLLOW;

	int fd = vfs__fd_reserve(0);
	if (UNLIKELY(fd < 0)) {
		int err = vfs__check_string(path);
		return err ? err : !*path ? -ENOENT : fd;
	}
	FSStream *s = NULL;
	vfs__path p;
	bool trunc;
	int err = vfs__walk(dirfd, path, how, &p);
	if (LIKELY(!err))
		err = open_walked(&p, flags, mode, &s, &trunc);
	vfs__end_walk(&p);
	if (LIKELY(!err)) {
		assert(s);
		if (s->stream_ops->open && (err = s->stream_ops->open(s)) != 0)
			s->stream_ops = &vfs__path_ops; /* nothing to close */
		else if (trunc)
			err = vfs__truncate(s->shared->node, 0, true);
		if (UNLIKELY((flags & (O_CREAT | O_TRUNC)) && !s->writable))
			vfs__settle(); /* what its close does otherwise */
		if (UNLIKELY(err))
			vfs__put_stream(s);
	}
	if (UNLIKELY(err)) {
		vfs__fd_free(fd);
		return err;
	}
	vfs__fd_install(fd, s);
	return fd;
}

int vfs_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	VFS__TRACE(openat, (dirfd, path, flags, mode));
	return open_at(dirfd, path, flags, mode);
}

int vfs_open(const char *path, int flags, mode_t mode)
{
	return vfs_openat(AT_FDCWD, path, flags, mode);
}
