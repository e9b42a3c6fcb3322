/*
 * Names of files: link, unlink and life after it, symlink, readlink.
 */
#include "fixture.h"

static void link_is_a_second_name(void **state)
{
	(void)state;
	needs(VFS_CAP_LINKS);
	make("a", "text");
	ok(link("a", "b"));
	struct stat a = stat_of("a"), b = stat_of("b");

	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(a.st_nlink, 2);
	assert_int_equal(b.st_nlink, 2);
	int fd = ok(open("b", O_WRONLY | O_TRUNC));

	assert_int_equal(ok(write(fd, "new", 3)), 3);
	ok(close(fd));
	assert_text("a", "new");
	ok(unlink("a"));
	assert_int_equal(stat_of("b").st_nlink, 1);
	assert_text("b", "new");
}

static void link_checks_paths(void **state)
{
	(void)state;
	needs(VFS_CAP_LINKS);
	make("a", "");
	make("b", "");
	ok(mkdir("d", 0755));
	fails(EEXIST, link("a", "b"));
	fails(EEXIST, link("a", "a"));
	fails(EEXIST, link("a", "d"));
	fails(EEXIST, link("a", "."));
	fails(ENOENT, link("missing", "c"));
	fails(ENOENT, link("a", "missing/c"));
	fails(ENOTDIR, link("a", "b/c"));
	fails(EPERM, link("d", "e"));
	fails(EPERM, link(".", "e"));
	fails(EXDEV, link("a", "/dev/vfsfs-test"));
	assert_int_equal(stat_of("a").st_nlink, 1);
	assert_int_equal(entries("."), 3);
}

static void link_does_not_follow_symlinks(void **state)
{
	(void)state;
	needs(VFS_CAP_LINKS | VFS_CAP_SYMLINKS);
	make("f", "");
	ok(symlink("f", "l"));
	ok(link("l", "m"));
	assert_true(S_ISLNK(stat_of("m").st_mode));
	assert_int_equal(stat_of("l").st_nlink, 2);
	assert_int_equal(stat_of("f").st_nlink, 1);
	fails(EEXIST, link("f", "l"));
}

static void linkat_follows_when_told(void **state)
{
	(void)state;
	needs(VFS_CAP_LINKS | VFS_CAP_SYMLINKS);
	make("f", "");
	ok(symlink("f", "l"));
	ok(linkat(AT_FDCWD, "l", AT_FDCWD, "g", AT_SYMLINK_FOLLOW));
	assert_int_equal(stat_of("g").st_ino, stat_of("f").st_ino);
	ok(linkat(AT_FDCWD, "l", AT_FDCWD, "m", 0));
	assert_int_equal(stat_of("m").st_ino, stat_of("l").st_ino);
}

static void linkat_empty_path_names_the_descriptor(void **state)
{
	(void)state;
	needs(VFS_CAP_LINKS);
	needs_root();
	int fd = open_with("f", "text", O_RDONLY);

	fails(ENOENT, linkat(fd, "", AT_FDCWD, "g", 0));
	ok(linkat(fd, "", AT_FDCWD, "g", AT_EMPTY_PATH));
	assert_int_equal(fstat_of(fd).st_nlink, 2);
	ok(unlink("f"));
	ok(unlink("g"));
	fails(ENOENT, linkat(fd, "", AT_FDCWD, "h", AT_EMPTY_PATH)); /* gone is gone */
	ok(close(fd));
}

static void a_thousand_links_are_counted(void **state)
{
	(void)state;
	char name[16];

	needs(VFS_CAP_LINKS);
	make("f", "text");
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "l%d", i);
		ok(link("f", name));
	}
	assert_int_equal(stat_of("f").st_nlink, 1001);
	for (int i = 0; i < 999; i++) {
		snprintf(name, sizeof name, "l%d", i);
		ok(unlink(name));
	}
	ok(unlink("f"));
	assert_text("l999", "text");
	assert_int_equal(stat_of("l999").st_nlink, 1);
}

static void unlink_removes_the_name(void **state)
{
	(void)state;
	make("f", "");
	ok(unlink("f"));
	assert_false(exists("f"));
	fails(ENOENT, unlink("f"));
	make("f", "anew");
	assert_text("f", "anew");
}

static void unlink_keeps_open_file(void **state)
{
	(void)state;
	int fd = open_with("f", "text", O_RDWR);

	ok(unlink("f"));
	assert_int_equal(fstat_of(fd).st_nlink, 0);
	assert_fd_text(fd, "text");
	assert_int_equal(ok(pwrite(fd, "+more", 5, 4)), 5);
	ok(ftruncate(fd, 7));
	assert_fd_text(fd, "text+mo");
	ok(fchmod(fd, 0600));
	ok(fsync(fd));
	make("f", "another"); /* the same name again is another file */
	assert_fd_text(fd, "text+mo");
	assert_int_not_equal(stat_of("f").st_ino, fstat_of(fd).st_ino);
	ok(close(fd));
	assert_text("f", "another");
}

static void unlink_checks_paths(void **state)
{
	(void)state;
	make("f", "");
	ok(mkdir("d", 0755));
	fails(EISDIR, unlink("d")); /* Linux; POSIX has EPERM */
	fails(ENOENT, unlink("missing"));
	fails(ENOENT, unlink("missing/x"));
	fails(ENOTDIR, unlink("f/x"));
	fails(ENOTDIR, unlinkat(AT_FDCWD, "f", AT_REMOVEDIR));
	fails(EISDIR, unlinkat(AT_FDCWD, "d", 0));
	ok(unlinkat(AT_FDCWD, "d", AT_REMOVEDIR));
	ok(unlinkat(AT_FDCWD, "f", 0));
}

static void unlink_of_a_symlink_keeps_its_target(void **state)
{
	(void)state;
	needs(VFS_CAP_SYMLINKS);
	make("f", "text");
	ok(mkdir("d", 0755));
	ok(symlink("f", "l"));
	ok(symlink("d", "m"));
	ok(unlink("l"));
	ok(unlink("m"));
	assert_text("f", "text");
	assert_true(exists("d"));
}

static void symlink_keeps_its_target_as_given(void **state)
{
	(void)state;
	static const char *const targets[] = {"f", "missing", "../..//x/./", "/", "a b\nc", "."};
	char buf[64];

	needs(VFS_CAP_SYMLINKS);
	for (size_t i = 0; i < COUNT(targets); i++) {
		size_t len = strlen(targets[i]);

		ok(symlink(targets[i], "l"));
		assert_int_equal(ok(readlink("l", buf, sizeof buf)), len);
		assert_memory_equal(buf, targets[i], len);
		assert_int_equal(stat_of("l").st_size, len);
		assert_true(S_ISLNK(stat_of("l").st_mode));
		assert_int_equal(mode_of("l"), 0777);
		ok(unlink("l"));
	}
}

static void symlink_checks_paths(void **state)
{
	(void)state;
	char target[PATH_MAX + 1];

	needs(VFS_CAP_SYMLINKS);
	make("f", "");
	ok(symlink("x", "l"));
	fails(EEXIST, symlink("x", "f"));
	fails(EEXIST, symlink("x", "l"));
	fails(EEXIST, symlink("x", "."));
	fails(ENOENT, symlink("x", "missing/l"));
	fails(ENOTDIR, symlink("x", "f/l"));
	fails(ENOENT, symlink("", "m"));
	memset(target, 't', PATH_MAX);
	target[PATH_MAX] = 0;
	fails(ENAMETOOLONG, symlink(target, "m"));
	target[PATH_MAX - 1] = 0;
	ok(symlink(target, "m"));
	assert_int_equal(stat_of("m").st_size, PATH_MAX - 1);
}

static void symlink_is_resolved_where_it_stands(void **state)
{
	(void)state;
	char c;

	needs(VFS_CAP_SYMLINKS);
	ok(mkdir("d", 0755));
	make("d/f", "d");
	make("f", "top");
	ok(symlink("f", "d/l"));
	int fd = ok(open("d/l", O_RDONLY));

	assert_int_equal(ok(read(fd, &c, 1)), 1);
	assert_int_equal(c, 'd');
	ok(close(fd));
}

static void readlink_cuts_to_the_buffer(void **state)
{
	(void)state;
	char buf[8] = "xxxxxxx";

	needs(VFS_CAP_SYMLINKS);
	ok(symlink("target", "l"));
	assert_int_equal(ok(readlink("l", buf, 3)), 3);
	assert_memory_equal(buf, "tarxxxx", 7); /* and adds no NUL */
	assert_int_equal(ok(readlink("l", buf, 6)), 6);
	assert_memory_equal(buf, "targetx", 7);
}

static void readlink_checks_arguments(void **state)
{
	(void)state;
	char buf[8];

	make("f", "");
	fails(EINVAL, readlink("f", buf, sizeof buf));
	fails(EINVAL, readlink(".", buf, sizeof buf));
	fails(ENOENT, readlink("missing", buf, sizeof buf));
	fails(ENOTDIR, readlink("f/x", buf, sizeof buf));
	needs(VFS_CAP_SYMLINKS);
	ok(symlink("target", "l"));
	fails(EFAULT, readlink("l", nowhere, 8));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(link_is_a_second_name),
		TEST(link_checks_paths),
		TEST(link_does_not_follow_symlinks),
		TEST(linkat_follows_when_told),
		TEST(linkat_empty_path_names_the_descriptor),
		TEST(a_thousand_links_are_counted),
		TEST(unlink_removes_the_name),
		TEST(unlink_keeps_open_file),
		TEST(unlink_checks_paths),
		TEST(unlink_of_a_symlink_keeps_its_target),
		TEST(symlink_keeps_its_target_as_given),
		TEST(symlink_checks_paths),
		TEST(symlink_is_resolved_where_it_stands),
		TEST(readlink_cuts_to_the_buffer),
		TEST(readlink_checks_arguments),
	};
	return RUN(tests);
}
