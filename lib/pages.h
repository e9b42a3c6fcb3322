/*
 * Memory for mappings. A sanitizer's malloc maps memory itself, under its own
 * lock: what a mapping needs must come from the allocator below it, as it does
 * in Emscripten's own mmap.
 */
#ifndef VFSFS_PAGES_H
#define VFSFS_PAGES_H

#ifdef __EMSCRIPTEN__
#include <emscripten/heap.h>
#define pages_malloc        emscripten_builtin_malloc
#define pages_aligned_alloc emscripten_builtin_memalign
#define pages_free          emscripten_builtin_free
#else
#include <stdlib.h>
#define pages_malloc        malloc
#define pages_aligned_alloc aligned_alloc
#define pages_free          free
#endif

#endif
