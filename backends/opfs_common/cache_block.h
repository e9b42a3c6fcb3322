/*
 * cache_block.h - a block of the page cache, as cache.c and cache_out.c share it.
 */
#ifndef VFS_CACHE_BLOCK_H
#define VFS_CACHE_BLOCK_H

#include "cache.h"

typedef struct vfs__block {
	struct vfs__block *chain;                 /* in a bucket */
	struct vfs__block *next, **at;            /* its file's list */
	struct vfs__block *ring_next, *ring_prev; /* the clock */
	vfs__cached *file;
	uint64_t index;                /* bytes from index * VFS_BLOCK on */
	uint16_t valid, dirty, logged; /* a bit a page; logged are dirty, dirty valid */
	unsigned pins;                 /* mappings */
	bool writable;                 /* one of them is */
	bool used;                     /* since the hand was here */
} vfs__block;

/* The pages that [from, to) of a block touches. */
static inline unsigned vfs__pages(size_t from, size_t to)
{
	unsigned first = (unsigned)(from >> VFS__PAGE_SHIFT);
	unsigned end = (unsigned)((to + VFS__PAGE - 1) >> VFS__PAGE_SHIFT);
	return (1u << end) - (1u << first);
}

/* Block i of the file, or NULL. */
vfs__block *vfs__block_find(vfs__cached *f, uint64_t i);
/* Bytes of it that the file has. */
size_t vfs__block_len(const vfs__block *b);
/* Takes it out of everything and frees it. */
void vfs__block_drop(vfs__block *b);
/* These pages are as in the slot now, or gone. */
void vfs__block_clean(vfs__block *b, unsigned mask);
/* They are newer than the slot and the journal. */
void vfs__block_soil(vfs__block *b, unsigned mask);
/* Makes [from, to) of block i valid. */
int vfs__block_load(vfs__cached *f, uint64_t i, size_t from, size_t to, vfs__block **out);
/* Makes block i ready for [from, to) of it to be stored: its first and last page are
 * filled where only a part of them is. `size`: the file's, or what it is about to be. */
int vfs__block_prepare(vfs__cached *f, uint64_t i, size_t from, size_t to, off_t size,
		       vfs__block **out);

/* Evicts until `need` more bytes fit, as far as that can be done. */
void vfs__cache_make_room(vfs__cache *c, size_t need);
/* The error for which nothing more can be taken in, or 0. */
int vfs__cache_is_full(const vfs__cache *c);

#endif
