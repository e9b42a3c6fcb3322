/*
 * Room in slots: fallocate, and the records that give room up.
 */
#include "pool.h"
#include <errno.h>
#include <fcntl.h>

#ifndef FALLOC_FL_KEEP_SIZE
#define FALLOC_FL_KEEP_SIZE  1
#define FALLOC_FL_PUNCH_HOLE 2
#endif

int vfs__pool_log_cut(vfs__pool *p, vfs__inode *i, off_t size, int64_t valid)
{
	vfs__record r = vfs__inode_record(i);
	r.size = size < i->size ? size : i->size;
	r.valid = valid < i->valid ? valid : i->valid;
	return vfs__store_log(&p->store, &p->pending, &r);
}

static int punch(vfs__pool_file *f, off_t pos, off_t len)
{
	static const char zeros[4 * VFS__PAGE];
	vfs__cached *d = &f->data;
	if (pos >= d->size)
		return 0;
	if (len > d->size - pos)
		len = d->size - pos;
	while (len) {
		size_t n = len < (off_t)sizeof zeros ? (size_t)len : sizeof zeros;
		ssize_t done = vfs__cache_write(d, zeros, n, pos);
		if (done < 0)
			return (int)done;
		pos += done;
		len -= done;
	}
	return 0;
}

/* The slot gets the bytes at once, so that there is an answer about the quota. What
 * it has behind its data stays no data. */
static int reserve(vfs__pool *p, vfs__pool_file *f, off_t end)
{
	const vfs__handle_ops *ops = p->port->handles;
	vfs__cached *d = &f->data;
	int64_t there = ops->size(p->port, d->handle);
	if (there < 0)
		return (int)there;
	if (end > INT64_MAX - d->base)
		return -ENOSPC;
	if (there >= d->base + end)
		return 0;
	int err = d->known && there < d->base + VFS__START ? d->cache->settle(d) : 0;
	if (!err)
		err = ops->truncate(p->port, d->handle, d->base + end);
	d->physical = INT64_MAX;
	d->unflushed |= !err;
	return err;
}

int vfs__pool_allocate(vfs__pool *p, vfs__pool_file *f, int mode, off_t pos, off_t len)
{
	if (mode == (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE))
		return punch(f, pos, len);
	if (mode & ~FALLOC_FL_KEEP_SIZE)
		return -EOPNOTSUPP;
	int err = reserve(p, f, pos + len);
	if (!err && !(mode & FALLOC_FL_KEEP_SIZE) && pos + len > f->data.size)
		vfs__cache_truncate(&f->data, pos + len);
	return err;
}
