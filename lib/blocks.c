/*
 * A file's data in memory: read, write, truncate, holes. blocks_tree.h tells
 * the invariants; blocks_alloc.c and blocks_map.c stand on this file, and it
 * needs the latter only for files that have extents.
 */
#include "blocks_tree.h"
#include <unistd.h>
#include <vfsfs/backend.h> /* VFS_THREADS */

/* A buffer may be a mapping of the same file. */
static inline void copy(const vfs_blocks *b, void *to, const void *from, size_t len)
{
	if (vfs__has_extents(b))
		memmove(to, from, len);
	else
		memcpy(to, from, len);
}

bool vfs__blocks_take(vfs_blocks *b, size_t n)
{
	vfs_blocks_room *room = b->room;
#if VFS_THREADS
	size_t used = __atomic_load_n(&room->used, __ATOMIC_RELAXED);

	do {
		if (n > room->limit - used)
			return false;
	} while (!__atomic_compare_exchange_n(&room->used, &used, used + n, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
#else
	if (n > room->limit - room->used)
		return false;
	room->used += n;
#endif
	b->used += n;
	return true;
}

void vfs__blocks_give(vfs_blocks *b, size_t n)
{
#if VFS_THREADS
	__atomic_fetch_sub(&b->room->used, n, __ATOMIC_RELAXED);
#else
	b->room->used -= n;
#endif
	b->used -= n;
}

/* ---- The tree ---- */

char **vfs__block_slot(vfs_blocks *b, uint64_t i)
{
	void **p = &b->root;
	unsigned shift;

	if (!b->root)
		b->height = 0;
	while (i >> b->height * FANOUT_SHIFT) {
		if (b->root) {
			void **node = calloc(FANOUT, sizeof *node);
			if (!node)
				return NULL;
			node[0] = b->root;
			b->root = node;
		}
		b->height++;
	}
	for (shift = b->height * FANOUT_SHIFT; shift;) {
		if (!*p && !(*p = calloc(FANOUT, sizeof *p)))
			return NULL;
		shift -= FANOUT_SHIFT;
		p = (void **)*p + ((i >> shift) & (FANOUT - 1));
	}
	return (char **)p;
}

void vfs__blocks_unmake(void *list)
{
	while (list) {
		void *next = *(void **)list;
		free(list);
		list = next;
	}
}

bool vfs__blocks_make(void **list, size_t n)
{
	*list = NULL;
	for (; n; n--) {
		void **block = malloc(VFS_BLOCK);
		if (!block) {
			vfs__blocks_unmake(*list);
			*list = NULL;
			return false;
		}
		*block = *list;
		*list = block;
	}
	return true;
}

int vfs__block_grow(vfs_blocks *b, uint64_t i, size_t from, size_t to, size_t valid)
{
	size_t old = 0, size = VFS_BLOCK;
	char **slot, *p;

	if (!i) {
		old = b->first_size;
		for (size = VFS_BLOCK_MIN; size < to;)
			size *= 2;
	}
	if (!vfs__blocks_take(b, size - old))
		return -ENOSPC;
	slot = vfs__block_slot(b, i);
	p = slot ? malloc(size) : NULL;
	if (!p) {
		vfs__blocks_give(b, size - old);
		return -ENOMEM;
	}
	/* Not realloc, which is a kilobyte of wasm that programs may lack. */
	if (*slot) {
		memcpy(p, *slot, old);
		free(*slot);
	}
	if (!i)
		b->first_size = (uint32_t)size;
	if (from > size)
		from = size;
	if (from > old)
		memset(p + old, 0, from - old);
	if (valid > size)
		valid = size;
	if (valid > to)
		memset(p + to, 0, valid - to);
	*slot = p;
	return 0;
}

static void drop_block(vfs_blocks *b, void **slot, uint64_t i)
{
	enum vfs__extent_drop drop = NO_EXTENT;

	if (vfs__has_extents(b))
		drop = vfs__extent_drop(b, *slot);
	if (drop == MAPPED)
		return;
	if (drop == NO_EXTENT) {
		free(*slot);
		vfs__blocks_give(b, vfs__block_size(b, i));
	}
	*slot = NULL;
	if (!i)
		b->first_size = 0;
}

/* `at` is the first block below *slot, `shift` the bits of those below it;
 * some of them are in from..to. */
static void drop_below(vfs_blocks *b, void **slot, unsigned shift, uint64_t at, uint64_t from,
		       uint64_t to)
{
	void **node = *slot;
	uint64_t k, last;

	if (!node)
		return;
	if (!shift) {
		drop_block(b, slot, at);
		return;
	}
	shift -= FANOUT_SHIFT;
	k = from > at ? (from - at) >> shift : 0;
	last = (to - at) >> shift;
	for (; k <= last && k < FANOUT; k++)
		drop_below(b, node + k, shift, at + (k << shift), from, to);
	for (k = 0; k < FANOUT; k++)
		if (node[k])
			return;
	free(node);
	*slot = NULL;
}

void vfs__blocks_drop(vfs_blocks *b, uint64_t from, uint64_t to)
{
	unsigned shift = b->height * FANOUT_SHIFT;

	if (from > to || from >> shift)
		return;
	drop_below(b, &b->root, shift, 0, from, to);
	if (vfs__has_extents(b))
		vfs__extents_thin(b);
}

/* ---- Data ---- */

/* [pos, pos + len), which does not pass the end of the file. */
static void read_blocks(const vfs_blocks *b, char *to, size_t len, off_t pos)
{
	size_t done;

	for (; len; len -= done, to += done, pos += (off_t)done) {
		uint64_t i = (uint64_t)pos >> VFS_BLOCK_SHIFT;
		size_t at = pos & (VFS_BLOCK - 1), there = vfs__block_size(b, i);
		const char *p = vfs__block_find(b, i);

		done = VFS_BLOCK - at;
		if (done > len)
			done = len;
		there = p && at < there ? there - at : 0;
		if (there > done)
			there = done;
		if (there)
			copy(b, to, p + at, there);
		if (there < done)
			memset(to + there, 0, done - there);
	}
}

ssize_t vfs_blocks_read(const vfs_blocks *b, off_t size, void *buf, size_t len, off_t pos)
{
	uint64_t i = (uint64_t)pos >> VFS_BLOCK_SHIFT;
	size_t at = pos & (VFS_BLOCK - 1);
	const char *p = vfs__block_find(b, i);

	if (pos >= size)
		return 0;
	if (len > (uint64_t)(size - pos))
		len = (size_t)(size - pos);
	if (p && len <= VFS_BLOCK && at + len <= vfs__block_size(b, i))
		copy(b, buf, p + at, len);
	else
		read_blocks(b, buf, len, pos);
	return (ssize_t)len;
}

void vfs__block_clear(vfs_blocks *b, off_t from, off_t to)
{
	uint64_t i = (uint64_t)from >> VFS_BLOCK_SHIFT;
	size_t at = from & (VFS_BLOCK - 1), end = vfs__block_fill(to, i);
	char *p = vfs__block_find(b, i);

	if (end > vfs__block_size(b, i))
		end = vfs__block_size(b, i);
	if (p && end > at)
		memset(p + at, 0, end - at);
}

/* Makes the bytes between the end of the file and its new end zeros. */
static void grow_size(vfs_blocks *b, off_t size, off_t to)
{
	if (size & (VFS_BLOCK - 1))
		vfs__block_clear(b, size, to);
	if (vfs__has_extents(b))
		vfs__extents_clear(b, (uint64_t)size, (uint64_t)to);
}

static ssize_t write_blocks(vfs_blocks *b, off_t *size, const char *from, size_t len, off_t pos)
{
	size_t done, left;
	int err = 0;

	if (pos > *size)
		grow_size(b, *size, pos);
	for (left = len; left; left -= done, from += done, pos += (off_t)done) {
		uint64_t i = (uint64_t)pos >> VFS_BLOCK_SHIFT;
		size_t at = pos & (VFS_BLOCK - 1);
		char *p = vfs__block_find(b, i);

		done = VFS_BLOCK - at;
		if (done > left)
			done = left;
		if (!p || at + done > vfs__block_size(b, i)) {
			err = vfs__block_grow(b, i, at, at + done, vfs__block_fill(*size, i));
			if (err)
				break;
			p = vfs__block_find(b, i);
		}
		copy(b, p + at, from, done);
	}
	if (len == left)
		return err;
	if (pos > *size)
		*size = pos;
	return (ssize_t)(len - left);
}

ssize_t vfs_blocks_write(vfs_blocks *b, off_t *size, const void *buf, size_t len, off_t pos)
{
	uint64_t i = (uint64_t)pos >> VFS_BLOCK_SHIFT;
	size_t at = pos & (VFS_BLOCK - 1);
	char *p = vfs__block_find(b, i);

	if (!p || len > VFS_BLOCK || at + len > vfs__block_size(b, i) || pos > *size)
		return write_blocks(b, size, buf, len, pos);
	copy(b, p + at, buf, len);
	pos += (off_t)len;
	if (pos > *size)
		*size = pos;
	return (ssize_t)len;
}

void vfs_blocks_truncate(vfs_blocks *b, off_t *size, off_t to)
{
	off_t old = *size;

	*size = to;
	if (!b->root)
		return;
	if (to > old) {
		grow_size(b, old, to);
		return;
	}
	vfs__blocks_drop(b, ((uint64_t)to + VFS_BLOCK - 1) >> VFS_BLOCK_SHIFT, last_block);
	if (vfs__has_extents(b))
		vfs__extents_clear(b, (uint64_t)to, (uint64_t)old);
}

off_t vfs_blocks_seek(const vfs_blocks *b, off_t size, off_t pos, int whence)
{
	uint64_t i = (uint64_t)pos >> VFS_BLOCK_SHIFT;
	uint64_t last = ((uint64_t)size - 1) >> VFS_BLOCK_SHIFT;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return -EINVAL;
	if (pos >= size)
		return -ENXIO;
	/* The first block from i on that is there, or is not. */
	while (i <= last) {
		unsigned shift = b->height * FANOUT_SHIFT;
		void *p = i >> shift ? NULL : b->root;

		if (i >> shift)
			shift = 47;
		while (shift && p) {
			shift -= FANOUT_SHIFT;
			p = ((void **)p)[(i >> shift) & (FANOUT - 1)];
		}
		if (!p == (whence == SEEK_HOLE))
			break;
		i = ((i >> shift) + 1) << shift;
	}
	if (i > last)
		return whence == SEEK_HOLE ? size : -ENXIO;
	i <<= VFS_BLOCK_SHIFT;
	return i > (uint64_t)pos ? (off_t)i : pos;
}

char *vfs_blocks_at(vfs_blocks *b, uint64_t i, size_t need)
{
	char *p = vfs__block_find(b, i);

	if (p && need <= vfs__block_size(b, i))
		return p;
	return vfs__block_grow(b, i, p ? need : 0, need, 0) ? NULL : vfs__block_find(b, i);
}

void vfs_blocks_drop(vfs_blocks *b, uint64_t i)
{
	vfs__blocks_drop(b, i, i);
}

void vfs_blocks_free(vfs_blocks *b)
{
	vfs__blocks_drop(b, 0, last_block);
}
