/*
 * The path walk: dots, slashes, symbolic links, lengths, directories given by
 * descriptor, and the working directory.
 */
#include "fixture.h"

static void dots_are_walked(void **state)
{
	(void)state;
	ok(mkdir("a", 0755));
	ok(mkdir("a/b", 0755));
	make("a/f", "");
	assert_int_equal(stat_of("a/./b/../f").st_ino, stat_of("a/f").st_ino);
	assert_int_equal(stat_of("a/b/..").st_ino, stat_of("a").st_ino);
	assert_int_equal(stat_of("a/.").st_ino, stat_of("a").st_ino);
	fails(ENOENT, open("missing/../a/f", O_RDONLY)); /* each step must exist */
	fails(ENOTDIR, open("a/f/../f", O_RDONLY));
	fails(ENOTDIR, open("a/f/.", O_RDONLY));
}

static void slashes_are_gathered(void **state)
{
	(void)state;
	char path[PATH_MAX + 16];

	ok(mkdir("a", 0755));
	make("a/f", "");
	assert_int_equal(stat_of("a///f").st_ino, stat_of("a/f").st_ino);
	assert_int_equal(stat_of(".//a////").st_ino, stat_of("a").st_ino);
	snprintf(path, sizeof path, "//%s//a/f", scratch);
	assert_int_equal(stat_of(path).st_ino, stat_of("a/f").st_ino);
}

static void dotdot_of_root_is_root(void **state)
{
	(void)state;
	assert_int_equal(stat_of("/..").st_ino, stat_of("/").st_ino);
	assert_int_equal(stat_of("/../../..").st_ino, stat_of("/").st_ino);
	assert_int_equal(stat_of("/..").st_dev, stat_of("/").st_dev);
}

static void dotdot_leaves_the_symlinks_target(void **state)
{
	(void)state;
	needs(VFS_CAP_SYMLINKS);
	ok(mkdir("a", 0755));
	ok(mkdir("a/b", 0755));
	make("a/f", "");
	ok(symlink("a/b", "l"));
	assert_int_equal(stat_of("l/../f").st_ino, stat_of("a/f").st_ino);
}

static void trailing_slash_wants_a_directory(void **state)
{
	(void)state;
	struct stat st;

	make("f", "");
	ok(mkdir("d", 0755));
	ok(lstat("d/", &st));
	fails(ENOTDIR, lstat("f/", &st));
	fails(ENOTDIR, stat("f//", &st));
	fails(ENOTDIR, access("f/", F_OK));
	fails(ENOTDIR, truncate("f/", 0));
	fails(ENOTDIR, chmod("f/", 0644));
	fails(ENOTDIR, unlink("f/"));
	fails(EISDIR, unlink("d/"));
	fails(ENOENT, unlink("missing/"));
	fails(ENOTDIR, rename("f/", "g"));
	fails(ENOTDIR, rename("f", "g/"));
	fails(ENOTDIR, link("f/", "g"));
	fails(ENOENT, link("f", "g/"));
	fails(ENOENT, mknod("g/", S_IFREG | 0644, 0));
	assert_int_equal(entries("."), 2);
	ok(mkdir("e/", 0755));
	ok(rename("e/", "e2/"));
	ok(rmdir("e2/"));
}

static void trailing_slash_follows_symlink(void **state)
{
	(void)state;
	struct stat st;
	char buf[8];

	needs(VFS_CAP_SYMLINKS);
	ok(mkdir("d", 0755));
	make("f", "");
	ok(symlink("d", "ld"));
	ok(symlink("f", "lf"));
	ok(symlink("missing", "ln"));
	ok(lstat("ld/", &st));
	assert_true(S_ISDIR(st.st_mode));
	fails(ENOTDIR, lstat("lf/", &st));
	fails(ENOENT, lstat("ln/", &st));
	fails(EINVAL, readlink("ld/", buf, sizeof buf));
	fails(ENOTDIR, unlink("ld/"));
	fails(ENOTDIR, rmdir("ld/"));
	fails(ENOTDIR, rmdir("ld"));
	fails(ENOTDIR, rename("ld/", "x"));
	fails(EEXIST, mkdir("ln/", 0755));
	fails(EEXIST, mkdir("ln", 0755));
	fails(ENOENT, symlink("d", "new/"));
	fails(EEXIST, symlink("d", "ld/"));
}

static void last_dots_cannot_be_made_or_removed(void **state)
{
	(void)state;
	ok(mkdir("d", 0755));
	ok(mkdir("d/e", 0755));
	fails(EEXIST, mkdir(".", 0755));
	fails(EEXIST, mkdir("..", 0755));
	fails(EEXIST, mkdir("d/.", 0755));
	fails(EEXIST, mkdir("/", 0755));
	fails(EINVAL, rmdir("."));
	fails(EINVAL, rmdir("d/."));
	fails(ENOTEMPTY, rmdir(".."));
	fails(ENOTEMPTY, rmdir("d/e/.."));
	fails(EBUSY, rmdir("/"));
	fails(EISDIR, unlink("d/."));
	fails(EISDIR, unlink("."));
	fails(EISDIR, unlink("/"));
	fails(EBUSY, rename("d/.", "x"));
	fails(EBUSY, rename("d/e/..", "x"));
	fails(EBUSY, rename("d", "."));
	fails(EEXIST, symlink("x", "d/."));
	fails(EEXIST, mknod("d/.", S_IFREG | 0644, 0));
	fails(ENOENT, mkdir("missing/.", 0755));
}

static void empty_path_is_enoent(void **state)
{
	(void)state;
	struct stat st;
	char buf[8];
	struct timespec times[2] = {0};

	make("f", "");
	fails(ENOENT, stat("", &st));
	fails(ENOENT, lstat("", &st));
	fails(ENOENT, fstatat(AT_FDCWD, "", &st, 0));
	fails(ENOENT, access("", F_OK));
	fails(ENOENT, mkdir("", 0755));
	fails(ENOENT, rmdir(""));
	fails(ENOENT, unlink(""));
	fails(ENOENT, rename("", "x"));
	fails(ENOENT, rename("f", ""));
	fails(ENOENT, link("", "x"));
	fails(ENOENT, link("f", ""));
	fails(ENOENT, symlink("", "x"));
	fails(ENOENT, symlink("x", ""));
	fails(ENOENT, readlink("", buf, sizeof buf));
	fails(ENOENT, chdir(""));
	fails(ENOENT, chmod("", 0644));
	fails(ENOENT, chown("", 0, 0));
	fails(ENOENT, truncate("", 0));
	fails(ENOENT, utimensat(AT_FDCWD, "", times, 0));
	fails(ENOENT, mknod("", S_IFREG | 0644, 0));
}

static void null_path_is_efault(void **state)
{
	(void)state;
	struct stat st;
	char buf[8];
	const char *null = nowhere;

	make("f", "");
	fails(EFAULT, stat(null, &st));
	fails(EFAULT, lstat(null, &st));
	fails(EFAULT, access(null, F_OK));
	fails(EFAULT, mkdir(null, 0755));
	fails(EFAULT, rmdir(null));
	fails(EFAULT, unlink(null));
	fails(EFAULT, rename(null, "x"));
	fails(EFAULT, rename("f", null));
	fails(EFAULT, link(null, "x"));
	fails(EFAULT, link("f", null));
	fails(EFAULT, symlink(null, "x"));
	fails(EFAULT, symlink("x", null));
	fails(EFAULT, readlink(null, buf, sizeof buf));
	fails(EFAULT, chdir(null));
	fails(EFAULT, chmod(null, 0644));
	fails(EFAULT, chown(null, 0, 0));
	fails(EFAULT, truncate(null, 0));
	fails(EFAULT, mknod(null, S_IFREG | 0644, 0));
}

static void forty_symlinks_are_followed(void **state)
{
	(void)state;
	char name[16], target[16];
	struct stat st;

	needs(VFS_CAP_SYMLINKS);
	make("0", "text");
	for (int i = 1; i <= 41; i++) {
		snprintf(name, sizeof name, "%d", i);
		snprintf(target, sizeof target, "%d", i - 1);
		ok(symlink(target, name));
	}
	ok(stat("40", &st));
	assert_int_equal(st.st_size, 4);
	fails(ELOOP, stat("41", &st));
	fails(ELOOP, open("41", O_RDONLY));
	ok(lstat("41", &st));
}

static void symlink_loops_are_eloop(void **state)
{
	(void)state;
	struct stat st;

	needs(VFS_CAP_SYMLINKS);
	ok(symlink("self", "self"));
	ok(symlink("b", "a"));
	ok(symlink("a", "b"));
	fails(ELOOP, stat("self", &st));
	fails(ELOOP, stat("a", &st));
	fails(ELOOP, stat("self/x", &st));
	fails(ELOOP, open("a", O_RDWR | O_CREAT, 0644));
	fails(ELOOP, mkdir("a/x", 0755));
	fails(ELOOP, chdir("self"));
	fails(EEXIST, mkdir("self", 0755));
	ok(unlink("self"));
}

/* The limit is of links in one walk, wherever in the path they are. */
static void symlinks_in_the_middle_count(void **state)
{
	(void)state;
	char path[256] = "";
	struct stat st;

	needs(VFS_CAP_SYMLINKS);
	ok(symlink(".", "l"));
	for (int i = 0; i < 40; i++)
		strcat(path, "l/");
	ok(stat(path, &st));
	strcat(path, "l/");
	fails(ELOOP, stat(path, &st));
}

static void symlinks_may_be_absolute_or_long(void **state)
{
	(void)state;
	char target[PATH_MAX];
	struct stat st;

	needs(VFS_CAP_SYMLINKS);
	make("f", "");
	snprintf(target, sizeof target, "%s", scratch);
	assert_true(strlen(target) < 4000);
	strcat(target, "/f");
	ok(symlink(target, "absolute"));
	ok(stat("absolute", &st));
	memset(target, '/', sizeof target);
	memcpy(target, "./", 2);
	strcpy(target + 4090, "/./f"); /* 4094 bytes */
	ok(symlink(target, "long"));
	ok(stat("long", &st));
	assert_int_equal(stat_of("long").st_size, 4094);
}

static void path_of_4095_bytes_is_the_longest(void **state)
{
	(void)state;
	static char path[PATH_MAX + 2];
	struct stat st;

	make("f", "");
	memset(path, '/', sizeof path);
	path[0] = '.';
	strcpy(path + 4094, "f"); /* 4095 bytes */
	ok(stat(path, &st));
	path[4094] = '/';
	strcpy(path + 4095, "f");
	fails(ENAMETOOLONG, stat(path, &st));
	fails(ENAMETOOLONG, open(path, O_RDONLY));
	fails(ENAMETOOLONG, mkdir(path, 0755));
	fails(ENAMETOOLONG, rename("f", path));
	fails(ENAMETOOLONG, unlink(path));
	fails(ENAMETOOLONG, chdir(path));
	fails(ENAMETOOLONG, symlink(path, "l"));
	memset(path, '/', PATH_MAX);
	fails(ENAMETOOLONG, stat(path, &st));
	fails(ENAMETOOLONG, chdir(path));
	path[PATH_MAX - 1] = 0;
	ok(stat(path, &st));
}

static void name_of_255_bytes_is_the_longest(void **state)
{
	(void)state;
	char name[NAME_MAX + 2] = "";
	struct stat st;

	memset(name, 'n', NAME_MAX);
	make("f", "");
	ok(mkdir(name, 0755));
	ok(rmdir(name));
	ok(link("f", name));
	ok(unlink(name));
	ok(rename("f", name));
	ok(rename(name, "f"));
	name[NAME_MAX] = 'n';
	fails(ENAMETOOLONG, mkdir(name, 0755));
	fails(ENAMETOOLONG, link("f", name));
	fails(ENAMETOOLONG, rename("f", name));
	fails(ENAMETOOLONG, rename(name, "f"));
	fails(ENAMETOOLONG, symlink("f", name));
	fails(ENAMETOOLONG, unlink(name));
	fails(ENAMETOOLONG, rmdir(name));
	fails(ENAMETOOLONG, stat(name, &st));
	fails(ENAMETOOLONG, chmod(name, 0644));
	fails(ENAMETOOLONG, truncate(name, 0));
	fails(ENAMETOOLONG, mknod(name, S_IFREG | 0644, 0));
}

static void names_are_bytes(void **state)
{
	(void)state;
	static const char *const names[] = {
		"sp ace", "new\nline",    "...",  "..x",        ".x",  "\xc3\xa9", "e\xcc\x81", "A",
		"a",      "*?[]\\:|<>\"", "\x7f", "tr ailing ", "con", "x.",
	};
	char text[8];

	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(text, sizeof text, "%d", (int)i);
		make(names[i], text);
	}
	assert_int_equal(entries("."), COUNT(names));
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(text, sizeof text, "%d", (int)i);
		assert_text(names[i], text);
	}
}

static void at_calls_walk_from_the_descriptor(void **state)
{
	(void)state;
	struct stat st;
	char buf[8];

	needs(VFS_CAP_LINKS | VFS_CAP_SYMLINKS);
	ok(mkdir("d", 0755));
	int d = ok(open("d", O_RDONLY | O_DIRECTORY));

	ok(mkdirat(d, "sub", 0755));
	ok(mknodat(d, "node", S_IFREG | 0644, 0));
	ok(symlinkat("node", d, "sym"));
	ok(linkat(d, "node", d, "hard", 0));
	ok(renameat(d, "hard", d, "sub/moved"));
	ok(fstatat(d, "sub/moved", &st, 0));
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(ok(readlinkat(d, "sym", buf, sizeof buf)), 4);
	ok(faccessat(d, "sym", R_OK, 0));
	ok(fchmodat(d, "node", 0600, 0));
	assert_int_equal(mode_of("d/sub/moved"), 0600);
	ok(fchownat(d, "node", -1, -1, 0));
	ok(utimensat(d, "node", NULL, 0));
	ok(unlinkat(d, "sub/moved", 0));
	ok(unlinkat(d, "sub", AT_REMOVEDIR));
	ok(renameat(d, "sym", AT_FDCWD, "sym"));
	assert_true(exists("sym"));
	assert_int_equal(entries("d"), 1);
	ok(close(d));
}

static void at_calls_check_the_descriptor(void **state)
{
	(void)state;
	struct stat st;
	char buf[8];
	int file = open_new("f"), bad[] = {file, -1, 12345}, error[] = {ENOTDIR, EBADF, EBADF};

	for (int i = 0; i < 3; i++) {
		int d = bad[i], e = error[i];

		fails(e, openat(d, "x", O_RDONLY));
		fails(e, mkdirat(d, "x", 0755));
		fails(e, mknodat(d, "x", S_IFREG | 0644, 0));
		fails(e, symlinkat("f", d, "x"));
		fails(e, linkat(d, "x", AT_FDCWD, "y", 0));
		fails(e, linkat(AT_FDCWD, "f", d, "y", 0));
		fails(e, renameat(d, "x", AT_FDCWD, "y"));
		fails(e, renameat(AT_FDCWD, "f", d, "y"));
		fails(e, fstatat(d, "x", &st, 0));
		fails(e, readlinkat(d, "x", buf, sizeof buf));
		fails(e, faccessat(d, "x", F_OK, 0));
		fails(e, fchmodat(d, "x", 0644, 0));
		fails(e, fchownat(d, "x", -1, -1, 0));
		fails(e, utimensat(d, "x", NULL, 0));
		fails(e, unlinkat(d, "x", 0));
		fails(e, unlinkat(d, "x", AT_REMOVEDIR));
	}
	ok(close(file));
}

static void at_empty_path_is_the_descriptor(void **state)
{
	(void)state;
	struct stat st;
	int fd = open_with("f", "text", O_RDONLY);

	ok(fstatat(fd, "", &st, AT_EMPTY_PATH));
	assert_int_equal(st.st_size, 4);
	fails(ENOENT, fstatat(fd, "", &st, 0));
	ok(fstatat(AT_FDCWD, "", &st, AT_EMPTY_PATH));
	assert_true(S_ISDIR(st.st_mode));
	ok(fstatat(AT_FDCWD, "f", &st, AT_EMPTY_PATH));
	ok(fchownat(fd, "", -1, -1, AT_EMPTY_PATH));
	ok(close(fd));
	fails(EBADF, fstatat(fd, "", &st, AT_EMPTY_PATH));
}

static void unknown_flags_are_einval(void **state)
{
	(void)state;
	struct stat st;
	struct timespec times[2] = {0};

	make("f", "");
	fails(EINVAL, fstatat(AT_FDCWD, "f", &st, 0x40000000));
	fails(EINVAL, unlinkat(AT_FDCWD, "f", 0x40000000));
	fails(EINVAL, linkat(AT_FDCWD, "f", AT_FDCWD, "g", 0x40000000));
	fails(EINVAL, fchownat(AT_FDCWD, "f", -1, -1, 0x40000000));
	fails(EINVAL, utimensat(AT_FDCWD, "f", times, 0x40000000));
	fails(EINVAL, faccessat(AT_FDCWD, "f", F_OK, 0x40000000));
	fails(EINVAL, access("f", 8));
#if HAVE_RENAMEAT2
	fails(EINVAL, renameat2(AT_FDCWD, "f", AT_FDCWD, "g", 0x40000000));
#endif
	assert_int_equal(entries("."), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(dots_are_walked),
		TEST(slashes_are_gathered),
		TEST(dotdot_of_root_is_root),
		TEST(dotdot_leaves_the_symlinks_target),
		TEST(trailing_slash_wants_a_directory),
		TEST(trailing_slash_follows_symlink),
		TEST(last_dots_cannot_be_made_or_removed),
		TEST(empty_path_is_enoent),
		TEST(null_path_is_efault),
		TEST(forty_symlinks_are_followed),
		TEST(symlink_loops_are_eloop),
		TEST(symlinks_in_the_middle_count),
		TEST(symlinks_may_be_absolute_or_long),
		TEST(path_of_4095_bytes_is_the_longest),
		TEST(name_of_255_bytes_is_the_longest),
		TEST(names_are_bytes),
		TEST(at_calls_walk_from_the_descriptor),
		TEST(at_calls_check_the_descriptor),
		TEST(at_empty_path_is_the_descriptor),
		TEST(unknown_flags_are_einval),
	};
	return RUN(tests);
}
