/*
 * Directories: mkdir, rmdir, and the listing, which stays whole while entries
 * come and go.
 */
#include "fixture.h"

static void mkdir_makes_an_empty_directory(void **state)
{
	(void)state;
	ok(mkdir("d", 0777));
	struct stat st = stat_of("d");

	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0755); /* the umask is 022 */
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(entries("d"), 0);
	assert_int_equal(stat_of("d/.").st_ino, st.st_ino);
	assert_int_equal(stat_of("d/..").st_ino, stat_of(".").st_ino);
}

static void mkdir_checks_paths(void **state)
{
	(void)state;
	make("f", "");
	ok(mkdir("d", 0755));
	fails(EEXIST, mkdir("d", 0755));
	fails(EEXIST, mkdir("f", 0755));
	fails(EEXIST, mkdir("d/", 0755));
	fails(ENOENT, mkdir("missing/d", 0755));
	fails(ENOTDIR, mkdir("f/d", 0755));
}

static void mkdir_and_rmdir_count_links_of_the_parent(void **state)
{
	(void)state;
	ok(mkdir("d", 0755));
	ok(mkdir("d/a", 0755));
	ok(mkdir("d/b", 0755));
	make("d/f", "");
	assert_int_equal(stat_of("d").st_nlink, 4);
	ok(rmdir("d/a"));
	assert_int_equal(stat_of("d").st_nlink, 3);
	ok(rmdir("d/b"));
	assert_int_equal(stat_of("d").st_nlink, 2);
}

static void rmdir_removes_only_empty_directories(void **state)
{
	(void)state;
	ok(mkdir("d", 0755));
	make("d/f", "");
	fails(ENOTEMPTY, rmdir("d"));
	ok(unlink("d/f"));
	ok(mkdir("d/e", 0755));
	fails(ENOTEMPTY, rmdir("d"));
	ok(rmdir("d/e"));
	ok(rmdir("d"));
	assert_false(exists("d"));
}

static void rmdir_checks_paths(void **state)
{
	(void)state;
	make("f", "");
	fails(ENOTDIR, rmdir("f"));
	fails(ENOENT, rmdir("missing"));
	fails(ENOTDIR, rmdir("f/x"));
}

static void removed_directory_lives_while_open(void **state)
{
	(void)state;
	ok(mkdir("d", 0755));
	DIR *d = opendir("d");

	assert_non_null(d);
	ok(rmdir("d"));
	assert_int_equal(fstat_of(dirfd(d)).st_nlink, 0);
	errno = 0;
	struct dirent *e;

	while ((e = readdir(d))) /* Linux: nothing, but "." and ".." may be */
		assert_true(!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."));
	ok(closedir(d));
}

static void readdir_lists_each_name_once(void **state)
{
	(void)state;
	char name[16], seen[500] = "";
	int dots = 0;

	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof name, "%d", i);
		make(name, "");
	}
	DIR *d = opendir(".");

	for (struct dirent *e; (e = readdir(d));) {
		if (e->d_name[0] == '.') {
			dots++;
			continue;
		}
		int i = atoi(e->d_name);

		assert_false(seen[i]);
		seen[i] = 1;
	}
	ok(closedir(d));
	assert_int_equal(dots, 2);
	for (int i = 0; i < 500; i++)
		assert_true(seen[i]);
}

static void readdir_tells_types_and_inodes(void **state)
{
	(void)state;
	needs(VFS_CAP_SYMLINKS);
	make("f", "");
	ok(mkdir("d", 0755));
	ok(symlink("f", "l"));
	DIR *d = opendir(".");
	int n = 0;

	for (struct dirent *e; (e = readdir(d)); n++) {
		struct stat st = stat_of(e->d_name);

		if (strcmp(e->d_name, ".."))
			assert_int_equal(e->d_ino, st.st_ino);
		assert_int_equal(e->d_type, S_ISDIR(st.st_mode)   ? DT_DIR
					    : S_ISLNK(st.st_mode) ? DT_LNK
								  : DT_REG);
	}
	assert_int_equal(n, 5);
	ok(closedir(d));
}

/* What is there from the first readdir to the last is given once, whatever
 * else comes and goes. */
static void readdir_is_stable_while_entries_come_and_go(void **state)
{
	(void)state;
	enum { KEPT = 600 };
	char name[16], seen[KEPT] = "";

	for (int i = 0; i < KEPT; i++) {
		snprintf(name, sizeof name, "k%d", i);
		make(name, "");
		snprintf(name, sizeof name, "g%d", i);
		make(name, "");
	}
	DIR *d = opendir(".");
	int turn = 0;

	for (struct dirent *e; (e = readdir(d)); turn++) {
		if (turn < KEPT) { /* one goes, one comes */
			snprintf(name, sizeof name, "g%d", turn);
			unlink(name);
			snprintf(name, sizeof name, "n%d", turn);
			make(name, "");
		}
		if (e->d_name[0] != 'k')
			continue;
		int i = atoi(e->d_name + 1);

		assert_false(seen[i]);
		seen[i] = 1;
	}
	ok(closedir(d));
	for (int i = 0; i < KEPT; i++)
		assert_true(seen[i]);
	assert_int_equal(entries("."), 2 * KEPT);
}

/* POSIX leaves open whether a new entry is read; a loop that makes one for each
 * that it reads must end all the same. */
static void readdir_ends_though_entries_are_made(void **state)
{
	(void)state;
	char name[16];
	int made = 0;

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof name, "k%d", i);
		make(name, "");
	}
	DIR *d = opendir(".");

	while (readdir(d) && made < 2000) {
		snprintf(name, sizeof name, "n%d", made++);
		make(name, "");
	}
	assert_true(made < 2000);
	rewinddir(d);
	int n = 0;

	while (readdir(d))
		n++;
	assert_int_equal(n, 2 + 300 + made);
	ok(closedir(d));
}

static void removing_what_was_read_empties_a_directory(void **state)
{
	(void)state;
	char name[16];

	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "%d", i);
		make(name, "");
	}
	assert_int_equal(unlink_all(), 1000);
	assert_int_equal(entries("."), 0);
}

static void rewinddir_sees_what_is_new(void **state)
{
	(void)state;
	int n = 0;
	DIR *d = opendir(".");

	while (readdir(d))
		n++;
	assert_int_equal(n, 2);
	make("f", "");
	rewinddir(d);
	for (n = 0; readdir(d);)
		n++;
	assert_int_equal(n, 3);
	ok(closedir(d));
}

static void seekdir_returns_to_where_telldir_was(void **state)
{
	(void)state;
	enum { N = 300 };
	static char names[N + 2][16];
	static long at[N + 2];
	char name[16];
	int n = 0;

	for (int i = 0; i < N; i++) {
		snprintf(name, sizeof name, "%d", i);
		make(name, "");
	}
	DIR *d = opendir(".");

	for (;;) {
		long pos = telldir(d);
		struct dirent *e = readdir(d);

		if (!e)
			break;
		assert_true(n < N + 2);
		at[n] = pos;
		snprintf(names[n++], sizeof *names, "%.15s", e->d_name);
	}
	assert_int_equal(n, N + 2);
	for (int i = n - 1; i >= 0; i -= 7) {
		seekdir(d, at[i]);
		assert_string_equal(readdir(d)->d_name, names[i]);
	}
	seekdir(d, at[100]);
	ok(unlink(strcmp(names[100], ".") ? names[100] : "0")); /* that place goes on */
	assert_non_null(readdir(d));
	ok(closedir(d));
}

static int count_names(DIR *d)
{
	int n = 0;

	while (readdir(d))
		n++;
	return n;
}

/* Not after one to the middle, so that a program which makes names while it
 * reads them comes to an end. */
static void names_made_since_are_listed_after_a_seek_to_the_start(void **state)
{
	(void)state;
	make("a", "");
	make("b", "");
	DIR *d = opendir(".");

	assert_string_equal(readdir(d)->d_name, ".");
	long second = telldir(d);

	assert_string_equal(readdir(d)->d_name, "..");
	assert_non_null(readdir(d));
	long middle = telldir(d);

	assert_int_equal(count_names(d), 1);
	make("c", "");
	assert_int_equal(count_names(d), 0);
	seekdir(d, middle);
	assert_int_equal(count_names(d), 1);
	seekdir(d, second);
	assert_int_equal(count_names(d), 4); /* "..", a, b, c */
	ok(closedir(d));
}

static void opendir_and_fdopendir_check_arguments(void **state)
{
	(void)state;
	int file = open_new("f");

	fails_null(ENOENT, opendir("missing"));
	fails_null(ENOTDIR, opendir("f"));
	fails_null(ENOTDIR, fdopendir(file));
	fails_null(EBADF, fdopendir(-1));
	ok(close(file));
}

static void fdopendir_reads_on_from_the_descriptors_place(void **state)
{
	(void)state;
	make("f", "");
	int fd = ok(open(".", O_RDONLY | O_DIRECTORY));
	DIR *d = fdopendir(fd);
	int n = 0;

	assert_non_null(d);
	assert_int_equal(dirfd(d), fd);
	while (readdir(d))
		n++;
	assert_int_equal(n, 3);
	ok(closedir(d));
	fails(EBADF, close(fd)); /* closedir has closed it */
}

static void getdents_fills_whole_records(void **state)
{
	(void)state;
	static union {
		struct dirent align;
		char bytes[4096];
	} buf;
	char name[16];
	int n = 0, calls = 0;
	long long got;

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "%d", i);
		make(name, "");
	}
	int fd = ok(open(".", O_RDONLY | O_DIRECTORY));

	while ((got = ok(getdents64(fd, buf.bytes, 512)))) {
		assert_true(got <= 512);
		for (long long at = 0; at < got; n++) {
			struct dirent *e = (struct dirent *)(buf.bytes + at);

			assert_int_equal(e->d_reclen % 8, 0);
			assert_true(e->d_reclen > strlen(e->d_name));
			at += e->d_reclen;
			assert_true(at <= got);
		}
		calls++;
	}
	assert_int_equal(n, 102);
	assert_true(calls > 3);
	assert_int_equal(ok(getdents64(fd, buf.bytes, sizeof buf)), 0); /* the end stays */
	ok(lseek(fd, 0, SEEK_SET));
	assert_true(ok(getdents64(fd, buf.bytes, sizeof buf)) > 0);
	ok(close(fd));
}

static void getdents_goes_on_from_d_off(void **state)
{
	(void)state;
	static union {
		struct dirent align;
		char bytes[4096];
	} a, b;

	make("x", "");
	make("y", "");
	make("z", "");
	int fd = ok(open(".", O_RDONLY | O_DIRECTORY));
	long long got = ok(getdents64(fd, a.bytes, sizeof a));

	for (struct dirent *e = &a.align, *next;; e = next) {
		next = (struct dirent *)((char *)e + e->d_reclen);
		if ((char *)next >= a.bytes + got)
			break;
		ok(lseek(fd, e->d_off, SEEK_SET));
		ok(getdents64(fd, b.bytes, sizeof b));
		assert_string_equal(b.align.d_name, next->d_name);
	}
	ok(close(fd));
}

static void getdents_checks_arguments(void **state)
{
	(void)state;
	static union {
		struct dirent align;
		char bytes[512];
	} buf;
	int file = open_new("f"), dir = ok(open(".", O_RDONLY));

	fails(ENOTDIR, getdents64(file, buf.bytes, sizeof buf));
	fails(EINVAL, getdents64(dir, buf.bytes, 8));
	fails(EFAULT, getdents64(dir, nowhere, 512));
	ok(close(file));
	ok(close(dir));
	fails(EBADF, getdents64(dir, buf.bytes, sizeof buf));
}

static void descriptors_of_one_directory_list_apart(void **state)
{
	(void)state;
	make("f", "");
	DIR *a = opendir("."), *b = opendir(".");
	int n = 0;

	while (readdir(a))
		n++;
	while (readdir(b))
		n++;
	assert_int_equal(n, 6);
	ok(closedir(a));
	ok(closedir(b));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(mkdir_makes_an_empty_directory),
		TEST(mkdir_checks_paths),
		TEST(mkdir_and_rmdir_count_links_of_the_parent),
		TEST(rmdir_removes_only_empty_directories),
		TEST(rmdir_checks_paths),
		TEST(removed_directory_lives_while_open),
		TEST(readdir_lists_each_name_once),
		TEST(readdir_tells_types_and_inodes),
		TEST(readdir_is_stable_while_entries_come_and_go),
		TEST(readdir_ends_though_entries_are_made),
		TEST(removing_what_was_read_empties_a_directory),
		TEST(rewinddir_sees_what_is_new),
		TEST(seekdir_returns_to_where_telldir_was),
		TEST(names_made_since_are_listed_after_a_seek_to_the_start),
		TEST(opendir_and_fdopendir_check_arguments),
		TEST(fdopendir_reads_on_from_the_descriptors_place),
		TEST(getdents_fills_whole_records),
		TEST(getdents_goes_on_from_d_off),
		TEST(getdents_checks_arguments),
		TEST(descriptors_of_one_directory_list_apart),
	};
	return RUN(tests);
}
