/*
 * The working directory: chdir, fchdir, getcwd.
 */
#include "fixture.h"

/* The working directory is this one below the scratch directory. */
static void assert_in(const char *below)
{
	char cwd[PATH_MAX], wanted[PATH_MAX + 8];

	snprintf(wanted, sizeof wanted, "%s%s", scratch, below);
	assert_string_equal(getcwd(cwd, sizeof cwd), wanted);
}

static void chdir_moves_relative_paths(void **state)
{
	(void)state;
	char cwd[PATH_MAX];

	ok(mkdir("d", 0755));
	ok(mkdir("d/e", 0755));
	ok(chdir("d/e"));
	make("f", "");
	assert_in("/d/e");
	ok(chdir("../.."));
	assert_true(exists("d/e/f"));
	assert_in("");
	ok(chdir("/"));
	assert_string_equal(getcwd(cwd, sizeof cwd), "/");
}

static void chdir_checks_path(void **state)
{
	(void)state;
	make("f", "");
	fails(ENOTDIR, chdir("f"));
	fails(ENOENT, chdir("missing"));
	fails(ENOTDIR, chdir("f/x"));
	assert_in("");
}

static void fchdir_takes_directories_only(void **state)
{
	(void)state;
	ok(mkdir("d", 0755));
	int dir = ok(open("d", O_RDONLY)), file = open_new("f");

	ok(fchdir(dir));
	ok(close(dir));
	assert_in("/d");
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

	fails_null(ERANGE, getcwd(cwd, len));
	assert_non_null(getcwd(cwd, len + 1));
	fails_null(EINVAL, getcwd(cwd, 0));
}

static void getcwd_follows_renames(void **state)
{
	(void)state;
	ok(mkdir("a", 0755));
	ok(mkdir("a/b", 0755));
	ok(chdir("a/b"));
	ok(rename("../../a", "../../c"));
	assert_in("/c/b");
	ok(chdir("../.."));
}

static void getcwd_does_not_keep_symlinks(void **state)
{
	(void)state;
	needs(VFS_CAP_SYMLINKS);
	ok(mkdir("d", 0755));
	ok(symlink("d", "l"));
	ok(chdir("l"));
	assert_in("/d");
}

static void removed_working_directory_is_enoent(void **state)
{
	(void)state;
	char cwd[PATH_MAX];
	struct stat st;

	ok(mkdir("d", 0755));
	ok(chdir("d"));
	ok(rmdir("../d"));
	fails_null(ENOENT, getcwd(cwd, sizeof cwd));
	fails(ENOENT, open("f", O_CREAT | O_RDWR, 0644));
	fails(ENOENT, mkdir("e", 0755));
	fails(ENOENT, symlink("x", "l"));
	make("../f", "");
	fails(ENOENT, rename("../f", "f"));
	fails(ENOENT, rename("../f", "f/"));
	fails(ENOENT, link("/dev/null", "f"));
	ok(close(ok(open(".", O_TMPFILE | O_RDWR, 0600)))); /* a file without a name */
	ok(stat(".", &st));
	assert_int_equal(st.st_nlink, 0);
	ok(stat("..", &st)); /* Linux still knows where it was */
	ok(chdir(scratch));
}

static void removed_directory_goes_before_its_rights(void **state)
{
	(void)state;
	needs_users();
	ok(mkdir("d", 0755));
	ok(chdir("d"));
	ok(rmdir("../d"));
	become(1000, 1000);
	fails(ENOENT, open("f", O_CREAT | O_RDWR, 0644));
	fails(ENOENT, mkdir("e", 0755));
	become(0, 0);
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
		TEST(removed_directory_goes_before_its_rights),
	};
	return RUN(tests);
}
