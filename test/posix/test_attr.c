/*
 * Attributes: stat and its kin, modes, owners, umask, access, statfs.
 */
#include "fixture.h"

static void stat_fstat_and_fstatat_agree(void **state)
{
	(void)state;
	struct stat a, b, c;
	int fd = open_with("f", "text", O_RDONLY);

	ok(stat("f", &a));
	ok(fstat(fd, &b));
	ok(fstatat(AT_FDCWD, "f", &c, AT_SYMLINK_NOFOLLOW));
	assert_int_equal(a.st_ino, b.st_ino);
	assert_int_equal(a.st_ino, c.st_ino);
	assert_int_equal(a.st_dev, b.st_dev);
	assert_int_equal(a.st_mode, b.st_mode);
	assert_int_equal(a.st_size, 4);
	assert_int_equal(b.st_size, 4);
	assert_int_equal(a.st_nlink, 1);
	assert_true(a.st_blksize > 0);
	assert_int_equal(a.st_rdev, 0);
	ok(close(fd));
}

static void inodes_are_unique_and_stable(void **state)
{
	(void)state;
	make("a", "");
	make("b", "");
	ok(mkdir("d", 0755));
	struct stat a = stat_of("a"), b = stat_of("b"), d = stat_of("d");

	assert_int_not_equal(a.st_ino, b.st_ino);
	assert_int_not_equal(a.st_ino, d.st_ino);
	assert_int_not_equal(a.st_ino, 0);
	assert_int_equal(a.st_dev, d.st_dev);
	ok(rename("a", "d/c"));
	assert_int_equal(stat_of("d/c").st_ino, a.st_ino);
}

static void stat_follows_symlinks_and_lstat_does_not(void **state)
{
	(void)state;
	struct stat st;

	needs(VFS_CAP_SYMLINKS);
	make("f", "text");
	ok(symlink("f", "l"));
	ok(symlink("missing", "m"));
	ok(stat("l", &st));
	assert_true(S_ISREG(st.st_mode));
	ok(lstat("l", &st));
	assert_true(S_ISLNK(st.st_mode));
	fails(ENOENT, stat("m", &st));
	ok(lstat("m", &st));
	ok(fstatat(AT_FDCWD, "l", &st, 0));
	assert_true(S_ISREG(st.st_mode));
	ok(fstatat(AT_FDCWD, "l", &st, AT_SYMLINK_NOFOLLOW));
	assert_true(S_ISLNK(st.st_mode));
}

static void fstat_checks_the_descriptor(void **state)
{
	(void)state;
	struct stat st;

	fails(EBADF, fstat(-1, &st));
	fails(EBADF, fstat(12345, &st));
}

static void blocks_cover_what_was_written(void **state)
{
	(void)state;
	static char buf[1 << 20];
	int fd = open_new("f");

	memset(buf, 1, sizeof buf);
	assert_int_equal(fstat_of(fd).st_blocks, 0);
	assert_int_equal(ok(write(fd, buf, sizeof buf)), sizeof buf);
	assert_true(fstat_of(fd).st_blocks >= (blkcnt_t)(sizeof buf / 512));
	assert_true(fstat_of(fd).st_blocks < (blkcnt_t)(sizeof buf / 256));
	ok(close(fd));
}

static void chmod_sets_all_bits(void **state)
{
	(void)state;
	static const mode_t modes[] = {0, 0777, 0644, 04755, 02755, 01777, 07777, 0200};

	needs(VFS_CAP_MODES);
	make("f", "");
	ok(mkdir("d", 0755));
	int fd = ok(open("f", O_RDONLY));

	for (size_t i = 0; i < COUNT(modes); i++) {
		ok(chmod("f", modes[i]));
		assert_int_equal(mode_of("f"), modes[i]);
		ok(fchmod(fd, modes[COUNT(modes) - 1 - i]));
		assert_int_equal(mode_of("f"), modes[COUNT(modes) - 1 - i]);
		ok(fchmodat(AT_FDCWD, "f", modes[i], 0));
		assert_int_equal(mode_of("f"), modes[i]);
		ok(chmod("d", modes[i]));
		assert_int_equal(mode_of("d"), modes[i]);
	}
	ok(chmod("f", S_IFDIR | 0644)); /* the type is not chmod's to change */
	assert_int_equal(stat_of("f").st_mode, S_IFREG | 0644);
	ok(close(fd));
}

static void chmod_checks_arguments(void **state)
{
	(void)state;
	fails(ENOENT, chmod("missing", 0644));
	fails(ENOENT, fchmodat(AT_FDCWD, "missing", 0644, 0));
	fails(EBADF, fchmod(-1, 0644));
	fails(EINVAL, fchmodat(AT_FDCWD, ".", 0755, 0x40000000));
}

static void chmod_follows_symlinks(void **state)
{
	(void)state;
	needs(VFS_CAP_MODES | VFS_CAP_SYMLINKS);
	make("f", "");
	ok(symlink("f", "l"));
	ok(symlink("missing", "m"));
	ok(chmod("l", 0600));
	assert_int_equal(mode_of("f"), 0600);
	assert_int_equal(mode_of("l"), 0777);
	fails(ENOENT, chmod("m", 0600));
	ok(fchmodat(AT_FDCWD, "f", 0640, AT_SYMLINK_NOFOLLOW));
	assert_int_equal(mode_of("f"), 0640);
	fails(EOPNOTSUPP, fchmodat(AT_FDCWD, "l", 0600, AT_SYMLINK_NOFOLLOW));
}

static void chown_sets_what_is_not_minus_one(void **state)
{
	(void)state;
	needs(VFS_CAP_MODES);
	needs_root();
	int fd = open_with("f", "", O_RDONLY);

	ok(chown("f", 1000, 1001));
	assert_int_equal(stat_of("f").st_uid, 1000);
	assert_int_equal(stat_of("f").st_gid, 1001);
	ok(chown("f", -1, 1002));
	assert_int_equal(stat_of("f").st_uid, 1000);
	assert_int_equal(stat_of("f").st_gid, 1002);
	ok(fchown(fd, 1003, -1));
	assert_int_equal(stat_of("f").st_uid, 1003);
	assert_int_equal(stat_of("f").st_gid, 1002);
	ok(fchownat(AT_FDCWD, "f", 1, 2, 0));
	assert_int_equal(stat_of("f").st_uid, 1);
	assert_int_equal(stat_of("f").st_gid, 2);
	ok(fchownat(fd, "", 3, 4, AT_EMPTY_PATH));
	assert_int_equal(stat_of("f").st_uid, 3);
	ok(chown("f", -1, -1));
	assert_int_equal(stat_of("f").st_gid, 4);
	ok(close(fd));
	fails(EBADF, fchown(fd, 0, 0));
	fails(ENOENT, chown("missing", 0, 0));
}

static void chown_follows_symlinks_and_lchown_does_not(void **state)
{
	(void)state;
	needs(VFS_CAP_MODES | VFS_CAP_SYMLINKS);
	needs_root();
	make("f", "");
	ok(symlink("f", "l"));
	ok(chown("l", 1, 1));
	ok(lchown("l", 2, 2));
	assert_int_equal(stat_of("f").st_uid, 1);
	assert_int_equal(stat_of("l").st_uid, 2);
	ok(fchownat(AT_FDCWD, "l", 3, 3, AT_SYMLINK_NOFOLLOW));
	assert_int_equal(stat_of("f").st_uid, 1);
	assert_int_equal(stat_of("l").st_uid, 3);
}

/* Linux: for everyone, root too, and even where nothing changes; not for
 * directories, and setgid without group execution is no privilege. */
static void chown_takes_privileges_from_files(void **state)
{
	(void)state;
	needs(VFS_CAP_MODES);
	needs_root();
	make("f", "");
	ok(mkdir("d", 0755));
	ok(chmod("f", 06755));
	ok(chown("f", 1000, 1000));
	assert_int_equal(mode_of("f"), 0755);
	ok(chmod("f", 06755));
	ok(chown("f", -1, 1000));
	assert_int_equal(mode_of("f"), 0755);
	ok(chmod("d", 06755));
	ok(chown("d", 1000, 1000));
	assert_int_equal(mode_of("d"), 06755);
}

static void umask_takes_bits_from_new_files(void **state)
{
	(void)state;
	needs(VFS_CAP_MODES);
	assert_int_equal(umask(027), 022);
	ok(close(ok(open("f", O_CREAT | O_RDWR, 0777))));
	ok(mkdir("d", 0777));
	ok(mknod("n", S_IFREG | 0666, 0));
	assert_int_equal(mode_of("f"), 0750);
	assert_int_equal(mode_of("d"), 0750);
	assert_int_equal(mode_of("n"), 0640);
	ok(chmod("f", 0777)); /* but not from chmod */
	assert_int_equal(mode_of("f"), 0777);
	assert_int_equal(umask(07777), 027);
	assert_int_equal(umask(022), 0777); /* permissions only */
}

static void new_files_take_special_bits(void **state)
{
	(void)state;
	needs(VFS_CAP_MODES);
	ok(close(ok(open("f", O_CREAT | O_RDWR, 07777))));
	ok(mkdir("d", 07777));
	assert_int_equal(mode_of("f"), 07755);
	assert_int_equal(mode_of("d") & 01777, 01755); /* setuid and setgid: no matter */
}

static void setgid_directories_give_their_group(void **state)
{
	(void)state;
	needs(VFS_CAP_MODES);
	needs_root();
	ok(mkdir("d", 0755));
	ok(chown("d", 0, 1234));
	ok(chmod("d", 02755));
	make("d/f", "");
	ok(mkdir("d/e", 0755));
	ok(mknod("d/n", S_IFREG | 0644, 0));
	assert_int_equal(stat_of("d/f").st_gid, 1234);
	assert_int_equal(mode_of("d/f"), 0644);
	assert_int_equal(stat_of("d/e").st_gid, 1234);
	assert_int_equal(mode_of("d/e"), 02755);
	assert_int_equal(stat_of("d/n").st_gid, 1234);
	ok(close(ok(open("d/g", O_CREAT | O_RDWR, 02755))));
	assert_int_equal(stat_of("d/g").st_gid, 1234);
	assert_int_equal(mode_of("d/g"), 02755); /* root may, in any group */
	needs(VFS_CAP_SYMLINKS);
	ok(symlink("x", "d/l"));
	assert_int_equal(stat_of("d/l").st_gid, 1234);
}

static void access_answers_by_mode(void **state)
{
	(void)state;
	needs(VFS_CAP_MODES);
	make("f", "");
	ok(access("f", F_OK));
	ok(access("f", R_OK | W_OK));
	fails(EACCES, access("f", X_OK));
	fails(EACCES, access("f", R_OK | X_OK));
	ok(chmod("f", 0755));
	ok(access("f", R_OK | W_OK | X_OK));
	ok(access(".", R_OK | W_OK | X_OK));
	ok(faccessat(AT_FDCWD, "f", R_OK, AT_EACCESS));
}

static void access_checks_arguments(void **state)
{
	(void)state;
	make("f", "");
	fails(ENOENT, access("missing", F_OK));
	fails(ENOTDIR, access("f/x", F_OK));
	fails(EINVAL, access("f", 0100));
	needs(VFS_CAP_SYMLINKS);
	ok(symlink("missing", "l"));
	fails(ENOENT, access("l", F_OK));
	ok(faccessat(AT_FDCWD, "l", F_OK, AT_SYMLINK_NOFOLLOW));
}

static void statfs_describes_the_filesystem(void **state)
{
	(void)state;
	struct statfs a, b;
	int fd = open_with("f", "text", O_RDONLY);

	ok(statfs("f", &a));
	ok(fstatfs(fd, &b));
	assert_int_equal(a.f_type, b.f_type);
	assert_int_equal(a.f_namelen, NAME_MAX);
	assert_true(a.f_bsize > 0);
	assert_true(a.f_blocks > 0);
	assert_true(a.f_bfree <= a.f_blocks);
	assert_true(a.f_bavail <= a.f_bfree);
	assert_true(a.f_ffree <= a.f_files);
	ok(close(fd));
	fails(EBADF, fstatfs(fd, &b));
	fails(ENOENT, statfs("missing", &a));
#if !MUSL /* it clears the structure itself */
	fails(EFAULT, statfs("f", nowhere));
#endif
}

/* Capability CAP_FSETID; the library's superuser is as Linux's. */
static void writing_as_root_keeps_privileges(void **state)
{
	(void)state;
	needs(VFS_CAP_MODES);
	needs_root();
	make("f", "");
	ok(chmod("f", 06755));
	int fd = ok(open("f", O_WRONLY));

	assert_int_equal(ok(write(fd, "x", 1)), 1);
	assert_int_equal(mode_of("f"), 06755);
	ok(close(fd));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(stat_fstat_and_fstatat_agree),
		TEST(inodes_are_unique_and_stable),
		TEST(stat_follows_symlinks_and_lstat_does_not),
		TEST(fstat_checks_the_descriptor),
		TEST(blocks_cover_what_was_written),
		TEST(chmod_sets_all_bits),
		TEST(chmod_checks_arguments),
		TEST(chmod_follows_symlinks),
		TEST(chown_sets_what_is_not_minus_one),
		TEST(chown_follows_symlinks_and_lchown_does_not),
		TEST(chown_takes_privileges_from_files),
		TEST(umask_takes_bits_from_new_files),
		TEST(new_files_take_special_bits),
		TEST(setgid_directories_give_their_group),
		TEST(access_answers_by_mode),
		TEST(access_checks_arguments),
		TEST(statfs_describes_the_filesystem),
		TEST(writing_as_root_keeps_privileges),
	};
	return RUN(tests);
}
