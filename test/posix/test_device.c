/*
 * Devices: mknod, the standard devices of /dev, and /dev/fd.
 */
#include "fixture.h"

static void null_swallows_and_gives_nothing(void **state)
{
	(void)state;
	char c;
	int fd = ok(open("/dev/null", O_RDWR));

	assert_int_equal(ok(write(fd, "text", 4)), 4);
	assert_int_equal(ok(read(fd, &c, 1)), 0);
	assert_int_equal(ok(pwrite(fd, "text", 4, 100)), 4);
	assert_int_equal(ok(pread(fd, &c, 1, 0)), 0);
	assert_int_equal(ok(lseek(fd, 100, SEEK_SET)), 0);
	assert_int_equal(fstat_of(fd).st_size, 0);
	ok(close(fd));
	ok(close(ok(open("/dev/null", O_WRONLY | O_TRUNC))));
	ok(close(ok(open("/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0644))));
}

static void zero_gives_zeros(void **state)
{
	(void)state;
	char buf[5000], zeros[5000] = {0};
	int fd = ok(open("/dev/zero", O_RDWR));

	memset(buf, 'x', sizeof buf);
	assert_int_equal(ok(read(fd, buf, sizeof buf)), sizeof buf);
	assert_memory_equal(buf, zeros, sizeof buf);
	memset(buf, 'x', sizeof buf);
	assert_int_equal(ok(pread(fd, buf, 100, 12345)), 100);
	assert_memory_equal(buf, zeros, 100);
	assert_int_equal(ok(write(fd, "text", 4)), 4);
	ok(close(fd));
}

static void full_is_full(void **state)
{
	(void)state;
	char buf[16], zeros[16] = {0};
	struct iovec iov = {buf, 4};
	int fd = ok(open("/dev/full", O_RDWR));

	fails(ENOSPC, write(fd, "text", 4));
	fails(ENOSPC, writev(fd, &iov, 1));
	memset(buf, 'x', sizeof buf);
	assert_int_equal(ok(read(fd, buf, sizeof buf)), sizeof buf);
	assert_memory_equal(buf, zeros, sizeof buf);
	ok(close(fd));
}

static void random_devices_do_not_repeat(void **state)
{
	(void)state;
	static const char *const names[] = {"/dev/random", "/dev/urandom"};
	char a[64], b[64];

	for (size_t i = 0; i < COUNT(names); i++) {
		int fd = ok(open(names[i], O_RDONLY));

		assert_int_equal(ok(read(fd, a, sizeof a)), sizeof a);
		assert_int_equal(ok(read(fd, b, sizeof b)), sizeof b);
		assert_memory_not_equal(a, b, sizeof a);
		ok(close(fd));
	}
}

static void standard_devices_have_their_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		int major, minor;
	} devices[] = {
		{"/dev/null", 1, 3},    {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
		{"/dev/random", 1, 8},  {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
		{"/dev/console", 5, 1},
	};

	for (size_t i = 0; i < COUNT(devices); i++) {
		struct stat st = stat_of(devices[i].path);

		assert_true(S_ISCHR(st.st_mode));
		assert_int_equal(major(st.st_rdev), devices[i].major);
		assert_int_equal(minor(st.st_rdev), devices[i].minor);
	}
}

static void files_calls_on_a_device_are_refused(void **state)
{
	(void)state;
	struct winsize size;
	int fd = ok(open("/dev/null", O_RDWR));

	fails(EINVAL, ftruncate(fd, 0));
	fails(EINVAL, truncate("/dev/null", 0));
	fails(ENODEV, fallocate(fd, 0, 0, 1));
	fails(EINVAL, fsync(fd));
	fails(EINVAL, fdatasync(fd));
	fails(ENOTTY, ioctl(fd, TIOCGWINSZ, &size));
	fails(ENOTDIR, openat(fd, "x", O_RDONLY));
	fails(ENOTDIR, open("/dev/null", O_RDONLY | O_DIRECTORY));
	fails(ENOTDIR, open("/dev/null/x", O_RDONLY));
	fails(EEXIST, open("/dev/null", O_RDWR | O_CREAT | O_EXCL, 0644));
	assert_true(mmap(NULL, 65536, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	assert_int_equal(errno, ENODEV);
	ok(close(fd));
}

static void device_streams_share_and_check_as_files_do(void **state)
{
	(void)state;
	char c = 0;
	int fd = ok(open("/dev/zero", O_RDONLY)), copy = ok(dup(fd));

	fails(EBADF, write(fd, &c, 1));
	ok(close(fd));
	assert_int_equal(ok(read(copy, &c, 1)), 1);
	ok(close(copy));
	fd = ok(open("/dev/zero", O_WRONLY));
	fails(EBADF, read(fd, &c, 1));
	ok(close(fd));
}

/* A number under which there is no driver, on the host as here. */
static bool can_mknod(const char *path, mode_t mode, dev_t dev)
{
	if (mknod(path, mode, dev) == 0)
		return true;
	assert_int_equal(errno, EPERM);
	return false;
}

static void mknod_makes_device_nodes(void **state)
{
	(void)state;
	needs(VFS_CAP_MODES);
	if (!can_mknod("null", S_IFCHR | 0666, makedev(1, 3)))
		skip();
	struct stat st = stat_of("null");
	char c;

	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(st.st_rdev, makedev(1, 3));
	assert_int_equal(st.st_size, 0);
	int fd = open("null", O_RDWR);

	if (fd < 0 && errno == EACCES) /* the host's scratch directory is nodev */
		skip();
	assert_int_equal(ok(write(fd, "text", 4)), 4);
	assert_int_equal(ok(read(fd, &c, 1)), 0);
	assert_int_equal(fstat_of(fd).st_ino, st.st_ino);
	assert_int_equal(fstat_of(fd).st_rdev, makedev(1, 3));
	ok(unlink("null"));
	assert_int_equal(ok(write(fd, "text", 4)), 4);
	ok(close(fd));
}

static void device_without_a_driver_is_enxio(void **state)
{
	(void)state;
	needs(VFS_CAP_MODES);
	if (!can_mknod("c", S_IFCHR | 0666, makedev(60, 77)))
		skip();
	int fd = open("c", O_RDWR);

	assert_int_equal(fd, -1);
	assert_true(errno == ENXIO || errno == EACCES); /* EACCES: nodev */
	ok(close(ok(open("c", O_PATH))));
	ok(mknod("b", S_IFBLK | 0666, makedev(60, 77)));
	assert_int_equal(open("b", O_RDONLY), -1);
	assert_true(errno == ENXIO || errno == EACCES);
	assert_true(S_ISBLK(stat_of("b").st_mode));
	ok(chmod("c", 0600));
	ok(rename("c", "d"));
	assert_true(S_ISCHR(stat_of("d").st_mode));
}

static void mknod_makes_regular_files(void **state)
{
	(void)state;
	ok(mknod("f", S_IFREG | 0644, 0));
	ok(mknod("g", 0644, 0)); /* no type: a regular file */
	assert_true(S_ISREG(stat_of("f").st_mode));
	assert_true(S_ISREG(stat_of("g").st_mode));
	assert_text("f", "");
}

static void mknod_checks_arguments(void **state)
{
	(void)state;
	make("f", "");
	fails(EEXIST, mknod("f", S_IFREG | 0644, 0));
	fails(ENOENT, mknod("missing/f", S_IFREG | 0644, 0));
	fails(ENOTDIR, mknod("f/x", S_IFREG | 0644, 0));
	fails(EPERM, mknod("d", S_IFDIR | 0755, 0));
	fails(EINVAL, mknod("l", S_IFLNK | 0777, 0));
	fails(EINVAL, mknod("x", S_IFMT, 0));
	assert_int_equal(entries("."), 1);
}

static void dev_fd_names_open_files(void **state)
{
	(void)state;
	char path[32];
	struct stat st;
	int fd = open_with("f", "text", O_RDONLY);

	snprintf(path, sizeof path, "/dev/fd/%d", fd);
	ok(stat(path, &st));
	assert_int_equal(st.st_ino, fstat_of(fd).st_ino);
	ok(unlink("f"));
	int again = ok(open(path, O_RDONLY)); /* also when it has no name */

	assert_fd_text(again, "text");
	ok(lseek(fd, 2, SEEK_SET));
	assert_int_equal(ok(lseek(again, 0, SEEK_CUR)), 0); /* another description */
	ok(close(again));
	ok(close(fd));
	fails(ENOENT, open(path, O_RDONLY));
}

static void devices_are_on_another_filesystem(void **state)
{
	(void)state;
	needs(VFS_CAP_LINKS);
	assert_int_not_equal(stat_of("/dev/null").st_dev, stat_of(".").st_dev);
	fails(EXDEV, link("/dev/null", "null"));
	assert_int_equal(stat_of("/dev/..").st_ino, stat_of("/").st_ino);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(null_swallows_and_gives_nothing),
		TEST(zero_gives_zeros),
		TEST(full_is_full),
		TEST(random_devices_do_not_repeat),
		TEST(standard_devices_have_their_numbers),
		TEST(files_calls_on_a_device_are_refused),
		TEST(device_streams_share_and_check_as_files_do),
		TEST(mknod_makes_device_nodes),
		TEST(device_without_a_driver_is_enxio),
		TEST(mknod_makes_regular_files),
		TEST(mknod_checks_arguments),
		TEST(dev_fd_names_open_files),
		TEST(devices_are_on_another_filesystem),
	};
	return RUN(tests);
}
