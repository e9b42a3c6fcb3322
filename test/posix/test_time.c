/*
 * Times: which call changes which, utimensat, and the order that is promised:
 * a change made before another never gets a later time, and no time is later
 * than the moment at which it is asked for.
 */
#include "fixture.h"

#define ATIME(st) ((st).st_atim)
#define MTIME(st) ((st).st_mtim)
#undef CTIME
#define CTIME(st) ((st).st_ctim)

enum { A = 1, M = 2, C = 4 };
static const struct timespec long_ago[2] = {{1000, 0}, {2000, 0}}; /* A, M */

/* Which times of `new` are later than in `old`. None goes back. */
static int later(struct stat old, struct stat new)
{
	int a = compare_times(ATIME(new), ATIME(old)), m = compare_times(MTIME(new), MTIME(old)),
	    c = compare_times(CTIME(new), CTIME(old));

	assert_true(a >= 0 && m >= 0 && c >= 0);
	return (a > 0 ? A : 0) | (m > 0 ? M : 0) | (c > 0 ? C : 0);
}

static struct stat then;

static void remember(const char *path)
{
	then = stat_of(path);
	tick();
}

/* Which times of `path` the call changed, made after a tick. */
#define changes(path, call) (remember(path), ok(call), later(then, stat_of(path)))

static void creation_sets_all_times_and_the_parents(void **state)
{
	(void)state;
	struct timespec before, after;
	struct stat parent = stat_of("."), st;

	tick();
	before = now();
	make("f", "");
	st = stat_of("f");
	after = now();
	before.tv_sec--; /* the clock of files may lag a tick behind */
	assert_true(compare_times(ATIME(st), before) > 0);
	assert_true(compare_times(ATIME(st), after) <= 0);
	assert_int_equal(compare_times(ATIME(st), MTIME(st)), 0);
	assert_int_equal(compare_times(ATIME(st), CTIME(st)), 0);
	assert_int_equal(later(parent, stat_of(".")), M | C);
}

static void write_changes_mtime_and_ctime(void **state)
{
	(void)state;
	int fd = open_with("f", "text", O_RDWR);

	assert_int_equal(changes("f", write(fd, "x", 1)), M | C);
	assert_int_equal(changes("f", pwrite(fd, "x", 1, 100)), M | C);
	assert_int_equal(changes("f", ftruncate(fd, 5)), M | C);
	assert_int_equal(changes("f", truncate("f", 6)), M | C);
	assert_int_equal(changes("f", write(fd, "", 0)), 0);
	assert_int_equal(changes("f", lseek(fd, 0, SEEK_SET)), 0);
	assert_int_equal(changes("f", fsync(fd)), 0);
	ok(close(fd));
	assert_int_equal(changes("f", close(open("f", O_RDWR | O_CREAT, 0644))), 0);
	assert_int_equal(changes("f", close(open("f", O_RDWR | O_TRUNC))), M | C);
}

/* Access times as Linux keeps them by default (relatime): they follow when
 * they are older than the last change. */
static void read_changes_atime(void **state)
{
	(void)state;
	char c;

	make("f", "text");
	ok(utimensat(AT_FDCWD, "f", long_ago, 0));
	int fd = ok(open("f", O_RDONLY));

	assert_int_equal(changes("f", read(fd, &c, 1)), A);
	ok(utimensat(AT_FDCWD, "f", long_ago, 0));
	assert_int_equal(changes("f", pread(fd, &c, 1, 0)), A);
	ok(close(fd));
}

static void listing_changes_atime_of_the_directory(void **state)
{
	(void)state;
	ok(mkdir("d", 0755));
	ok(utimensat(AT_FDCWD, "d", long_ago, 0));
	assert_int_equal(changes("d", entries("d")), A);
}

static void o_noatime_leaves_atime(void **state)
{
	(void)state;
	char c;

	make("f", "text");
	ok(utimensat(AT_FDCWD, "f", long_ago, 0));
	int fd = ok(open("f", O_RDONLY | O_NOATIME));

	assert_int_equal(changes("f", read(fd, &c, 1)), 0);
	ok(close(fd));
}

static void attribute_changes_change_ctime_only(void **state)
{
	(void)state;
	int fd = open_with("f", "", O_RDWR);

	assert_int_equal(changes("f", chmod("f", 0600)), C);
	assert_int_equal(changes("f", fchmod(fd, 0600)), C); /* to what it is */
	assert_int_equal(changes("f", chown("f", getuid(), -1)), C);
	ok(close(fd));
}

static void link_and_unlink_change_ctime_and_the_parents_mtime(void **state)
{
	(void)state;
	struct stat parent;

	needs(VFS_CAP_LINKS);
	make("f", "");
	ok(mkdir("d", 0755));
	parent = stat_of("d");
	assert_int_equal(changes("f", link("f", "d/g")), C);
	assert_int_equal(later(parent, stat_of("d")), M | C);
	parent = stat_of("d");
	assert_int_equal(changes("f", unlink("d/g")), C);
	assert_int_equal(later(parent, stat_of("d")), M | C);
}

static void rename_changes_both_parents_and_ctime(void **state)
{
	(void)state;
	ok(mkdir("a", 0755));
	ok(mkdir("b", 0755));
	make("a/f", "");
	struct stat f = stat_of("a/f"), a = stat_of("a"), b = stat_of("b");

	tick();
	ok(rename("a/f", "b/f"));
	assert_int_equal(later(f, stat_of("b/f")), C);
	assert_int_equal(later(a, stat_of("a")), M | C);
	assert_int_equal(later(b, stat_of("b")), M | C);
}

static void names_change_the_parents_mtime(void **state)
{
	(void)state;
	needs(VFS_CAP_SYMLINKS);
	ok(mkdir("d", 0755));
	assert_int_equal(changes("d", mkdir("d/e", 0755)), M | C);
	assert_int_equal(changes("d", rmdir("d/e")), M | C);
	assert_int_equal(changes("d", symlink("x", "d/l")), M | C);
	assert_int_equal(changes("d", mknod("d/n", S_IFREG | 0644, 0)), M | C);
	assert_int_equal(changes("d", chmod("d/n", 0600)), 0);
}

static void failed_calls_change_no_times(void **state)
{
	(void)state;
	make("f", "text");
	make("g", "");
	struct stat f = stat_of("f"), parent = stat_of(".");

	tick();
	fails(EEXIST, link("f", "g"));
	fails(EEXIST, mkdir("g", 0755));
	fails(EINVAL, truncate("f", -1));
	fails(ENOENT, unlink("missing"));
	fails(ENOENT, rename("f", "missing/f"));
	assert_int_equal(later(f, stat_of("f")), 0);
	assert_int_equal(later(parent, stat_of(".")), 0);
}

static void utimensat_sets_nanoseconds(void **state)
{
	(void)state;
	static const struct timespec given[][2] = {
		{{1, 1}, {2, 999999999}},
		{{1700000000, 123456789}, {0, 0}},
		{{-1, 5}, {-1000000000, 0}},
		{{4294967296, 1}, {8589934592, 2}},
	};

	needs(VFS_CAP_TIMES);
	int fd = open_with("f", "", O_RDONLY);

	for (size_t i = 0; i < COUNT(given); i++) {
		if (i % 2)
			ok(utimensat(AT_FDCWD, "f", given[i], 0));
		else
			ok(futimens(fd, given[i]));
		struct stat st = stat_of("f");

		assert_int_equal(compare_times(ATIME(st), given[i][0]), 0);
		assert_int_equal(compare_times(MTIME(st), given[i][1]), 0);
	}
	ok(close(fd));
}

static void utimensat_knows_now_and_omit(void **state)
{
	(void)state;
	struct timespec old[2] = {{1000, 5}, {2000, 6}};
	struct timespec omit_now[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
	struct timespec both_omit[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
	struct stat st;

	make("f", "");
	ok(utimensat(AT_FDCWD, "f", old, 0));
	ok(utimensat(AT_FDCWD, "f", omit_now, 0));
	st = stat_of("f");
	assert_int_equal(compare_times(ATIME(st), old[0]), 0);
	assert_true(MTIME(st).tv_sec > 1000000 && compare_times(MTIME(st), now()) <= 0);
	assert_int_equal(changes("f", utimensat(AT_FDCWD, "f", both_omit, 0)), 0);
	ok(utimensat(AT_FDCWD, "f", old, 0));
	ok(utimensat(AT_FDCWD, "f", NULL, 0)); /* both now */
	st = stat_of("f");
	assert_int_equal(compare_times(ATIME(st), MTIME(st)), 0);
	assert_true(MTIME(st).tv_sec > 1000000 && compare_times(MTIME(st), now()) <= 0);
}

static void utimensat_changes_ctime_to_now(void **state)
{
	(void)state;
	make("f", "");
	struct stat st = stat_of("f");

	tick();
	ok(utimensat(AT_FDCWD, "f", long_ago, 0));
	assert_true(compare_times(CTIME(stat_of("f")), CTIME(st)) > 0);
}

static void utimensat_checks_arguments(void **state)
{
	(void)state;
	struct timespec low[2] = {{0, -1}, {0, 0}}, high[2] = {{0, 0}, {0, 1000000000}};
	struct stat before;

	make("f", "");
	before = stat_of("f");
	tick();
	fails(EINVAL, utimensat(AT_FDCWD, "f", low, 0));
	fails(EINVAL, utimensat(AT_FDCWD, "f", high, 0));
	fails(ENOENT, utimensat(AT_FDCWD, "missing", NULL, 0));
	fails(EBADF, futimens(-1, NULL));
	assert_int_equal(later(before, stat_of("f")), 0);
}

static void utimensat_nofollow_is_for_the_link(void **state)
{
	(void)state;
	needs(VFS_CAP_SYMLINKS);
	make("f", "");
	ok(symlink("f", "l"));
	ok(utimensat(AT_FDCWD, "l", long_ago, AT_SYMLINK_NOFOLLOW));
	assert_int_equal(MTIME(stat_of("l")).tv_sec, 2000);
	assert_int_not_equal(MTIME(stat_of("f")).tv_sec, 2000);
	ok(utimensat(AT_FDCWD, "l", long_ago, 0));
	assert_int_equal(MTIME(stat_of("f")).tv_sec, 2000);
}

/* What a write has marked and nobody has seen yet must not undo utimensat. */
static void utimensat_after_write_stays(void **state)
{
	(void)state;
	char c;
	int fd = open_new("f");

	for (int i = 0; i < 3; i++) {
		assert_int_equal(ok(pwrite(fd, "text", 4, 0)), 4);
		assert_int_equal(ok(pread(fd, &c, 1, 0)), 1);
		ok(futimens(fd, long_ago));
		assert_int_equal(MTIME(fstat_of(fd)).tv_sec, 2000);
		assert_int_equal(ATIME(fstat_of(fd)).tv_sec, 1000);
		ok(fsync(fd));
		assert_int_equal(MTIME(fstat_of(fd)).tv_sec, 2000);
	}
	ok(close(fd));
	assert_int_equal(MTIME(stat_of("f")).tv_sec, 2000);
}

static void write_after_utimensat_counts(void **state)
{
	(void)state;
	int fd = open_new("f");

	ok(futimens(fd, long_ago));
	assert_int_equal(ok(write(fd, "x", 1)), 1);
	assert_true(MTIME(fstat_of(fd)).tv_sec > 1000000);
	assert_int_equal(ATIME(fstat_of(fd)).tv_sec, 1000);
	ok(close(fd));
}

static void changes_have_times_in_their_order(void **state)
{
	(void)state;
	enum { FILES = 8, ROUNDS = 400 };
	int fd[FILES], order[FILES] = {0};
	char name[16];
	unsigned seed = 7;

	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof name, "f%d", i);
		fd[i] = open_new(name);
	}
	for (int round = 1; round <= ROUNDS; round++) {
		seed = seed * 1103515245 + 12345;
		int i = (seed >> 16) % FILES;

		assert_int_equal(ok(write(fd[i], "x", 1)), 1);
		order[i] = round;
		if (round % 50 == 0)
			tick();
		if (round % 9)
			continue;
		for (int a = 0; a < FILES; a++)
			for (int b = 0; b < FILES; b++)
				if (order[a] < order[b])
					assert_true(compare_times(MTIME(fstat_of(fd[a])),
								  MTIME(fstat_of(fd[b]))) <= 0);
	}
	for (int i = 0; i < FILES; i++)
		ok(close(fd[i]));
}

/* Over data (marked) and names (timed at once), as make(1) would see them. */
static void data_and_name_changes_have_one_order(void **state)
{
	(void)state;
	int fd = open_new("source");

	for (int i = 0; i < 200; i++) {
		assert_int_equal(ok(write(fd, "x", 1)), 1);
		make("target", "");
		ok(mkdir("d", 0755));
		assert_int_equal(ok(write(fd, "x", 1)), 1);
		struct stat target = stat_of("target"), d = stat_of("d"), source = fstat_of(fd);

		assert_true(compare_times(MTIME(target), MTIME(d)) <= 0);
		assert_true(compare_times(MTIME(d), MTIME(source)) <= 0);
		assert_true(compare_times(MTIME(source), now()) <= 0);
		ok(rmdir("d"));
		ok(unlink("target"));
		if (i % 50 == 0)
			tick();
	}
	ok(close(fd));
}

/* The call changes path's ctime to the moment of the call, however late that
 * is looked at. */
#define at_once(path, call) (remember(path), ok(call), check_moment(path, now()))
static void check_moment(const char *path, struct timespec done)
{
	tick();
	struct stat st = stat_of(path);

	assert_true(compare_times(CTIME(st), CTIME(then)) > 0);
	assert_true(compare_times(CTIME(st), done) <= 0);
}

static void changes_of_names_and_attributes_have_their_moment(void **state)
{
	(void)state;
	int fd;

	needs(VFS_CAP_LINKS);
	make("f", "text");
	at_once(".", mkdir("d", 0755));
	at_once("d", link("f", "d/g"));
	at_once("f", unlink("d/g"));
	at_once("d", rename("f", "d/f"));
	at_once("d", rename("d/f", "d/g"));
	at_once("d", unlink("d/g"));
	at_once("d", fd = open("d/h", O_CREAT | O_RDONLY, 0644));
	assert_true(compare_times(CTIME(fstat_of(fd)), CTIME(stat_of("d"))) <= 0);
	at_once("d/h", close(open("d/h", O_RDONLY | O_TRUNC)));
	at_once("d/h", chmod("d/h", 0600));
	at_once("d/h", fchown(fd, getuid(), -1));
	at_once("d/h", futimens(fd, long_ago));
	at_once("d/h", truncate("d/h", 10));
	ok(close(fd));
	ok(unlink("d/h"));
	at_once(".", rmdir("d"));
}

static void now_is_one_moment(void **state)
{
	(void)state;
	make("f", "");
	for (int i = 0; i < 3; i++) {
		ok(utimensat(AT_FDCWD, "f", NULL, 0));
		struct stat st = stat_of("f");

		assert_int_equal(compare_times(ATIME(st), CTIME(st)), 0);
		assert_int_equal(compare_times(MTIME(st), CTIME(st)), 0);
	}
}

static void a_time_once_seen_does_not_move(void **state)
{
	(void)state;
	int fd = open_new("f");

	assert_int_equal(ok(write(fd, "x", 1)), 1);
	struct stat st = fstat_of(fd);

	tick();
	assert_int_equal(later(st, fstat_of(fd)), 0);
	ok(close(fd));
	assert_int_equal(later(st, stat_of("f")), 0);
	ok(rename("f", "g"));
	assert_int_equal(compare_times(MTIME(st), MTIME(stat_of("g"))), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(creation_sets_all_times_and_the_parents),
		TEST(write_changes_mtime_and_ctime),
		TEST(read_changes_atime),
		TEST(listing_changes_atime_of_the_directory),
		TEST(o_noatime_leaves_atime),
		TEST(attribute_changes_change_ctime_only),
		TEST(link_and_unlink_change_ctime_and_the_parents_mtime),
		TEST(rename_changes_both_parents_and_ctime),
		TEST(names_change_the_parents_mtime),
		TEST(failed_calls_change_no_times),
		TEST(utimensat_sets_nanoseconds),
		TEST(utimensat_knows_now_and_omit),
		TEST(utimensat_changes_ctime_to_now),
		TEST(utimensat_checks_arguments),
		TEST(utimensat_nofollow_is_for_the_link),
		TEST(utimensat_after_write_stays),
		TEST(write_after_utimensat_counts),
		TEST(changes_have_times_in_their_order),
		TEST(data_and_name_changes_have_one_order),
		TEST(changes_of_names_and_attributes_have_their_moment),
		TEST(now_is_one_moment),
		TEST(a_time_once_seen_does_not_move),
	};
	return RUN(tests);
}
