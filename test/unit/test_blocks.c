/*
 * The block module against a flat buffer: whatever is done to a file, its
 * bytes are those of the buffer, mappings show them, errors change nothing,
 * and memory is given back. Linked with
 *   -Wl,--wrap=malloc,--wrap=calloc,--wrap=free,--wrap=aligned_alloc
 * so that memory can be counted and refused.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include <vfsfs/blocks.h>

/* ---- Memory, counted and refused ---- */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void __real_free(void *p);
void *__real_aligned_alloc(size_t align, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void __wrap_free(void *p);
void *__wrap_aligned_alloc(size_t align, size_t n);

static size_t held;           /* bytes */
static unsigned calls;        /* that allocate or free */
static int refuse_after = -1; /* that many allocations succeed, then none; -1: all do */

static bool refused(void)
{
	calls++;
	if (refuse_after > 0)
		refuse_after--;
	else if (!refuse_after)
		return true;
	return false;
}

static void *hold(void *p)
{
	held += malloc_usable_size(p);
	return p;
}

/* New memory is full of garbage, which a file must never show. */
static void *dirty(void *p, size_t from, size_t to)
{
	if (p && to > from)
		memset((char *)p + from, 0xaa, to - from);
	return p;
}

void *__wrap_malloc(size_t n)
{
	return refused() ? NULL : hold(dirty(__real_malloc(n), 0, n));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return refused() ? NULL : hold(__real_calloc(n, size));
}

void __wrap_free(void *p)
{
	calls++;
	held -= malloc_usable_size(p);
	__real_free(p);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
	return refused() ? NULL : hold(dirty(__real_aligned_alloc(align, n), 0, n));
}

static vfs_blocks_room room;
static vfs_blocks b;
static off_t size;

static int setup(void **state)
{
	(void)state;
	room = (vfs_blocks_room){.limit = SIZE_MAX};
	b = (vfs_blocks){.room = &room};
	size = 0;
	held = 0;
	refuse_after = -1;
	return 0;
}

/* Each test ends with nothing left. */
static int teardown(void **state)
{
	(void)state;
	vfs_blocks_free(&b);
	assert_int_equal(b.used, 0);
	assert_int_equal(room.used, 0);
	assert_int_equal(held, 0);
	return 0;
}

/* ---- Single promises ---- */

static bool all_zero(const void *p, size_t len)
{
	const char *c = p;
	return !len || (!c[0] && !memcmp(c, c + 1, len - 1));
}

static void write_at(off_t pos, const void *data, size_t len)
{
	assert_int_equal(vfs_blocks_write(&b, &size, data, len, pos), len);
}

static void fill(off_t pos, char c, size_t len)
{
	char *data = __real_malloc(len);
	memset(data, c, len);
	write_at(pos, data, len);
	__real_free(data);
}

static char byte_at(off_t pos)
{
	char c;
	assert_int_equal(vfs_blocks_read(&b, size, &c, 1, pos), 1);
	return c;
}

static void small_file_takes_little(void **state)
{
	(void)state;
	write_at(0, "x", 1);
	assert_int_equal(b.used, VFS_BLOCK_MIN);
	for (int k = 1; k < 1000; k++)
		write_at(k, "x", 1);
	assert_int_equal(b.used, 1024);
	assert_int_equal(room.used, 1024);
}

static void hole_takes_no_block(void **state)
{
	(void)state;
	off_t far = INT64_MAX - 1;

	write_at(far, "x", 1);
	assert_true(size == INT64_MAX);
	assert_int_equal(b.used, VFS_BLOCK);
	assert_true(held < VFS_BLOCK + 6 * 4096);
	assert_int_equal(byte_at(far), 'x');
	assert_int_equal(byte_at(0), 0);
	assert_int_equal(byte_at(far / 2), 0);
	assert_int_equal(vfs_blocks_seek(&b, size, 5, SEEK_HOLE), 5);
	assert_true(vfs_blocks_seek(&b, size, 5, SEEK_DATA) > far - VFS_BLOCK);
	write_at(0, "y", 1);
	assert_int_equal(byte_at(0), 'y');
	assert_int_equal(byte_at(far), 'x');
	assert_int_equal(vfs_blocks_seek(&b, size, 0, SEEK_DATA), 0);
	vfs_blocks_truncate(&b, &size, 1);
	assert_int_equal(byte_at(0), 'y');
	assert_int_equal(b.used, VFS_BLOCK_MIN);
	/* An emptied file is as small as a new one. */
	vfs_blocks_truncate(&b, &size, 0);
	write_at(0, "z", 1);
	assert_true(held < 128);
}

static void truncating_an_empty_file_costs_nothing(void **state)
{
	(void)state;
	unsigned before = calls;

	vfs_blocks_truncate(&b, &size, (off_t)1 << 62);
	assert_int_equal(vfs_blocks_seek(&b, size, 0, SEEK_DATA), -ENXIO);
	assert_int_equal(vfs_blocks_seek(&b, size, 7, SEEK_HOLE), 7);
	vfs_blocks_truncate(&b, &size, 0);
	assert_int_equal(calls, before);
	assert_int_equal(size, 0);
}

static void truncating_gives_memory_back(void **state)
{
	(void)state;
	fill(0, 'a', 40 << 20);
	assert_true(held < (40 << 20) / 100 * 101);
	vfs_blocks_truncate(&b, &size, 20 << 20);
	assert_int_equal(b.used, 20 << 20);
	assert_true(held < (20 << 20) / 100 * 101);
	vfs_blocks_truncate(&b, &size, 0);
	assert_int_equal(held, 0);
}

/* Otherwise a log that moves along a sparse file leaves a trail. */
static void empty_tree_nodes_are_freed(void **state)
{
	(void)state;
	size_t most = 0;

	for (off_t k = 0; k < 1000; k++) {
		vfs_blocks_truncate(&b, &size, k << 30);
		write_at(k << 30, "x", 1);
		assert_int_equal(vfs_blocks_allocate(&b, &size,
						     FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
						     k << 30, 1),
				 0);
		most = held > most ? held : most;
	}
	assert_int_equal(b.used, 0);
	assert_true(most < 6 * 4096);
}

static void old_bytes_do_not_return(void **state)
{
	(void)state;
	fill(0, 'a', 3 * VFS_BLOCK);
	vfs_blocks_truncate(&b, &size, VFS_BLOCK + 10);
	vfs_blocks_truncate(&b, &size, 3 * VFS_BLOCK);
	assert_int_equal(byte_at(VFS_BLOCK + 9), 'a');
	for (off_t pos = VFS_BLOCK + 10; pos < size; pos++)
		assert_int_equal(byte_at(pos), 0);
	vfs_blocks_truncate(&b, &size, 10);
	write_at(20, "x", 1);
	for (off_t pos = 10; pos < 20; pos++)
		assert_int_equal(byte_at(pos), 0);
}

static void limit_is_enospc(void **state)
{
	(void)state;
	static char data[3 * VFS_BLOCK];
	room.limit = 2 * VFS_BLOCK;

	assert_int_equal(vfs_blocks_write(&b, &size, data, sizeof data, 0), 2 * VFS_BLOCK);
	assert_int_equal(size, 2 * VFS_BLOCK);
	assert_int_equal(vfs_blocks_write(&b, &size, data, 1, size), -ENOSPC);
	assert_int_equal(vfs_blocks_write(&b, &size, data, 1, 1 << 30), -ENOSPC);
	assert_int_equal(size, 2 * VFS_BLOCK);
	assert_int_equal(vfs_blocks_allocate(&b, &size, 0, 0, sizeof data), -ENOSPC);
	assert_int_equal(vfs_blocks_allocate(&b, &size, 0, 0, INT64_MAX), -ENOSPC);
	assert_int_equal(size, 2 * VFS_BLOCK);
	assert_int_equal(b.used, 2 * VFS_BLOCK);
	vfs_blocks_truncate(&b, &size, VFS_BLOCK);
	write_at(size, "x", 1);
}

static void limit_is_shared(void **state)
{
	(void)state;
	vfs_blocks other = {.room = &room};
	off_t other_size = 0;
	room.limit = VFS_BLOCK;

	write_at(0, "x", 1);
	assert_int_equal(vfs_blocks_write(&other, &other_size, "x", 1, VFS_BLOCK), -ENOSPC);
	assert_int_equal(vfs_blocks_write(&other, &other_size, "x", 1, 0), 1);
	assert_int_equal(room.used, 2 * VFS_BLOCK_MIN);
	vfs_blocks_free(&other);
	assert_int_equal(room.used, VFS_BLOCK_MIN);
}

static void allocate_keeps_room(void **state)
{
	(void)state;
	fill(0, 'a', 10);
	assert_int_equal(vfs_blocks_allocate(&b, &size, FALLOC_FL_KEEP_SIZE, 0, 4 * VFS_BLOCK), 0);
	assert_int_equal(size, 10);
	assert_int_equal(b.used, 4 * VFS_BLOCK);
	room.limit = room.used;
	fill(10, 'b', 4 * VFS_BLOCK - 10);
	vfs_blocks_truncate(&b, &size, 0);
	assert_int_equal(b.used, 0);
	assert_int_equal(vfs_blocks_allocate(&b, &size, 0, 5, 100), 0);
	assert_int_equal(size, 105);
	assert_int_equal(b.used, 128);
	for (off_t pos = 0; pos < size; pos++)
		assert_int_equal(byte_at(pos), 0);
}

static void allocate_changes_all_or_nothing(void **state)
{
	(void)state;
	fill(VFS_BLOCK, 'a', 1);
	size_t used = b.used;
	int k = 0, err;

	do {
		refuse_after = k++;
		err = vfs_blocks_allocate(&b, &size, 0, 0, 5 * VFS_BLOCK);
		refuse_after = -1;
		if (err) {
			assert_int_equal(err, -ENOMEM);
			assert_int_equal(size, VFS_BLOCK + 1);
			assert_int_equal(b.used, used);
			assert_int_equal(room.used, used);
		}
	} while (err);
	assert_true(k > 4);
	assert_int_equal(b.used, 5 * VFS_BLOCK);
	assert_int_equal(size, 5 * VFS_BLOCK);
}

static void unknown_modes_are_refused(void **state)
{
	(void)state;
	assert_int_equal(vfs_blocks_allocate(&b, &size, FALLOC_FL_COLLAPSE_RANGE, 0, 1),
			 -EOPNOTSUPP);
	assert_int_equal(vfs_blocks_allocate(&b, &size, FALLOC_FL_PUNCH_HOLE, 0, 1), -EOPNOTSUPP);
	assert_int_equal(vfs_blocks_allocate(&b, &size, FALLOC_FL_ZERO_RANGE, 0, 1), -EOPNOTSUPP);
}

static void punching_frees_whole_blocks(void **state)
{
	(void)state;
	int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	fill(0, 'a', 4 * VFS_BLOCK + 5);
	assert_int_equal(vfs_blocks_allocate(&b, &size, mode, 10, 2 * VFS_BLOCK), 0);
	assert_int_equal(b.used, 4 * VFS_BLOCK);
	assert_int_equal(byte_at(9), 'a');
	for (off_t pos = 10; pos < 2 * VFS_BLOCK + 10; pos++)
		assert_int_equal(byte_at(pos), 0);
	assert_int_equal(byte_at(2 * VFS_BLOCK + 10), 'a');
	assert_int_equal(vfs_blocks_seek(&b, size, 100, SEEK_HOLE), VFS_BLOCK);
	assert_int_equal(vfs_blocks_seek(&b, size, VFS_BLOCK, SEEK_DATA), 2 * VFS_BLOCK);
	assert_int_equal(vfs_blocks_seek(&b, size, 2 * VFS_BLOCK, SEEK_HOLE), size);
	assert_int_equal(vfs_blocks_seek(&b, size, size, SEEK_HOLE), -ENXIO);
	/* The last block too, though it is not whole. */
	assert_int_equal(vfs_blocks_allocate(&b, &size, mode, 0, size), 0);
	assert_int_equal(b.used, 0);
	assert_int_equal(size, 4 * VFS_BLOCK + 5);
}

/* ---- Mappings ---- */

static char *map(off_t pos, size_t len)
{
	void *addr = NULL;
	assert_int_equal(vfs_blocks_map(&b, size, len, pos, &addr), 0);
	return addr;
}

static void shared_mapping_is_the_file(void **state)
{
	(void)state;
	fill(0, 'a', 100);
	char *m = map(0, 3 * VFS_BLOCK);

	assert_int_equal(m[99], 'a');
	assert_true(all_zero(m + 100, 3 * VFS_BLOCK - 100));
	write_at(2 * VFS_BLOCK - 1, "xy", 2);
	assert_memory_equal(m + 2 * VFS_BLOCK - 1, "xy", 2);
	m[50] = 'm';
	assert_int_equal(byte_at(50), 'm');
	assert_ptr_equal(map(VFS_BLOCK, VFS_BLOCK), m + VFS_BLOCK);
	vfs_blocks_unmap(&b, size, m + VFS_BLOCK);
	vfs_blocks_unmap(&b, size, m);
	assert_int_equal(byte_at(50), 'm');
}

static void mapping_stays_through_truncation(void **state)
{
	(void)state;
	fill(0, 'a', 3 * VFS_BLOCK);
	char *m = map(0, 3 * VFS_BLOCK);

	vfs_blocks_truncate(&b, &size, 10);
	assert_int_equal(m[9], 'a');
	assert_true(all_zero(m + 10, 3 * VFS_BLOCK - 10));
	fill(2 * VFS_BLOCK, 'b', 10);
	assert_int_equal(m[2 * VFS_BLOCK + 9], 'b');
	assert_int_equal(
		vfs_blocks_allocate(&b, &size, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, size),
		0);
	assert_true(all_zero(m, 3 * VFS_BLOCK));
	write_at(5, "z", 1);
	assert_int_equal(m[5], 'z');
	vfs_blocks_truncate(&b, &size, 0);
	assert_int_equal(b.used, 3 * VFS_BLOCK);
	vfs_blocks_unmap(&b, size, m);
	assert_int_equal(b.used, 0);
	assert_true(held < 4096);
}

/* POSIX mmap: stores past the end are not part of the file. */
static void bytes_stored_past_the_end_are_no_data(void **state)
{
	(void)state;
	fill(0, 'a', 10);
	char *m = map(0, 2 * VFS_BLOCK);

	m[10] = m[VFS_BLOCK] = m[VFS_BLOCK + 9] = 'j';
	vfs_blocks_truncate(&b, &size, 11);
	assert_int_equal(byte_at(10), 0);
	fill(VFS_BLOCK + 20, 'b', 1);
	assert_int_equal(byte_at(VFS_BLOCK), 0);
	assert_int_equal(m[VFS_BLOCK + 9], 0);
	m[VFS_BLOCK + 30] = 'j';
	vfs_blocks_unmap(&b, size, m);
	vfs_blocks_truncate(&b, &size, 2 * VFS_BLOCK);
	assert_int_equal(byte_at(VFS_BLOCK + 30), 0);
}

static void new_mapping_shows_no_garbage(void **state)
{
	(void)state;
	fill(0, 'a', 2 * VFS_BLOCK);
	char *m = map(0, 2 * VFS_BLOCK);

	vfs_blocks_unmap(&b, size, m);
	vfs_blocks_truncate(&b, &size, VFS_BLOCK + 1);
	m = map(VFS_BLOCK, VFS_BLOCK);
	assert_int_equal(m[0], 'a');
	assert_true(all_zero(m + 1, VFS_BLOCK - 1));
	m[1] = 'j';
	vfs_blocks_unmap(&b, size, m);
	m = map(VFS_BLOCK, VFS_BLOCK);
	assert_true(all_zero(m + 1, VFS_BLOCK - 1));
	vfs_blocks_unmap(&b, size, m);
}

static void new_mapping_of_blocks_shows_no_garbage(void **state)
{
	(void)state;
	fill(0, 'a', 2 * VFS_BLOCK);
	vfs_blocks_truncate(&b, &size, VFS_BLOCK + 1);
	char *m = map(0, 2 * VFS_BLOCK);
	assert_int_equal(m[VFS_BLOCK], 'a');
	assert_true(all_zero(m + VFS_BLOCK + 1, VFS_BLOCK - 1));
	vfs_blocks_unmap(&b, size, m);
}

static void mapping_that_cannot_be_in_place_is_enomem(void **state)
{
	(void)state;
	void *addr;
	fill(0, 'a', 4 * VFS_BLOCK);
	char *m = map(VFS_BLOCK, VFS_BLOCK);

	assert_int_equal(vfs_blocks_map(&b, size, 2 * VFS_BLOCK, 0, &addr), -ENOMEM);
	assert_int_equal(vfs_blocks_map(&b, size, 2 * VFS_BLOCK, VFS_BLOCK, &addr), -ENOMEM);
	assert_int_equal(vfs_blocks_map(&b, size, SIZE_MAX / 2, 4 * VFS_BLOCK, &addr), -ENOMEM);
	char *other = map(2 * VFS_BLOCK, 2 * VFS_BLOCK);
	vfs_blocks_unmap(&b, size, m);
	vfs_blocks_unmap(&b, size, other);
	m = map(0, 4 * VFS_BLOCK);
	assert_int_equal(m[4 * VFS_BLOCK - 1], 'a');
	assert_int_equal(b.used, 4 * VFS_BLOCK);
	vfs_blocks_unmap(&b, size, m);
}

static void failed_mapping_changes_nothing(void **state)
{
	(void)state;
	void *addr;
	fill(0, 'a', VFS_BLOCK + 1);
	room.limit = 3 * VFS_BLOCK;
	assert_int_equal(vfs_blocks_map(&b, size, 4 * VFS_BLOCK, 0, &addr), -ENOMEM);
	assert_int_equal(b.used, 2 * VFS_BLOCK);
	for (int k = 0; k < 2; k++) {
		refuse_after = k;
		assert_int_equal(vfs_blocks_map(&b, size, VFS_BLOCK, 0, &addr), -ENOMEM);
	}
	refuse_after = -1;
	assert_int_equal(b.used, 2 * VFS_BLOCK);
	assert_int_equal(byte_at(VFS_BLOCK), 'a');
	/* Blocks that are there already need no room of their own. */
	room.limit = room.used;
	vfs_blocks_unmap(&b, size, map(0, 2 * VFS_BLOCK));
}

/* SQLite's -shm file: a region after the other, while the file grows. */
static void regions_are_mapped_while_the_file_grows(void **state)
{
	(void)state;
	char *m[8];

	for (int k = 0; k < 8; k++) {
		vfs_blocks_truncate(&b, &size, (off_t)(k + 1) * 32768);
		m[k] = map((off_t)k * 32768, 32768);
		assert_true(all_zero(m[k], 32768));
		m[k][7] = (char)('0' + k);
	}
	for (int k = 0; k < 8; k++) {
		assert_int_equal(byte_at(k * 32768 + 7), '0' + k);
		assert_int_equal((uintptr_t)m[k] % 32768, 0);
	}
	for (int k = 0; k < 8; k++)
		vfs_blocks_unmap(&b, size, m[k]);
	assert_int_equal(byte_at(5 * 32768 + 7), '5');
	vfs_blocks_truncate(&b, &size, 0);
	assert_int_equal(held, 0);
}

/* ---- Random operations against a flat buffer ---- */

enum { MODEL = 1500000, MAPS = 6 };
static unsigned char model[MODEL];
static unsigned char data[MODEL], got[MODEL];
static struct {
	char *addr;
	off_t pos;
	size_t len;
} maps[MAPS];
static uint64_t seed;

static uint64_t rnd(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static off_t some_position(void)
{
	off_t pos = (off_t)rnd(MODEL);
	switch (rnd(6)) {
	case 0:
		pos = (off_t)(rnd(MODEL / VFS_BLOCK) * VFS_BLOCK);
		break;
	case 1:
		pos = (off_t)rnd(300);
		break;
	case 2:
		pos = size;
		break;
	case 3:
		pos = size + (off_t)rnd(600) - 300;
		break;
	}
	return pos < 0 ? 0 : pos >= MODEL ? MODEL - 1 : pos;
}

static size_t some_length(off_t pos)
{
	static const unsigned up_to[] = {1, 10, 300, 5000, VFS_BLOCK + 1, 400000};
	size_t len = 1 + rnd(up_to[rnd(6)]);
	return len < (size_t)(MODEL - pos) ? len : (size_t)(MODEL - pos);
}

static void set_model_size(off_t to)
{
	if (to < size)
		memset(model + to, 0, (size_t)(size - to));
}

static void check_range(off_t pos, size_t len)
{
	size_t there = pos >= size ? 0 : (size_t)(size - pos) < len ? (size_t)(size - pos) : len;
	assert_int_equal(vfs_blocks_read(&b, size, got, len, pos), there);
	assert_int_equal(memcmp(got, model + pos, there), 0);
}

static void check_maps(bool junk)
{
	for (int k = 0; k < MAPS; k++) {
		if (!maps[k].addr)
			continue;
		size_t there = maps[k].pos >= size ? 0 : (size_t)(size - maps[k].pos);
		if (there > maps[k].len)
			there = maps[k].len;
		assert_int_equal(memcmp(maps[k].addr, model + maps[k].pos, there), 0);
		if (!junk)
			assert_true(all_zero(maps[k].addr + there, maps[k].len - there));
	}
}

static void check_seek(off_t pos)
{
	off_t d = vfs_blocks_seek(&b, size, pos, SEEK_DATA);
	off_t h = vfs_blocks_seek(&b, size, pos, SEEK_HOLE);

	if (pos >= size) {
		assert_int_equal(d, -ENXIO);
		assert_int_equal(h, -ENXIO);
		return;
	}
	off_t end = d == -ENXIO ? size : d;
	assert_true(end >= pos && end <= size && h >= pos && h <= size);
	assert_true(all_zero(model + pos, (size_t)(end - pos)));
	assert_true(d == pos || h == pos);
	assert_false(d == pos && h == pos);
}

static void random_write(bool failing)
{
	off_t pos = some_position(), old = size;
	size_t len = some_length(pos), n = 0;

	for (size_t k = 0; k < len; k++)
		data[k] = (unsigned char)(1 + (seed + k) % 251);
	ssize_t done = vfs_blocks_write(&b, &size, data, len, pos);
	if (done > 0)
		n = (size_t)done;
	else
		assert_true(failing && (done == -ENOSPC || done == -ENOMEM));
	assert_true(n == len || (failing && n < len));
	memcpy(model + pos, data, n);
	assert_int_equal(size, n && pos + (off_t)n > old ? pos + (off_t)n : old);
}

static void random_truncate(void)
{
	off_t to = rnd(8) ? some_position() : 0;
	set_model_size(to);
	vfs_blocks_truncate(&b, &size, to);
	assert_int_equal(size, to);
}

static void random_allocate(bool failing)
{
	static const int modes[] = {0, FALLOC_FL_KEEP_SIZE,
				    FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				    FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE};
	int mode = modes[rnd(4)];
	off_t pos = some_position(), old = size;
	size_t len = some_length(pos), used = b.used;
	int err = vfs_blocks_allocate(&b, &size, mode, pos, (off_t)len);

	if (err) {
		assert_true(failing && !(mode & FALLOC_FL_PUNCH_HOLE));
		assert_true(err == -ENOSPC || err == -ENOMEM);
		assert_int_equal(b.used, used);
	}
	assert_int_equal(size, !err && !mode && pos + (off_t)len > old ? pos + (off_t)len : old);
	if (mode & FALLOC_FL_PUNCH_HOLE)
		memset(model + pos, 0, len);
}

static void random_map(void)
{
	int k = (int)rnd(MAPS);
	void *addr;

	if (maps[k].addr) {
		vfs_blocks_unmap(&b, size, maps[k].addr);
		maps[k].addr = NULL;
		return;
	}
	off_t pos = some_position() & ~(off_t)4095;
	size_t len = some_length(pos), used = b.used;
	int err = vfs_blocks_map(&b, size, len, pos, &addr);
	if (err) {
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(b.used, used);
		return;
	}
	maps[k].addr = addr;
	maps[k].pos = pos;
	maps[k].len = len;
}

static void random_store(bool junk)
{
	int k = (int)rnd(MAPS);
	if (!maps[k].addr)
		return;
	off_t at = (off_t)rnd(maps[k].len);
	if (maps[k].pos + at < size)
		model[maps[k].pos + at] = 's';
	else if (!junk)
		return;
	maps[k].addr[at] = 's';
}

static void run(uint64_t start, int n, size_t limit, bool failing, bool mapping, bool junk)
{
	seed = start;
	room.limit = limit;
	memset(model, 0, sizeof model);
	for (int k = 0; k < n; k++) {
		refuse_after = failing && !rnd(4) ? (int)rnd(4) : -1;
		switch (rnd(mapping ? 8 : 5)) {
		case 0:
		case 1:
			random_write(failing || limit < SIZE_MAX);
			break;
		case 2:
			random_truncate();
			break;
		case 3:
			random_allocate(failing || limit < SIZE_MAX);
			break;
		case 4:
			check_seek(some_position());
			break;
		case 5:
		case 6:
			random_map();
			break;
		case 7:
			random_store(junk);
			break;
		}
		refuse_after = -1;
		off_t pos = some_position();
		check_range(pos, some_length(pos));
		if (mapping && k % 4 == 0)
			check_maps(junk);
		if (k % 64 == 0)
			check_range(0, MODEL);
		assert_int_equal(b.used, room.used);
		assert_true(room.used <= room.limit);
	}
	for (int k = 0; k < MAPS; k++)
		if (maps[k].addr) {
			vfs_blocks_unmap(&b, size, maps[k].addr);
			maps[k].addr = NULL;
		}
	check_range(0, MODEL);
}

enum { STEPS = 4000 };

static void random_data(void **state)
{
	(void)state;
	run(1, STEPS, SIZE_MAX, false, false, false);
}

static void random_data_with_limit_and_failures(void **state)
{
	(void)state;
	run(2, STEPS, 700000, true, false, false);
}

static void random_mappings(void **state)
{
	(void)state;
	run(3, STEPS, SIZE_MAX, false, true, false);
}

static void random_mappings_with_stores_past_the_end(void **state)
{
	(void)state;
	run(4, STEPS, SIZE_MAX, false, true, true);
}

static void random_mappings_with_limit_and_failures(void **state)
{
	(void)state;
	run(5, STEPS, 900000, true, true, true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* test_blocks [SEED STEPS]: goes on with other random runs. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {TEST(small_file_takes_little),
					   TEST(hole_takes_no_block),
					   TEST(truncating_an_empty_file_costs_nothing),
					   TEST(truncating_gives_memory_back),
					   TEST(empty_tree_nodes_are_freed),
					   TEST(old_bytes_do_not_return),
					   TEST(limit_is_enospc),
					   TEST(limit_is_shared),
					   TEST(allocate_keeps_room),
					   TEST(allocate_changes_all_or_nothing),
					   TEST(unknown_modes_are_refused),
					   TEST(punching_frees_whole_blocks),
					   TEST(shared_mapping_is_the_file),
					   TEST(mapping_stays_through_truncation),
					   TEST(bytes_stored_past_the_end_are_no_data),
					   TEST(new_mapping_shows_no_garbage),
					   TEST(new_mapping_of_blocks_shows_no_garbage),
					   TEST(mapping_that_cannot_be_in_place_is_enomem),
					   TEST(failed_mapping_changes_nothing),
					   TEST(regions_are_mapped_while_the_file_grows),
					   TEST(random_data),
					   TEST(random_data_with_limit_and_failures),
					   TEST(random_mappings),
					   TEST(random_mappings_with_stores_past_the_end),
					   TEST(random_mappings_with_limit_and_failures)};

	if (argc == 3) {
		uint64_t first = strtoull(argv[1], NULL, 0);
		for (uint64_t k = first; k < first + 20; k++) {
			fprintf(stderr, "seed %llu\n", (unsigned long long)k);
			setup(NULL);
			run(k * 2654435761u + 1, atoi(argv[2]), k % 2 ? SIZE_MAX : 900000,
			    k % 3 == 0, k % 5 != 0, k % 7 < 4);
			teardown(NULL);
		}
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
