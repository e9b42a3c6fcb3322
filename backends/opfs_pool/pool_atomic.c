/*
 * Atomic writes. What is written is kept apart, in the order of the writes, so that no
 * eviction, sync or checkpoint can let a part of it out. The commit makes the cache's
 * blocks ready, writes all of it into the journal as one frame, and stores it into the
 * cache, which cannot fail then. From there on it is data that only the journal holds,
 * and none of it goes to the slot before that frame is durable (rule 12).
 */
#include "pool.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <vfsfs/vfsfs.h>

/* A frame in memory that was larger is given back. */
enum { FRAME_KEPT = 1 << 20 };

int vfs__pool_begin(vfs__pool_file *f, FSStreamShared *shared)
{
	if (f->batch)
		return -EBUSY;
	vfs__pool_batch *b = calloc(1, sizeof *b);
	if (!b)
		return -ENOMEM;
	b->writes_end = &b->writes;
	f->batch = b;
	__atomic_store_n(&f->batcher, shared, __ATOMIC_RELAXED);
	return 0;
}

void vfs__pool_end_batch(vfs__pool_file *f)
{
	for (vfs__redo *r = f->batch->writes, *next; r; r = next) {
		next = r->next;
		free(r);
	}
	free(f->batch);
	f->batch = NULL;
	__atomic_store_n(&f->batcher, NULL, __ATOMIC_RELAXED);
}

static int add(vfs__pool_batch *b, const void *buf, size_t len, off_t pos)
{
	if (len > VFS_ATOMIC_MOST - b->bytes)
		return -EFBIG;
	vfs__redo *r = malloc(sizeof *r + len);
	if (!r)
		return -ENOMEM;
	r->next = NULL;
	r->pos = pos;
	r->len = len;
	memcpy(r->bytes, buf, len);
	*b->writes_end = r;
	b->writes_end = &r->next;
	b->bytes += len;
	if (b->end < pos + (off_t)len)
		b->end = pos + (off_t)len;
	return 0;
}

ssize_t vfs__pool_batch_write(vfs__pool_file *f, const FSStream *s, const void *buf, size_t len,
			      off_t pos)
{
	vfs__pool_batch *b = f->batch;
	/* the end that O_APPEND means is not the one that the caller has found */
	bool appends = __atomic_load_n(&s->shared->flags, __ATOMIC_RELAXED) & O_APPEND;
	int err = appends ? -EINVAL : add(b, buf, len, pos);
	if (err && !b->error)
		b->error = err;
	return err ? err : (ssize_t)len;
}

ssize_t vfs__pool_batch_read(vfs__pool_file *f, void *buf, size_t len, off_t pos)
{
	const vfs__pool_batch *b = f->batch;
	char *to = buf;
	ssize_t n = vfs__cache_read(&f->data, buf, len, pos);
	if (n < 0)
		return n;
	off_t end = pos + n;
	bool fails = (size_t)n < len && end < f->data.size; /* what is behind cannot be read */
	if (fails && !n)
		return -EIO;
	if (!fails && end < b->end) { /* the file is to be longer */
		end = b->end - pos < (off_t)len ? b->end : pos + (off_t)len;
		if (end > pos + n)
			memset(to + n, 0, (size_t)(end - pos - n));
	}
	for (const vfs__redo *r = b->writes; r; r = r->next) {
		off_t first = r->pos > pos ? r->pos : pos;
		off_t last = r->pos + (off_t)r->len < end ? r->pos + (off_t)r->len : end;
		if (first < last)
			memcpy(to + (first - pos), r->bytes + (first - r->pos),
			       (size_t)(last - first));
	}
	return end > pos ? (ssize_t)(end - pos) : 0;
}

/* ---- Commit ---- */

static void unready(vfs__cached *d, const vfs__redo *writes, const vfs__redo *end)
{
	for (const vfs__redo *r = writes; r != end; r = r->next)
		vfs__cache_unready(d, r->len, r->pos);
}

static int ready(vfs__cached *d, const vfs__redo *writes, off_t size)
{
	for (const vfs__redo *r = writes; r; r = r->next) {
		int err = vfs__cache_ready(d, r->len, r->pos, size);
		if (err) {
			unready(d, writes, r);
			return err;
		}
	}
	return 0;
}

static int log_writes(vfs__pool *p, const vfs__pool_file *f)
{
	for (const vfs__redo *r = f->batch->writes; r; r = r->next) {
		unsigned char *to = vfs__store_log_data(&p->pending, f->inode->ino, r->pos, r->len);
		if (!to)
			return -ENOMEM;
		memcpy(to, r->bytes, r->len);
	}
	return 0;
}

/* With all that is pending, as one frame, which is there whole or not at all (rule 1). */
static int write_frame(vfs__pool *p, vfs__pool_file *f, off_t size)
{
	vfs__inode *i = f->inode;
	size_t before = p->pending.len;
	int64_t old = i->size;
	int err = log_writes(p, f);
	i->size = size;
	if (!err)
		err = vfs__pool_log_inode(p, i, false);
	if (!err && !vfs__journal_has_room(&p->journal, p->pending.len))
		err = -ENOSPC; /* what is left is for names */
	if (!err)
		err = vfs__journal_append(&p->journal, &p->pending);
	if (err) {
		i->size = old;
		p->pending.len = before;
	}
	if (p->pending.room > FRAME_KEPT && !p->pending.len)
		vfs__frame_free(&p->pending);
	return err;
}

/* What was written to the file before goes out first, or in the same frame: else the
 * record of the new size would tell of bytes that are nowhere. */
static int commit(vfs__pool *p, vfs__pool_file *f)
{
	vfs__cached *d = &f->data;
	const vfs__redo *writes = f->batch->writes;
	off_t size = f->batch->end > d->size ? f->batch->end : d->size;
	int err = ready(d, writes, size);
	if (err)
		return err;
	err = vfs__pool_order(p, f, VFS__BY_COMMIT);
	if (!err)
		err = vfs__pool_log_changed(p); /* it came before the names that are pending */
	if (!err)
		err = write_frame(p, f, size);
	if (!err) {
		for (const vfs__redo *r = writes; r; r = r->next)
			vfs__cache_store(d, r->bytes, r->len, r->pos);
		vfs__cache_logged(d);
		d->held = true;
		vfs__pool_node(f)->size = size;
		vfs__pool_unchange(f);
		p->cache.counts.commits++;
	}
	unready(d, writes, NULL);
	return err;
}

int vfs__pool_commit_batch(vfs__pool *p, vfs__pool_file *f)
{
	int err = f->batch->error;
	if (!err && f->batch->writes)
		err = commit(p, f);
	if (err == -ENOSPC && !f->batch->error && !vfs__pool_checkpoint(p))
		err = commit(p, f); /* a new journal has room, perhaps */
	vfs__pool_end_batch(f);
	if (!err)
		vfs__pool_checkpoint_if_full(p);
	if (err)
		vfs__pool_change(p, f); /* its times */
	else
		vfs__pool_touch(p); /* there is something to flush */
	return err;
}
