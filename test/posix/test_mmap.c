/*
 * mmap of files: shared mappings are the file, private ones are copies. All
 * lengths and offsets are multiples of 64 KiB, the page of wasm.
 */
#include "fixture.h"

enum { PAGE = 65536 };

/* A new file of n pages, page i full of the letter 'a' + i. */
static int open_pages(const char *path, int n)
{
	static char buf[PAGE];
	int fd = open_new(path);

	for (int i = 0; i < n; i++) {
		memset(buf, 'a' + i, PAGE);
		assert_int_equal(ok(write(fd, buf, PAGE)), PAGE);
	}
	return fd;
}

static char *map(int fd, size_t len, int prot, int flags, off_t pos)
{
	char *p = mmap(NULL, len, prot, flags, fd, pos);

	if (p == MAP_FAILED)
		print_error("mmap: %s\n", strerror(errno));
	assert_true(p != MAP_FAILED);
	return p;
}

static char *map_shared(int fd, size_t len, off_t pos)
{
	return map(fd, len, PROT_READ | PROT_WRITE, MAP_SHARED, pos);
}

#define map_fails(error, ...) map_fails_at(error, mmap(__VA_ARGS__), #__VA_ARGS__, __LINE__)
static void map_fails_at(int error, void *got, const char *args, int line)
{
	int err = errno;

	if (got == MAP_FAILED && err == error)
		return;
	print_error("mmap(%s): %s, not \"%s\"\n", args, got == MAP_FAILED ? strerror(err) : "done",
		    error == EINVAL ? "EINVAL" : strerror(error));
	_fail(__FILE__, line);
}

static char byte_at(int fd, off_t pos)
{
	char c;

	assert_int_equal(ok(pread(fd, &c, 1, pos)), 1);
	return c;
}

static void shared_mapping_shows_the_file(void **state)
{
	(void)state;
	needs(VFS_CAP_MMAP);
	int fd = open_pages("f", 3);
	char *p = map_shared(fd, 3 * PAGE, 0);

	assert_int_equal(p[0], 'a');
	assert_int_equal(p[PAGE], 'b');
	assert_int_equal(p[3 * PAGE - 1], 'c');
	ok(munmap(p, 3 * PAGE));
	ok(close(fd));
}

static void shared_mapping_and_file_are_one(void **state)
{
	(void)state;
	needs(VFS_CAP_MMAP);
	int fd = open_pages("f", 2);
	char *p = map_shared(fd, 2 * PAGE, 0);

	p[5] = 'X';
	assert_int_equal(byte_at(fd, 5), 'X');
	assert_int_equal(ok(pwrite(fd, "Y", 1, PAGE + 7)), 1);
	assert_int_equal(p[PAGE + 7], 'Y');
	ok(msync(p, 2 * PAGE, MS_SYNC));
	ok(munmap(p, 2 * PAGE));
	assert_int_equal(byte_at(fd, 5), 'X');
	ok(close(fd));
}

static void shared_mappings_of_one_file_are_one(void **state)
{
	(void)state;
	needs(VFS_CAP_MMAP);
	int a = open_pages("f", 3), b = ok(open("f", O_RDWR));
	char *p = map_shared(a, 3 * PAGE, 0), *q = map_shared(b, PAGE, PAGE);

	p[PAGE + 1] = 'X';
	assert_int_equal(q[1], 'X');
	q[2] = 'Y';
	assert_int_equal(p[PAGE + 2], 'Y');
	ok(munmap(p, 3 * PAGE));
	q[3] = 'Z';
	assert_int_equal(byte_at(b, PAGE + 3), 'Z');
	ok(munmap(q, PAGE));
	ok(close(a));
	ok(close(b));
}

/* Each mmap is ended by a munmap of its own, although both may have been given
 * the same address. */
static void mapping_outlives_another_of_the_same_range(void **state)
{
	(void)state;
	needs(VFS_CAP_MMAP);
	int fd = open_pages("f", 2);
	char *p = map_shared(fd, 2 * PAGE, 0), *q = map_shared(fd, 2 * PAGE, 0);

	ok(munmap(p, 2 * PAGE));
	ok(ftruncate(fd, 0));
	ok(ftruncate(fd, 2 * PAGE));
	assert_int_equal(q[PAGE], 0);
	q[PAGE] = 'X';
	assert_int_equal(byte_at(fd, PAGE), 'X');
	assert_int_equal(ok(pwrite(fd, "Y", 1, 0)), 1);
	assert_int_equal(q[0], 'Y');
	ok(msync(q, 2 * PAGE, MS_SYNC));
	ok(munmap(q, 2 * PAGE));
	ok(close(fd));
}

static void mapping_outlives_another_that_overlaps_it(void **state)
{
	(void)state;
	needs(VFS_CAP_MMAP);
	int fd = open_pages("f", 3);
	char *p = map_shared(fd, 3 * PAGE, 0), *q = map_shared(fd, PAGE, PAGE);

	ok(munmap(q, PAGE));
	p[PAGE] = 'X';
	assert_int_equal(byte_at(fd, PAGE), 'X');
	ok(ftruncate(fd, 0));
	ok(ftruncate(fd, 3 * PAGE));
	p[PAGE] = 'Y';
	assert_int_equal(byte_at(fd, PAGE), 'Y');
	ok(msync(p, 3 * PAGE, MS_SYNC));
	ok(munmap(p, 3 * PAGE));
	ok(close(fd));
}

static void private_mapping_keeps_its_changes(void **state)
{
	(void)state;
	int fd = open_pages("f", 2);
	char *p = map(fd, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	char *q = map(fd, PAGE, PROT_READ, MAP_PRIVATE, PAGE);

	assert_int_equal(p[0], 'a');
	assert_int_equal(q[0], 'b');
	p[0] = 'X';
	p[PAGE] = 'X';
	assert_int_equal(byte_at(fd, 0), 'a');
	assert_int_equal(byte_at(fd, PAGE), 'b');
	assert_int_equal(q[0], 'b');
	ok(msync(p, 2 * PAGE, MS_SYNC));
	ok(munmap(p, 2 * PAGE));
	ok(munmap(q, PAGE));
	assert_int_equal(byte_at(fd, 0), 'a');
	ok(close(fd));
}

static void private_mapping_of_a_read_only_descriptor_is_writable(void **state)
{
	(void)state;
	ok(close(open_pages("f", 1)));
	int fd = ok(open("f", O_RDONLY));
	char *p = map(fd, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);

	p[0] = 'X';
	assert_int_equal(byte_at(fd, 0), 'a');
	ok(munmap(p, PAGE));
	ok(close(fd));
}

static void mapping_outlives_descriptor_and_name(void **state)
{
	(void)state;
	needs(VFS_CAP_MMAP);
	int fd = open_pages("f", 1), other = ok(open("f", O_RDONLY));
	char *p = map_shared(fd, PAGE, 0);

	ok(close(fd));
	ok(unlink("f"));
	p[1] = 'X';
	assert_int_equal(byte_at(other, 1), 'X');
	ok(close(other));
	p[2] = 'Y';
	assert_int_equal(p[1], 'X');
	ok(msync(p, PAGE, MS_SYNC));
	ok(munmap(p, PAGE));
}

static void last_page_is_filled_with_zeros(void **state)
{
	(void)state;
	needs(VFS_CAP_MMAP);
	int fd = open_with("f", "text", O_RDWR);
	char *p = map_shared(fd, PAGE, 0), *q = map(fd, PAGE, PROT_READ, MAP_PRIVATE, 0);

	assert_memory_equal(p, "text\0\0\0", 8);
	assert_int_equal(p[4000], 0); /* in the same page of Linux, too */
	assert_memory_equal(q, "text\0\0\0", 8);
	p[10] = 'X'; /* past the end: not the file's */
	assert_int_equal(fstat_of(fd).st_size, 4);
	ok(munmap(p, PAGE));
	ok(munmap(q, PAGE));
	assert_fd_text(fd, "text");
	ok(close(fd));
}

static void mapping_sees_the_file_grow(void **state)
{
	(void)state;
	needs(VFS_CAP_MMAP);
	int fd = open_pages("f", 1);
	char *p = map_shared(fd, 2 * PAGE, 0); /* the second page is not there yet */

	ok(ftruncate(fd, 2 * PAGE));
	assert_int_equal(p[PAGE + 1], 0);
	p[PAGE + 1] = 'X';
	assert_int_equal(byte_at(fd, PAGE + 1), 'X');
	assert_int_equal(ok(pwrite(fd, "Y", 1, 2 * PAGE - 1)), 1);
	assert_int_equal(p[2 * PAGE - 1], 'Y');
	ok(munmap(p, 2 * PAGE));
	ok(close(fd));
}

static void mapped_file_can_shrink_and_grow_again(void **state)
{
	(void)state;
	needs(VFS_CAP_MMAP);
	int fd = open_pages("f", 2);
	char *p = map_shared(fd, 2 * PAGE, 0);

	ok(ftruncate(fd, 100));
	assert_int_equal(p[99], 'a');
	assert_int_equal(p[100], 0);
	ok(ftruncate(fd, 2 * PAGE));
	assert_int_equal(p[100], 0);
	assert_int_equal(p[PAGE], 0);
	assert_int_equal(ok(pwrite(fd, "X", 1, PAGE)), 1);
	assert_int_equal(p[PAGE], 'X');
	ok(munmap(p, 2 * PAGE));
	ok(close(fd));
}

static void mapped_file_reads_and_writes_as_any(void **state)
{
	(void)state;
	static char buf[3 * PAGE], got[3 * PAGE];
	needs(VFS_CAP_MMAP);
	int fd = open_pages("f", 3);
	char *p = map_shared(fd, PAGE, PAGE);

	for (size_t i = 0; i < sizeof buf; i++)
		buf[i] = i * 31 + (i >> 8);
	assert_int_equal(ok(pwrite(fd, buf, sizeof buf, 0)), sizeof buf);
	assert_memory_equal(p, buf + PAGE, PAGE);
	assert_int_equal(ok(pread(fd, got, sizeof got, 0)), sizeof got);
	assert_memory_equal(got, buf, sizeof buf);
	ok(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, 10));
	assert_int_equal(p[9], 0);
	assert_int_equal(p[10], buf[PAGE + 10]);
	ok(munmap(p, PAGE));
	ok(close(fd));
}

static void parts_can_be_unmapped(void **state)
{
	(void)state;
	needs(VFS_CAP_MMAP);
	int fd = open_pages("f", 4);
	char *p = map_shared(fd, 4 * PAGE, 0);

	ok(munmap(p + PAGE, PAGE)); /* from the middle */
	p[0] = 'X';
	p[2 * PAGE] = 'Y';
	assert_int_equal(byte_at(fd, 0), 'X');
	assert_int_equal(byte_at(fd, 2 * PAGE), 'Y');
	ok(munmap(p, PAGE));            /* the head */
	ok(munmap(p + 3 * PAGE, PAGE)); /* the tail */
	assert_int_equal(ok(pwrite(fd, "Z", 1, 2 * PAGE + 1)), 1);
	assert_int_equal(p[2 * PAGE + 1], 'Z');
	ok(munmap(p, 4 * PAGE)); /* the rest, over what is unmapped already */
	assert_int_equal(byte_at(fd, 2 * PAGE), 'Y');
	ok(close(fd));
}

static void parts_of_private_mappings_can_be_unmapped(void **state)
{
	(void)state;
	int fd = open_pages("f", 3);
	char *p = map(fd, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);

	ok(munmap(p, PAGE));
	assert_int_equal(p[PAGE], 'b');
	ok(munmap(p + 2 * PAGE, PAGE));
	p[PAGE] = 'X';
	assert_int_equal(p[PAGE], 'X');
	ok(munmap(p + PAGE, PAGE));
	ok(close(fd));
}

static void unmapping_nothing_succeeds(void **state)
{
	(void)state;
	int fd = open_pages("f", 1);
	char *p = map(fd, PAGE, PROT_READ, MAP_PRIVATE, 0);

	ok(munmap(p, PAGE));
	ok(munmap(p, PAGE));
	fails(EINVAL, munmap(p, 0));
	fails(EINVAL, munmap(p + 1, PAGE));
	ok(close(fd));
}

static void mmap_checks_the_descriptor(void **state)
{
	(void)state;
	needs(VFS_CAP_MMAP);
	ok(close(open_pages("f", 1)));
	int r = ok(open("f", O_RDONLY)), w = ok(open("f", O_WRONLY)), dir = ok(open(".", O_RDONLY)),
	    path = ok(open("f", O_PATH));

	map_fails(EBADF, NULL, PAGE, PROT_READ, MAP_SHARED, -1, 0);
	map_fails(EBADF, NULL, PAGE, PROT_READ, MAP_PRIVATE, 12345, 0);
	map_fails(EBADF, NULL, PAGE, PROT_READ, MAP_PRIVATE, path, 0);
	map_fails(EACCES, NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, r, 0);
	map_fails(EACCES, NULL, PAGE, PROT_READ, MAP_SHARED, w, 0);
	map_fails(EACCES, NULL, PAGE, PROT_READ, MAP_PRIVATE, w, 0);
	map_fails(EACCES, NULL, PAGE, PROT_WRITE, MAP_SHARED, w, 0);
	map_fails(ENODEV, NULL, PAGE, PROT_READ, MAP_PRIVATE, dir, 0);
	ok(munmap(map(r, PAGE, PROT_READ, MAP_SHARED, 0), PAGE));
	ok(close(r));
	ok(close(w));
	ok(close(dir));
	ok(close(path));
}

static void mmap_checks_arguments(void **state)
{
	(void)state;
	int fd = open_pages("f", 1);

	map_fails(EINVAL, NULL, 0, PROT_READ, MAP_PRIVATE, fd, 0);
	map_fails(EINVAL, NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 1);
	map_fails(EINVAL, NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 100);
	map_fails(EINVAL, NULL, PAGE, PROT_READ, 0, fd, 0);
	map_fails(EINVAL, NULL, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 1);
	map_fails(EOPNOTSUPP, NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0);
	if (!MUSL) { /* whose mmap asks no filesystem here */
		map_fails(EOVERFLOW, NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, -PAGE);
		map_fails(EINVAL, NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, -1,
			  0);
		ok(munmap(map(-1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -PAGE), PAGE));
	}
	ok(close(fd));
}

static void mappings_of_zero_are_memory(void **state)
{
	(void)state;
	static const int how[] = {MAP_PRIVATE, MAP_SHARED};
	int fd = ok(open("/dev/zero", O_RDWR)), null = ok(open("/dev/null", O_RDWR));

	for (size_t i = 0; i < COUNT(how); i++) {
		char *p = map(fd, 2 * PAGE, PROT_READ | PROT_WRITE, how[i], 0),
		     *q = map(fd, PAGE, PROT_READ | PROT_WRITE, how[i], 0);

		for (int k = 0; k < 2 * PAGE; k += 997)
			assert_int_equal(p[k], 0);
		memset(p, 'x', 2 * PAGE);
		assert_int_equal(q[0], 0);
		ok(munmap(p, PAGE));
		assert_int_equal(p[2 * PAGE - 1], 'x');
		ok(munmap(p + PAGE, PAGE));
		ok(munmap(q, PAGE));
		map_fails(ENODEV, NULL, PAGE, PROT_READ, how[i], null, 0);
	}
	ok(close(fd));
	ok(close(null));
}

static void msync_checks_arguments(void **state)
{
	(void)state;
	needs(VFS_CAP_MMAP);
	int fd = open_pages("f", 2);
	char *p = map_shared(fd, 2 * PAGE, 0);

	ok(msync(p, PAGE, MS_SYNC));
	ok(msync(p + PAGE, PAGE, MS_ASYNC));
	ok(msync(p, 1, MS_SYNC | MS_INVALIDATE));
	ok(msync(p, 0, MS_SYNC));
	fails(EINVAL, msync(p, PAGE, MS_SYNC | MS_ASYNC));
	fails(EINVAL, msync(p, PAGE, 0x100));
	fails(EINVAL, msync(p + 1, PAGE, MS_SYNC));
	ok(munmap(p, 2 * PAGE));
	fails(ENOMEM, msync(p, PAGE, MS_SYNC));
	ok(close(fd));
}

static void mapping_past_the_end_is_allowed(void **state)
{
	(void)state;
	needs(VFS_CAP_MMAP);
	int fd = open_pages("f", 1);
	char *p = map_shared(fd, PAGE, 4 * PAGE); /* nothing there to touch */

	assert_int_equal(fstat_of(fd).st_size, PAGE);
	ok(munmap(p, PAGE));
	char *q = map(fd, PAGE, PROT_READ, MAP_PRIVATE, 4 * PAGE);

	ok(munmap(q, PAGE));
	ok(close(fd));
}

static void mappings_of_holes_are_zeros(void **state)
{
	(void)state;
	needs(VFS_CAP_MMAP);
	int fd = open_new("f");

	ok(ftruncate(fd, 4 * PAGE));
	char *p = map_shared(fd, 4 * PAGE, 0);

	for (int i = 0; i < 4 * PAGE; i += 997)
		assert_int_equal(p[i], 0);
	p[3 * PAGE] = 'X';
	assert_int_equal(byte_at(fd, 3 * PAGE), 'X');
	ok(munmap(p, 4 * PAGE));
	ok(close(fd));
}

static void many_mappings_come_and_go(void **state)
{
	(void)state;
	enum { N = 16 };
	char *p[N];
	needs(VFS_CAP_MMAP);
	int fd = open_pages("f", N);

	for (int round = 0; round < 3; round++) {
		char *all = map_shared(fd, N * PAGE, 0);

		for (int i = 0; i < N; i++)
			p[i] = map_shared(fd, PAGE, i * PAGE);
		ok(munmap(all, N * PAGE));
		for (int i = 0; i < N; i++)
			p[i][round] = 'A' + i;
		for (int i = 0; i < N; i++) {
			assert_int_equal(byte_at(fd, i * PAGE + round), 'A' + i);
			assert_int_equal(byte_at(fd, i * PAGE + 100), 'a' + i);
			ok(munmap(p[i], PAGE));
		}
	}
	ok(close(fd));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(shared_mapping_shows_the_file),
		TEST(shared_mapping_and_file_are_one),
		TEST(shared_mappings_of_one_file_are_one),
		TEST(mapping_outlives_another_of_the_same_range),
		TEST(mapping_outlives_another_that_overlaps_it),
		TEST(private_mapping_keeps_its_changes),
		TEST(private_mapping_of_a_read_only_descriptor_is_writable),
		TEST(mapping_outlives_descriptor_and_name),
		TEST(last_page_is_filled_with_zeros),
		TEST(mapping_sees_the_file_grow),
		TEST(mapped_file_can_shrink_and_grow_again),
		TEST(mapped_file_reads_and_writes_as_any),
		TEST(parts_can_be_unmapped),
		TEST(parts_of_private_mappings_can_be_unmapped),
		TEST(unmapping_nothing_succeeds),
		TEST(mmap_checks_the_descriptor),
		TEST(mmap_checks_arguments),
		TEST(mappings_of_zero_are_memory),
		TEST(msync_checks_arguments),
		TEST(mapping_past_the_end_is_allowed),
		TEST(mappings_of_holes_are_zeros),
		TEST(many_mappings_come_and_go),
	};
	return RUN(tests);
}
