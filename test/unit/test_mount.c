/*
 * test_mount.c - more of what libc has no calls for, beside test_core.c: what
 * mount points refuse, the memory backend's options, the credential's parts.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include <cmocka.h>

#include <vfsfs/dev.h>
#include <vfsfs/mem.h>
#include <vfsfs/vfsfs.h>

/* No error: its result. */
#define ok(call) ok_at((call), #call, __LINE__)
/* -error. */
#define fails(error, call) fails_at(-(error), (call), #call, __LINE__)

static long long ok_at(long long result, const char *call, int line)
{
	if (result < 0) {
		print_error("%s: %s\n", call, strerror((int)-result));
		_fail(__FILE__, line);
	}
	return result;
}

static void fails_at(long long wanted, long long result, const char *call, int line)
{
	if (result != wanted) {
		print_error("%s: %lld, not %lld (%s)\n", call, result, wanted,
			    strerror((int)-wanted));
		_fail(__FILE__, line);
	}
}

static int start(void **state)
{
	static bool rooted;

	(void)state;
	if (!rooted && vfs_mount(&vfs_mem, NULL, "/", 0))
		return -1;
	rooted = true;
	return vfs_mkdir("/m", 0755) || vfs_chdir("/");
}

/* Fails where a test has left anything that holds the mount. */
static int finish(void **state)
{
	(void)state;
	vfs_unmount("/m");
	return vfs_rmdir("/m") ? -1 : 0;
}

static void mount_m(unsigned flags)
{
	ok(vfs_mount(&vfs_mem, NULL, "/m", flags));
}

static void make(const char *path)
{
	int fd = (int)ok(vfs_open(path, O_CREAT | O_WRONLY, 0644));

	ok(vfs_write(fd, "text", 4));
	ok(vfs_close(fd));
}

static void mount_checks_its_place(void **state)
{
	(void)state;
	make("/file");
	fails(ENOENT, vfs_mount(&vfs_mem, NULL, "/missing", 0));
	fails(ENOTDIR, vfs_mount(&vfs_mem, NULL, "/file", 0));
	mount_m(0);
	fails(EBUSY, vfs_mount(&vfs_mem, NULL, "/m", 0));
	fails(EINVAL, vfs_unmount("/file"));
	fails(ENOENT, vfs_unmount("/missing"));
	ok(vfs_mkdir("/m/d", 0755));
	fails(EINVAL, vfs_unmount("/m/d"));
	ok(vfs_unlink("/file"));
}

static void a_mount_point_keeps_its_name(void **state)
{
	(void)state;
	mount_m(0);
	ok(vfs_mkdir("/d", 0755));
	fails(EBUSY, vfs_rmdir("/m"));
	fails(EBUSY, vfs_rename("/m", "/n"));
	fails(EBUSY, vfs_rename("/d", "/m"));
	ok(vfs_rmdir("/d"));
}

static void names_do_not_cross_mounts(void **state)
{
	(void)state;
	mount_m(0);
	make("/f");
	fails(EXDEV, vfs_rename("/f", "/m/f"));
	fails(EXDEV, vfs_link("/f", "/m/f"));
	ok(vfs_unlink("/f"));
}

/* What there is in it does not matter; which mount it is neither. */
static void read_only_goes_before_what_is_missing(void **state)
{
	(void)state;
	mount_m(VFS_RDONLY);
	make("/f");
	fails(EROFS, vfs_unlink("/m/missing"));
	fails(EROFS, vfs_unlink("/m/missing/"));
	fails(EISDIR, vfs_unlink("/m/."));
	fails(EROFS, vfs_rmdir("/m/missing"));
	fails(EINVAL, vfs_rmdir("/m/."));
	fails(EROFS, vfs_link("/f", "/m/g"));
	fails(EXDEV, vfs_rename("/f", "/m/g"));
	fails(EROFS, vfs_rename("/m/missing", "/m/g"));
	ok(vfs_unlink("/f"));
}

static void noatime_mount_leaves_access_times(void **state)
{
	(void)state;
	struct timespec times[2] = {{1000, 0}, {2000, 0}};
	struct stat st;
	char c;

	mount_m(VFS_NOATIME);
	make("/m/f");
	ok(vfs_utimensat(AT_FDCWD, "/m/f", times, 0));
	int fd = (int)ok(vfs_open("/m/f", O_RDONLY, 0));

	ok(vfs_read(fd, &c, 1));
	ok(vfs_fstat(fd, &st));
	assert_int_equal(st.st_atim.tv_sec, 1000);
	ok(vfs_close(fd));
}

static void read_only_mount_leaves_access_times(void **state)
{
	(void)state;
	struct stat before, after;
	char buf[16];

	ok(vfs_mount(&vfs_dev, NULL, "/m", VFS_RDONLY));
	ok(vfs_lstat("/m/stdin", &before));
	ok(vfs_readlink("/m/stdin", buf, sizeof buf));
	vfs_stat("/m/stdin", &after);
	ok(vfs_lstat("/m/stdin", &after));
	assert_memory_equal(&before.st_atim, &after.st_atim, sizeof before.st_atim);
}

static void supplementary_groups_count(void **state)
{
	(void)state;
	vfs_credential root, user;

	mount_m(0);
	make("/m/f");
	ok(vfs_chown("/m/f", 1, 50));
	ok(vfs_chmod("/m/f", 0040));
	vfs_get_credential(&root);
	user = root;
	user.euid = 1000;
	user.egid = 1000;
	user.ngroups = 2;
	user.groups[0] = 49;
	user.groups[1] = 50;
	ok(vfs_set_credential(&user));
	ok(vfs_close((int)ok(vfs_open("/m/f", O_RDONLY, 0))));
	user.ngroups = 1;
	ok(vfs_set_credential(&user));
	fails(EACCES, vfs_open("/m/f", O_RDONLY, 0));
	ok(vfs_set_credential(&root));
	user.ngroups = VFS_NGROUPS_MAX + 1;
	fails(EINVAL, vfs_set_credential(&user));
}

/* Emscripten's programs are root without it; with it, as on Linux. */
static void dac_override_passes_permissions(void **state)
{
	(void)state;
	vfs_credential plain, all;

	mount_m(0);
	make("/m/f");
	ok(vfs_chmod("/m/f", 0));
	ok(vfs_mkdir("/m/d", 0));
	vfs_get_credential(&plain);
	fails(EACCES, vfs_open("/m/f", O_RDONLY, 0));
	fails(EACCES, vfs_chdir("/m/d"));
	all = plain;
	all.capabilities |= VFS_CAP_DAC_OVERRIDE;
	ok(vfs_set_credential(&all));
	ok(vfs_close((int)ok(vfs_open("/m/f", O_RDWR, 0))));
	fails(EACCES, vfs_access("/m/f", X_OK)); /* what nobody may run */
	ok(vfs_chmod("/m/f", 0001));
	ok(vfs_access("/m/f", R_OK | W_OK | X_OK));
	ok(vfs_access("/m/d", R_OK | W_OK | X_OK));
	ok(vfs_chdir("/m/d"));
	ok(vfs_chdir("/"));
	ok(vfs_set_credential(&plain));
}

/* As Linux: a group that is not the process's keeps the bit of a file that
 * changes hands, but not where the mode changes anyway. */
static void chown_to_a_strange_group_drops_set_gid_with_set_uid(void **state)
{
	(void)state;
	static const struct {
		mode_t before, after;
	} modes[] = {{06644, 0644}, {02644, 02644}, {06755, 0755}, {0644, 0644}};
	vfs_credential plain, less;
	struct stat st;

	mount_m(0);
	make("/m/f");
	vfs_get_credential(&plain);
	less = plain;
	less.capabilities &= ~(unsigned)VFS_CAP_FSETID;
	ok(vfs_set_credential(&less));
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		ok(vfs_chown("/m/f", -1, 0));
		ok(vfs_chmod("/m/f", modes[i].before));
		ok(vfs_chown("/m/f", -1, 5));
		ok(vfs_stat("/m/f", &st));
		assert_int_equal(st.st_mode & 07777, modes[i].after);
	}
	ok(vfs_set_credential(&plain));
}

static void listing_a_mounts_root_names_its_parent(void **state)
{
	(void)state;
	union {
		struct dirent align;
		char bytes[512];
	} buf;
	struct stat parent, st;

	ok(vfs_mkdir("/m/x", 0755));
	ok(vfs_mount(&vfs_mem, NULL, "/m/x", 0));
	ok(vfs_mkdir("/m/x/d", 0755));
	ok(vfs_stat("/m", &parent));
	ok(vfs_stat("/m/x", &st));
	assert_int_not_equal(parent.st_ino, st.st_ino);
	int fd = (int)ok(vfs_open("/m/x", O_RDONLY, 0)),
	    inner = (int)ok(vfs_open("/m/x/d", O_RDONLY, 0));

	ok(vfs_getdents(fd, buf.bytes, sizeof buf));
	assert_string_equal(buf.align.d_name, ".");
	struct dirent *up = (struct dirent *)(buf.bytes + buf.align.d_reclen);

	assert_string_equal(up->d_name, "..");
	assert_int_equal(up->d_ino, parent.st_ino);
	ok(vfs_getdents(inner, buf.bytes, sizeof buf));
	up = (struct dirent *)(buf.bytes + buf.align.d_reclen);
	assert_int_equal(up->d_ino, st.st_ino);
	ok(vfs_close(fd));
	ok(vfs_close(inner));
	ok(vfs_unmount("/m/x"));
	ok(vfs_rmdir("/m/x"));
}

static void size_option_is_enospc(void **state)
{
	(void)state;
	static char buf[1 << 20];
	vfs_mem_options options = {.size = 1 << 20, .mode = 0700};
	struct statfs before, after;
	struct stat st;
	ssize_t got, all = 0;

	ok(vfs_mount(&vfs_mem, &options, "/m", 0));
	ok(vfs_stat("/m", &st));
	assert_int_equal(st.st_mode & 07777, 0700);
	ok(vfs_statfs("/m", &before));
	assert_int_equal(before.f_blocks * before.f_bsize, 1 << 20);
	int fd = (int)ok(vfs_open("/m/f", O_CREAT | O_RDWR, 0644));

	while ((got = vfs_write(fd, buf, 300000)) > 0)
		all += got;
	assert_int_equal(got, -ENOSPC);
	assert_in_range(all, (1 << 20) - 65536, 1 << 20);
	ok(vfs_fstat(fd, &st));
	assert_int_equal(st.st_size, all);
	fails(ENOSPC, vfs_fallocate(fd, 0, 0, 4 << 20));
	ok(vfs_ftruncate(fd, all - 65536)); /* what has failed has taken nothing */
	ok(vfs_pwrite(fd, buf, 65536, all - 65536));
	ok(vfs_ftruncate(fd, (off_t)1 << 32)); /* a hole takes no room */
	ok(vfs_unlink("/m/f"));
	fails(ENOSPC, vfs_pwrite(fd, "x", 1, 3 << 20)); /* unlinked, and there still */
	ok(vfs_close(fd));
	ok(vfs_statfs("/m", &after));
	assert_int_equal(after.f_bfree, before.f_bfree);
}

static void descriptor_limit_is_4096_at_first(void **state)
{
	(void)state;
	assert_int_equal(vfs_max_open_fds(), 4096);
	fails(EINVAL, vfs_set_max_open_fds(1048577));
	ok(vfs_set_max_open_fds(1048576));
	make("/m/f");
	int fd = (int)ok(vfs_open("/m/f", O_RDONLY, 0));

	assert_int_equal(ok(vfs_dup2(fd, 1048575)), 1048575);
	fails(EBADF, vfs_dup2(fd, 1048576));
	ok(vfs_close(1048575));
	ok(vfs_close(fd));
	ok(vfs_set_max_open_fds(4096));
	ok(vfs_unlink("/m/f"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, finish)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(mount_checks_its_place),
		TEST(a_mount_point_keeps_its_name),
		TEST(names_do_not_cross_mounts),
		TEST(read_only_goes_before_what_is_missing),
		TEST(noatime_mount_leaves_access_times),
		TEST(read_only_mount_leaves_access_times),
		TEST(supplementary_groups_count),
		TEST(dac_override_passes_permissions),
		TEST(chown_to_a_strange_group_drops_set_gid_with_set_uid),
		TEST(listing_a_mounts_root_names_its_parent),
		TEST(size_option_is_enospc),
		TEST(descriptor_limit_is_4096_at_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
