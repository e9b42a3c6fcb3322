/*
 * Permissions, as an ordinary user: uid and gid 1000, in no other group. The
 * superuser makes the files. Skipped where the effective user cannot change.
 */
#include "fixture.h"

enum { USER = 1000, GROUP = 1000, OTHER = 1001 };

/* A file of somebody's with a mode, in a directory where all may do all. */
static void make_of(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	make(path, "text");
	ok(chown(path, uid, gid));
	ok(chmod(path, mode));
}

static void as_user(void)
{
	become(USER, GROUP);
}

static void as_root(void)
{
	become(0, 0);
}

static void start(void)
{
	needs_users();
	ok(chmod(".", 0777));
}

/* 0 or the errno. */
static int try_open(const char *path, int flags)
{
	int fd = open(path, flags);

	return fd < 0 ? errno : close(fd);
}

static void open_follows_the_class_of_the_user(void **state)
{
	(void)state;
	static const struct {
		uid_t uid;
		gid_t gid;
		mode_t mode;
		int r, w;
	} files[] = {
		{USER, OTHER, 0400, 0, EACCES},       {USER, OTHER, 0200, EACCES, 0},
		{USER, GROUP, 0077, EACCES, EACCES},  {OTHER, GROUP, 0040, 0, EACCES},
		{OTHER, GROUP, 0020, EACCES, 0},      {OTHER, GROUP, 0707, EACCES, EACCES},
		{OTHER, OTHER, 0004, 0, EACCES},      {OTHER, OTHER, 0002, EACCES, 0},
		{OTHER, OTHER, 0770, EACCES, EACCES}, {USER, GROUP, 0600, 0, 0},
	};
	char name[16];

	start();
	for (size_t i = 0; i < COUNT(files); i++) {
		int r, w;

		snprintf(name, sizeof name, "f%d", (int)i);
		make_of(name, files[i].uid, files[i].gid, files[i].mode);
		as_user();
		r = try_open(name, O_RDONLY);
		w = try_open(name, O_WRONLY);
		if (r != files[i].r || w != files[i].w) {
			print_error("%o of %d:%d: read %d, write %d\n", (unsigned)files[i].mode,
				    (int)files[i].uid, (int)files[i].gid, r, w);
			fail();
		}
		assert_int_equal(try_open(name, O_RDWR), r || w ? EACCES : 0);
		assert_int_equal(faccessat(AT_FDCWD, name, R_OK, AT_EACCESS) ? errno : 0, r);
		assert_int_equal(faccessat(AT_FDCWD, name, W_OK, AT_EACCESS) ? errno : 0, w);
		as_root();
	}
}

static void descriptors_keep_what_open_allowed(void **state)
{
	(void)state;
	start();
	make_of("f", USER, GROUP, 0600);
	as_user();
	int fd = ok(open("f", O_RDWR));

	ok(chmod("f", 0));
	assert_int_equal(ok(write(fd, "x", 1)), 1);
	fails(EACCES, open("f", O_RDONLY));
	ok(close(fd));
}

static void walking_needs_search_permission(void **state)
{
	(void)state;
	struct stat st;

	start();
	ok(mkdir("d", 0755));
	make_of("d/f", USER, GROUP, 0644);
	ok(chmod("d", 0744)); /* may be listed, not searched */
	as_user();
	assert_int_equal(entries("d"), 1);
	fails(EACCES, stat("d/f", &st));
	fails(EACCES, stat("d/missing", &st));
	fails(EACCES, stat("d/.", &st));
	fails(EACCES, open("d/f", O_RDONLY));
	fails(EACCES, chdir("d"));
	fails(EACCES, unlink("d/f"));
	fails(EACCES, rename("d/f", "g"));
	fails(EACCES, link("d/f", "g"));
	fails(EACCES, truncate("d/f", 0));
	fails(EACCES, chmod("d/f", 0600));
	ok(stat("d", &st));
	int fd = ok(open("d", O_RDONLY));

	fails(EACCES, fchdir(fd));
	fails(EACCES, openat(fd, "f", O_RDONLY));
	ok(close(fd));
}

static void listing_needs_read_permission(void **state)
{
	(void)state;
	start();
	ok(mkdir("d", 0755));
	make_of("d/f", USER, GROUP, 0644);
	ok(chmod("d", 0711));
	as_user();
	fails_null(EACCES, opendir("d"));
	assert_text("d/f", "text");
	ok(close(ok(open("d", O_PATH))));
}

static void names_need_write_permission_of_the_directory(void **state)
{
	(void)state;
	start();
	ok(mkdir("d", 0755));
	make_of("d/f", USER, GROUP, 0644);
	ok(mkdir("d/e", 0755));
	ok(chown("d/e", USER, GROUP));
	make_of("g", USER, GROUP, 0644);
	as_user();
	fails(EACCES, open("d/new", O_CREAT | O_RDWR, 0644));
	fails(EACCES, open("d", O_TMPFILE | O_RDWR, 0644));
	fails(EACCES, mkdir("d/new", 0755));
	fails(EACCES, mknod("d/new", S_IFREG | 0644, 0));
	fails(EACCES, symlink("x", "d/new"));
	fails(EACCES, link("g", "d/new"));
	fails(EACCES, unlink("d/f"));
	fails(EACCES, rmdir("d/e"));
	fails(EACCES, rename("d/f", "new"));
	fails(EACCES, rename("g", "d/f"));
	fails(EACCES, rename("d/f", "d/new"));
	/* What can be told without the permission is told first. */
	fails(EEXIST, mkdir("d/e", 0755));
	fails(EEXIST, open("d/f", O_CREAT | O_EXCL | O_RDWR, 0644));
	fails(ENOENT, unlink("d/missing"));
	ok(close(ok(open("d/f", O_CREAT | O_RDWR, 0644))));
}

static void unlink_needs_nothing_of_the_file(void **state)
{
	(void)state;
	start();
	make_of("f", OTHER, OTHER, 0);
	as_user();
	ok(unlink("f"));
}

static void sticky_directories_keep_others_files(void **state)
{
	(void)state;
	start();
	ok(mkdir("d", 0755));
	ok(chmod("d", 01777));
	make_of("d/theirs", OTHER, OTHER, 0666);
	make_of("d/mine", USER, GROUP, 0666);
	ok(mkdir("d/dir", 0777));
	as_user();
	fails(EPERM, unlink("d/theirs"));
	fails(EPERM, rename("d/theirs", "d/x"));
	fails(EPERM, rename("d/mine", "d/theirs"));
	fails(EPERM, rmdir("d/dir"));
	ok(rename("d/mine", "d/mine2"));
	ok(unlink("d/mine2"));
	as_root();
	ok(chown("d", USER, GROUP)); /* the directory's owner may */
	as_user();
	ok(unlink("d/theirs"));
}

static void only_the_owner_may_chmod(void **state)
{
	(void)state;
	start();
	make_of("theirs", OTHER, GROUP, 0666);
	make_of("mine", USER, OTHER, 0644);
	as_user();
	fails(EPERM, chmod("theirs", 0644));
	int fd = ok(open("theirs", O_RDWR));

	fails(EPERM, fchmod(fd, 0644));
	ok(close(fd));
	ok(chmod("mine", 0600));
	ok(chmod("mine", 06755)); /* setgid is lost: not in the file's group */
	assert_int_equal(mode_of("mine"), 04755);
}

static void chown_is_for_the_superuser(void **state)
{
	(void)state;
	start();
	make_of("mine", USER, OTHER, 06755);
	make_of("theirs", OTHER, GROUP, 0666);
	as_user();
	fails(EPERM, chown("mine", OTHER, -1));
	fails(EPERM, chown("mine", -1, 4321));
	fails(EPERM, chown("theirs", -1, GROUP));
	fails(EPERM, chown("theirs", USER, -1));
	ok(chown("mine", USER, -1)); /* to what it is, and its group to one's own */
	ok(chown("mine", -1, GROUP));
	assert_int_equal(stat_of("mine").st_gid, GROUP);
	assert_int_equal(mode_of("mine"), 0755);
}

static void new_files_belong_to_the_user(void **state)
{
	(void)state;
	start();
	ok(mkdir("d", 0755));
	ok(chown("d", 0, OTHER));
	ok(chmod("d", 02777));
	as_user();
	make("f", "");
	ok(mkdir("e", 0755));
	assert_int_equal(stat_of("f").st_uid, USER);
	assert_int_equal(stat_of("f").st_gid, GROUP);
	assert_int_equal(stat_of("e").st_uid, USER);
	/* In a setgid directory the group is the directory's; setgid with group
	 * execution is not given to one who is not in that group. */
	ok(close(ok(open("d/f", O_CREAT | O_RDWR, 02755))));
	assert_int_equal(stat_of("d/f").st_gid, OTHER);
	assert_int_equal(mode_of("d/f"), 0755);
}

static void writing_takes_privileges_from_files(void **state)
{
	(void)state;
	start();
	as_user();
	for (int i = 0; i < 3; i++) {
		make("f", "text");
		ok(chmod("f", 06777));
		int fd = ok(open("f", O_RDWR));

		if (i == 0)
			assert_int_equal(ok(write(fd, "x", 1)), 1);
		else if (i == 1)
			ok(ftruncate(fd, 0));
		else
			ok(truncate("f", 1));
		assert_int_equal(mode_of("f"), 0777);
		ok(close(fd));
	}
}

static void utimensat_needs_the_owner_or_write_permission(void **state)
{
	(void)state;
	struct timespec times[2] = {{1, 0}, {2, 0}};
	struct timespec now_now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
	struct timespec now_omit[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};

	start();
	make_of("mine", USER, GROUP, 0);
	make_of("writable", OTHER, OTHER, 0666);
	make_of("theirs", OTHER, OTHER, 0644);
	as_user();
	ok(utimensat(AT_FDCWD, "mine", times, 0));
	ok(utimensat(AT_FDCWD, "mine", NULL, 0));
	ok(utimensat(AT_FDCWD, "writable", NULL, 0));
	ok(utimensat(AT_FDCWD, "writable", now_now, 0));
	fails(EPERM, utimensat(AT_FDCWD, "writable", times, 0));
	fails(EPERM, utimensat(AT_FDCWD, "writable", now_omit, 0));
	fails(EACCES, utimensat(AT_FDCWD, "theirs", NULL, 0));
	fails(EPERM, utimensat(AT_FDCWD, "theirs", times, 0));
	struct stat st = stat_of("theirs");

	tick();
	fails(EACCES, utimensat(AT_FDCWD, "theirs", now_now, 0));
	assert_int_equal(compare_times(stat_of("theirs").st_mtim, st.st_mtim), 0);
	assert_int_equal(compare_times(stat_of("theirs").st_ctim, st.st_ctim), 0);
}

static void truncate_needs_write_permission(void **state)
{
	(void)state;
	start();
	make_of("f", OTHER, OTHER, 0644);
	as_user();
	fails(EACCES, truncate("f", 0));
	fails(EACCES, open("f", O_RDONLY | O_TRUNC));
	assert_text("f", "text");
}

static void o_noatime_is_for_the_owner(void **state)
{
	(void)state;
	start();
	make_of("theirs", OTHER, OTHER, 0644);
	make_of("mine", USER, GROUP, 0644);
	as_user();
	fails(EPERM, open("theirs", O_RDONLY | O_NOATIME));
	int theirs = ok(open("theirs", O_RDONLY)), mine = ok(open("mine", O_RDONLY | O_NOATIME));

	fails(EPERM, fcntl(theirs, F_SETFL, O_NOATIME));
	ok(fcntl(mine, F_SETFL, 0));
	ok(fcntl(mine, F_SETFL, O_NOATIME));
	ok(close(theirs));
	ok(close(mine));
}

static void devices_are_for_the_superuser(void **state)
{
	(void)state;
	start();
	as_user();
	fails(EPERM, mknod("n", S_IFCHR | 0666, makedev(1, 3)));
	ok(mknod("r", S_IFREG | 0644, 0));
}

static void renaming_a_directory_needs_its_write_permission(void **state)
{
	(void)state;
	start();
	ok(mkdir("a", 0777));
	ok(mkdir("b", 0777));
	ok(chmod("a", 0777));
	ok(chmod("b", 0777));
	ok(mkdir("a/d", 0755)); /* its ".." would have to change */
	as_user();
	fails(EACCES, rename("a/d", "b/d"));
	ok(rename("a/d", "a/e")); /* here it does not */
}

static void access_asks_for_the_effective_user_when_told(void **state)
{
	(void)state;
	start();
	make_of("f", OTHER, OTHER, 0600);
	make_of("x", OTHER, OTHER, 0755);
	as_user();
	ok(faccessat(AT_FDCWD, "f", F_OK, AT_EACCESS));
	fails(EACCES, faccessat(AT_FDCWD, "f", R_OK, AT_EACCESS));
	fails(EACCES, faccessat(AT_FDCWD, "x", R_OK | W_OK, AT_EACCESS));
	ok(faccessat(AT_FDCWD, "x", R_OK | X_OK, AT_EACCESS));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(open_follows_the_class_of_the_user),
		TEST(descriptors_keep_what_open_allowed),
		TEST(walking_needs_search_permission),
		TEST(listing_needs_read_permission),
		TEST(names_need_write_permission_of_the_directory),
		TEST(unlink_needs_nothing_of_the_file),
		TEST(sticky_directories_keep_others_files),
		TEST(only_the_owner_may_chmod),
		TEST(chown_is_for_the_superuser),
		TEST(new_files_belong_to_the_user),
		TEST(writing_takes_privileges_from_files),
		TEST(utimensat_needs_the_owner_or_write_permission),
		TEST(truncate_needs_write_permission),
		TEST(o_noatime_is_for_the_owner),
		TEST(devices_are_for_the_superuser),
		TEST(renaming_a_directory_needs_its_write_permission),
		TEST(access_asks_for_the_effective_user_when_told),
	};
	return RUN(tests);
}
