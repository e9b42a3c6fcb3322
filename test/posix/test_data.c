/*
 * read, write, pread, pwrite and their vectored kin; fsync and its kin.
 */
#include "fixture.h"

static void read_moves_the_offset_and_ends_at_eof(void **state)
{
	(void)state;
	char buf[16] = "";
	int fd = open_with("f", "0123456789", O_RDONLY);

	assert_int_equal(ok(read(fd, buf, 4)), 4);
	assert_memory_equal(buf, "0123", 4);
	assert_int_equal(ok(read(fd, buf, sizeof buf)), 6);
	assert_memory_equal(buf, "456789", 6);
	assert_int_equal(ok(read(fd, buf, sizeof buf)), 0);
	assert_int_equal(ok(lseek(fd, 0, SEEK_CUR)), 10);
	ok(close(fd));
}

static void write_moves_the_offset_and_overwrites(void **state)
{
	(void)state;
	int fd = open_with("f", "0123456789", O_WRONLY);

	assert_int_equal(ok(write(fd, "ab", 2)), 2);
	assert_int_equal(ok(write(fd, "cd", 2)), 2);
	assert_int_equal(ok(lseek(fd, 0, SEEK_CUR)), 4);
	assert_text("f", "abcd456789");
	ok(close(fd));
}

static void write_past_the_end_leaves_zeros(void **state)
{
	(void)state;
	char buf[10], zeros[7] = {0};
	int fd = open_new("f");

	assert_int_equal(ok(write(fd, "abc", 3)), 3);
	assert_int_equal(ok(lseek(fd, 10, SEEK_SET)), 10);
	assert_int_equal(fstat_of(fd).st_size, 3); /* seeking does not grow */
	assert_int_equal(ok(write(fd, "x", 1)), 1);
	assert_int_equal(fstat_of(fd).st_size, 11);
	assert_int_equal(ok(pread(fd, buf, 10, 0)), 10);
	assert_memory_equal(buf, "abc", 3);
	assert_memory_equal(buf + 3, zeros, 7);
	ok(close(fd));
}

/* Sizes around those of blocks and pages, in pieces that cross them. */
static void data_comes_back_in_every_size(void **state)
{
	(void)state;
	static const size_t sizes[] = {1,     63,    64,     65,     511,    512,
				       4095,  4096,  4097,   8191,   16384,  65535,
				       65536, 65537, 131071, 262144, 1000003};
	static const size_t pieces[] = {1 << 20, 4096, 1021};
	static unsigned char in[1 << 20], out[1 << 20];

	for (size_t i = 0; i < sizeof in; i++)
		in[i] = i * 7 + (i >> 8) + (i >> 16);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		for (size_t j = 0; j < COUNT(pieces); j++) {
			int fd = open_new("f");
			size_t done = 0;

			while (done < sizes[i]) {
				size_t n = sizes[i] - done;

				n = n < pieces[j] ? n : pieces[j];
				assert_int_equal(ok(write(fd, in + done, n)), n);
				done += n;
			}
			memset(out, 0, sizeof out);
			assert_int_equal(fstat_of(fd).st_size, sizes[i]);
			assert_int_equal(ok(pread(fd, out, sizeof out, 0)), sizes[i]);
			assert_memory_equal(in, out, sizes[i]);
			ok(close(fd));
		}
	}
}

/* Against an array in memory: overwriting, growing, holes and truncation. */
static void random_writes_match_an_array(void **state)
{
	(void)state;
	enum { SIZE = 300000, ROUNDS = 2000 };
	static unsigned char model[SIZE], buf[SIZE];
	unsigned seed = 1;
	off_t size = 0;
	int fd = open_new("f");

	memset(model, 0, sizeof model);
	for (int i = 0; i < ROUNDS; i++) {
		seed = seed * 1103515245 + 12345;
		size_t pos = (seed >> 8) % (SIZE - 9000), len = 1 + (seed >> 16) % 9000;

		if (i % 16 == 15) {
			ok(ftruncate(fd, pos));
			if ((off_t)pos < size)
				memset(model + pos, 0, size - pos);
			size = pos;
			continue;
		}
		memset(model + pos, i | 1, len);
		assert_int_equal(ok(pwrite(fd, model + pos, len, pos)), len);
		size = size > (off_t)(pos + len) ? size : (off_t)(pos + len);
		if (i % 64)
			continue;
		assert_int_equal(ok(pread(fd, buf, SIZE, 0)), size);
		assert_memory_equal(buf, model, size);
	}
	assert_int_equal(ok(pread(fd, buf, SIZE, 0)), size);
	assert_memory_equal(buf, model, size);
	ok(close(fd));
}

static void pread_and_pwrite_leave_the_offset(void **state)
{
	(void)state;
	char buf[4];
	int fd = open_with("f", "0123456789", O_RDWR);

	ok(lseek(fd, 3, SEEK_SET));
	assert_int_equal(ok(pread(fd, buf, 4, 6)), 4);
	assert_memory_equal(buf, "6789", 4);
	assert_int_equal(ok(pwrite(fd, "ab", 2, 8)), 2);
	assert_int_equal(ok(lseek(fd, 0, SEEK_CUR)), 3);
	assert_int_equal(ok(pread(fd, buf, 4, 8)), 2);
	assert_int_equal(ok(pread(fd, buf, 4, 10)), 0);
	assert_int_equal(ok(pread(fd, buf, 4, 1000000)), 0);
	assert_text("f", "01234567ab");
	ok(close(fd));
}

static void length_zero_moves_nothing(void **state)
{
	(void)state;
	int fd = open_new("f");

	ok(lseek(fd, 5, SEEK_SET));
	assert_int_equal(ok(write(fd, "", 0)), 0);
	assert_int_equal(ok(pwrite(fd, "", 0, 100)), 0);
	assert_int_equal(ok(read(fd, (char[1]){0}, 0)), 0);
	assert_int_equal(fstat_of(fd).st_size, 0);
	ok(close(fd));
}

static void descriptors_of_one_file_see_each_other(void **state)
{
	(void)state;
	char buf[4];
	int a = open_new("f"), b = ok(open("f", O_RDWR));

	assert_int_equal(ok(write(a, "abc", 3)), 3);
	assert_int_equal(ok(read(b, buf, 4)), 3); /* an offset of its own */
	assert_memory_equal(buf, "abc", 3);
	assert_int_equal(ok(write(b, "d", 1)), 1);
	assert_int_equal(ok(read(a, buf, 4)), 1);
	ok(close(a));
	ok(close(b));
}

static void data_calls_check_the_descriptor(void **state)
{
	(void)state;
	char c = 0;
	struct iovec iov = {&c, 1};
	static const int bad[] = {-1, 12345, INT_MAX, INT_MIN};

	for (size_t i = 0; i < COUNT(bad); i++) {
		fails(EBADF, read(bad[i], &c, 1));
		fails(EBADF, write(bad[i], &c, 1));
		fails(EBADF, pread(bad[i], &c, 1, 0));
		fails(EBADF, pwrite(bad[i], &c, 1, 0));
		fails(EBADF, readv(bad[i], &iov, 1));
		fails(EBADF, writev(bad[i], &iov, 1));
		fails(EBADF, preadv(bad[i], &iov, 1, 0));
		fails(EBADF, pwritev(bad[i], &iov, 1, 0));
		fails(EBADF, fsync(bad[i]));
		fails(EBADF, fdatasync(bad[i]));
	}
}

static void directory_cannot_be_read_or_written(void **state)
{
	(void)state;
	char c = 0;
	struct iovec iov = {&c, 1};
	int fd = ok(open(".", O_RDONLY));

	fails(EISDIR, read(fd, &c, 1));
	fails(EISDIR, pread(fd, &c, 1, 0));
	fails(EISDIR, readv(fd, &iov, 1));
	fails(EBADF, write(fd, &c, 1));
	ok(fsync(fd));
	ok(fdatasync(fd));
	ok(close(fd));
}

static void bad_buffers_are_efault(void **state)
{
	(void)state;
	struct iovec iov = {nowhere, 4}, half[2] = {{(char[2]){0}, 2}, {nowhere, 4}};
	int fd = open_with("f", "text", O_RDWR);

	fails(EFAULT, read(fd, nowhere, 4));
	fails(EFAULT, write(fd, nowhere, 4));
	fails(EFAULT, pread(fd, nowhere, 4, 0));
	fails(EFAULT, pwrite(fd, nowhere, 4, 0));
	fails(EFAULT, readv(fd, &iov, 1));
	fails(EFAULT, writev(fd, &iov, 1));
	fails(EFAULT, readv(fd, nowhere, 1));
	fails(EFAULT, writev(fd, nowhere, 1));
	fails(EFAULT, fstat(fd, nowhere));
	assert_int_equal(ok(lseek(fd, 0, SEEK_CUR)), 0);
	assert_text("f", "text");
	assert_int_equal(ok(readv(fd, half, 2)), 2); /* what could be done counts */
	ok(close(fd));
}

static void readv_and_writev_use_the_pieces_in_order(void **state)
{
	(void)state;
	char a[2], b[3], c[8];
	struct iovec out[] = {{"ab", 2}, {"", 0}, {"cde", 3}, {"f", 1}};
	struct iovec in[] = {{a, 2}, {nowhere, 0}, {b, 3}, {c, 8}};
	int fd = open_new("f");

	assert_int_equal(ok(writev(fd, out, 4)), 6);
	assert_text("f", "abcdef");
	assert_int_equal(ok(lseek(fd, 0, SEEK_CUR)), 6);
	assert_int_equal(ok(lseek(fd, 0, SEEK_SET)), 0);
	assert_int_equal(ok(readv(fd, in, 4)), 6);
	assert_memory_equal(a, "ab", 2);
	assert_memory_equal(b, "cde", 3);
	assert_memory_equal(c, "f", 1);
	assert_int_equal(ok(readv(fd, in, 4)), 0);
	ok(close(fd));
}

static void preadv_and_pwritev_leave_the_offset(void **state)
{
	(void)state;
	char a[2], b[2];
	struct iovec out[] = {{"ab", 2}, {"cd", 2}}, in[] = {{a, 2}, {b, 2}};
	int fd = open_new("f");

	assert_int_equal(ok(pwritev(fd, out, 2, 1)), 4);
	assert_int_equal(ok(preadv(fd, in, 2, 2)), 3);
	assert_memory_equal(a, "bc", 2);
	assert_memory_equal(b, "d", 1);
	assert_int_equal(ok(lseek(fd, 0, SEEK_CUR)), 0);
	assert_int_equal(fstat_of(fd).st_size, 5);
	ok(close(fd));
}

static void iov_count_is_checked(void **state)
{
	(void)state;
	static char bytes[IOV_MAX + 1];
	static struct iovec iov[IOV_MAX + 1];
	volatile int negative = -1;
	int fd = open_new("f");

	for (int i = 0; i <= IOV_MAX; i++)
		iov[i] = (struct iovec){bytes + i, 1};
	assert_int_equal(ok(writev(fd, iov, IOV_MAX)), IOV_MAX);
	assert_int_equal(ok(preadv(fd, iov, IOV_MAX, 0)), IOV_MAX);
	assert_int_equal(ok(writev(fd, iov, 0)), 0);
	fails(EINVAL, readv(fd, iov, IOV_MAX + 1));
	fails(EINVAL, writev(fd, iov, IOV_MAX + 1));
	fails(EINVAL, preadv(fd, iov, IOV_MAX + 1, 0));
	fails(EINVAL, pwritev(fd, iov, IOV_MAX + 1, 0));
	fails(EINVAL, readv(fd, iov, negative));
	fails(EINVAL, writev(fd, iov, negative));
	assert_int_equal(fstat_of(fd).st_size, IOV_MAX);
	ok(close(fd));
}

static void lengths_over_ssize_max_are_refused(void **state)
{
	(void)state;
	char buf[8];
	volatile size_t len = (size_t)SSIZE_MAX + 1;
	struct iovec one[] = {{buf, len}};
	int fd = open_new("f");

	/* EFAULT, too, is true of a buffer that ends outside of all memory. */
	assert_int_equal(write(fd, buf, len), -1);
	assert_true(errno == EINVAL || errno == EFAULT);
	assert_int_equal(read(fd, buf, len), -1);
	assert_true(errno == EINVAL || errno == EFAULT);
	fails(EINVAL, readv(fd, one, 1));
	fails(EINVAL, writev(fd, one, 1));
	assert_int_equal(fstat_of(fd).st_size, 0);
	ok(close(fd));
}

static void negative_offsets_are_einval(void **state)
{
	(void)state;
	char c = 0;
	struct iovec iov = {&c, 1};
	int fd = open_new("f");

	fails(EINVAL, pread(fd, &c, 1, -1));
	fails(EINVAL, pwrite(fd, &c, 1, -1));
	fails(EINVAL, preadv(fd, &iov, 1, -2));
	fails(EINVAL, pwritev(fd, &iov, 1, -2));
	fails(EINVAL, pread(fd, &c, 0, -1));
	ok(close(fd));
}

static void offsets_past_int64_max_are_refused(void **state)
{
	(void)state;
	char buf[2] = {0};
	int fd = open_new("f");

	fails(EINVAL, pread(fd, buf, 2, INT64_MAX));
	fails(EINVAL, pwrite(fd, buf, 2, INT64_MAX));
	assert_int_equal(ok(pread(fd, buf, 1, INT64_MAX - 1)), 0);
	ok(lseek(fd, INT64_MAX, SEEK_SET));
	fails(EINVAL, write(fd, buf, 2));
	fails(EINVAL, read(fd, buf, 2));
	assert_int_equal(fstat_of(fd).st_size, 0);
	ok(close(fd));
}

static void fsync_and_its_kin_succeed(void **state)
{
	(void)state;
	int fd = open_new("f"), r = ok(open("f", O_RDONLY));

	assert_int_equal(ok(write(fd, "x", 1)), 1);
	ok(fsync(fd));
	ok(fdatasync(fd));
	ok(fsync(r)); /* a descriptor for reading will do */
	sync();
#if HAVE_SYNCFS
	ok(syncfs(fd));
	fails(EBADF, syncfs(-1));
#endif
	ok(close(fd));
	ok(close(r));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(read_moves_the_offset_and_ends_at_eof),
		TEST(write_moves_the_offset_and_overwrites),
		TEST(write_past_the_end_leaves_zeros),
		TEST(data_comes_back_in_every_size),
		TEST(random_writes_match_an_array),
		TEST(pread_and_pwrite_leave_the_offset),
		TEST(length_zero_moves_nothing),
		TEST(descriptors_of_one_file_see_each_other),
		TEST(data_calls_check_the_descriptor),
		TEST(directory_cannot_be_read_or_written),
		TEST(bad_buffers_are_efault),
		TEST(readv_and_writev_use_the_pieces_in_order),
		TEST(preadv_and_pwritev_leave_the_offset),
		TEST(iov_count_is_checked),
		TEST(lengths_over_ssize_max_are_refused),
		TEST(negative_offsets_are_einval),
		TEST(offsets_past_int64_max_are_refused),
		TEST(fsync_and_its_kin_succeed),
	};
	return RUN(tests);
}
