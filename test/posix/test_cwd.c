/*
 * The working directory: chdir, fchdir, getcwd.
 */
#include "fixture.h"

static void chdir_moves_relative_paths(void **state)
{
	(void)state;
	char cwd[PATH_MAX], wanted[PATH_MAX + 8];

	ok(mkdir("d", 0755));
	ok(mkdir("d/e", 0755));
	ok(chdir("d/e"));
	make("f", "");
	snprintf(wanted, sizeof wanted, "%s/d/e", scratch);
	assert_string_equal(getcwd(cwd, sizeof cwd), wanted);
	ok(chdir("../.."));
	assert_true(exists("d/e/f"));
	assert_string_equal(getcwd(cwd, sizeof cwd), scratch);
	ok(chdir("/"));
	assert_string_equal(getcwd(cwd, sizeof cwd), "/");
}

static void chdir_checks_path(void **state)
{
	(void)state;
	char cwd[PATH_MAX];

	make("f", "");
	fails(ENOTDIR, chdir("f"));
	fails(ENOENT, chdir("missing"));
	fails(ENOTDIR, chdir("f/x"));
	assert_string_equal(getcwd(cwd, sizeof cwd), scratch);
}

static void fchdir_takes_directories_only(void **state)
{
	(void)state;
	char cwd[PATH_MAX], wanted[PATH_MAX + 8];

	ok(mkdir("d", 0755));
	int dir = ok(open("d", O_RDONLY)), file = open_new("f");

	ok(fchdir(dir));
	ok(close(dir));
	snprintf(wanted, sizeof wanted, "%s/d", scratch);
	assert_string_equal(getcwd(cwd, sizeof cwd), wanted);
	fails(ENOTDIR, fchdir(file));
	ok(close(file));
	fails(EBADF, fchdir(dir));
	fails(EBADF, fchdir(-1));
}

static void getcwd_needs_room_for_the_nul(void **state)
{
	(void)state;
	char cwd[PATH_MAX];
	size_t len = strlen(scratch);

	errno = 0;
	assert_null(getcwd(cwd, len));
	assert_int_equal(errno, ERANGE);
	assert_non_null(getcwd(cwd, len + 1));
	errno = 0;
	assert_null(getcwd(cwd, 0));
	assert_int_equal(errno, EINVAL);
}

static void getcwd_follows_renames(void **state)
{
	(void)state;
	char cwd[PATH_MAX], wanted[PATH_MAX + 8];

	ok(mkdir("a", 0755));
	ok(mkdir("a/b", 0755));
	ok(chdir("a/b"));
	ok(rename("../../a", "../../c"));
	snprintf(wanted, sizeof wanted, "%s/c/b", scratch);
	assert_string_equal(getcwd(cwd, sizeof cwd), wanted);
	ok(chdir("../.."));
}

static void getcwd_does_not_keep_symlinks(void **state)
{
	(void)state;
	char cwd[PATH_MAX], wanted[PATH_MAX + 8];

	needs(VFS_CAP_SYMLINKS);
	ok(mkdir("d", 0755));
	ok(symlink("d", "l"));
	ok(chdir("l"));
	snprintf(wanted, sizeof wanted, "%s/d", scratch);
	assert_string_equal(getcwd(cwd, sizeof cwd), wanted);
}

static void removed_working_directory_is_enoent(void **state)
{
	(void)state;
	char cwd[PATH_MAX];
	struct stat st;

	ok(mkdir("d", 0755));
	ok(chdir("d"));
	ok(rmdir("../d"));
	errno = 0;
	assert_null(getcwd(cwd, sizeof cwd));
	assert_int_equal(errno, ENOENT);
	fails(ENOENT, open("f", O_CREAT | O_RDWR, 0644));
	fails(ENOENT, mkdir("e", 0755));
	fails(ENOENT, symlink("x", "l"));
	ok(stat(".", &st));
	assert_int_equal(st.st_nlink, 0);
	ok(stat("..", &st)); /* Linux still knows where it was */
	ok(chdir(scratch));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(chdir_moves_relative_paths),
		TEST(chdir_checks_path),
		TEST(fchdir_takes_directories_only),
		TEST(getcwd_needs_room_for_the_nul),
		TEST(getcwd_follows_renames),
		TEST(getcwd_does_not_keep_symlinks),
		TEST(removed_working_directory_is_enoent),
	};
	return RUN(tests);
}
