/*
 * Atomic writes: in a file of its own, so that a program without them does not link it.
 * The backend keeps what is written; here is what must hold before it is asked.
 */
#include "internal.h"
#include <dirent.h>

/* The stream, held, if an atomic write of its file can be asked for. */
static int get_writer(int fd, FSStream **out)
{
	FSStream *s = vfs__get_stream(fd);
	if (!s)
		return -EBADF;
	int err = 0;
	if (s->stream_ops == &vfs__path_ops || !s->writable)
		err = -EBADF;
	else if (s->type != DT_REG)
		err = -EINVAL;
	else if (!s->stream_ops->begin)
		err = -EOPNOTSUPP;
	if (err)
		vfs__put_stream(s);
	else
		*out = s;
	return err;
}

int vfs_begin(int fd)
{
	VFS__TRACE(begin, (fd));
	FSStream *s;
	int err = get_writer(fd, &s);
	if (err)
		return err;
	FSNode *n = s->shared->node;
	vfs__lock_node(n);
	err = vfs__load(&s->shared->flags) & O_APPEND ? -EINVAL : s->stream_ops->begin(s);
	vfs__unlock_node(n);
	vfs__put_stream(s);
	return err;
}

int vfs_commit(int fd)
{
	VFS__TRACE(commit, (fd));
	FSStream *s;
	int err = get_writer(fd, &s);
	if (err)
		return err;
	FSNode *n = s->shared->node;
	vfs__lock_node(n);
	vfs_mark(n, VFS_MTIME | VFS_CTIME); /* before it is recorded */
	err = s->stream_ops->commit(s);
	vfs__unlock_node(n);
	vfs__put_stream(s);
	return err;
}

int vfs_rollback(int fd)
{
	VFS__TRACE(rollback, (fd));
	FSStream *s;
	int err = get_writer(fd, &s);
	if (err)
		return err;
	FSNode *n = s->shared->node;
	vfs__lock_node(n);
	err = s->stream_ops->rollback(s);
	vfs__unlock_node(n);
	vfs__put_stream(s);
	return err;
}
