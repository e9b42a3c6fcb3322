/*
 * Moving data: what is the same for every file is done here, once: access
 * modes, lengths, addresses, iovecs, O_APPEND, the position and its overflow.
 * A regular file's ops run under its node's lock, which also keeps the position
 * that descriptors share. A device's run without.
 */
#include "internal.h"
#include <dirent.h>

static const off_t OFF_MAX = INT64_MAX;

static ssize_t one(FSStream *s, const struct iovec *v, off_t pos, bool write)
{
	const StreamOps *ops = s->stream_ops;
	size_t len = v->iov_len;
	if (UNLIKELY(write ? !ops->write : !ops->read))
		return -EINVAL;
	if (UNLIKELY(!len) && s->type == DT_REG)
		return 0;
	if (!write)
		return ops->read(s, v->iov_base, len, pos);
	if (UNLIKELY((uint64_t)(OFF_MAX - pos) < len)) {
		if (pos == OFF_MAX)
			return -EFBIG;
		len = (size_t)(OFF_MAX - pos);
	}
	return ops->write(s, v->iov_base, len, pos);
}

/* One after the other, until one comes up short; a driver may take all at once. */
static ssize_t move(FSStream *s, const struct iovec *iov, int n, off_t pos, bool write)
{
	const StreamOps *ops = s->stream_ops;
	ssize_t done = 0;
	if (LIKELY(n == 1))
		return one(s, iov, pos, write);
	if (write ? ops->writev : ops->readv)
		return (write ? ops->writev : ops->readv)(s, iov, n, pos);
	for (int i = 0; i < n; i++) {
		size_t len = iov[i].iov_len;
		if (!len)
			continue;
		ssize_t got = one(s, iov + i, pos + done, write);
		if (got < 0)
			return done ? done : got;
		done += got;
		if ((size_t)got < len)
			break;
	}
	return done;
}

void vfs__drop_privileges(FSNode *node)
{
	vfs__lock_names();
	if (!vfs__capable(VFS_CAP_FSETID)) {
		vfs__lock_node(node);
		mode_t gone = S_ISUID;
		if ((node->mode & S_IXGRP) || !vfs__in_group(node->gid))
			gone |= S_ISGID;
		node->mode &= ~gone;
		vfs__tell_mode(node);
		vfs__unlock_node(node);
	}
	vfs__unlock_names();
}

/* The bytes of an iovec in *sum; it ends before the first bad address. */
static inline int check_iovec(const struct iovec *iov, int *n, size_t *sum)
{
	if (UNLIKELY(*n < 0 || *n > IOV_MAX))
		return -EINVAL;
	if (UNLIKELY(vfs__bad_address(iov, (size_t)*n * sizeof *iov)))
		return -EFAULT;
	*sum = 0;
	for (int i = 0; i < *n; i++) {
		size_t len = iov[i].iov_len;
		if (UNLIKELY(len > SSIZE_MAX - *sum))
			return -EINVAL;
		if (UNLIKELY(vfs__bad_address(iov[i].iov_base, len))) {
			*n = i;
			return *sum ? 0 : -EFAULT;
		}
		*sum += len;
	}
	return 0;
}

/* pos < 0: at the description's own, which moves on. */
static ssize_t transfer(FSStream *s, const struct iovec *iov, int n, off_t pos, bool write)
{
	size_t len;
	int err = check_iovec(iov, &n, &len);
	if (UNLIKELY(err))
		return err;
	FSStreamShared *shared = s->shared;
	FSNode *node = shared->node;
	if (UNLIKELY(s->type != DT_REG)) /* a device or a directory */
		return pos > OFF_MAX - (off_t)len ? -EINVAL
						  : move(s, iov, n, pos < 0 ? 0 : pos, write);

	vfs__lock_node(node);
	off_t at = pos < 0 ? shared->pos : pos;
	ssize_t done = -EINVAL;
	if (LIKELY((uint64_t)(OFF_MAX - at) >= len)) {
		if (write && (shared->flags & O_APPEND))
			at = node->size;
		done = move(s, iov, n, at, write);
	}
	bool privileged = false;
	if (LIKELY(done > 0)) {
		if (pos < 0)
			shared->pos = at + done;
		if (write) {
			vfs_mark(node, VFS_MTIME | VFS_CTIME);
			privileged = vfs__is_privileged(node);
		}
	}
	if (!write && done >= 0)
		vfs__mark_read(s);
	vfs__unlock_node(node);
	if (UNLIKELY(privileged))
		vfs__drop_privileges(node);
	return done;
}

static ssize_t vector(int fd, const struct iovec *iov, int n, off_t pos, bool at, bool write)
{
	FSStream *s = vfs__get_stream(fd);
	if (UNLIKELY(!s))
		return -EBADF;
	ssize_t r;
	if (UNLIKELY(at && !s->seekable))
		r = s->stream_ops == &vfs__path_ops ? -EBADF : -ESPIPE;
	else if (UNLIKELY(write ? !s->writable : !s->readable))
		r = -EBADF;
	else
		r = transfer(s, iov, n, pos, write);
	vfs__put_stream(s);
	return r;
}

ssize_t vfs_readv(int fd, const struct iovec *iov, int n)
{
	VFS__TRACE(readv, (fd, iov, n));
	return vector(fd, iov, n, -1, false, false);
}

ssize_t vfs_writev(int fd, const struct iovec *iov, int n)
{
	VFS__TRACE(writev, (fd, iov, n));
	return vector(fd, iov, n, -1, false, true);
}

ssize_t vfs_preadv(int fd, const struct iovec *iov, int n, off_t pos)
{
	VFS__TRACE(preadv, (fd, iov, n, pos));
	return pos < 0 ? -EINVAL : vector(fd, iov, n, pos, true, false);
}

ssize_t vfs_pwritev(int fd, const struct iovec *iov, int n, off_t pos)
{
	VFS__TRACE(pwritev, (fd, iov, n, pos));
	return pos < 0 ? -EINVAL : vector(fd, iov, n, pos, true, true);
}

ssize_t vfs_read(int fd, void *buf, size_t len)
{
	struct iovec iov = {buf, len};
	VFS__TRACE(read, (fd, buf, len));
	return vector(fd, &iov, 1, -1, false, false);
}

ssize_t vfs_write(int fd, const void *buf, size_t len)
{
	struct iovec iov = {(void *)buf, len};
	VFS__TRACE(write, (fd, buf, len));
	return vector(fd, &iov, 1, -1, false, true);
}

ssize_t vfs_pread(int fd, void *buf, size_t len, off_t pos)
{
	struct iovec iov = {buf, len};
	VFS__TRACE(pread, (fd, buf, len, pos));
	return pos < 0 ? -EINVAL : vector(fd, &iov, 1, pos, true, false);
}

ssize_t vfs_pwrite(int fd, const void *buf, size_t len, off_t pos)
{
	struct iovec iov = {(void *)buf, len};
	VFS__TRACE(pwrite, (fd, buf, len, pos));
	return pos < 0 ? -EINVAL : vector(fd, &iov, 1, pos, true, true);
}

/* SEEK_DATA and SEEK_HOLE of a file that has no holes. */
static off_t seek_solid(const FSNode *node, off_t offset, int whence)
{
	if (offset >= node->size)
		return -ENXIO;
	return whence == SEEK_DATA ? offset : node->size;
}

static off_t seek(FSStream *s, off_t offset, int whence)
{
	FSStreamShared *shared = s->shared;
	FSNode *node = shared->node;
	off_t base = 0;

	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		base = shared->pos;
		break;
	case SEEK_END:
		base = node->size;
		if (s->type == DT_DIR)
			return -EINVAL;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (s->type != DT_REG)
			return -EINVAL;
		if (offset < 0)
			return -ENXIO;
		offset = s->stream_ops->llseek ? s->stream_ops->llseek(s, offset, whence)
					       : seek_solid(node, offset, whence);
		if (offset < 0)
			return offset;
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, offset, &offset) || offset < 0)
		return -EINVAL;
	shared->pos = offset;
	if (s->type == DT_DIR) {
		vfs__drop_cursor(shared);
		if (offset <= 2) /* before the first name: new ones are listed too */
			shared->end = 0;
	}
	return offset;
}

off_t vfs_lseek(int fd, off_t offset, int whence)
{
	VFS__TRACE(lseek, (fd, offset, whence));
	FSStream *s = vfs__get_stream(fd);
	if (UNLIKELY(!s))
		return -EBADF;
	off_t r;
	if (UNLIKELY(!s->seekable)) {
		r = s->stream_ops == &vfs__path_ops ? -EBADF : -ESPIPE;
	} else if (UNLIKELY(s->type == DT_CHR)) {
		r = (unsigned)whence > SEEK_HOLE ? -EINVAL
						 : s->stream_ops->llseek(s, offset, whence);
	} else {
		vfs__lock_position(s);
		r = seek(s, offset, whence);
		vfs__unlock_position(s);
	}
	vfs__put_stream(s);
	return r;
}

int vfs__truncate(FSNode *n, off_t size, bool always)
{
	if (!n->node_ops->truncate)
		return -EINVAL;
	vfs__lock_node(n);
	bool change = always || n->size != size;
	int err = n->node_ops->truncate(n, size);
	if (!err && change)
		vfs_mark(n, VFS_MTIME | VFS_CTIME);
	bool privileged = !err && vfs__is_privileged(n);
	vfs__unlock_node(n);
	if (privileged)
		vfs__drop_privileges(n);
	return err;
}

int vfs_ftruncate(int fd, off_t size)
{
	VFS__TRACE(ftruncate, (fd, size));
	if (size < 0)
		return -EINVAL;
	FSStream *s = vfs__get_stream(fd);
	if (!s)
		return -EBADF;
	FSNode *n = s->shared->node;
	int r = -EINVAL;
	if (s->stream_ops == &vfs__path_ops)
		r = -EBADF;
	else if (s->type == DT_REG && s->writable)
		r = vfs__truncate(n, size, true);
	vfs__put_stream(s);
	return r;
}

int vfs_truncate(const char *path, off_t size)
{
	VFS__TRACE(truncate, (path, size));
	if (size < 0)
		return -EINVAL;
	vfs__path p;
	FSNode *n = NULL;
	int err = vfs__walk_to(AT_FDCWD, path, VFS__FOLLOW, &p);
	if (!err) {
		if (S_ISDIR(p.node->mode))
			err = -EISDIR;
		else if (!S_ISREG(p.node->mode))
			err = -EINVAL;
		else if (p.node->mount->flags & VFS_RDONLY)
			err = -EROFS;
		else if ((err = vfs__may(p.node, W_OK)) == 0)
			n = vfs_node_get(p.node), vfs__inc(&n->mount->busy);
	}
	vfs__end_walk(&p);
	if (n) {
		FSMount *m = n->mount;
		err = vfs__truncate(n, size, false);
		vfs__settle();
		vfs_node_put(n);
		vfs__dec(&m->busy);
	}
	return err;
}

static int sync_fd(int fd, bool data_only)
{
	FSStream *s = vfs__get_stream(fd);
	if (!s)
		return -EBADF;
	FSNode *n = s->shared->node;
	int r = 0;
	vfs__settle();
	if (s->stream_ops == &vfs__path_ops)
		r = -EBADF;
	else if (s->type == DT_DIR && n->mount->type->sync) {
		const FSType *t = n->mount->type;
		vfs__lock_names(); /* names are the mount's */
		r = t->sync_names ? t->sync_names(n->mount) : t->sync(n->mount);
		vfs__unlock_names();
	} else if (!s->stream_ops->fsync)
		r = s->type == DT_REG || s->type == DT_DIR ? 0 : -EINVAL;
	else if (s->type == DT_REG) {
		vfs__lock_node(n);
		r = s->stream_ops->fsync(s, data_only);
		vfs__unlock_node(n);
	} else {
		r = s->stream_ops->fsync(s, data_only);
	}
	vfs__put_stream(s);
	return r;
}

int vfs_fsync(int fd)
{
	VFS__TRACE(fsync, (fd));
	return sync_fd(fd, false);
}

int vfs_fdatasync(int fd)
{
	VFS__TRACE(fdatasync, (fd));
	return sync_fd(fd, true);
}

int vfs_fadvise(int fd, off_t offset, off_t len, int advice)
{
	VFS__TRACE(fadvise, (fd, offset, len, advice));
	FSStream *s = vfs__get_stream(fd);
	if (!s)
		return -EBADF;
	int r = 0;
	if (s->stream_ops == &vfs__path_ops)
		r = -EBADF;
	else if (s->type == DT_FIFO)
		r = -ESPIPE;
	else if (len < 0)
		r = -EINVAL;
	else
		switch (advice) {
		case POSIX_FADV_NORMAL:
		case POSIX_FADV_RANDOM:
		case POSIX_FADV_SEQUENTIAL:
		case POSIX_FADV_WILLNEED:
		case POSIX_FADV_DONTNEED:
		case POSIX_FADV_NOREUSE:
			break;
		default:
			r = -EINVAL;
		}
	vfs__put_stream(s);
	return r;
}
