/*
 * fallocate: in a file of its own, so that a program without it does not link
 * the block module's part of it either.
 */
#include "internal.h"
#include <dirent.h>
#include <vfsfs/blocks.h>

#ifndef FALLOC_FL_KEEP_SIZE
#define FALLOC_FL_KEEP_SIZE  1
#define FALLOC_FL_PUNCH_HOLE 2
#endif
enum { LINUX_MODES = 0xfb }; /* those that it has, at all */

static int allocate(FSStream *s, int mode, off_t offset, off_t len)
{
	FSNode *n = s->shared->node;
	off_t end;
	if (s->stream_ops == &vfs__path_ops)
		return -EBADF;
	if (offset < 0 || len <= 0)
		return -EINVAL;
	if (mode & ~LINUX_MODES || mode == FALLOC_FL_PUNCH_HOLE)
		return -EOPNOTSUPP;
	if (!s->writable)
		return -EBADF;
	if (s->type == DT_FIFO)
		return -ESPIPE;
	if (s->type != DT_REG)
		return -ENODEV;
	if (__builtin_add_overflow(offset, len, &end))
		return -EFBIG;
	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE) || !s->stream_ops->allocate)
		return -EOPNOTSUPP;
	vfs__lock_node(n);
	int err = s->stream_ops->allocate(s, mode, offset, len);
	if (!err)
		vfs_mark(n, VFS_MTIME | VFS_CTIME);
	bool privileged = !err && vfs__is_privileged(n);
	vfs__unlock_node(n);
	if (privileged)
		vfs__drop_privileges(n);
	return err;
}

int vfs_fallocate(int fd, int mode, off_t offset, off_t len)
{
	VFS__TRACE(fallocate, (fd, mode, offset, len));
	FSStream *s = vfs__get_stream(fd);
	if (!s)
		return -EBADF;
	/* referred to, so that it is linked */
	int r = vfs_blocks_allocate_linked ? allocate(s, mode, offset, len) : -ENOSYS;
	vfs__put_stream(s);
	return r;
}
