/*
 * What the files of the block module share: the tree and the accounting.
 *
 * Invariants:
 *  - Index i of the tree is the file's block i, NULL where there is a hole. All
 *    blocks are VFS_BLOCK bytes but block 0, which has first_size; past that
 *    it is a hole.
 *  - In the block that holds the end of the file, bytes past the end are
 *    garbage. In blocks that begin at or past the end (fallocate) all is zero,
 *    so growing has one block to clear. In extents, bytes past the end are what
 *    a program stored there through a mapping, and growing clears them too.
 *  - `used` and room->used count block bytes; an extent counts whole, from
 *    its making until it is freed.
 */
#ifndef VFS_BLOCKS_TREE_H
#define VFS_BLOCKS_TREE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <vfsfs/blocks.h>

enum { FANOUT_SHIFT = 8, FANOUT = 1 << FANOUT_SHIFT };

static const uint64_t last_block = INT64_MAX >> VFS_BLOCK_SHIFT;

/* The blocks that a mapping needed in one piece. */
struct vfs_extent {
	struct vfs_extent *next;
	char *memory; /* count blocks, those of the file from `first` on */
	uint64_t first;
	size_t count;
	size_t live; /* blocks that the tree points to; all, while mapped */
	size_t maps; /* shared mappings */
};

static inline char *vfs__block_find(const vfs_blocks *b, uint64_t i)
{
	unsigned shift = b->height * FANOUT_SHIFT;
	void *p = b->root;

	if (i >> shift)
		return NULL;
	while (shift && p) {
		shift -= FANOUT_SHIFT;
		p = ((void **)p)[(i >> shift) & (FANOUT - 1)];
	}
	return p;
}

/* Bytes of block i below the end of a file of `size` bytes. */
static inline size_t vfs__block_fill(off_t size, uint64_t i)
{
	uint64_t start = i << VFS_BLOCK_SHIFT, end = (uint64_t)size;

	return end <= start ? 0 : end - start < VFS_BLOCK ? (size_t)(end - start) : VFS_BLOCK;
}

/* Bytes of memory of block i, if it is there. */
static inline size_t vfs__block_size(const vfs_blocks *b, uint64_t i)
{
	return i ? VFS_BLOCK : b->first_size;
}

/* Counts n more bytes; false: there is no room. */
bool vfs__blocks_take(vfs_blocks *b, size_t n);
void vfs__blocks_give(vfs_blocks *b, size_t n);

/* Where the tree keeps block i, made if need be. NULL: no memory. */
char **vfs__block_slot(vfs_blocks *b, uint64_t i);

/*
 * Gives block i memory for its first `to` bytes, which it has not: a new block
 * or a larger block 0. Clears the new bytes below `from`, and those from `to`
 * up to `valid`. -ENOSPC, -ENOMEM.
 */
int vfs__block_grow(vfs_blocks *b, uint64_t i, size_t from, size_t to, size_t valid);

/* A list of n new blocks, through their first words. false: no memory, no list. */
bool vfs__blocks_make(void **list, size_t n);
void vfs__blocks_unmake(void *list);

/* Frees blocks from..to, but for those under a mapping, and the tree's nodes
 * that are empty then. */
void vfs__blocks_drop(vfs_blocks *b, uint64_t from, uint64_t to);

/* Clears [from, to) in the block that holds `from`; none of it where it is a
 * hole. */
void vfs__block_clear(vfs_blocks *b, off_t from, off_t to);

/* In blocks_map.c, which is linked only where the program maps files; called
 * only where there are extents. */
#pragma weak vfs__extents_clear
#pragma weak vfs__extent_drop
#pragma weak vfs__extents_thin

/* Clears what of [from, to) lies in extents. */
void vfs__extents_clear(vfs_blocks *b, uint64_t from, uint64_t to);

/* Where no mapping needs an extent and half of it or less is in use, that goes to
 * ordinary blocks, if there is memory for them. */
void vfs__extents_thin(vfs_blocks *b);

/* The first half is for the linker: without blocks_map.c nothing is left of what
 * this decides. */
static inline bool vfs__has_extents(const vfs_blocks *b)
{
	return vfs__extents_clear && __builtin_expect(b->extents != NULL, 0);
}

/* What becomes of a block that is to be freed. */
enum vfs__extent_drop {
	NO_EXTENT, /* it lies in none */
	MAPPED,    /* it must stay */
	DROPPED    /* the extent counts it no more */
};
enum vfs__extent_drop vfs__extent_drop(vfs_blocks *b, const char *block);

#endif
