/*
 * Mappings of a file's blocks. There is no MMU, so a shared mapping is the
 * file's own memory: the blocks that it covers are moved into one extent, and
 * reads and writes find them there through the tree like any others. It
 * stands on blocks.c, which calls it only for files that have extents, so a
 * program that never calls mmap does not link it.
 *
 * While an extent is mapped all its blocks stay in the tree, whatever
 * truncation or fallocate would free, so that what grows again is what the
 * mapping shows. Unmapped, it is freed with the last of its blocks; or with the
 * first half of them, and the others are copied.
 */
#include "blocks_tree.h"
#include "pages.h"
#include <assert.h>

const char vfs_blocks_map_linked = 1;

/* Aligned for any page size, whole pages. NULL: no memory, or too much. */
static char *get_pages(uint64_t count)
{
	if (count > (size_t)-1 >> 1 >> VFS_BLOCK_SHIFT)
		return NULL;
	return pages_aligned_alloc(VFS_BLOCK, (size_t)count << VFS_BLOCK_SHIFT);
}

static struct vfs_extent **extent_of(vfs_blocks *b, const char *memory)
{
	struct vfs_extent **p = &b->extents;

	while (*p && (uintptr_t)memory - (uintptr_t)(*p)->memory >= (*p)->count << VFS_BLOCK_SHIFT)
		p = &(*p)->next;
	return p;
}

static void free_extent(struct vfs_extent **p)
{
	struct vfs_extent *e = *p;

	*p = e->next;
	pages_free(e->memory);
	free(e);
}

enum vfs__extent_drop vfs__extent_drop(vfs_blocks *b, const char *block)
{
	struct vfs_extent **p = extent_of(b, block), *e = *p;

	if (!e)
		return NO_EXTENT;
	if (e->maps)
		return MAPPED;
	if (!--e->live) {
		vfs__blocks_give(b, e->count << VFS_BLOCK_SHIFT);
		free_extent(p);
	}
	return DROPPED;
}

void vfs__extents_thin(vfs_blocks *b)
{
	struct vfs_extent **p = &b->extents, *e;
	void *list, *to;
	size_t k;

	while ((e = *p) != NULL) {
		if (e->maps || e->live > e->count / 2 || !vfs__blocks_make(&list, e->live)) {
			p = &e->next;
			continue;
		}
		for (k = 0; (to = list) != NULL; k++) {
			char *from = e->memory + (k << VFS_BLOCK_SHIFT);
			if (vfs__block_find(b, e->first + k) != from)
				continue;
			list = *(void **)to;
			*vfs__block_slot(b, e->first + k) = memcpy(to, from, VFS_BLOCK);
		}
		vfs__blocks_give(b, (e->count - e->live) << VFS_BLOCK_SHIFT);
		free_extent(p);
	}
}

void vfs__extents_clear(vfs_blocks *b, uint64_t from, uint64_t to)
{
	struct vfs_extent *e;

	for (e = b->extents; e; e = e->next) {
		uint64_t start = e->first << VFS_BLOCK_SHIFT;
		uint64_t end = start + ((uint64_t)e->count << VFS_BLOCK_SHIFT);
		uint64_t a = from > start ? from : start, z = to < end ? to : end;

		if (a < z)
			memset(e->memory + (a - start), 0, (size_t)(z - a));
	}
}

/* The extent that holds all of first..last, or NULL. -ENOMEM: one that is
 * mapped holds some of them. */
static int find_extent(vfs_blocks *b, uint64_t first, uint64_t last, struct vfs_extent **out)
{
	struct vfs_extent *e;

	*out = NULL;
	for (e = b->extents; e; e = e->next) {
		uint64_t end = e->first + e->count;

		if (e->live == e->count && e->first <= first && last < end)
			*out = e;
		else if (e->maps && e->first <= last && first < end)
			return -ENOMEM;
	}
	return 0;
}

/* Moves blocks e->first.. into the new extent e. All that can fail comes before
 * the first change. */
static int fill_extent(vfs_blocks *b, struct vfs_extent *e)
{
	size_t bytes = e->count << VFS_BLOCK_SHIFT, k;

	/* Ordinary blocks leave their room to the extent. */
	for (k = 0; k < e->count; k++) {
		char **slot = vfs__block_slot(b, e->first + k);
		if (!slot)
			return -ENOMEM;
		if (*slot && !*extent_of(b, *slot))
			bytes -= vfs__block_size(b, e->first + k);
	}
	if (!vfs__blocks_take(b, bytes))
		return -ENOMEM;
	for (k = 0; k < e->count; k++) {
		uint64_t i = e->first + k;
		char **slot = vfs__block_slot(b, i), *to = e->memory + (k << VFS_BLOCK_SHIFT);
		size_t old = *slot ? vfs__block_size(b, i) : 0;

		if (*slot) {
			memcpy(to, *slot, old);
			if (vfs__extent_drop(b, *slot) == NO_EXTENT)
				free(*slot);
		}
		memset(to + old, 0, VFS_BLOCK - old);
		*slot = to;
	}
	if (!e->first)
		b->first_size = VFS_BLOCK;
	return 0;
}

static int new_extent(vfs_blocks *b, uint64_t first, uint64_t last, struct vfs_extent **out)
{
	struct vfs_extent *e = malloc(sizeof *e);
	char *memory = e ? get_pages(last - first + 1) : NULL;

	if (memory) {
		*e = (struct vfs_extent){.memory = memory,
					 .first = first,
					 .count = (size_t)(last - first + 1),
					 .live = (size_t)(last - first + 1)};
		if (!fill_extent(b, e)) {
			e->next = b->extents;
			b->extents = e;
			*out = e;
			vfs__extents_thin(b); /* those that blocks were taken from */
			return 0;
		}
		pages_free(memory);
	}
	free(e);
	return -ENOMEM;
}

int vfs_blocks_map(vfs_blocks *b, off_t size, size_t len, off_t pos, void **addr)
{
	uint64_t first = (uint64_t)pos >> VFS_BLOCK_SHIFT;
	uint64_t last = ((uint64_t)pos + len - 1) >> VFS_BLOCK_SHIFT;
	struct vfs_extent *e;
	int err;

	err = find_extent(b, first, last, &e);
	if (!err && !e)
		err = new_extent(b, first, last, &e);
	if (err)
		return err;
	/* No garbage past the end, nor what an earlier mapping left there. */
	if (!e->maps++)
		vfs__extents_clear(b, (uint64_t)size, (e->first + e->count) << VFS_BLOCK_SHIFT);
	*addr = e->memory + (pos - (off_t)(e->first << VFS_BLOCK_SHIFT));
	return 0;
}

void vfs_blocks_unmap(vfs_blocks *b, off_t size, void *addr)
{
	struct vfs_extent *e = *extent_of(b, addr);
	assert(e);
	uint64_t first = e->first, last = e->first + e->count - 1;
	uint64_t end = ((uint64_t)size + VFS_BLOCK - 1) >> VFS_BLOCK_SHIFT;

	if (!--e->maps)
		vfs__blocks_drop(b, end > first ? end : first, last);
}
