/*
 * The page cache's other half: from memory to slots, to the journal, and out of
 * memory.
 */
#include "cache_block.h"
#include "store.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void vfs__cache_open(vfs__cache *c, vfs_opfs_port *port, size_t budget,
		     int (*settle)(vfs__cached *))
{
	*c = (vfs__cache){.port = port, .budget = budget, .room = {SIZE_MAX, 0}, .settle = settle};
}

void vfs__cache_close(vfs__cache *c)
{
	assert(!c->blocks);
	free(c->bucket);
}

void vfs__cached_open(vfs__cached *f, vfs__cache *c, int handle, int64_t base, off_t size,
		      int64_t valid)
{
	*f = (vfs__cached){.cache = c,
			   .blocks = {.room = &c->room},
			   .handle = handle,
			   .base = base,
			   .size = size,
			   .valid = valid,
			   .flushed = valid,
			   .durable = valid,
			   .physical = INT64_MAX,
			   .next_pos = -1};
}

void vfs__cached_close(vfs__cached *f)
{
	while (f->list)
		vfs__block_drop(f->list);
	vfs_blocks_free(&f->blocks);
}

/* ---- To the slot ---- */

/*
 * Writes [pos, pos + len) into the slot. Three rules of order are kept here: a
 * truncation is durable before the space behind it is used again; what lies between
 * the slot's data and pos is made zeros; the frame of an atomic write is durable before
 * any page of it is here; and the journal tells no more what a slot begins with when that
 * changes.
 */
static int put(vfs__cached *f, const char *from, size_t len, int64_t pos)
{
	vfs__cache *c = f->cache;
	const vfs__handle_ops *ops = c->port->handles;
	int64_t end = pos + (int64_t)len;
	int err = 0;
	if ((VFS__RULE(7) && f->durable > f->valid && end > f->valid) || (VFS__RULE(12) && f->held))
		err = c->settle(f);
	if (VFS__RULE(13) && !err && f->known && (pos < VFS__START || f->valid < VFS__START))
		err = c->settle(f);
	if (VFS__RULE(8) && !err && pos > f->valid && f->physical > f->valid) {
		err = ops->truncate(c->port, f->handle, f->base + f->valid);
		if (!err)
			f->physical = f->valid;
	}
	if (!err) {
		f->unflushed = true;
		err = ops->write(c->port, f->handle, from, len, f->base + pos);
		if (f->physical < end)
			f->physical = end;
	}
	if (err)
		return err;
	if (f->valid < end)
		f->valid = end;
	return 0;
}

static int write_block(vfs__block *b)
{
	vfs__cached *f = b->file;
	int64_t start = (int64_t)(b->index << VFS_BLOCK_SHIFT);
	const char *memory = vfs_blocks_at(&f->blocks, b->index, vfs__block_len(b));
	if (!memory)
		return -ENOMEM;
	while (b->dirty) {
		unsigned first = (unsigned)__builtin_ctz(b->dirty);
		unsigned n = (unsigned)__builtin_ctz(~((unsigned)b->dirty >> first));
		int64_t from = (int64_t)first << VFS__PAGE_SHIFT;
		int64_t to = from + ((int64_t)n << VFS__PAGE_SHIFT);
		if (to > f->size - start)
			to = f->size - start;
		int err = to > from ? put(f, memory + from, (size_t)(to - from), start + from) : 0;
		if (err)
			return err;
		vfs__block_clean(b, (1u << (first + n)) - (1u << first));
	}
	return 0;
}

static int by_index(const void *a, const void *b)
{
	uint64_t x = (*(vfs__block *const *)a)->index, y = (*(vfs__block *const *)b)->index;
	return x < y ? -1 : x > y;
}

int vfs__cache_write_back(vfs__cached *f)
{
	size_t n = 0, k = 0;
	int err = 0;
	for (vfs__block *b = f->list; b; b = b->next) {
		if (b->writable)
			vfs__block_soil(b, b->valid);
		n += b->dirty != 0;
	}
	vfs__block **sorted = n ? malloc(n * sizeof *sorted) : NULL;
	if (n && !sorted)
		return -ENOMEM;
	for (vfs__block *b = f->list; b; b = b->next)
		if (b->dirty)
			sorted[k++] = b;
	if (n)
		qsort(sorted, n, sizeof *sorted, by_index);
	for (k = 0; k < n && !err; k++)
		err = write_block(sorted[k]);
	free(sorted);
	return err;
}

int vfs__cache_flush(vfs__cached *f)
{
	if (f->unflushed) {
		int err = f->cache->port->handles->flush(f->cache->port, f->handle);
		if (err)
			return err;
		f->unflushed = false;
	}
	f->flushed = f->valid;
	return 0;
}

/* ---- To the journal ---- */

static int log_block(vfs__block *b, vfs__frame *frame, uint64_t ino)
{
	vfs__cached *f = b->file;
	int64_t start = (int64_t)(b->index << VFS_BLOCK_SHIFT);
	const char *memory = vfs_blocks_at(&f->blocks, b->index, vfs__block_len(b));
	unsigned left = b->dirty & ~(unsigned)b->logged;
	while (left) {
		if (!memory)
			return -ENOMEM;
		unsigned first = (unsigned)__builtin_ctz(left);
		unsigned n = (unsigned)__builtin_ctz(~(left >> first));
		int64_t from = (int64_t)first << VFS__PAGE_SHIFT;
		int64_t to = from + ((int64_t)n << VFS__PAGE_SHIFT);
		if (to > f->size - start)
			to = f->size - start;
		if (to > from) {
			unsigned char *p =
				vfs__store_log_data(frame, ino, start + from, (size_t)(to - from));
			if (!p)
				return -ENOMEM;
			memcpy(p, memory + from, (size_t)(to - from));
		}
		left &= ~((1u << (first + n)) - (1u << first));
	}
	return 0;
}

void vfs__cache_logged(vfs__cached *f)
{
	for (vfs__block *b = f->list; b; b = b->next)
		b->logged = b->dirty;
	f->unlogged = 0;
}

int vfs__cache_log(vfs__cached *f, vfs__frame *frame, uint64_t ino)
{
	size_t before = frame->len;
	for (vfs__block *b = f->list; b; b = b->next)
		if (log_block(b, frame, ino)) {
			frame->len = before;
			return -ENOMEM;
		}
	vfs__cache_logged(f);
	return 0;
}

/* ---- Out of memory ---- */

/* A block that was not used since the hand came by, or NULL after two rounds. */
static vfs__block *choose(vfs__cache *c)
{
	for (size_t k = 2 * c->blocks; k; k--) {
		vfs__block *b = c->hand;
		c->hand = b->ring_next;
		if (!b->used && !b->pins && !(b->dirty && b->file->error))
			return b;
		b->used = false;
	}
	return NULL;
}

void vfs__cache_make_room(vfs__cache *c, size_t need)
{
	vfs__block *b;
	while (c->room.used + need > c->budget && (b = choose(c)) != NULL) {
		vfs__cached *f = b->file;
		if (b->dirty) {
			c->counts.write_backs[VFS__BY_ROOM]++;
			int err = vfs__cache_write_back(f);
			if (err)
				vfs__cached_fail(f, err);
			if (b->dirty)
				continue;
		}
		c->counts.evictions++;
		vfs__block_drop(b);
	}
}

int vfs__cache_is_full(const vfs__cache *c)
{
	if (__builtin_expect(c->room.used <= c->budget, 1) || c->room.used / 2 <= c->budget)
		return 0;
	const vfs__block *b = c->hand;
	do {
		if (b->file->error)
			return b->file->error;
		b = b->ring_next;
	} while (b != c->hand);
	return 0;
}

/* ---- Mappings ---- */

int vfs__cache_map(vfs__cached *f, size_t len, off_t pos, bool writable, void **addr)
{
	uint64_t first = (uint64_t)pos >> VFS_BLOCK_SHIFT;
	uint64_t last = ((uint64_t)pos + len - 1) >> VFS_BLOCK_SHIFT, i;
	vfs__block *b;
	int err = 0;
	for (i = first; i <= last && !err; i++) {
		err = vfs__block_load(f, i, 0, VFS_BLOCK, &b);
		if (err)
			break;
		b->pins++;
	}
	if (!err)
		err = vfs_blocks_map(&f->blocks, f->size, len, pos, addr);
	for (b = f->list; b; b = b->next)
		if (b->index >= first && b->index < i) {
			if (!err && writable && !b->writable) {
				b->writable = true;
				f->mapped++;
			}
			b->pins -= err != 0;
		}
	return err;
}

void vfs__cache_touch(vfs__cached *f, size_t len, off_t pos)
{
	uint64_t last = ((uint64_t)pos + len - 1) >> VFS_BLOCK_SHIFT;
	for (vfs__block *b = f->list; b; b = b->next)
		if (b->index >= (uint64_t)pos >> VFS_BLOCK_SHIFT && b->index <= last && b->writable)
			vfs__block_soil(b, b->valid);
}

void vfs__cache_unmap(vfs__cached *f, void *addr, size_t len, off_t pos)
{
	uint64_t first = (uint64_t)pos >> VFS_BLOCK_SHIFT;
	uint64_t last = ((uint64_t)pos + len - 1) >> VFS_BLOCK_SHIFT;
	vfs__cache_touch(f, len, pos);
	vfs_blocks_unmap(&f->blocks, f->size, addr);
	for (vfs__block *b = f->list, *next; b; b = next) {
		next = b->next;
		if (b->index < first || b->index > last || --b->pins)
			continue;
		f->mapped -= b->writable;
		b->writable = false;
		if ((int64_t)(b->index << VFS_BLOCK_SHIFT) >= f->size)
			vfs__block_drop(b);
	}
}
