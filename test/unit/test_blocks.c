/*
 * The block module: what it promises of data, memory and mappings, one by one.
 * test_blocks_random.c is part of the same program.
 */
#include "blocks_fixture.h"

/* ---- Data and memory ---- */

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

static void little_that_was_mapped_keeps_little(void **state)
{
	(void)state;
	const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	fill(0, 'a', 8 * VFS_BLOCK);
	vfs_blocks_unmap(&b, size, map(0, 8 * VFS_BLOCK));
	refuse_after = 0;
	vfs_blocks_truncate(&b, &size, 4 * VFS_BLOCK);
	refuse_after = -1;
	assert_int_equal(b.used, 8 * VFS_BLOCK); /* no memory for a copy */
	assert_int_equal(vfs_blocks_allocate(&b, &size, mode, VFS_BLOCK, VFS_BLOCK), 0);
	assert_int_equal(b.used, 3 * VFS_BLOCK);
	assert_true(held < 3 * VFS_BLOCK + 2 * 4096);
	for (off_t pos = 0; pos < size; pos += 1000)
		assert_int_equal(byte_at(pos), pos >> VFS_BLOCK_SHIFT == 1 ? 0 : 'a');
	/* Blocks that another mapping needs: the rest of their extent goes too. */
	vfs_blocks_unmap(&b, size, map(0, 4 * VFS_BLOCK));
	vfs_blocks_truncate(&b, &size, 3 * VFS_BLOCK);
	char *m = map(0, 2 * VFS_BLOCK);

	assert_int_equal(b.used, 3 * VFS_BLOCK);
	vfs_blocks_truncate(&b, &size, 1);
	vfs_blocks_unmap(&b, size, m);
	assert_int_equal(b.used, VFS_BLOCK);
	assert_true(held < VFS_BLOCK + 2 * 4096);
	assert_int_equal(byte_at(0), 'a');
	vfs_blocks_truncate(&b, &size, 5);
	assert_int_equal(byte_at(1), 0);
}

static void last_block_can_be_mapped(void **state)
{
	(void)state;
	const off_t last = INT64_MAX - VFS_BLOCK + 1;

	write_at(last, "x", 1);
	char *m = map(last, 4096);
	assert_int_equal(m[0], 'x');
	m[20] = 'j';
	vfs_blocks_truncate(&b, &size, last + 100);
	assert_int_equal(byte_at(last + 20), 0);
	vfs_blocks_truncate(&b, &size, INT64_MAX);
	vfs_blocks_unmap(&b, size, m);
	assert_int_equal(byte_at(last), 'x');
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

/* test_blocks [SEED STEPS]: goes on with other random runs. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(small_file_takes_little),
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
		TEST(little_that_was_mapped_keeps_little),
		TEST(last_block_can_be_mapped),
		TEST(regions_are_mapped_while_the_file_grows),
	};

	if (argc == 3) {
		random_runs(strtoull(argv[1], NULL, 0), atoi(argv[2]));
		return 0;
	}
	return cmocka_run_group_tests_name("blocks", tests, NULL, NULL) + random_tests();
}
