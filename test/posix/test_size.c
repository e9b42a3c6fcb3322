/*
 * The size of a file and the room it takes: lseek with holes, truncate,
 * fallocate, fadvise.
 */
#include "fixture.h"

enum { MEBIBYTE = 1 << 20 };

static void lseek_moves_from_start_place_and_end(void **state)
{
	(void)state;
	int fd = open_with("f", "0123456789", O_RDONLY);

	assert_int_equal(ok(lseek(fd, 4, SEEK_SET)), 4);
	assert_int_equal(ok(lseek(fd, 3, SEEK_CUR)), 7);
	assert_int_equal(ok(lseek(fd, -7, SEEK_CUR)), 0);
	assert_int_equal(ok(lseek(fd, -1, SEEK_END)), 9);
	assert_int_equal(ok(lseek(fd, 5, SEEK_END)), 15);
	assert_int_equal(fstat_of(fd).st_size, 10);
	ok(close(fd));
}

static void lseek_refusals_leave_the_offset(void **state)
{
	(void)state;
	int fd = open_with("f", "0123456789", O_RDONLY);

	ok(lseek(fd, 4, SEEK_SET));
	fails(EINVAL, lseek(fd, -1, SEEK_SET));
	fails(EINVAL, lseek(fd, -5, SEEK_CUR));
	fails(EINVAL, lseek(fd, -11, SEEK_END));
	fails(EINVAL, lseek(fd, 0, 99));
	fails(EINVAL, lseek(fd, 0, -1));
	assert_int_equal(ok(lseek(fd, 0, SEEK_CUR)), 4);
	ok(close(fd));
	fails(EBADF, lseek(fd, 0, SEEK_SET));
	fails(EBADF, lseek(-1, 0, SEEK_SET));
}

static void lseek_reaches_int64_max_and_no_further(void **state)
{
	(void)state;
	int fd = open_with("f", "0123456789", O_RDONLY);

	assert_true(ok(lseek(fd, INT64_MAX, SEEK_SET)) == INT64_MAX);
	assert_int_equal(lseek(fd, 1, SEEK_CUR), -1);
	assert_true(errno == EINVAL || errno == EOVERFLOW); /* Linux; POSIX */
	assert_int_equal(lseek(fd, INT64_MAX, SEEK_END), -1);
	assert_true(errno == EINVAL || errno == EOVERFLOW);
	assert_true(ok(lseek(fd, 0, SEEK_CUR)) == INT64_MAX);
	ok(close(fd));
}

static void seek_data_of_a_full_file_is_itself(void **state)
{
	(void)state;
	int fd = open_with("f", "0123456789", O_RDONLY);

	assert_int_equal(ok(lseek(fd, 0, SEEK_DATA)), 0);
	assert_int_equal(ok(lseek(fd, 9, SEEK_DATA)), 9);
	assert_int_equal(ok(lseek(fd, 0, SEEK_HOLE)), 10); /* the hole behind every file */
	assert_int_equal(ok(lseek(fd, 9, SEEK_HOLE)), 10);
	assert_int_equal(ok(lseek(fd, 0, SEEK_CUR)), 10);
	ok(close(fd));
}

static void seek_data_past_the_end_is_enxio(void **state)
{
	(void)state;
	make("f", "0123456789");
	int fd = ok(open("f", O_RDONLY)), empty = open_new("e");

	fails(ENXIO, lseek(fd, 10, SEEK_DATA));
	fails(ENXIO, lseek(fd, 10, SEEK_HOLE));
	fails(ENXIO, lseek(fd, 11, SEEK_HOLE));
	fails(ENXIO, lseek(fd, -1, SEEK_DATA));
	fails(ENXIO, lseek(fd, -1, SEEK_HOLE));
	fails(ENXIO, lseek(empty, 0, SEEK_DATA));
	fails(ENXIO, lseek(empty, 0, SEEK_HOLE));
	ok(close(fd));
	ok(close(empty));
}

/* How fine holes are kept is the filesystem's affair; what must hold is that
 * data is never in a hole and that the walk goes forward and ends. */
static void holes_and_data_alternate(void **state)
{
	(void)state;
	static const off_t data[] = {1 << 20, 3 << 20, 3 << 20 | 5, 6 << 20};
	int fd = open_new("f"), turns = 0;
	off_t pos = 0, size = 8 << 20, hole;

	for (size_t i = 0; i < COUNT(data); i++)
		assert_int_equal(ok(pwrite(fd, "x", 1, data[i])), 1);
	ok(ftruncate(fd, size));
	for (size_t i = 0; i < COUNT(data); i++)
		assert_int_equal(ok(lseek(fd, data[i], SEEK_DATA)), data[i]);
	while ((pos = lseek(fd, pos, SEEK_DATA)) >= 0) {
		hole = ok(lseek(fd, pos, SEEK_HOLE));
		assert_true(hole > pos && hole <= size);
		pos = hole;
		assert_true(++turns <= 4);
		if (pos == size)
			break;
	}
	assert_true(turns >= 1);
	for (size_t i = 0; i < COUNT(data); i++)
		assert_true(ok(lseek(fd, data[i], SEEK_HOLE)) > data[i]);
	ok(close(fd));
}

static void seek_finds_real_holes_where_they_are_kept(void **state)
{
	(void)state;
	needs(VFS_CAP_SPARSE);
	int fd = open_new("f");

	ok(ftruncate(fd, 16 << 20));
	assert_int_equal(ok(pwrite(fd, "x", 1, 8 << 20)), 1);
	assert_int_equal(ok(lseek(fd, 0, SEEK_HOLE)), 0);
	off_t pos = ok(lseek(fd, 0, SEEK_DATA));

	assert_true(pos > 4 << 20 && pos <= 8 << 20);
	pos = ok(lseek(fd, 8 << 20, SEEK_HOLE));
	assert_true(pos > 8 << 20 && pos < 12 << 20);
	fails(ENXIO, lseek(fd, 12 << 20, SEEK_DATA));
	ok(close(fd));
}

static void truncate_grows_with_zeros(void **state)
{
	(void)state;
	char buf[16], wanted[16] = "text";

	make("f", "text");
	ok(truncate("f", 16));
	int fd = ok(open("f", O_RDONLY));

	assert_int_equal(ok(pread(fd, buf, 16, 0)), 16);
	assert_memory_equal(buf, wanted, 16);
	ok(close(fd));
}

static void truncate_cuts_and_forgets(void **state)
{
	(void)state;
	char buf[10], wanted[10] = "0123";
	int fd = open_new("f");

	assert_int_equal(ok(write(fd, "0123456789", 10)), 10);
	ok(ftruncate(fd, 4));
	ok(ftruncate(fd, 10)); /* what was cut does not come back */
	assert_int_equal(ok(pread(fd, buf, 10, 0)), 10);
	assert_memory_equal(buf, wanted, 10);
	assert_int_equal(ok(lseek(fd, 0, SEEK_CUR)), 10); /* the offset stays */
	ok(close(fd));
}

static void truncate_forgets_over_blocks(void **state)
{
	(void)state;
	static char buf[200000], zeros[200000];
	static const off_t cuts[] = {0, 1, 4095, 4096, 4097, 65535, 65536, 65537, 131072, 199999};

	for (size_t i = 0; i < COUNT(cuts); i++) {
		int fd = open_new("f");

		memset(buf, 'x', sizeof buf);
		assert_int_equal(ok(write(fd, buf, sizeof buf)), sizeof buf);
		ok(ftruncate(fd, cuts[i]));
		ok(ftruncate(fd, sizeof buf));
		assert_int_equal(ok(pread(fd, buf, sizeof buf, 0)), sizeof buf);
		for (off_t j = 0; j < cuts[i]; j++)
			assert_int_equal(buf[j], 'x');
		assert_memory_equal(buf + cuts[i], zeros, sizeof buf - cuts[i]);
		ok(close(fd));
	}
}

static void truncate_checks_arguments(void **state)
{
	(void)state;
	make("f", "text");
	ok(mkdir("d", 0755));
	int r = ok(open("f", O_RDONLY)), dir = ok(open("d", O_RDONLY));

	fails(EINVAL, truncate("f", -1));
	fails(EISDIR, truncate("d", 0));
	fails(ENOENT, truncate("missing", 0));
	fails(EINVAL, ftruncate(r, 0));
	fails(EINVAL, ftruncate(dir, 0));
	fails(EBADF, ftruncate(-1, 0));
	ok(close(r));
	fails(EBADF, ftruncate(r, 0));
	ok(close(dir));
	assert_text("f", "text");
}

static void ftruncate_negative_is_einval(void **state)
{
	(void)state;
	int fd = open_new("f");

	fails(EINVAL, ftruncate(fd, -1));
	fails(EINVAL, ftruncate(fd, INT64_MIN));
	fails(EINVAL, ftruncate(-1, -1)); /* the length is looked at first */
	ok(close(fd));
}

/* A new file without a hole, of 2048 blocks. */
static int open_mebibyte(const char *path)
{
	static char buf[MEBIBYTE];
	int fd = open_new(path);

	memset(buf, 'x', sizeof buf);
	assert_int_equal(ok(write(fd, buf, sizeof buf)), sizeof buf);
	return fd;
}

static void truncate_gives_room_back(void **state)
{
	(void)state;
	needs(VFS_CAP_SPARSE);
	int fd = open_mebibyte("f");

	assert_true(fstat_of(fd).st_blocks >= 2048);
	ok(ftruncate(fd, 0));
	assert_int_equal(fstat_of(fd).st_blocks, 0);
	ok(ftruncate(fd, MEBIBYTE));
	assert_true(fstat_of(fd).st_blocks < 256);
	ok(close(fd));
}

static void fallocate_grows(void **state)
{
	(void)state;
	char buf[8], wanted[8] = "text";
	int fd = open_with("f", "text", O_RDWR);

	ok(fallocate(fd, 0, 0, 2)); /* does not cut */
	assert_int_equal(fstat_of(fd).st_size, 4);
	ok(fallocate(fd, 0, 6, 2));
	assert_int_equal(fstat_of(fd).st_size, 8);
	assert_int_equal(ok(pread(fd, buf, 8, 0)), 8);
	assert_memory_equal(buf, wanted, 8);
	ok(close(fd));
}

static void fallocate_takes_room(void **state)
{
	(void)state;
	int fd = open_new("f");

	needs(VFS_CAP_SPARSE);
	ok(fallocate(fd, 0, 0, MEBIBYTE));
	assert_true(fstat_of(fd).st_blocks >= 2048);
	ok(close(fd));
}

static void fallocate_keep_size_keeps_the_size(void **state)
{
	(void)state;
	int fd = open_with("f", "text", O_RDWR);

	ok(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, MEBIBYTE));
	assert_fd_text(fd, "text");
	assert_int_equal(fstat_of(fd).st_size, 4);
	ok(close(fd));
}

static void punched_holes_are_zeros(void **state)
{
	(void)state;
	static char buf[300000], wanted[300000];
	static const struct {
		off_t pos, len;
	} holes[] = {
		{0, 1}, {10, 5000}, {65536, 65536}, {200001, 3}, {299990, 100},
	};
	int fd = open_new("f");

	memset(wanted, 'x', sizeof wanted);
	assert_int_equal(ok(write(fd, wanted, sizeof wanted)), sizeof wanted);
	for (size_t i = 0; i < COUNT(holes); i++) {
		off_t end = holes[i].pos + holes[i].len, size = sizeof wanted;

		ok(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, holes[i].pos,
			     holes[i].len));
		memset(wanted + holes[i].pos, 0, (end < size ? end : size) - holes[i].pos);
	}
	ok(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 400000, 10));
	assert_int_equal(fstat_of(fd).st_size, sizeof wanted);
	assert_int_equal(ok(pread(fd, buf, sizeof buf, 0)), sizeof buf);
	assert_memory_equal(buf, wanted, sizeof buf);
	ok(close(fd));
}

static void punched_holes_give_room_back(void **state)
{
	(void)state;
	needs(VFS_CAP_SPARSE);
	int fd = open_mebibyte("f");

	ok(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, MEBIBYTE));
	assert_true(fstat_of(fd).st_blocks < 256);
	assert_int_equal(fstat_of(fd).st_size, MEBIBYTE);
	ok(close(fd));
}

static void fallocate_checks_arguments(void **state)
{
	(void)state;
	make("f", "text");
	int fd = ok(open("f", O_RDWR)), r = ok(open("f", O_RDONLY)), dir = ok(open(".", O_RDONLY));

	fails(EINVAL, fallocate(fd, 0, -1, 1));
	fails(EINVAL, fallocate(fd, 0, 0, 0));
	fails(EINVAL, fallocate(fd, 0, 0, -1));
	fails(EOPNOTSUPP, fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 1));
	fails(EOPNOTSUPP, fallocate(fd, 0x40000000, 0, 1));
	fails(EFBIG, fallocate(fd, 0, INT64_MAX, 1));
	fails(EBADF, fallocate(r, 0, 0, 1));
	fails(EBADF, fallocate(r, FALLOC_FL_COLLAPSE_RANGE, 0, 1));
	fails(EOPNOTSUPP, fallocate(r, FALLOC_FL_PUNCH_HOLE, 0, 1));
	fails(EBADF, fallocate(dir, 0, 0, 1));
	fails(EBADF, fallocate(-1, 0, 0, 1));
	assert_fd_text(fd, "text");
	ok(close(fd));
	ok(close(r));
	ok(close(dir));
}

static void fadvise_is_taken_and_checked(void **state)
{
	(void)state;
	static const int advice[] = {POSIX_FADV_NORMAL,   POSIX_FADV_SEQUENTIAL,
				     POSIX_FADV_RANDOM,   POSIX_FADV_NOREUSE,
				     POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED};

	int fd = open_with("f", "text", O_RDONLY);

	for (size_t i = 0; i < COUNT(advice); i++)
		assert_int_equal(posix_fadvise(fd, 0, 0, advice[i]), 0);
	assert_int_equal(posix_fadvise(fd, 0, 0, 99), EINVAL);
	assert_int_equal(posix_fadvise(fd, 0, -1, POSIX_FADV_NORMAL), EINVAL);
	assert_int_equal(posix_fadvise(-1, 0, 0, POSIX_FADV_NORMAL), EBADF);
	assert_fd_text(fd, "text");
	ok(close(fd));
}

static void sparse_file_of_3_gib(void **state)
{
	(void)state;
	char buf[8], zeros[8] = {0};
	const off_t size = (off_t)3 << 30;
	int fd = open_new("f");

	needs(VFS_CAP_SPARSE);
	ok(ftruncate(fd, size));
	assert_true(fstat_of(fd).st_size == size);
	assert_int_equal(ok(pwrite(fd, "end", 3, size - 3)), 3);
	assert_int_equal(ok(pwrite(fd, "x", 1, (off_t)1 << 31)), 1);
	assert_int_equal(ok(pread(fd, buf, 8, size - 3)), 3);
	assert_memory_equal(buf, "end", 3);
	assert_int_equal(ok(pread(fd, buf, 8, (off_t)5 << 28)), 8);
	assert_memory_equal(buf, zeros, 8);
	assert_true(fstat_of(fd).st_blocks < 4096);
	assert_true(ok(lseek(fd, 0, SEEK_END)) == size);
	assert_int_equal(ok(write(fd, "more", 4)), 4);
	assert_true(fstat_of(fd).st_size == size + 4);
	ok(close(fd));
}

static void huge_sizes_are_kept_or_efbig(void **state)
{
	(void)state;
	int fd = open_new("f");

	needs(VFS_CAP_SPARSE);
	if (ftruncate(fd, INT64_MAX) == 0)
		assert_true(fstat_of(fd).st_size == INT64_MAX);
	else
		assert_int_equal(errno, EFBIG);
	ok(ftruncate(fd, 0));
	if (pwrite(fd, "x", 1, (off_t)1 << 52) == 1)
		assert_true(fstat_of(fd).st_size == ((off_t)1 << 52) + 1);
	else
		assert_int_equal(errno, EFBIG);
	ok(ftruncate(fd, 0));
	assert_int_equal(fstat_of(fd).st_size, 0);
	ok(close(fd));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(lseek_moves_from_start_place_and_end),
		TEST(lseek_refusals_leave_the_offset),
		TEST(lseek_reaches_int64_max_and_no_further),
		TEST(seek_data_of_a_full_file_is_itself),
		TEST(seek_data_past_the_end_is_enxio),
		TEST(holes_and_data_alternate),
		TEST(seek_finds_real_holes_where_they_are_kept),
		TEST(truncate_grows_with_zeros),
		TEST(truncate_cuts_and_forgets),
		TEST(truncate_forgets_over_blocks),
		TEST(truncate_checks_arguments),
		TEST(ftruncate_negative_is_einval),
		TEST(truncate_gives_room_back),
		TEST(fallocate_grows),
		TEST(fallocate_takes_room),
		TEST(fallocate_keep_size_keeps_the_size),
		TEST(punched_holes_are_zeros),
		TEST(punched_holes_give_room_back),
		TEST(fallocate_checks_arguments),
		TEST(fadvise_is_taken_and_checked),
		TEST(sparse_file_of_3_gib),
		TEST(huge_sizes_are_kept_or_efbig),
	};
	return RUN(tests);
}
