/*
 * Random operations on a file of the block module and on a flat buffer:
 * whatever is done, its bytes are those of the buffer, mappings show them,
 * errors change nothing, and memory is given back.
 */
#include "blocks_fixture.h"

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

int random_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_data),
		TEST(random_data_with_limit_and_failures),
		TEST(random_mappings),
		TEST(random_mappings_with_stores_past_the_end),
		TEST(random_mappings_with_limit_and_failures),
	};

	return cmocka_run_group_tests_name("blocks, random", tests, NULL, NULL);
}

void random_runs(uint64_t first, int steps)
{
	for (uint64_t k = first; k < first + 20; k++) {
		fprintf(stderr, "seed %llu\n", (unsigned long long)k);
		setup(NULL);
		run(k * 2654435761u + 1, steps, k % 2 ? SIZE_MAX : 900000, k % 3 == 0, k % 5 != 0,
		    k % 7 < 4);
		teardown(NULL);
	}
}
