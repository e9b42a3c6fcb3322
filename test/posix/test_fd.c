/*
 * Descriptors: the lowest-number rule, dup and its kin, fcntl, ioctl, poll.
 */
#include "fixture.h"

static void lowest_free_descriptor_is_taken(void **state)
{
	(void)state;
	int fd[6];

	for (int i = 0; i < 6; i++)
		fd[i] = ok(open(".", O_RDONLY));
	for (int i = 1; i < 6; i++)
		assert_true(fd[i] > fd[i - 1]);
	ok(close(fd[3]));
	ok(close(fd[1]));
	assert_int_equal(ok(open(".", O_RDONLY)), fd[1]);
	assert_int_equal(ok(dup(fd[0])), fd[3]);
	ok(close(fd[4]));
	assert_int_equal(ok(fcntl(fd[0], F_DUPFD, 0)), fd[4]);
	for (int i = 0; i < 6; i++)
		ok(close(fd[i]));
}

static void dup_shares_offset(void **state)
{
	(void)state;
	char c;

	make("f", "0123456789");
	int a = ok(open("f", O_RDWR)), b = ok(dup(a));

	assert_int_equal(ok(lseek(a, 4, SEEK_SET)), 4);
	assert_int_equal(ok(lseek(b, 0, SEEK_CUR)), 4);
	assert_int_equal(ok(read(b, &c, 1)), 1);
	assert_int_equal(c, '4');
	assert_int_equal(ok(lseek(a, 0, SEEK_CUR)), 5);
	ok(close(a));
	assert_int_equal(ok(write(b, "x", 1)), 1);
	assert_text("f", "01234x6789");
	ok(close(b));
}

static void open_does_not_share_offset(void **state)
{
	(void)state;
	make("f", "0123456789");
	int a = ok(open("f", O_RDONLY)), b = ok(open("f", O_RDONLY));

	ok(lseek(a, 4, SEEK_SET));
	assert_int_equal(ok(lseek(b, 0, SEEK_CUR)), 0);
	ok(close(a));
	ok(close(b));
}

static void dup_shares_status_flags_but_not_cloexec(void **state)
{
	(void)state;
	int a = open_new("f"), b;

	ok(fcntl(a, F_SETFD, FD_CLOEXEC));
	b = ok(dup(a));
	assert_int_equal(ok(fcntl(b, F_GETFD)), 0);
	assert_int_equal(ok(fcntl(a, F_GETFD)), FD_CLOEXEC);
	ok(fcntl(b, F_SETFL, O_APPEND));
	assert_true(ok(fcntl(a, F_GETFL)) & O_APPEND);
	assert_int_equal(ok(write(a, "one", 3)), 3);
	ok(lseek(a, 0, SEEK_SET));
	assert_int_equal(ok(write(a, "two", 3)), 3);
	assert_text("f", "onetwo");
	ok(close(a));
	ok(close(b));
}

static void dup2_closes_what_it_replaces(void **state)
{
	(void)state;
	make("a", "aaa");
	make("b", "bbb");
	int a = ok(open("a", O_RDONLY)), b = ok(open("b", O_RDONLY));

	assert_int_equal(ok(dup2(a, b)), b);
	assert_fd_text(b, "aaa");
	ok(close(a));
	assert_fd_text(b, "aaa");
	ok(close(b));
}

static void dup2_takes_any_free_number(void **state)
{
	(void)state;
	int a = open_new("f"), far = a + 300;

	assert_int_equal(ok(dup2(a, far)), far);
	assert_int_equal(fstat_of(far).st_ino, fstat_of(a).st_ino);
	ok(close(far));
	fails(EBADF, close(far));
	ok(close(a));
}

static void dup2_to_itself_changes_nothing(void **state)
{
	(void)state;
	int fd = ok(open("f", O_CREAT | O_RDWR | O_CLOEXEC, 0644));

	assert_int_equal(ok(dup2(fd, fd)), fd);
	assert_int_equal(ok(fcntl(fd, F_GETFD)), FD_CLOEXEC);
	ok(close(fd));
	fails(EBADF, dup2(fd, fd));
}

static void dup2_of_a_bad_descriptor_keeps_the_target(void **state)
{
	(void)state;
	int fd = open_new("f");

	fails(EBADF, dup2(12345, fd));
	fails(EBADF, dup2(fd, -1));
	fails(EBADF, dup2(fd, INT_MAX));
	fails(EBADF, dup(-1));
	fails(EBADF, dup(12345));
	ok(fcntl(fd, F_GETFD));
	ok(close(fd));
}

static void dup3_sets_cloexec_and_refuses_itself(void **state)
{
	(void)state;
	int fd = open_new("f"), to = fd + 7;

	assert_int_equal(ok(dup3(fd, to, O_CLOEXEC)), to);
	assert_int_equal(ok(fcntl(to, F_GETFD)), FD_CLOEXEC);
	assert_int_equal(ok(dup3(fd, to, 0)), to);
	assert_int_equal(ok(fcntl(to, F_GETFD)), 0);
	fails(EINVAL, dup3(fd, fd, 0));
	fails(EINVAL, dup3(fd, to, O_APPEND));
	fails(EBADF, dup3(12345, to, 0));
	fails(EBADF, dup3(fd, -1, 0));
	ok(close(fd));
	ok(close(to));
}

static void fcntl_dupfd_takes_the_lowest_from_there(void **state)
{
	(void)state;
	int fd = open_new("f"), a, b;

	a = ok(fcntl(fd, F_DUPFD, fd + 20));
	assert_int_equal(a, fd + 20);
	b = ok(fcntl(fd, F_DUPFD_CLOEXEC, fd + 20));
	assert_int_equal(b, fd + 21);
	assert_int_equal(ok(fcntl(a, F_GETFD)), 0);
	assert_int_equal(ok(fcntl(b, F_GETFD)), FD_CLOEXEC);
	fails(EINVAL, fcntl(fd, F_DUPFD, -1));
	fails(EINVAL, fcntl(fd, F_DUPFD, INT_MAX));
	fails(EBADF, fcntl(12345, F_DUPFD, 0));
	ok(close(fd));
	ok(close(a));
	ok(close(b));
}

static void fcntl_setfd_keeps_only_cloexec(void **state)
{
	(void)state;
	int fd = open_new("f");

	ok(fcntl(fd, F_SETFD, FD_CLOEXEC));
	assert_int_equal(ok(fcntl(fd, F_GETFD)), FD_CLOEXEC);
	ok(fcntl(fd, F_SETFD, 0));
	assert_int_equal(ok(fcntl(fd, F_GETFD)), 0);
	ok(close(fd));
	fails(EBADF, fcntl(fd, F_GETFD));
	fails(EBADF, fcntl(fd, F_SETFD, 0));
	fails(EBADF, fcntl(-1, F_GETFL));
}

static void fcntl_setfl_changes_only_status_flags(void **state)
{
	(void)state;
	int fd = ok(open("f", O_CREAT | O_WRONLY, 0644)), flags;

	ok(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK | O_RDWR | O_TRUNC | O_CREAT));
	flags = ok(fcntl(fd, F_GETFL));
	assert_int_equal(flags & O_ACCMODE, O_WRONLY);
	assert_true(flags & O_APPEND);
	assert_true(flags & O_NONBLOCK);
	assert_int_equal(flags & (O_TRUNC | O_CREAT), 0);
	ok(fcntl(fd, F_SETFL, 0));
	assert_int_equal(ok(fcntl(fd, F_GETFL)) & (O_APPEND | O_NONBLOCK), 0);
	ok(close(fd));
}

static void fcntl_getfl_forgets_creation_flags(void **state)
{
	(void)state;
	int fd = ok(open("f", O_CREAT | O_EXCL | O_TRUNC | O_NOFOLLOW | O_APPEND | O_RDWR, 0644));
	int flags = ok(fcntl(fd, F_GETFL));

	assert_int_equal(flags & (O_CREAT | O_EXCL | O_TRUNC), 0);
	assert_int_equal(flags & (O_ACCMODE | O_APPEND), O_RDWR | O_APPEND);
	ok(close(fd));
}

static void fcntl_unknown_command_is_einval(void **state)
{
	(void)state;
	int fd = open_new("f");

	fails(EINVAL, fcntl(fd, 9999, 0));
	fails(EBADF, fcntl(fd, F_GETPIPE_SZ));
	ok(close(fd));
	fails(EBADF, fcntl(fd, 9999, 0));
}

static void closing_one_of_two_descriptors_keeps_the_file(void **state)
{
	(void)state;
	int a = open_new("f"), b = ok(dup(a));

	ok(unlink("f"));
	assert_int_equal(ok(write(a, "text", 4)), 4);
	ok(close(a));
	assert_fd_text(b, "text");
	ok(close(b));
}

static void ioctl_of_a_file_is_enotty(void **state)
{
	(void)state;
	struct winsize size;
	int fd = open_new("f"), dir = ok(open(".", O_RDONLY));

	fails(ENOTTY, ioctl(fd, TIOCGWINSZ, &size));
	fails(ENOTTY, ioctl(dir, TIOCGWINSZ, &size));
	assert_int_equal(isatty(fd), 0);
	assert_int_equal(errno, ENOTTY);
	fails(ENOTTY, ioctl(fd, 0x7fff, &size));
	ok(close(fd));
	ok(close(dir));
	fails(EBADF, ioctl(fd, TIOCGWINSZ, &size));
}

static void ioctl_fionread_tells_what_is_left(void **state)
{
	(void)state;
	int left = -1;
	int fd = open_with("f", "0123456789", O_RDONLY);

	ok(ioctl(fd, FIONREAD, &left));
	assert_int_equal(left, 10);
	ok(lseek(fd, 4, SEEK_SET));
	ok(ioctl(fd, FIONREAD, &left));
	assert_int_equal(left, 6);
	fails(EFAULT, ioctl(fd, FIONREAD, nowhere));
	ok(close(fd));
}

static void ioctl_sets_nonblock_and_cloexec(void **state)
{
	(void)state;
	int fd = open_new("f"), on = 1, off = 0;

	ok(ioctl(fd, FIONBIO, &on));
	assert_true(ok(fcntl(fd, F_GETFL)) & O_NONBLOCK);
	ok(ioctl(fd, FIONBIO, &off));
	assert_int_equal(ok(fcntl(fd, F_GETFL)) & O_NONBLOCK, 0);
	ok(ioctl(fd, FIOCLEX, NULL));
	assert_int_equal(ok(fcntl(fd, F_GETFD)), FD_CLOEXEC);
	ok(ioctl(fd, FIONCLEX, NULL));
	assert_int_equal(ok(fcntl(fd, F_GETFD)), 0);
	ok(close(fd));
}

static void poll_says_files_are_ready(void **state)
{
	(void)state;
	int fd = open_new("f");
	struct pollfd fds[] = {
		{fd, POLLIN | POLLOUT, 0}, {-1, POLLIN, 1}, {fd, POLLIN, 0}, {12345, POLLIN, 0}};

	assert_int_equal(ok(poll(fds, 4, 0)), 3);
	assert_int_equal(fds[0].revents, POLLIN | POLLOUT);
	assert_int_equal(fds[1].revents, 0);
	assert_int_equal(fds[2].revents, POLLIN);
	assert_int_equal(fds[3].revents, POLLNVAL);
	ok(close(fd));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(lowest_free_descriptor_is_taken),
		TEST(dup_shares_offset),
		TEST(open_does_not_share_offset),
		TEST(dup_shares_status_flags_but_not_cloexec),
		TEST(dup2_closes_what_it_replaces),
		TEST(dup2_takes_any_free_number),
		TEST(dup2_to_itself_changes_nothing),
		TEST(dup2_of_a_bad_descriptor_keeps_the_target),
		TEST(dup3_sets_cloexec_and_refuses_itself),
		TEST(fcntl_dupfd_takes_the_lowest_from_there),
		TEST(fcntl_setfd_keeps_only_cloexec),
		TEST(fcntl_setfl_changes_only_status_flags),
		TEST(fcntl_getfl_forgets_creation_flags),
		TEST(fcntl_unknown_command_is_einval),
		TEST(closing_one_of_two_descriptors_keeps_the_file),
		TEST(ioctl_of_a_file_is_enotty),
		TEST(ioctl_fionread_tells_what_is_left),
		TEST(ioctl_sets_nonblock_and_cloexec),
		TEST(poll_says_files_are_ready),
	};
	return RUN(tests);
}
