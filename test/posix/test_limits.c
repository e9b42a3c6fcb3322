/*
 * Large numbers: open files, depth, entries; and the limits themselves.
 */
#include "fixture.h"

/* Makes room for n descriptors, or skips the test. */
static void need_descriptors(rlim_t n)
{
	struct rlimit limit;

	ok(getrlimit(RLIMIT_NOFILE, &limit));
	if (limit.rlim_max < n)
		skip();
	if (limit.rlim_cur < n) {
		limit.rlim_cur = n;
		ok(setrlimit(RLIMIT_NOFILE, &limit));
	}
}

static void ten_thousand_files_can_be_open(void **state)
{
	(void)state;
	enum { N = 10000 };
	static int fd[N];
	char c;

	need_descriptors(N + 64);
	make("f", "x");
	for (int i = 0; i < N; i++)
		fd[i] = ok(open("f", O_RDONLY));
	for (int i = 1; i < N; i++)
		assert_true(fd[i] > fd[i - 1]);
	assert_int_equal(ok(read(fd[N - 1], &c, 1)), 1);
	assert_int_equal(ok(read(fd[0], &c, 1)), 1);
	ok(close(fd[N / 2]));
	ok(close(fd[77]));
	assert_int_equal(ok(open("f", O_RDONLY)), fd[77]); /* the lowest, still */
	assert_int_equal(ok(open("f", O_RDONLY)), fd[N / 2]);
	for (int i = 0; i < N; i++)
		ok(close(fd[i]));
}

static void full_table_is_emfile(void **state)
{
	(void)state;
	struct rlimit limit;
	struct stat st;
	int first = open_new("f"), max = first + 10, last = -1;

	ok(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = max;
	ok(setrlimit(RLIMIT_NOFILE, &limit));
	for (int fd; (fd = open("f", O_RDONLY)) >= 0;)
		last = fd;
	assert_int_equal(errno, EMFILE);
	assert_int_equal(last, max - 1);
	fails(EMFILE, dup(first));
	fails(EMFILE, fcntl(first, F_DUPFD, 0));
	fails(EMFILE, open("new", O_CREAT | O_RDWR, 0644));
	assert_false(exists("new")); /* nothing is made that cannot be opened */
	fails(EBADF, dup2(first, max));
	fails(EINVAL, fcntl(first, F_DUPFD, max));
	assert_int_equal(ok(dup2(first, last)), last); /* in place of another: no room needed */
	ok(stat("f", &st));
	ok(close(first + 3));
	assert_int_equal(ok(dup(first)), first + 3);
	for (int fd = first; fd < max; fd++)
		ok(close(fd));
}

static void descriptors_beyond_a_lowered_limit_stay_open(void **state)
{
	(void)state;
	struct rlimit limit;
	int fd = open_new("f"), high = ok(dup2(fd, fd + 100));

	ok(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = fd + 20;
	ok(setrlimit(RLIMIT_NOFILE, &limit));
	assert_int_equal(ok(write(high, "x", 1)), 1);
	assert_int_equal(ok(lseek(fd, 0, SEEK_CUR)), 1);
	ok(close(high));
	fails(EBADF, dup2(fd, high));
	ok(close(fd));
}

static void a_thousand_directories_deep(void **state)
{
	(void)state;
	enum { DEPTH = 1000 };
	char path[2 * DEPTH + 8] = "", cwd[PATH_MAX], *end = path;
	struct stat st;

	for (int i = 0; i < DEPTH; i++) {
		end += sprintf(end, "%sd", i ? "/" : "");
		ok(mkdir(path, 0755));
	}
	strcpy(end, "/f");
	make(path, "text");
	assert_text(path, "text");
	*end = 0;
	ok(chdir(path));
	if (strlen(scratch) + strlen(path) + 1 < PATH_MAX) {
		assert_non_null(getcwd(cwd, sizeof cwd));
		assert_int_equal(strlen(cwd), strlen(scratch) + 1 + strlen(path));
	}
	for (int i = 0; i < DEPTH; i++)
		ok(chdir(".."));
	ok(stat("d", &st));
	fails(EINVAL, rename("d", path)); /* into itself, a thousand below */
	strcpy(end, "/f");
	ok(unlink(path));
	for (int i = 0; i < DEPTH; i++) {
		*end = 0;
		ok(rmdir(path));
		end -= 2;
	}
	assert_int_equal(entries("."), 0);
}

/* Deeper than a path can say. */
static void directories_deeper_than_path_max(void **state)
{
	(void)state;
	enum { DEPTH = 2500 };
	char cwd[PATH_MAX];
	struct stat top = stat_of(".");

	for (int i = 0; i < DEPTH; i++) {
		ok(mkdir("dd", 0755));
		ok(chdir("dd"));
	}
	make("f", "text");
	assert_text("f", "text");
	assert_null(getcwd(cwd, sizeof cwd));
	assert_true(errno == ERANGE || errno == ENAMETOOLONG);
	for (int i = 0; i < DEPTH; i++) {
		ok(chdir(".."));
		if (i == 0)
			ok(unlink("dd/f"));
		ok(rmdir("dd"));
	}
	assert_int_equal(stat_of(".").st_ino, top.st_ino);
}

static void a_hundred_thousand_files_in_a_directory(void **state)
{
	(void)state;
	needs(VFS_CAP_FILES);
	enum { N = 100000 };
	char name[32];
	struct stat st;

	for (int i = 0; i < N; i++) {
		snprintf(name, sizeof name, "file-%d", i);
		ok(close(ok(open(name, O_CREAT | O_EXCL | O_WRONLY, 0644))));
	}
	assert_int_equal(entries("."), N);
	for (int i = 0; i < N; i += 97) {
		snprintf(name, sizeof name, "file-%d", i);
		ok(stat(name, &st));
	}
	fails(ENOENT, stat("file-x", &st));
	assert_int_equal(unlink_all(), N);
	assert_int_equal(entries("."), 0);
}

static void numbers_are_used_again(void **state)
{
	(void)state;
	int fd = -1;

	for (int i = 0; i < 20000; i++) { /* nothing is used up by coming and going */
		int got = open_new("f");

		assert_true(fd < 0 || got == fd);
		fd = got;
		ok(close(fd));
		ok(unlink("f"));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(ten_thousand_files_can_be_open),
		TEST(full_table_is_emfile),
		TEST(descriptors_beyond_a_lowered_limit_stay_open),
		TEST(a_thousand_directories_deep),
		TEST(directories_deeper_than_path_max),
		TEST(a_hundred_thousand_files_in_a_directory),
		TEST(numbers_are_used_again),
	};
	return RUN(tests);
}
