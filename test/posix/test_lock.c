/*
 * Record locks (fcntl) and flock, as far as one process can see them.
 */
#include "fixture.h"

static struct flock lock_of(short type, short whence, off_t start, off_t len)
{
	struct flock l = {0};

	l.l_type = type;
	l.l_whence = whence;
	l.l_start = start;
	l.l_len = len;
	return l;
}

static void own_record_locks_are_never_in_the_way(void **state)
{
	(void)state;
	int a = open_new("f"), b = ok(open("f", O_RDWR));
	struct flock l = lock_of(F_WRLCK, SEEK_SET, 0, 10);

	ok(fcntl(a, F_SETLK, &l));
	ok(fcntl(b, F_SETLK, &l));
	ok(fcntl(b, F_SETLKW, &l));
	l.l_type = F_RDLCK;
	ok(fcntl(a, F_SETLK, &l));
	l.l_type = F_UNLCK;
	ok(fcntl(a, F_SETLK, &l));
	ok(fcntl(a, F_SETLK, &l)); /* of nothing */
	ok(close(a));
	ok(close(b));
}

static void getlk_without_a_conflict_says_unlocked(void **state)
{
	(void)state;
	int fd = open_new("f");
	struct flock l = lock_of(F_WRLCK, SEEK_SET, 5, 10);

	ok(fcntl(fd, F_SETLK, &l));
	ok(fcntl(fd, F_GETLK, &l)); /* one's own does not count */
	assert_int_equal(l.l_type, F_UNLCK);
	assert_int_equal(l.l_whence, SEEK_SET); /* all else is left alone */
	assert_int_equal(l.l_start, 5);
	assert_int_equal(l.l_len, 10);
	ok(close(fd));
}

static void record_locks_check_arguments(void **state)
{
	(void)state;
	int fd = open_new("f");
	struct flock l = lock_of(99, SEEK_SET, 0, 0);

	fails(EINVAL, fcntl(fd, F_SETLK, &l));
	fails(EINVAL, fcntl(fd, F_GETLK, &l));
	l = lock_of(F_UNLCK, SEEK_SET, 0, 0);
	fails(EINVAL, fcntl(fd, F_GETLK, &l));
	l = lock_of(F_WRLCK, 99, 0, 0);
	fails(EINVAL, fcntl(fd, F_SETLK, &l));
	fails(EINVAL, fcntl(fd, F_GETLK, &l));
	l = lock_of(F_WRLCK, SEEK_SET, -1, 0);
	fails(EINVAL, fcntl(fd, F_SETLK, &l));
	l = lock_of(F_WRLCK, SEEK_SET, 5, -6);
	fails(EINVAL, fcntl(fd, F_SETLK, &l));
	l = lock_of(F_WRLCK, SEEK_CUR, -1, 0);
	fails(EINVAL, fcntl(fd, F_SETLK, &l));
	assert_int_equal(ok(write(fd, "12345", 5)), 5);
	l = lock_of(F_WRLCK, SEEK_END, -6, 0);
	fails(EINVAL, fcntl(fd, F_SETLK, &l));
	l = lock_of(F_WRLCK, SEEK_END, -5, 0);
	ok(fcntl(fd, F_SETLK, &l));
	l = lock_of(F_WRLCK, SEEK_CUR, -5, 0);
	ok(fcntl(fd, F_SETLK, &l));
	l = lock_of(F_WRLCK, SEEK_SET, INT64_MAX, 2);
	fails(EOVERFLOW, fcntl(fd, F_SETLK, &l));
	fails(EFAULT, fcntl(fd, F_SETLK, nowhere));
	fails(EFAULT, fcntl(fd, F_GETLK, nowhere));
	ok(close(fd));
	l = lock_of(F_WRLCK, SEEK_SET, 0, 0);
	fails(EBADF, fcntl(fd, F_SETLK, &l));
	fails(EBADF, fcntl(fd, F_GETLK, &l));
}

static void record_locks_may_lie_anywhere(void **state)
{
	(void)state;
	int fd = open_new("f");
	struct flock l = lock_of(F_WRLCK, SEEK_SET, INT64_MAX - 1, 2);

	ok(fcntl(fd, F_SETLK, &l));
	l = lock_of(F_WRLCK, SEEK_SET, 10, -10); /* the ten bytes before */
	ok(fcntl(fd, F_SETLK, &l));
	l = lock_of(F_RDLCK, SEEK_END, 0, 0); /* from here on, for ever */
	ok(fcntl(fd, F_SETLK, &l));
	l = lock_of(F_UNLCK, SEEK_SET, 0, 0);
	ok(fcntl(fd, F_SETLK, &l));
	ok(close(fd));
}

static void record_locks_need_the_access_mode(void **state)
{
	(void)state;
	make("f", "");
	int r = ok(open("f", O_RDONLY)), w = ok(open("f", O_WRONLY));
	struct flock l = lock_of(F_WRLCK, SEEK_SET, 0, 1);

	fails(EBADF, fcntl(r, F_SETLK, &l));
	ok(fcntl(w, F_SETLK, &l));
	ok(fcntl(r, F_GETLK, &l)); /* asking needs none */
	l = lock_of(F_RDLCK, SEEK_SET, 0, 1);
	fails(EBADF, fcntl(w, F_SETLK, &l));
	ok(fcntl(r, F_SETLK, &l));
	l = lock_of(F_UNLCK, SEEK_SET, 0, 1);
	ok(fcntl(r, F_SETLK, &l));
	ok(close(r));
	ok(close(w));
}

static void flock_exclusive_keeps_others_out(void **state)
{
	(void)state;
	int a = open_new("f"), b = ok(open("f", O_RDONLY)); /* the mode does not matter */

	ok(flock(a, LOCK_EX));
	fails(EWOULDBLOCK, flock(b, LOCK_EX | LOCK_NB));
	fails(EWOULDBLOCK, flock(b, LOCK_SH | LOCK_NB));
	ok(flock(a, LOCK_EX | LOCK_NB)); /* again: it has it */
	ok(flock(a, LOCK_UN));
	ok(flock(b, LOCK_EX | LOCK_NB));
	fails(EWOULDBLOCK, flock(a, LOCK_SH | LOCK_NB));
	ok(close(a));
	ok(close(b));
}

static void flock_shared_lets_readers_in(void **state)
{
	(void)state;
	int a = open_new("f"), b = ok(open("f", O_RDWR));

	ok(flock(a, LOCK_SH));
	ok(flock(b, LOCK_SH | LOCK_NB));
	fails(EWOULDBLOCK, flock(b, LOCK_EX | LOCK_NB));
	ok(flock(a, LOCK_UN));
	ok(flock(b, LOCK_EX | LOCK_NB));
	ok(flock(b, LOCK_SH)); /* down again */
	ok(flock(a, LOCK_SH | LOCK_NB));
	ok(close(a));
	ok(close(b));
}

static void flock_is_of_the_description(void **state)
{
	(void)state;
	int a = open_new("f"), copy = ok(dup(a)), b = ok(open("f", O_RDWR));

	ok(flock(a, LOCK_EX));
	ok(flock(copy, LOCK_EX | LOCK_NB)); /* the same lock */
	ok(close(a));
	fails(EWOULDBLOCK, flock(b, LOCK_SH | LOCK_NB)); /* the copy has it still */
	ok(flock(copy, LOCK_UN));
	ok(flock(b, LOCK_EX | LOCK_NB));
	ok(close(copy));
	ok(close(b));
}

static void flock_ends_with_the_last_close(void **state)
{
	(void)state;
	int a = open_new("f"), b = ok(open("f", O_RDWR));

	ok(flock(a, LOCK_EX));
	ok(close(a));
	ok(flock(b, LOCK_EX | LOCK_NB));
	ok(close(b));
}

static void flock_and_record_locks_do_not_meet(void **state)
{
	(void)state;
	int a = open_new("f"), b = ok(open("f", O_RDWR));
	struct flock l = lock_of(F_WRLCK, SEEK_SET, 0, 0);

	ok(flock(a, LOCK_EX));
	ok(fcntl(b, F_SETLK, &l));
	ok(close(a));
	ok(close(b));
}

static void flock_checks_arguments(void **state)
{
	(void)state;
	int fd = open_new("f"), dir = ok(open(".", O_RDONLY));

	fails(EINVAL, flock(fd, 0));
	fails(EINVAL, flock(fd, LOCK_NB));
	fails(EINVAL, flock(fd, 64));
	ok(flock(fd, LOCK_UN)); /* of nothing */
	ok(flock(dir, LOCK_EX));
	ok(close(dir));
	ok(close(fd));
	fails(EBADF, flock(fd, LOCK_SH));
	fails(EBADF, flock(-1, LOCK_UN));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(own_record_locks_are_never_in_the_way),
		TEST(getlk_without_a_conflict_says_unlocked),
		TEST(record_locks_check_arguments),
		TEST(record_locks_may_lie_anywhere),
		TEST(record_locks_need_the_access_mode),
		TEST(flock_exclusive_keeps_others_out),
		TEST(flock_shared_lets_readers_in),
		TEST(flock_is_of_the_description),
		TEST(flock_ends_with_the_last_close),
		TEST(flock_and_record_locks_do_not_meet),
		TEST(flock_checks_arguments),
	};
	return RUN(tests);
}
