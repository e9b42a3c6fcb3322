/*
 * open, openat and close: every flag, and what open refuses.
 */
#include "fixture.h"

static void open_creates_empty_file_with_mode(void **state)
{
	(void)state;
	int fd = ok(open("f", O_CREAT | O_WRONLY, 0666));
	struct stat st = fstat_of(fd);

	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(st.st_uid, geteuid());
	ok(close(fd));
}

static void open_o_creat_keeps_existing_file(void **state)
{
	(void)state;
	make("f", "text");
	int fd = ok(open("f", O_CREAT | O_RDWR, 0600));

	assert_fd_text(fd, "text");
	assert_int_equal(mode_of("f"), 0644);
	ok(close(fd));
}

static void open_o_excl_refuses_existing(void **state)
{
	(void)state;
	make("f", "");
	ok(mkdir("d", 0755));
	fails(EEXIST, open("f", O_CREAT | O_EXCL | O_RDWR, 0644));
	fails(EEXIST, open("d", O_CREAT | O_EXCL | O_RDWR, 0644));
	fails(EEXIST, open(".", O_CREAT | O_EXCL | O_RDWR, 0644));
	ok(close(ok(open("g", O_CREAT | O_EXCL | O_RDWR, 0644))));
}

static void open_o_excl_does_not_follow_symlink(void **state)
{
	(void)state;
	needs(VFS_CAP_SYMLINKS);
	ok(symlink("nothing", "l"));
	fails(EEXIST, open("l", O_CREAT | O_EXCL | O_RDWR, 0644));
	assert_false(exists("nothing"));
}

static void open_o_creat_follows_dangling_symlink(void **state)
{
	(void)state;
	needs(VFS_CAP_SYMLINKS);
	ok(symlink("target", "l"));
	ok(close(ok(open("l", O_CREAT | O_RDWR, 0644))));
	assert_true(S_ISREG(stat_of("target").st_mode));
	assert_true(S_ISLNK(stat_of("l").st_mode));
}

static void open_o_trunc_empties(void **state)
{
	(void)state;
	make("f", "text");
	ok(close(ok(open("f", O_WRONLY | O_TRUNC))));
	assert_int_equal(stat_of("f").st_size, 0);
}

static void open_o_trunc_keeps_other_descriptors_offset(void **state)
{
	(void)state;
	int fd = open_with("f", "0123456789", O_RDWR);

	ok(lseek(fd, 4, SEEK_SET));
	ok(close(ok(open("f", O_WRONLY | O_TRUNC))));
	assert_int_equal(ok(lseek(fd, 0, SEEK_CUR)), 4);
	assert_int_equal(ok(write(fd, "x", 1)), 1);
	assert_int_equal(fstat_of(fd).st_size, 5);
	ok(close(fd));
}

static void open_o_append_writes_at_end(void **state)
{
	(void)state;
	make("f", "one");
	int a = ok(open("f", O_WRONLY | O_APPEND)), b = ok(open("f", O_WRONLY | O_APPEND));

	assert_int_equal(ok(lseek(a, 0, SEEK_CUR)), 0);
	assert_int_equal(ok(write(a, " two", 4)), 4);
	assert_int_equal(ok(lseek(a, 0, SEEK_CUR)), 7);
	assert_int_equal(ok(write(b, " three", 6)), 6);
	ok(lseek(a, 0, SEEK_SET));
	assert_int_equal(ok(write(a, ".", 1)), 1);
	assert_text("f", "one two three.");
	ok(close(a));
	ok(close(b));
}

/* Linux: pwrite appends too, whatever its offset, and leaves the offset. */
static void pwrite_appends_with_o_append(void **state)
{
	(void)state;
	int fd = open_with("f", "one", O_WRONLY | O_APPEND);

	assert_int_equal(ok(pwrite(fd, "two", 3, 0)), 3);
	assert_int_equal(ok(lseek(fd, 0, SEEK_CUR)), 0);
	assert_text("f", "onetwo");
	ok(close(fd));
}

static void open_o_cloexec_sets_flag(void **state)
{
	(void)state;
	int a = ok(open("f", O_CREAT | O_RDWR | O_CLOEXEC, 0644)), b = ok(open("f", O_RDONLY));

	assert_int_equal(ok(fcntl(a, F_GETFD)), FD_CLOEXEC);
	assert_int_equal(ok(fcntl(b, F_GETFD)), 0);
	assert_int_equal(ok(fcntl(a, F_GETFL)) & O_CLOEXEC, 0);
	ok(close(a));
	ok(close(b));
}

static void open_o_directory_refuses_others(void **state)
{
	(void)state;
	make("f", "");
	fails(ENOTDIR, open("f", O_RDONLY | O_DIRECTORY));
	fails(ENOENT, open("g", O_RDONLY | O_DIRECTORY));
	ok(close(ok(open(".", O_RDONLY | O_DIRECTORY))));
}

static void open_o_directory_follows_symlink_to_directory(void **state)
{
	(void)state;
	needs(VFS_CAP_SYMLINKS);
	ok(mkdir("d", 0755));
	ok(symlink("d", "l"));
	ok(close(ok(open("l", O_RDONLY | O_DIRECTORY))));
	fails(ENOTDIR, open("l", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
}

static void open_o_creat_o_directory_is_einval(void **state)
{
	(void)state;
	fails(EINVAL, open("d", O_RDONLY | O_CREAT | O_DIRECTORY, 0755));
	assert_false(exists("d"));
}

static void open_o_nofollow_refuses_symlink(void **state)
{
	(void)state;
	needs(VFS_CAP_SYMLINKS);
	make("f", "");
	ok(mkdir("d", 0755));
	ok(symlink("f", "l"));
	ok(symlink("..", "d/up"));
	fails(ELOOP, open("l", O_RDONLY | O_NOFOLLOW));
	fails(ELOOP, open("l", O_RDWR | O_CREAT | O_NOFOLLOW, 0644));
	ok(close(ok(open("f", O_RDONLY | O_NOFOLLOW))));
	ok(close(ok(open("d/up/f", O_RDONLY | O_NOFOLLOW)))); /* the last name counts */
}

static void open_directory_for_writing_is_eisdir(void **state)
{
	(void)state;
	ok(mkdir("d", 0755));
	fails(EISDIR, open("d", O_WRONLY));
	fails(EISDIR, open("d", O_RDWR));
	fails(EISDIR, open("d", O_RDONLY | O_TRUNC));
	fails(EISDIR, open("d", O_RDONLY | O_CREAT, 0644));
	fails(EISDIR, open(".", O_RDWR));
}

static void open_checks_path(void **state)
{
	(void)state;
	make("f", "");
	fails(ENOENT, open("missing", O_RDONLY));
	fails(ENOENT, open("missing/f", O_RDONLY | O_CREAT, 0644));
	fails(ENOENT, open("", O_RDONLY));
	fails(ENOENT, open("", O_RDWR | O_CREAT, 0644));
	fails(ENOTDIR, open("f/x", O_RDONLY));
	fails(ENOTDIR, open("f/x", O_RDWR | O_CREAT, 0644));
	fails(ENOTDIR, open("f/", O_RDONLY));
	fails(EISDIR, open("new/", O_RDWR | O_CREAT, 0644));
	fails(EFAULT, open(nowhere, O_RDONLY));
	assert_false(exists("new"));
}

static void open_access_mode_is_kept(void **state)
{
	(void)state;
	char c = 'x';

	make("f", "text");
	int r = ok(open("f", O_RDONLY)), w = ok(open("f", O_WRONLY)), rw = ok(open("f", O_RDWR));

	fails(EBADF, write(r, &c, 1));
	fails(EBADF, read(w, &c, 1));
	assert_int_equal(ok(read(rw, &c, 1)), 1);
	assert_int_equal(ok(write(rw, &c, 1)), 1);
	assert_int_equal(ok(fcntl(r, F_GETFL)) & O_ACCMODE, O_RDONLY);
	assert_int_equal(ok(fcntl(w, F_GETFL)) & O_ACCMODE, O_WRONLY);
	assert_int_equal(ok(fcntl(rw, F_GETFL)) & O_ACCMODE, O_RDWR);
	ok(close(r));
	ok(close(w));
	ok(close(rw));
}

static void open_creating_ignores_modes_own_permissions(void **state)
{
	(void)state;
	int fd = ok(open("f", O_CREAT | O_EXCL | O_RDWR, 0)); /* mode 0, yet open for both */

	assert_int_equal(ok(write(fd, "x", 1)), 1);
	if (getuid() == 0)
		assert_int_equal(fstat_of(fd).st_mode & 0777, 0);
	ok(close(fd));
}

static void close_twice_is_ebadf(void **state)
{
	(void)state;
	int fd = open_new("f");

	ok(close(fd));
	fails(EBADF, close(fd));
	fails(EBADF, close(-1));
	fails(EBADF, close(INT_MAX));
}

static void openat_walks_from_directory(void **state)
{
	(void)state;
	char path[PATH_MAX + 8];

	ok(mkdir("d", 0755));
	make("f", "");
	int dir = ok(open("d", O_RDONLY | O_DIRECTORY)), file = ok(open("f", O_RDONLY));

	ok(close(ok(openat(dir, "x", O_CREAT | O_RDWR, 0644))));
	assert_true(exists("d/x"));
	ok(close(ok(openat(dir, "../f", O_RDONLY))));
	ok(close(ok(openat(AT_FDCWD, "d/x", O_RDONLY))));
	fails(ENOTDIR, openat(file, "x", O_RDONLY));
	fails(EBADF, openat(-1, "f", O_RDONLY));
	fails(ENOENT, openat(-1, "", O_RDONLY)); /* looked at before the descriptor */
	snprintf(path, sizeof path, "%s/f", scratch);
	ok(close(ok(openat(-1, path, O_RDONLY)))); /* absolute: not looked at */
	ok(close(dir));
	ok(close(file));
}

static void openat_works_in_removed_directory(void **state)
{
	(void)state;
	ok(mkdir("d", 0755));
	int dir = ok(open("d", O_RDONLY | O_DIRECTORY));

	ok(rmdir("d"));
	fails(ENOENT, openat(dir, "x", O_CREAT | O_RDWR, 0644));
	fails(ENOENT, openat(dir, "x", O_RDONLY));
	ok(close(ok(openat(dir, ".", O_RDONLY))));
	ok(close(dir));
}

static void o_path_names_but_does_not_open(void **state)
{
	(void)state;
	char c = 'x';
	struct stat st;
	int fd = open_with("f", "text", O_PATH);

	ok(fstat(fd, &st));
	assert_int_equal(st.st_size, 4);
	fails(EBADF, read(fd, &c, 1));
	fails(EBADF, write(fd, &c, 1));
	fails(EBADF, lseek(fd, 0, SEEK_SET));
	fails(EBADF, ftruncate(fd, 0));
#if !MUSL /* it tries again by way of /proc */
	fails(EBADF, fchmod(fd, 0600));
	fails(EBADF, fchown(fd, -1, -1));
#endif
	fails(EBADF, fsync(fd));
	fails(EBADF, flock(fd, LOCK_SH));
	fails(EBADF, ioctl(fd, FIONREAD, &st));
	fails(EBADF, fallocate(fd, 0, 0, 1));
	assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_NORMAL), EBADF);
	assert_true(ok(fcntl(fd, F_GETFL)) & O_PATH);
	int copy = ok(dup(fd));

	ok(close(copy));
	ok(close(fd));
}

static void o_path_directory_is_a_dirfd(void **state)
{
	(void)state;
	char c[64];

	ok(mkdir("d", 0755));
	make("d/f", "text");
	int dir = ok(open("d", O_PATH | O_DIRECTORY));

	ok(close(ok(openat(dir, "f", O_RDONLY))));
	fails(EBADF, getdents64(dir, c, sizeof c));
	ok(fchdir(dir));
	assert_true(exists("f"));
	ok(close(dir));
}

static void o_path_o_nofollow_names_the_symlink(void **state)
{
	(void)state;
	char buf[16];

	needs(VFS_CAP_SYMLINKS);
	ok(symlink("target", "l"));
	int fd = ok(open("l", O_PATH | O_NOFOLLOW));

	assert_true(S_ISLNK(fstat_of(fd).st_mode));
	assert_int_equal(ok(readlinkat(fd, "", buf, sizeof buf)), 6);
	assert_memory_equal(buf, "target", 6);
	ok(close(fd));
}

static void o_path_ignores_other_flags(void **state)
{
	(void)state;
	make("f", "text");
	ok(close(ok(open("f", O_PATH | O_TRUNC | O_RDWR))));
	assert_text("f", "text");
	fails(ENOENT, open("g", O_PATH | O_CREAT, 0644));
}

static void o_tmpfile_has_no_name(void **state)
{
	(void)state;
	int fd = ok(open(".", O_TMPFILE | O_RDWR, 0600));

	assert_int_equal(ok(write(fd, "text", 4)), 4);
	assert_fd_text(fd, "text");
	assert_int_equal(fstat_of(fd).st_nlink, 0);
	assert_int_equal(entries("."), 0);
	ok(close(fd));
}

static void o_tmpfile_can_be_linked(void **state)
{
	(void)state;
	needs(VFS_CAP_LINKS);
	needs_root(); /* AT_EMPTY_PATH needed a capability on older Linux */
	int fd = ok(open(".", O_TMPFILE | O_RDWR, 0644));

	assert_int_equal(ok(write(fd, "text", 4)), 4);
	ok(linkat(fd, "", AT_FDCWD, "f", AT_EMPTY_PATH));
	assert_int_equal(fstat_of(fd).st_nlink, 1);
	ok(close(fd));
	assert_text("f", "text");
}

static void o_tmpfile_o_excl_cannot_be_linked(void **state)
{
	(void)state;
	needs(VFS_CAP_LINKS);
	needs_root();
	int fd = ok(open(".", O_TMPFILE | O_RDWR | O_EXCL, 0644));

	fails(ENOENT, linkat(fd, "", AT_FDCWD, "f", AT_EMPTY_PATH));
	ok(close(fd));
}

static void o_tmpfile_checks_arguments(void **state)
{
	(void)state;
	make("f", "");
	fails(EINVAL, open(".", O_TMPFILE | O_RDONLY, 0600));
	fails(ENOTDIR, open("f", O_TMPFILE | O_RDWR, 0600));
	fails(ENOENT, open("missing", O_TMPFILE | O_RDWR, 0600));
}

static void creat_truncates(void **state)
{
	(void)state;
	make("f", "text");
	int fd = ok(creat("f", 0644));
	char c;

	assert_int_equal(fstat_of(fd).st_size, 0);
	fails(EBADF, read(fd, &c, 1));
	ok(close(fd));
}

static void open_too_long_names_are_enametoolong(void **state)
{
	(void)state;
	char name[NAME_MAX + 2];

	memset(name, 'n', sizeof name);
	name[NAME_MAX] = 0;
	ok(close(ok(open(name, O_CREAT | O_RDWR, 0644))));
	name[NAME_MAX] = 'n';
	name[NAME_MAX + 1] = 0;
	fails(ENAMETOOLONG, open(name, O_CREAT | O_RDWR, 0644));
	fails(ENAMETOOLONG, open(name, O_RDONLY));
}

static void open_o_trunc_on_read_only_descriptor_truncates(void **state)
{
	(void)state;
	make("f", "text"); /* POSIX: undefined; Linux truncates */
	ok(close(ok(open("f", O_RDONLY | O_TRUNC))));
	assert_int_equal(stat_of("f").st_size, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(open_creates_empty_file_with_mode),
		TEST(open_o_creat_keeps_existing_file),
		TEST(open_o_excl_refuses_existing),
		TEST(open_o_excl_does_not_follow_symlink),
		TEST(open_o_creat_follows_dangling_symlink),
		TEST(open_o_trunc_empties),
		TEST(open_o_trunc_keeps_other_descriptors_offset),
		TEST(open_o_append_writes_at_end),
		TEST(pwrite_appends_with_o_append),
		TEST(open_o_cloexec_sets_flag),
		TEST(open_o_directory_refuses_others),
		TEST(open_o_directory_follows_symlink_to_directory),
		TEST(open_o_creat_o_directory_is_einval),
		TEST(open_o_nofollow_refuses_symlink),
		TEST(open_directory_for_writing_is_eisdir),
		TEST(open_checks_path),
		TEST(open_access_mode_is_kept),
		TEST(open_creating_ignores_modes_own_permissions),
		TEST(close_twice_is_ebadf),
		TEST(openat_walks_from_directory),
		TEST(openat_works_in_removed_directory),
		TEST(o_path_names_but_does_not_open),
		TEST(o_path_directory_is_a_dirfd),
		TEST(o_path_o_nofollow_names_the_symlink),
		TEST(o_path_ignores_other_flags),
		TEST(o_tmpfile_has_no_name),
		TEST(o_tmpfile_can_be_linked),
		TEST(o_tmpfile_o_excl_cannot_be_linked),
		TEST(o_tmpfile_checks_arguments),
		TEST(creat_truncates),
		TEST(open_too_long_names_are_enametoolong),
		TEST(open_o_trunc_on_read_only_descriptor_truncates),
	};
	return RUN(tests);
}
