/*
 * test_mount.c - what libc has no calls for: mounts and their flags, the memory
 * backend's options, the credential, drivers of devices, the trace.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cmocka.h>

#include <vfsfs/dev.h>
#include <vfsfs/device.h>
#include <vfsfs/mem.h>
#include <vfsfs/vfsfs.h>

#define ok(call) ok_at((call), #call, __LINE__)
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

static void mount_hides_what_was_below(void **state)
{
	(void)state;
	struct stat st, below;

	make("/m/f");
	ok(vfs_stat("/m", &below));
	mount_m(0);
	fails(ENOENT, vfs_stat("/m/f", &st));
	ok(vfs_stat("/m", &st));
	assert_int_not_equal(st.st_dev, below.st_dev);
	ok(vfs_stat("/m/..", &st));
	assert_int_equal(st.st_dev, below.st_dev);
	make("/m/g");
	ok(vfs_unmount("/m"));
	fails(ENOENT, vfs_stat("/m/g", &st));
	ok(vfs_unlink("/m/f"));
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

static void unmount_waits_for_nobody(void **state)
{
	(void)state;
	void *p;

	mount_m(0);
	int fd = (int)ok(vfs_open("/m/f", O_CREAT | O_RDWR, 0644));

	fails(EBUSY, vfs_unmount("/m"));
	ok(vfs_ftruncate(fd, 65536));
	ok(vfs_mmap(NULL, 65536, PROT_READ, MAP_SHARED, fd, 0, &p));
	ok(vfs_close(fd));
	fails(EBUSY, vfs_unmount("/m"));
	ok(vfs_munmap(p, 65536));
	ok(vfs_chdir("/m"));
	fails(EBUSY, vfs_unmount("/m"));
	ok(vfs_chdir("/"));
	ok(vfs_mkdir("/m/d", 0755));
	ok(vfs_mount(&vfs_mem, NULL, "/m/d", 0));
	fails(EBUSY, vfs_unmount("/m"));
	ok(vfs_unmount("/m/d"));
	ok(vfs_unmount("/m"));
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

static void mount_on_root_hides_it(void **state)
{
	(void)state;
	struct stat st;
	char cwd[16];

	make("/f");
	ok(vfs_mount(&vfs_mem, NULL, "/", 0));
	fails(ENOENT, vfs_stat("/f", &st));
	ok(vfs_getcwd(cwd, sizeof cwd));
	assert_string_equal(cwd, "/");
	make("/g");
	ok(vfs_stat("g", &st));
	ok(vfs_unmount("/"));
	fails(ENOENT, vfs_stat("/g", &st));
	ok(vfs_unlink("/f"));
}

static void read_only_mount_is_erofs(void **state)
{
	(void)state;
	struct timespec times[2] = { { 0 } };
	char c;

	ok(vfs_mount(&vfs_dev, NULL, "/m", VFS_RDONLY));
	make("/f");
	fails(EROFS, vfs_open("/m/new", O_CREAT | O_RDWR, 0644));
	fails(EROFS, vfs_open("/m", O_TMPFILE | O_RDWR, 0644));
	fails(EROFS, vfs_mkdir("/m/d", 0755));
	fails(EROFS, vfs_mknod("/m/c", S_IFCHR | 0644, 0));
	fails(EROFS, vfs_symlink("x", "/m/l"));
	fails(EROFS, vfs_link("/m/null", "/m/l"));
	fails(EROFS, vfs_rename("/m/null", "/m/nil"));
	fails(EROFS, vfs_unlink("/m/null"));
	fails(EROFS, vfs_chmod("/m/null", 0600));
	fails(EROFS, vfs_chown("/m/null", 1, 1));
	fails(EROFS, vfs_utimensat(AT_FDCWD, "/m/null", times, 0));
	fails(EROFS, vfs_rmdir("/m/fd"));
	fails(EEXIST, vfs_mkdir("/m/null", 0755)); /* what is true without it comes first */
	fails(ENOENT, vfs_unlink("/m/missing"));
	fails(EEXIST, vfs_open("/m/null", O_CREAT | O_EXCL | O_RDWR, 0644));
	int fd = (int)ok(vfs_open("/m/null", O_RDWR | O_CREAT, 0644)); /* a device may be written */

	ok(vfs_write(fd, "x", 1));
	ok(vfs_read(fd, &c, 1));
	ok(vfs_close(fd));
	ok(vfs_unlink("/f"));
}

static void nodev_mount_opens_no_devices(void **state)
{
	(void)state;
	mount_m(VFS_NODEV);
	ok(vfs_mknod("/m/null", S_IFCHR | 0666, vfs_makedev(1, 3)));
	fails(EACCES, vfs_open("/m/null", O_RDONLY, 0));
	ok(vfs_close((int)ok(vfs_open("/m/null", O_PATH, 0))));
}

static void noatime_mount_leaves_access_times(void **state)
{
	(void)state;
	struct timespec times[2] = { { 1000, 0 }, { 2000, 0 } };
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

static void only_the_superuser_mounts(void **state)
{
	(void)state;
	vfs_credential root, user;

	mount_m(0);
	ok(vfs_mkdir("/m/d", 0777));
	vfs_get_credential(&root);
	user = root;
	user.euid = 1000;
	ok(vfs_set_credential(&user));
	fails(EPERM, vfs_mount(&vfs_mem, NULL, "/m/d", 0));
	fails(EPERM, vfs_unmount("/m"));
	ok(vfs_set_credential(&root));
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

static void size_option_is_enospc(void **state)
{
	(void)state;
	static char buf[1 << 20];
	vfs_mem_options options = { .size = 1 << 20, .mode = 0700 };
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

/* ---- Drivers ---- */

static int opens, closes, flushes, dups;

static int count_open(FSStream *s)
{
	opens++;
	return vfs_minor(s->shared->node->rdev) == 9 ? -EBUSY : 0;
}

static void count_close(FSStream *s)
{
	(void)s;
	closes++;
}

static int count_flush(FSStream *s)
{
	(void)s;
	flushes++;
	return 0;
}

static int count_dup(FSStream *s)
{
	(void)s;
	dups++;
	return 0;
}

static ssize_t read_position(FSStream *s, void *buf, size_t len, off_t pos)
{
	(void)s;
	memset(buf, '0' + (int)pos, len);
	return (ssize_t)len;
}

static const StreamOps counting = { .open = count_open, .close = count_close,
				    .flush = count_flush, .dup = count_dup };
static const StreamOps reading = { .read = read_position };

static void driver_is_called_as_promised(void **state)
{
	(void)state;
	char buf[4];
	dev_t dev = vfs_makedev(200, 1), busy = vfs_makedev(200, 9);

	opens = closes = flushes = dups = 0;
	ok(vfs_register_device(dev, "counting", &counting));
	ok(vfs_register_device(busy, "busy", &counting));
	fails(EBUSY, vfs_register_device(dev, "again", &reading));
	fails(EINVAL, vfs_register_device(vfs_makedev(200, 2), "none", NULL));
	ok(vfs_mknod("/m/c", S_IFCHR | 0666, dev));
	ok(vfs_mknod("/m/busy", S_IFCHR | 0666, busy));
	fails(EBUSY, vfs_open("/m/busy", O_RDWR, 0)); /* open's error is open's */
	int fd = (int)ok(vfs_open("/m/c", O_RDWR, 0)), copy = (int)ok(vfs_dup(fd));

	fails(EINVAL, vfs_read(fd, buf, 4)); /* the slots that are NULL */
	fails(EINVAL, vfs_write(fd, buf, 4));
	fails(ESPIPE, vfs_lseek(fd, 0, SEEK_SET));
	fails(ESPIPE, vfs_pread(fd, buf, 4, 0));
	fails(ENOTTY, vfs_ioctl(fd, 0x1234, NULL));
	ok(vfs_unregister_device(dev));
	fails(ENXIO, vfs_open("/m/c", O_RDWR, 0));
	ok(vfs_close(fd));
	assert_int_equal(closes, 0);
	ok(vfs_close(copy)); /* what is open goes on */
	assert_int_equal(opens, 2);
	assert_int_equal(dups, 1);
	assert_int_equal(flushes, 2);
	assert_int_equal(closes, 1);
	ok(vfs_unregister_device(busy));
	fails(ENXIO, vfs_unregister_device(busy));
	ok(vfs_unlink("/m/c"));
	ok(vfs_unlink("/m/busy"));
}

static void free_majors_begin_at_64(void **state)
{
	(void)state;
	int first = vfs_free_major();
	const char *name = NULL;

	assert_in_range(first, 64, 4095);
	ok(vfs_register_device(vfs_makedev((unsigned)first, 3), "mine", &reading));
	assert_ptr_equal(vfs_get_device(vfs_makedev((unsigned)first, 3), &name), &reading);
	assert_string_equal(name, "mine");
	assert_null(vfs_get_device(vfs_makedev((unsigned)first, 4), NULL));
	assert_int_not_equal(vfs_free_major(), first);
	ok(vfs_unregister_device(vfs_makedev((unsigned)first, 3)));
}

/* ---- The trace ---- */

static int events;
static vfs_event last;
static char last_call[32], last_path[32];

static void note(const vfs_event *event, void *context)
{
	struct stat st;

	assert_ptr_equal(context, &events);
	events++;
	last = *event;
	snprintf(last_call, sizeof last_call, "%s", event->call);
	snprintf(last_path, sizeof last_path, "%s", event->path ? event->path : "");
	vfs_stat("/", &st); /* not traced in its turn */
}

static void trace_tells_every_call_once(void **state)
{
	(void)state;
	struct stat st;

	vfs_trace(note, &events);
	fails(ENOENT, vfs_stat("/m/missing", &st));
	assert_int_equal(events, 1);
	assert_string_equal(last_path, "/m/missing");
	assert_int_equal(last.result, -ENOENT);
	int fd = (int)ok(vfs_open("/m/f", O_CREAT | O_RDWR, 0644));

	assert_int_equal(events, 2);
	assert_int_equal(last.result, fd);
	ok(vfs_write(fd, "text", 4));
	assert_int_equal(events, 3);
	assert_string_equal(last_call, "write");
	assert_int_equal(last.fd, fd);
	assert_int_equal(last.result, 4);
	vfs_trace(NULL, NULL);
	ok(vfs_close(fd));
	ok(vfs_unlink("/m/f"));
	assert_int_equal(events, 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, finish)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(mount_hides_what_was_below),
		TEST(mount_checks_its_place),
		TEST(unmount_waits_for_nobody),
		TEST(a_mount_point_keeps_its_name),
		TEST(names_do_not_cross_mounts),
		TEST(mount_on_root_hides_it),
		TEST(read_only_mount_is_erofs),
		TEST(nodev_mount_opens_no_devices),
		TEST(noatime_mount_leaves_access_times),
		TEST(only_the_superuser_mounts),
		TEST(supplementary_groups_count),
		TEST(size_option_is_enospc),
		TEST(descriptor_limit_is_4096_at_first),
		TEST(driver_is_called_as_promised),
		TEST(free_majors_begin_at_64),
		TEST(trace_tells_every_call_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
