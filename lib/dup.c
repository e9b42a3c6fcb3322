/*
 * A descriptor's copies, and its end: dup and close.
 */
#include "internal.h"

static int close_stream(FSStream *s)
{
	int err = s->stream_ops->flush ? s->stream_ops->flush(s) : 0;
	vfs__put_stream(s);
	return err;
}

int vfs_close(int fd)
{
	VFS__TRACE(close, (fd));
	FSStream *s = vfs__fd_take(fd);
	return LIKELY(s != NULL) ? close_stream(s) : -EBADF;
}

/* A second stream on the description, held once, without a descriptor. */
static int dup_stream(const FSStream *old, bool cloexec, FSStream **out)
{
	FSStream *s = vfs__stream_new(old->shared);
	if (!s)
		return -ENOMEM;
	s->stream_ops = old->stream_ops;
	s->data = old->data;
	s->cloexec = cloexec;
	s->type = old->type;
	s->seekable = old->seekable;
	s->readable = old->readable;
	s->writable = old->writable;
	int err = s->stream_ops->dup ? s->stream_ops->dup(s) : 0;
	if (err) {
		s->stream_ops = &vfs__path_ops;
		vfs__put_stream(s);
		return err;
	}
	*out = s;
	return 0;
}

int vfs__dup_from(int fd, unsigned from, bool cloexec)
{
	FSStream *old = vfs__get_stream(fd), *s;
	if (!old)
		return -EBADF;
	int to = vfs__fd_reserve(from);
	if (to >= 0) {
		int err = dup_stream(old, cloexec, &s);
		if (err) {
			vfs__fd_free(to);
			to = err;
		} else {
			vfs__fd_install(to, s);
		}
	}
	vfs__put_stream(old);
	return to;
}

int vfs_dup(int fd)
{
	VFS__TRACE(dup, (fd));
	return vfs__dup_from(fd, 0, false);
}

static int dup_to(int fd, int to, bool cloexec)
{
	FSStream *old = vfs__get_stream(fd), *s, *replaced;
	if (!old)
		return -EBADF;
	int err = -EBADF;
	if (to >= 0 && (unsigned)to < vfs_max_open_fds())
		err = dup_stream(old, cloexec, &s);
	if (!err) {
		err = vfs__fd_replace(to, s, &replaced);
		if (err)
			replaced = s;
		if (replaced)
			close_stream(replaced);
	}
	vfs__put_stream(old);
	return err ? err : to;
}

int vfs_dup3(int fd, int to, int flags)
{
	VFS__TRACE(dup3, (fd, to, flags));
	if ((flags & ~O_CLOEXEC) || fd == to)
		return -EINVAL;
	return dup_to(fd, to, flags & O_CLOEXEC);
}

int vfs_dup2(int fd, int to)
{
	VFS__TRACE(dup2, (fd, to));
	if (fd != to)
		return dup_to(fd, to, false);
	FSStream *s = vfs__get_stream(fd);
	if (!s)
		return -EBADF;
	vfs__put_stream(s);
	return to;
}

int vfs_fd_node(int fd, FSNode **out)
{
	FSStream *s = vfs__get_stream(fd);
	if (!s)
		return -EBADF;
	*out = vfs_node_get(s->shared->node);
	vfs__put_stream(s);
	return 0;
}
