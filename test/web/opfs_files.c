/* The handles of an OPFS port: reading, writing, sizes, errors; what a later run finds. */
#include "opfs_steps.h"

static void fill(unsigned char *p, size_t len, unsigned seed)
{
	for (size_t k = 0; k < len; k++)
		p[k] = (unsigned char)((seed += 0x9e3779b9u) >> 13);
}

static bool all(const void *p, size_t len, int byte)
{
	for (size_t k = 0; k < len; k++)
		if (((const unsigned char *)p)[k] != byte)
			return false;
	return true;
}

static void second_open_is_EBUSY(void)
{
	static int h;
	TEST();
	CREATE("t/busy");
	OPENED();
	h = result;
	EXPECT(size_of(h), 0);
	OPEN("t/busy");
	EXPECT(result, -EBUSY);
	CREATE("t/busy");
	EXPECT(result, -EBUSY);
	EXPECT(put(h, "x", 1, 0), 0);
	shut(h);
	OPEN("t/busy");
	OPENED();
	EXPECT(size_of(result), 1);
	shut(result);
	END();
}

static void remove_of_open_file_is_EBUSY(void)
{
	static int h;
	TEST();
	CREATE("t/held/file");
	EXPECT(result, -ENOENT);
	MKDIR("t/held");
	CREATE("t/held/file");
	OPENED();
	h = result;
	REMOVE("t/held/file");
	EXPECT(result, -EBUSY);
	EXPECT(put(h, "x", 1, 0), 0);
	shut(h);
	REMOVE("t/held/file");
	EXPECT(result, 0);
	END();
}

static void close_frees_at_once(void)
{
	static int k;
	TEST();
	for (k = 0; k < 50; k++) {
		OPEN("t/busy");
		OPENED();
		shut(result);
	}
	END();
}

static void read_is_short_at_the_end(void)
{
	static int h;
	char buf[100];
	TEST();
	CREATE("t/short");
	OPENED();
	h = result;
	EXPECT(get(h, buf, 100, 0), 0);
	EXPECT(put(h, "0123456789", 10, 0), 0);
	EXPECT(get(h, buf, 100, 0), 10);
	memset(buf, '-', sizeof buf);
	EXPECT(get(h, buf, 100, 7), 3);
	EXPECT(memcmp(buf, "789---", 6), 0);
	EXPECT(get(h, buf, 3, 7), 3);
	EXPECT(get(h, buf, 100, 10), 0);
	EXPECT(get(h, buf, 100, 1000), 0);
	EXPECT(get(h, buf, 100, (int64_t)1 << 40), 0);
	EXPECT(get(h, buf, 0, 5), 0);
	EXPECT(put(h, buf, 0, 5), 0);
	EXPECT(put(h, "", 0, 500), 0);
	EXPECT(size_of(h), 10);
	EXPECT(flushed(h), 0);
	shut(h);
	END();
}

static void write_past_the_end_fills_with_zeros(void)
{
	static int h;
	char buf[1000];
	TEST();
	CREATE("t/hole");
	OPENED();
	h = result;
	EXPECT(put(h, "abc", 3, 0), 0);
	EXPECT(put(h, "xyz", 3, 900), 0);
	EXPECT(size_of(h), 903);
	EXPECT(get(h, buf, 1000, 0), 903);
	EXPECT(memcmp(buf, "abc", 3), 0);
	EXPECT(all(buf + 3, 897, 0), 1);
	EXPECT(memcmp(buf + 900, "xyz", 3), 0);
	shut(h);
	END();
}

static void truncate_both_ways(void)
{
	static int h;
	char buf[1000];
	TEST();
	CREATE("t/cut");
	OPENED();
	h = result;
	memset(buf, 'x', sizeof buf);
	EXPECT(put(h, buf, 1000, 0), 0);
	EXPECT(truncated(h, 10), 0);
	EXPECT(size_of(h), 10);
	EXPECT(truncated(h, 500), 0);
	EXPECT(size_of(h), 500);
	EXPECT(get(h, buf, 1000, 0), 500);
	EXPECT(all(buf, 10, 'x'), 1);
	EXPECT(all(buf + 10, 490, 0), 1);
	EXPECT(truncated(h, 500), 0);
	EXPECT(truncated(h, 0), 0);
	EXPECT(size_of(h), 0);
	shut(h);
	END();
}

static void positions_past_32_bits(void)
{
	static int h;
	int64_t far = ((int64_t)5 << 30) + 12345;
	char buf[10] = "";
	TEST();
	CREATE("t/far");
	OPENED();
	h = result;
	EXPECT(put(h, "far", 3, far), 0);
	EXPECT(size_of(h), far + 3);
	EXPECT(get(h, buf, 10, far - 1), 4);
	EXPECT(memcmp(buf, "\0far", 4), 0);
	EXPECT(get(h, buf, 10, far - ((int64_t)1 << 32)), 10);
	EXPECT(all(buf, 10, 0), 1);
	EXPECT(truncated(h, far + 2), 0);
	EXPECT(size_of(h), far + 2);
	/* more than any disk: Firefox's truncate asks the disk before the quota */
	EXPECT(put(h, "x", 1, ((int64_t)1 << 53) - 2), -ENOSPC);
	int err = truncated(h, ((int64_t)1 << 53) - 1);
	EXPECT(err == -ENOSPC || err == -EIO, 1);
	EXPECT(get(h, buf, 10, ((int64_t)1 << 53) - 2), 0);
	EXPECT(size_of(h), far + 2);
	shut(h);
	REMOVE("t/far");
	EXPECT(result, 0);
	END();
}

static void large_and_odd_lengths(void)
{
	enum { LEN = 3 * MIB + 17 };
	static int h;
	TEST();
	CREATE("t/large");
	OPENED();
	h = result;
	unsigned char *a = malloc(LEN), *b = calloc(LEN, 1);
	fill(a, LEN, 1);
	EXPECT(put(h, a, LEN, 5), 0);
	EXPECT(size_of(h), LEN + 5);
	EXPECT(get(h, b, LEN, 5), LEN);
	EXPECT(memcmp(a, b, LEN), 0);
	EXPECT(get(h, b, LEN, 65536 + 5), LEN - 65536);
	EXPECT(memcmp(a + 65536, b, LEN - 65536), 0);
	EXPECT(get(h, b + 1, 65537, 7), 65537);
	EXPECT(memcmp(a + 2, b + 1, 65537), 0);
	free(a);
	free(b);
	shut(h);
	END();
}

/* JavaScript's views of the memory are other ones afterwards. */
static void memory_may_grow(void)
{
	static int h;
	static char buf[100];
	static char *grown;
	TEST();
	CREATE("t/grow");
	OPENED();
	h = result;
	size_t len = (size_t)200 * MIB;
	WAIT(grown = malloc(len); port->names->open(port, "none", false, answered, NULL));
	EXPECT(result, -ENOENT);
	EXPECT(grown != NULL, 1);
	strcpy(grown + (size_t)200 * MIB - 10, "high");
	EXPECT(put(h, grown + (size_t)200 * MIB - 10, 5, 0), 0);
	EXPECT(get(h, buf, 100, 0), 5);
	EXPECT(strcmp(buf, "high"), 0);
	free(grown);
	shut(h);
	END();
}

static void flush_answers(void)
{
	static int h;
	TEST();
	CREATE("t/flush");
	OPENED();
	h = result;
	EXPECT(flushed(h), 0);
	EXPECT(put(h, "x", 1, 100), 0);
	EXPECT(flushed(h), 0);
	EXPECT(truncated(h, 10), 0);
	EXPECT(flushed(h), 0);
	shut(h);
	OPEN("t/flush");
	OPENED();
	EXPECT(flushed(result), 0);
	shut(result);
	END();
}

/* A handle's number is given again, to one at a time. */
static void closed_twice_is_closed_once(void)
{
	static int h;
	TEST();
	CREATE("t/twice");
	OPENED();
	shut(result);
	shut(result);
	OPEN("t/twice");
	OPENED();
	h = result;
	CREATE("t/other");
	OPENED();
	EXPECT(result != h, 1);
	shut(result);
	EXPECT(put(h, "x", 1, 0), 0);
	shut(h);
	END();
}

/* Close does not flush, but the host has it. */
static void closed_file_keeps_what_was_written(void)
{
	char buf[10];
	TEST();
	CREATE("t/kept");
	OPENED();
	EXPECT(put(result, "unflushed", 9, 0), 0);
	shut(result);
	OPEN("t/kept");
	OPENED();
	EXPECT(get(result, buf, 10, 0), 9);
	EXPECT(memcmp(buf, "unflushed", 9), 0);
	shut(result);
	END();
}

static void closed_handle_is_EIO(void)
{
	char buf[10];
	TEST();
	CREATE("t/flush");
	OPENED();
	shut(result);
	EXPECT(get(result, buf, 10, 0), -EIO);
	EXPECT(put(result, buf, 10, 0), -EIO);
	EXPECT(truncated(result, 10), -EIO);
	EXPECT(size_of(result), -EIO);
	EXPECT(flushed(result), -EIO);
	END();
}

/* ---- Full, and a second run ---- */

/* The largest size that the quota lets a file have, by halving. */
static int64_t grow_to_quota(int h)
{
	int64_t low = size_of(h), high = (int64_t)1 << 42;
	while (high - low > 512) {
		int64_t middle = low + (high - low) / 2;
		int err = truncated(h, middle);
		if (err && err != -ENOSPC)
			complain(__LINE__, "truncate", err);
		*(err ? &high : &low) = middle;
	}
	return low;
}

static void full_is_ENOSPC(void)
{
	static int h, small;
	static char buf[MIB];
	TEST();
	CREATE("t/full");
	OPENED();
	h = result;
	CREATE("t/small");
	OPENED();
	small = result;
	EXPECT(put(small, "before", 6, 0), 0);
	int64_t most = grow_to_quota(h);
	/* Chromium gives room in steps that grow with the file: a small file may have
	 * some yet where a large one has none */
	int64_t more = grow_to_quota(small);
	printf("# quota: a file of %.3f GiB and one of %.3f MiB\n", (double)most / (1 << 30),
	       (double)more / MIB);
	EXPECT(size_of(h), most);
	EXPECT(put(h, buf, MIB, most), -ENOSPC);
	EXPECT(put(small, buf, MIB, more), -ENOSPC);
	EXPECT(truncated(small, more + MIB), -ENOSPC);
	EXPECT(put(small, "BEFORE", 6, 0), 0); /* takes no more room */
	EXPECT(get(small, buf, 6, 0), 6);
	EXPECT(memcmp(buf, "BEFORE", 6), 0);
	printf("# after failed writes of 1 MiB: %lld and %lld bytes more\n",
	       (long long)(size_of(h) - most), (long long)(size_of(small) - more));
	CREATE("t/empty");
	printf("# a file is made at quota: %d\n", result);
	if (result >= 0)
		shut(result);
	EXPECT(truncated(h, 0), 0);
	EXPECT(put(small, buf, MIB, 6), 0);
	shut(h);
	shut(small);
	REMOVE("t/full");
	EXPECT(result, 0);
	END();
}

static const char left[] = "left by the first run";

static void leaves_a_file(void)
{
	TEST();
	CREATE("left");
	OPENED();
	EXPECT(truncated(result, 0), 0);
	EXPECT(put(result, left, sizeof left, 0), 0);
	EXPECT(flushed(result), 0); /* and stays open */
	END();
}

static void later_run_finds_it(void)
{
	char buf[100];
	TEST();
	OPEN("left");
	OPENED();
	EXPECT(get(result, buf, sizeof buf, 0), sizeof left);
	EXPECT(memcmp(buf, left, sizeof left), 0);
	shut(result);
	LIST("t/list");
	EXPECT(listing.n, 9);
	END();
}

const struct test file_tests[] = {T(second_open_is_EBUSY),
				  T(remove_of_open_file_is_EBUSY),
				  T(close_frees_at_once),
				  T(read_is_short_at_the_end),
				  T(write_past_the_end_fills_with_zeros),
				  T(truncate_both_ways),
				  T(positions_past_32_bits),
				  T(large_and_odd_lengths),
				  T(memory_may_grow),
				  T(flush_answers),
				  T(closed_twice_is_closed_once),
				  T(closed_file_keeps_what_was_written),
				  T(closed_handle_is_EIO),
				  {0}};
const struct test end_tests[] = {T(full_is_ENOSPC), T(leaves_a_file), {0}};
const struct test later_tests[] = {T(later_run_finds_it), {0}};
