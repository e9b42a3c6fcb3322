/*
 * The page cache: reading, writing, truncation. cache_out.c writes back and
 * evicts.
 */
#include "cache_block.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- The table of blocks ---- */

static uint32_t hash(const vfs__cached *f, uint64_t i)
{
	uint64_t h = ((uint64_t)(uintptr_t)f >> 4) * 0x9e3779b97f4a7c15u + i;
	h *= 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 32);
}

static size_t bucket_of(const vfs__cache *c, const vfs__cached *f, uint64_t i)
{
	return hash(f, i) & (c->buckets - 1);
}

vfs__block *vfs__block_find(vfs__cached *f, uint64_t i)
{
	vfs__block *b = f->last;
	if (b && b->index == i)
		return b;
	if (!f->cache->buckets)
		return NULL;
	for (b = f->cache->bucket[bucket_of(f->cache, f, i)]; b; b = b->chain)
		if (b->file == f && b->index == i)
			return f->last = b;
	return NULL;
}

/* Twice the buckets; where there is no memory for them, longer chains. */
static void grow_table(vfs__cache *c)
{
	size_t old = c->buckets, n = old ? old * 2 : 64;
	vfs__block **to = calloc(n, sizeof *to), **from = c->bucket;
	if (!to)
		return;
	c->bucket = to;
	c->buckets = n;
	for (size_t k = 0; k < old; k++)
		for (vfs__block *b = from[k], *next; b; b = next) {
			next = b->chain;
			size_t at = bucket_of(c, b->file, b->index);
			b->chain = to[at];
			to[at] = b;
		}
	free(from);
}

static vfs__block *make(vfs__cached *f, uint64_t i)
{
	vfs__cache *c = f->cache;
	if (c->blocks >= c->buckets)
		grow_table(c);
	vfs__block *b = c->buckets ? calloc(1, sizeof *b) : NULL;
	if (!b)
		return NULL;
	b->file = f;
	b->index = i;
	size_t at = bucket_of(c, f, i);
	b->chain = c->bucket[at];
	c->bucket[at] = b;
	c->blocks++;
	b->next = f->list;
	b->at = &f->list;
	if (b->next)
		b->next->at = &b->next;
	f->list = b;
	/* just behind the hand: looked at last */
	if (c->hand) {
		b->ring_next = c->hand;
		b->ring_prev = c->hand->ring_prev;
		b->ring_prev->ring_next = b->ring_next->ring_prev = b;
	} else {
		c->hand = b->ring_next = b->ring_prev = b;
	}
	return f->last = b;
}

void vfs__block_drop(vfs__block *b)
{
	vfs__cached *f = b->file;
	vfs__cache *c = f->cache;
	vfs__block **at = &c->bucket[bucket_of(c, f, b->index)];
	vfs__block_clean(b, b->dirty);
	while (*at != b)
		at = &(*at)->chain;
	*at = b->chain;
	c->blocks--;
	*b->at = b->next;
	if (b->next)
		b->next->at = b->at;
	if (c->hand == b)
		c->hand = b->ring_next == b ? NULL : b->ring_next;
	b->ring_prev->ring_next = b->ring_next;
	b->ring_next->ring_prev = b->ring_prev;
	if (f->last == b)
		f->last = NULL;
	vfs_blocks_drop(&f->blocks, b->index);
	free(b);
}

/* ---- Pages ---- */

static unsigned count_bits(unsigned mask)
{
	return (unsigned)__builtin_popcount(mask);
}

void vfs__block_clean(vfs__block *b, unsigned mask)
{
	vfs__cached *f = b->file;
	mask &= b->dirty;
	f->dirty -= count_bits(mask);
	f->unlogged -= count_bits(mask & ~b->logged);
	b->dirty &= (uint16_t)~mask;
	b->logged &= (uint16_t)~mask;
}

void vfs__block_soil(vfs__block *b, unsigned mask)
{
	vfs__cached *f = b->file;
	unsigned fresh = mask & ~b->dirty, again = mask & b->logged;
	f->dirty += count_bits(fresh);
	f->unlogged += count_bits(fresh) + count_bits(again);
	b->valid |= (uint16_t)mask;
	b->dirty |= (uint16_t)mask;
	b->logged &= (uint16_t)~mask;
}

/* Bytes of block i that a file of that size has. */
static size_t block_size(off_t size, uint64_t i)
{
	int64_t rest = size - (int64_t)(i << VFS_BLOCK_SHIFT);
	return rest >= VFS_BLOCK ? VFS_BLOCK : rest > 0 ? (size_t)rest : 0;
}

size_t vfs__block_len(const vfs__block *b)
{
	return block_size(b->file->size, b->index);
}

/* Bytes [from, to) of the block, from the slot; zeros where it has none. */
static int fill_run(vfs__block *b, char *memory, size_t from, size_t to)
{
	vfs__cached *f = b->file;
	vfs__cache *c = f->cache;
	int64_t start = (int64_t)(b->index << VFS_BLOCK_SHIFT) + (int64_t)from;
	int64_t there = f->valid - start, len = (int64_t)(to - from);
	if (there > len)
		there = len;
	if (there > 0) {
		int64_t got = c->port->handles->read(c->port, f->handle, memory + from,
						     (size_t)there, f->base + start);
		if (got != there)
			return got < 0 ? (int)got : -EIO;
	} else {
		there = 0;
	}
	memset(memory + from + there, 0, (size_t)(len - there));
	return 0;
}

/* Makes the pages valid. `need`: bytes of memory that the caller wants there. */
static int fill(vfs__block *b, unsigned mask, size_t need)
{
	vfs__cached *f = b->file;
	char *memory = vfs_blocks_at(&f->blocks, b->index, need);
	if (!memory)
		return -ENOMEM;
	mask &= ~b->valid;
	while (mask) {
		unsigned first = (unsigned)__builtin_ctz(mask);
		unsigned n = (unsigned)__builtin_ctz(~(mask >> first));
		size_t from = (size_t)first << VFS__PAGE_SHIFT,
		       to = from + ((size_t)n << VFS__PAGE_SHIFT);
		if (to > need)
			to = need;
		int err = from < to ? fill_run(b, memory, from, to) : 0;
		if (err)
			return err;
		unsigned run = (1u << (first + n)) - (1u << first);
		b->valid |= (uint16_t)run;
		mask &= ~run;
	}
	return 0;
}

/* The block, with [from, to) of it valid; read ahead where the reader is
 * sequential. */
int vfs__block_load(vfs__cached *f, uint64_t i, size_t from, size_t to, vfs__block **out)
{
	vfs__block *b = vfs__block_find(f, i);
	unsigned mask = vfs__pages(from, to);
	if (__builtin_expect(b && (b->valid & mask) == mask, 1)) {
		b->used = true;
		*out = b;
		f->cache->counts.hits += count_bits(mask);
		return 0;
	}
	size_t size = block_size(f->size, i);
	if (!b) {
		vfs__cache_make_room(f->cache, size);
		if (!(b = make(f, i)))
			return -ENOMEM;
	}
	f->cache->counts.misses += count_bits(mask & ~b->valid);
	if (f->next_pos == (int64_t)(i << VFS_BLOCK_SHIFT) + (int64_t)from)
		mask = vfs__pages(from, size);
	b->used = true;
	*out = b;
	return fill(b, mask, size);
}

/* ---- Read ---- */

/* Whole blocks that are not cached go straight to the program. 0: it is no such
 * place. */
static int64_t read_past(vfs__cached *f, char *to, size_t len, off_t pos)
{
	uint64_t i = (uint64_t)pos >> VFS_BLOCK_SHIFT;
	int64_t rest = f->valid - pos;
	size_t n = 0;
	if (pos % VFS_BLOCK || len > PTRDIFF_MAX)
		return 0;
	while (len - n >= VFS_BLOCK && rest - (int64_t)n >= VFS_BLOCK && !vfs__block_find(f, i)) {
		n += VFS_BLOCK;
		i++;
	}
	if (!n)
		return 0;
	vfs__cache *c = f->cache;
	int64_t got = c->port->handles->read(c->port, f->handle, to, n, f->base + pos);
	c->counts.misses += n >> VFS__PAGE_SHIFT;
	return got < 0 ? got : got < (int64_t)n ? -EIO : got;
}

/* Where the cache is full, what is read here and there goes straight to the program the
 * first time, and leaves a note: a block, and what it evicts, are for what is read
 * again. */
static bool is_read_once(vfs__cached *f, size_t len, off_t pos)
{
	vfs__cache *c = f->cache;
	if (c->room.used + VFS_BLOCK <= c->budget || pos == f->next_pos ||
	    pos + (off_t)len > f->valid || vfs__block_find(f, (uint64_t)pos >> VFS_BLOCK_SHIFT))
		return false;
	uint32_t h = hash(f, (uint64_t)pos >> VFS__PAGE_SHIFT), *note = &c->missed[h % VFS__MISSED];
	if (*note == h)
		return false;
	*note = h;
	return true;
}

static int read_once(vfs__cached *f, void *to, size_t len, off_t pos)
{
	vfs__cache *c = f->cache;
	size_t at = pos & (VFS_BLOCK - 1);
	int64_t got = c->port->handles->read(c->port, f->handle, to, len, f->base + pos);
	c->counts.misses += count_bits(vfs__pages(at, at + len));
	return got < 0 ? (int)got : got < (int64_t)len ? -EIO : 0;
}

ssize_t vfs__cache_read(vfs__cached *f, void *buf, size_t len, off_t pos)
{
	char *to = buf;
	if (pos >= f->size)
		return 0;
	if ((off_t)len > f->size - pos || len > PTRDIFF_MAX)
		len = (size_t)(f->size - pos);
	for (size_t done = 0; done < len;) {
		uint64_t i = (uint64_t)pos >> VFS_BLOCK_SHIFT;
		size_t at = pos & (VFS_BLOCK - 1), n = VFS_BLOCK - at;
		vfs__block *b;
		int64_t err = read_past(f, to + done, len - done, pos);
		if (err > 0) {
			done += (size_t)err;
			pos += err;
			continue;
		}
		if (n > len - done)
			n = len - done;
		if (!err && is_read_once(f, n, pos))
			err = read_once(f, to + done, n, pos);
		else if (!err && (err = vfs__block_load(f, i, at, at + n, &b)) == 0)
			vfs_blocks_read(&f->blocks, f->size, to + done, n, pos);
		if (err)
			return done ? (ssize_t)done : (ssize_t)err;
		done += n;
		pos += (off_t)n;
	}
	f->next_pos = pos;
	return (ssize_t)len;
}

/* ---- Write ---- */

int vfs__block_prepare(vfs__cached *f, uint64_t i, size_t from, size_t to, off_t size,
		       vfs__block **out)
{
	vfs__block *b = vfs__block_find(f, i);
	size_t end = block_size(size, i), need = to > end ? to : end;
	unsigned mask = 0;
	if (!b) {
		vfs__cache_make_room(f->cache, need);
		if (!(b = make(f, i)))
			return -ENOMEM;
	}
	b->used = true;
	*out = b;
	if (from % VFS__PAGE)
		mask |= vfs__pages(from, from + 1);
	if (to % VFS__PAGE && to < end)
		mask |= vfs__pages(to - 1, to);
	return fill(b, mask, need);
}

ssize_t vfs__cache_write(vfs__cached *f, const void *buf, size_t len, off_t pos)
{
	const char *from = buf;
	size_t done = 0;
	while (done < len) {
		uint64_t i = (uint64_t)pos >> VFS_BLOCK_SHIFT;
		size_t at = pos & (VFS_BLOCK - 1), n = VFS_BLOCK - at;
		vfs__block *b;
		if (n > len - done)
			n = len - done;
		int err = vfs__cache_is_full(f->cache);
		if (!err)
			err = vfs__block_prepare(f, i, at, at + n, f->size, &b);
		if (err)
			return done ? (ssize_t)done : err;
		ssize_t put = vfs_blocks_write(&f->blocks, &f->size, from + done, n, pos);
		if (put < 0)
			return done ? (ssize_t)done : put;
		vfs__block_soil(b, vfs__pages(at, at + (size_t)put));
		done += (size_t)put;
		pos += (off_t)put;
	}
	return (ssize_t)done;
}

void vfs__cache_truncate(vfs__cached *f, off_t size)
{
	for (vfs__block *b = f->list, *next; b && size < f->size; b = next) {
		off_t rest = size - (off_t)(b->index << VFS_BLOCK_SHIFT);
		next = b->next;
		if (rest >= VFS_BLOCK)
			continue;
		unsigned gone = 0xffff & ~vfs__pages(0, rest > 0 ? (size_t)rest : 0);
		if (rest <= 0 && !b->pins) {
			vfs__block_drop(b);
			continue;
		}
		vfs__block_clean(b, gone);
		if (!b->pins)
			b->valid &= (uint16_t)~gone;
	}
	vfs_blocks_truncate(&f->blocks, &f->size, size);
	if (f->valid > size)
		f->valid = size;
	if (f->flushed > size)
		f->flushed = size;
}
