/*
 * What only the core's own calls can show: mounts, devices, credentials before
 * the first mount, the tracer, backends that answer for themselves.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>
#include <vfsfs/dev.h>
#include <vfsfs/device.h>
#include <vfsfs/mem.h>
#include <vfsfs/vfsfs.h>

static int ok(int r)
{
	if (r < 0)
		fail_msg("-%s", strerrorname_np(-r));
	return r;
}

static int mount_root(void **state)
{
	(void)state;
	return vfs_mount(&vfs_mem, NULL, "/", 0);
}

static int unmount_root(void **state)
{
	(void)state;
	return vfs_unmount("/");
}

static void without_a_root_nothing_exists(void **state)
{
	(void)state;
	struct stat st;
	char buf[8];
	assert_int_equal(vfs_open("/a", O_RDWR | O_CREAT, 0644), -EROFS);
	assert_int_equal(vfs_stat("a", &st), -ENOENT);
	assert_int_equal(vfs_mkdir("/d", 0755), -EROFS);
	assert_int_equal(vfs_mount(&vfs_mem, NULL, "/mnt", 0), -ENOENT);
	assert_int_equal(vfs_unmount("/"), -EINVAL);
	int fd = ok(vfs_open("/", O_RDONLY, 0));
	ok(vfs_syncfs(fd));
	ok(vfs_close(fd));
	assert_int_equal(vfs_getcwd(buf, sizeof buf), 2);
}

static void first_mount_is_the_root_and_can_be_replaced(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct stat st;
		assert_int_equal(vfs_stat("/f", &st), -ENOENT);
		ok(vfs_close(ok(vfs_open("/f", O_CREAT | O_WRONLY, 0644))));
		ok(vfs_unmount("/"));
		ok(vfs_mount(&vfs_mem, NULL, "/", 0));
	}
}

static void mount_hides_and_unmount_shows(void **state)
{
	(void)state;
	struct stat st, below;
	ok(vfs_mkdir("/m", 0755));
	ok(vfs_close(ok(vfs_open("/m/below", O_CREAT | O_WRONLY, 0644))));
	ok(vfs_stat("/m", &below));
	ok(vfs_mount(&vfs_mem, NULL, "/m", 0));
	assert_int_equal(vfs_stat("/m/below", &st), -ENOENT);
	ok(vfs_stat("/m", &st));
	assert_true(st.st_dev != below.st_dev);
	ok(vfs_stat("/m/..", &st));
	assert_int_equal(st.st_dev, below.st_dev);
	assert_int_equal(vfs_mount(&vfs_mem, NULL, "/m", 0), -EBUSY);
	assert_int_equal(vfs_rmdir("/m"), -EBUSY);
	assert_int_equal(vfs_rename("/m", "/n"), -EBUSY);
	assert_int_equal(vfs_unmount("/"), -EBUSY);
	assert_int_equal(vfs_link("/m", "/n"), -EXDEV);
	ok(vfs_unmount("/m"));
	ok(vfs_stat("/m/below", &st));
}

static void unmount_waits_for_what_is_in_use(void **state)
{
	(void)state;
	char cwd[16];
	ok(vfs_mkdir("/m", 0755));
	ok(vfs_mount(&vfs_mem, NULL, "/m", 0));
	int fd = ok(vfs_open("/m/f", O_CREAT | O_RDWR, 0644));
	assert_int_equal(vfs_unmount("/m"), -EBUSY);
	ok(vfs_unlink("/m/f")); /* open still */
	assert_int_equal(vfs_unmount("/m"), -EBUSY);
	ok(vfs_close(fd));
	ok(vfs_chdir("/m"));
	assert_int_equal(vfs_unmount("/m"), -EBUSY);
	assert_int_equal(vfs_getcwd(cwd, sizeof cwd), 3);
	assert_string_equal(cwd, "/m");
	ok(vfs_chdir("/"));
	ok(vfs_unmount("/m"));
	assert_int_equal(vfs_unmount("/m"), -EINVAL);
}

static void read_only_mount_refuses_every_change(void **state)
{
	(void)state;
	struct timespec times[2] = {{1, 0}, {2, 0}};
	ok(vfs_mkdir("/m", 0755));
	ok(vfs_mount(&vfs_mem, NULL, "/m", VFS_RDONLY));
	assert_int_equal(vfs_open("/m/f", O_CREAT | O_WRONLY, 0644), -EROFS);
	assert_int_equal(vfs_mkdir("/m/d", 0755), -EROFS);
	assert_int_equal(vfs_symlink("x", "/m/l"), -EROFS);
	assert_int_equal(vfs_mknod("/m/n", S_IFREG | 0644, 0), -EROFS);
	assert_int_equal(vfs_chmod("/m", 0700), -EROFS);
	assert_int_equal(vfs_chown("/m", 1, 1), -EROFS);
	assert_int_equal(vfs_utimensat(AT_FDCWD, "/m", times, 0), -EROFS);
	assert_int_equal(vfs_access("/m", W_OK), -EROFS);
	assert_int_equal(vfs_access("/m", R_OK | X_OK), 0);
	ok(vfs_unmount("/m"));
}

static void mounting_is_for_the_superuser(void **state)
{
	(void)state;
	vfs_credential old, user = {.uid = 1000, .euid = 1000, .gid = 1000, .egid = 1000};
	vfs_get_credential(&old);
	ok(vfs_mkdir("/m", 0755));
	ok(vfs_set_credential(&user));
	assert_int_equal(vfs_mount(&vfs_mem, NULL, "/m", 0), -EPERM);
	assert_int_equal(vfs_unmount("/"), -EPERM);
	user.ngroups = VFS_NGROUPS_MAX + 1;
	assert_int_equal(vfs_set_credential(&user), -EINVAL);
	ok(vfs_set_credential(&old));
}

static void sizes_have_a_limit_when_asked(void **state)
{
	(void)state;
	vfs_mem_options o = {.size = 1 << 20};
	static char data[1 << 20];
	struct statfs st;
	ok(vfs_mkdir("/m", 0755));
	ok(vfs_mount(&vfs_mem, &o, "/m", 0));
	int fd = ok(vfs_open("/m/f", O_CREAT | O_RDWR, 0644));
	assert_int_equal(vfs_write(fd, data, sizeof data), sizeof data);
	assert_int_equal(vfs_write(fd, data, 1), -ENOSPC);
	ok(vfs_statfs("/m", &st));
	assert_int_equal(st.f_bfree, 0);
	assert_int_equal(st.f_blocks * (uint64_t)st.f_bsize, 1 << 20);
	ok(vfs_ftruncate(fd, 0));
	assert_int_equal(vfs_write(fd, data, 1), 1);
	ok(vfs_close(fd));
	ok(vfs_unmount("/m"));
}

/* A driver that counts what is asked of it. */
static struct {
	int opened, closed, duped, flushed;
} seen;

static int count_open(FSStream *s)
{
	seen.opened++;
	s->data = &seen;
	return vfs_minor(s->shared->node->rdev) == 9 ? -EIO : 0;
}

static void count_close(FSStream *s)
{
	(void)s;
	seen.closed++;
}

static int count_flush(FSStream *s)
{
	(void)s;
	seen.flushed++;
	return seen.flushed == 2 ? -EIO : 0;
}

static int count_dup(FSStream *s)
{
	assert_ptr_equal(s->data, &seen);
	seen.duped++;
	return 0;
}

static ssize_t count_read(FSStream *s, void *buf, size_t len, off_t pos)
{
	(void)s, (void)pos;
	memset(buf, 'r', len);
	return (ssize_t)len;
}

static int count_ioctl(FSStream *s, unsigned long request, void *arg)
{
	(void)s;
	*(unsigned long *)arg = request;
	return 7;
}

static const StreamOps counting = {.open = count_open,
				   .close = count_close,
				   .flush = count_flush,
				   .dup = count_dup,
				   .read = count_read,
				   .ioctl = count_ioctl};

static void driver_is_opened_and_closed_once_a_description(void **state)
{
	(void)state;
	dev_t dev = vfs_makedev((unsigned)ok(vfs_free_major()), 0);
	const char *name = NULL;
	unsigned long got = 0;
	char c = 0;
	memset(&seen, 0, sizeof seen);
	ok(vfs_mknod("/counter", S_IFCHR | 0666, dev));
	assert_int_equal(vfs_open("/counter", O_RDWR, 0), -ENXIO);
	ok(vfs_register_device(dev, "counter", &counting));
	assert_int_equal(vfs_register_device(dev, "other", &counting), -EBUSY);
	assert_int_equal(vfs_register_device(dev + 1, "none", NULL), -EINVAL);
	assert_ptr_equal(vfs_get_device(dev, &name), &counting);
	assert_string_equal(name, "counter");

	int a = ok(vfs_open("/counter", O_RDWR | O_TRUNC, 0)), b = ok(vfs_dup(a));
	assert_int_equal(seen.opened, 1);
	assert_int_equal(seen.duped, 1);
	assert_int_equal(vfs_read(b, &c, 1), 1);
	assert_int_equal(c, 'r');
	assert_int_equal(vfs_write(a, &c, 1), -EINVAL);
	assert_int_equal(vfs_lseek(a, 0, SEEK_SET), -ESPIPE);
	assert_int_equal(vfs_pread(a, &c, 1, 0), -ESPIPE);
	assert_int_equal(vfs_ioctl(a, 1234, &got), 7);
	assert_int_equal(got, 1234);
	ok(vfs_close(a));
	assert_int_equal(seen.closed, 0);
	assert_int_equal(vfs_close(b), -EIO); /* what flush said */
	assert_int_equal(vfs_close(b), -EBADF);
	assert_int_equal(seen.closed, 1);
	assert_int_equal(seen.flushed, 2);

	ok(vfs_unregister_device(dev));
	assert_int_equal(vfs_unregister_device(dev), -ENXIO);
	assert_int_equal(vfs_open("/counter", O_RDWR, 0), -ENXIO);
}

static void driver_that_refuses_is_not_closed(void **state)
{
	(void)state;
	dev_t dev = vfs_makedev(200, 9);
	memset(&seen, 0, sizeof seen);
	ok(vfs_register_device(dev, "refuses", &counting));
	ok(vfs_mknod("/refuses", S_IFCHR | 0666, dev));
	assert_int_equal(vfs_open("/refuses", O_RDWR, 0), -EIO);
	assert_int_equal(seen.closed, 0);
	assert_int_equal(vfs_next_fd(0), -EBADF);
	ok(vfs_unregister_device(dev));
}

/* Drivers that can be mapped; one cannot be read. */
static int map_nothing(FSStream *s, size_t len, off_t pos, int prot, void **addr)
{
	(void)s, (void)len, (void)pos, (void)prot, (void)addr;
	return -EIO;
}

static ssize_t read_and_look(FSStream *s, void *buf, size_t len, off_t pos)
{
	struct stat st;
	(void)pos;
	memset(buf, 'r', len);
	return vfs_fstat(s->fd, &st) ? -EIO : (ssize_t)len; /* takes the node's lock */
}

static void private_mapping_of_a_device_is_read(void **state)
{
	(void)state;
	static const StreamOps unread = {.mmap = map_nothing};
	static const StreamOps read = {.mmap = map_nothing, .read = read_and_look};
	static const StreamOps *const ops[] = {&unread, &read};
	static const int answers[] = {-ENODEV, 0};
	const dev_t dev = vfs_makedev(200, 1);
	void *p;
	ok(vfs_mknod("/mapped", S_IFCHR | 0666, dev));
	for (int i = 0; i < 2; i++) {
		ok(vfs_register_device(dev, "mapped", ops[i]));
		int fd = ok(vfs_open("/mapped", O_RDWR, 0));
		assert_int_equal(vfs_mmap(NULL, 65536, PROT_READ, MAP_SHARED, fd, 0, &p), -EIO);
		assert_int_equal(vfs_mmap(NULL, 65536, PROT_READ, MAP_PRIVATE, fd, 0, &p),
				 answers[i]);
		ok(vfs_close(fd));
		ok(vfs_unregister_device(dev));
	}
	assert_int_equal(((char *)p)[65535], 'r');
	ok(vfs_munmap(p, 65536));
	ok(vfs_unlink("/mapped"));
}

static void device_numbers_are_emscriptens_and_linuxs(void **state)
{
	(void)state;
	assert_int_equal(vfs_makedev(1, 3), (1 << 8) | 3);
	assert_int_equal(vfs_makedev(255, 255), 0xffff);
	assert_int_equal(vfs_makedev(5, 300), 300 % 256 | 5 << 8 | 256 << 12);
	for (unsigned major = 0; major < 4096; major += 91)
		for (unsigned minor = 0; minor < 1 << 20; minor += 7919) {
			dev_t dev = vfs_makedev(major, minor);
			assert_int_equal(vfs_major(dev), major);
			assert_int_equal(vfs_minor(dev), minor);
		}
}

static void nodev_mount_opens_no_device(void **state)
{
	(void)state;
	ok(vfs_mkdir("/m", 0755));
	ok(vfs_mount(&vfs_mem, NULL, "/m", VFS_NODEV));
	ok(vfs_mknod("/m/null", S_IFCHR | 0666, vfs_makedev(1, 3)));
	assert_int_equal(vfs_open("/m/null", O_RDWR, 0), -EACCES);
	ok(vfs_unmount("/m"));
}

static int names_in(const char *path, const char *wanted)
{
	_Alignas(8) char buf[512];
	int found = 0;
	int fd = ok(vfs_open(path, O_RDONLY | O_DIRECTORY, 0));
	ssize_t n;
	while ((n = vfs_getdents(fd, buf, sizeof buf)) > 0)
		for (ssize_t at = 0; at < n;) {
			struct dirent *d = (struct dirent *)(void *)(buf + at);
			found += !strcmp(d->d_name, wanted);
			at += d->d_reclen;
		}
	assert_int_equal(n, 0);
	ok(vfs_close(fd));
	return found;
}

static void dev_fd_is_what_is_open(void **state)
{
	(void)state;
	struct stat st, want;
	char name[32];
	ok(vfs_mkdir("/dev", 0755));
	ok(vfs_mount(&vfs_dev, NULL, "/dev", 0));
	ok(vfs_close(ok(vfs_open("/f", O_CREAT | O_RDWR, 0644))));
	int fd = ok(vfs_open("/f", O_RDWR, 0));
	ok(vfs_fstat(fd, &want));
	snprintf(name, sizeof name, "%d", fd);
	assert_int_equal(names_in("/dev/fd", name), 1);
	snprintf(name, sizeof name, "/dev/fd/%d", fd);
	ok(vfs_stat(name, &st));
	assert_int_equal(st.st_ino, want.st_ino);
	ok(vfs_unlink("/f")); /* no path leads there any more, but this one */
	int again = ok(vfs_open(name, O_RDONLY, 0));
	ok(vfs_fstat(again, &st));
	assert_int_equal(st.st_ino, want.st_ino);
	ok(vfs_close(again));
	ok(vfs_close(fd));
	assert_int_equal(vfs_stat(name, &st), -ENOENT);
	assert_int_equal(names_in("/dev", "null"), 1);
	ok(vfs_unmount("/dev"));
}

static void listing_needs_no_alignment(void **state)
{
	(void)state;
	_Alignas(8) char buf[2][256];
	for (int i = 0; i < 2; i++) {
		int fd = ok(vfs_open("/", O_RDONLY | O_DIRECTORY, 0));
		assert_int_equal(vfs_getdents(fd, buf[i] + i, 200), 48);
		ok(vfs_close(fd));
	}
	assert_memory_equal(buf[0], buf[1] + 1, 48);
}

static int events;
static vfs_event last;
static char last_path[64];

static void note(const vfs_event *e, void *context)
{
	struct stat st;
	assert_ptr_equal(context, &events);
	events++;
	last = *e;
	snprintf(last_path, sizeof last_path, "%s", e->path ? e->path : "");
	vfs_stat("/", &st); /* not traced, and no deadlock */
}

static void trace_tells_every_call_with_its_result(void **state)
{
	(void)state;
	vfs_trace(note, &events);
	events = 0;
	int fd = ok(vfs_open("/f", O_CREAT | O_RDWR, 0640));
	assert_int_equal(events, 1);
	assert_string_equal(last.call, "openat");
	assert_string_equal(last_path, "/f");
	assert_int_equal(last.fd, AT_FDCWD);
	assert_int_equal(last.args[0], O_CREAT | O_RDWR);
	assert_int_equal(last.args[1], 0640);
	assert_int_equal(last.result, fd);
	assert_int_equal(vfs_pwrite(fd, "abc", 3, 5), 3);
	assert_string_equal(last.call, "pwrite");
	assert_int_equal(last.fd, fd);
	assert_int_equal(last.args[0], 3);
	assert_int_equal(last.args[1], 5);
	assert_int_equal(vfs_rename("/f", "/missing/f"), -ENOENT);
	assert_string_equal(last.call, "renameat");
	assert_int_equal(last.result, -ENOENT);
	assert_int_equal(events, 3);
	ok(vfs_close(fd));
	vfs_trace(NULL, NULL);
	ok(vfs_unlink("/f"));
	assert_int_equal(events, 4);
}

static void no_mount_on_a_removed_directory(void **state)
{
	(void)state;
	ok(vfs_mkdir("/a", 0755));
	ok(vfs_chdir("/a"));
	ok(vfs_rmdir("/a"));
	assert_int_equal(vfs_mount(&vfs_mem, NULL, ".", 0), -ENOENT);
	ok(vfs_chdir("/"));
}

static void dot_stays_below_a_mount_on_it(void **state)
{
	(void)state;
	struct stat st;
	ok(vfs_mkdir("/m", 0755));
	ok(vfs_chdir("/m"));
	ok(vfs_close(ok(vfs_open("x", O_CREAT | O_WRONLY, 0644))));
	ok(vfs_mount(&vfs_mem, NULL, "/m", 0));
	ok(vfs_stat("x", &st));
	ok(vfs_stat("./x", &st));
	assert_int_equal(vfs_stat("/m/x", &st), -ENOENT);
	ok(vfs_chdir("/"));
	ok(vfs_unmount("/m"));
}

static void group_counts_by_the_list_too(void **state)
{
	(void)state;
	vfs_credential old, user = {.uid = 1000,
				    .euid = 1000,
				    .gid = 1000,
				    .egid = 100,
				    .ngroups = 1,
				    .groups = {100}};
	vfs_get_credential(&old);
	ok(vfs_close(ok(vfs_open("/f", O_CREAT | O_WRONLY, 0640))));
	ok(vfs_chown("/f", 0, 100));
	ok(vfs_set_credential(&user));
	int r = vfs_access("/f", R_OK);
	ok(vfs_set_credential(&old));
	assert_int_equal(r, 0);
}

static void dev_fd_is_only_read(void **state)
{
	(void)state;
	char small[8];
	ok(vfs_mkdir("/dev", 0755));
	ok(vfs_mount(&vfs_dev, NULL, "/dev", 0));
	int fd = ok(vfs_open("/dev/fd", O_RDONLY | O_DIRECTORY, 0));
	assert_int_equal(vfs_link("/dev/fd/0", "/dev/l"), -EXDEV);
	ok((int)vfs_lseek(fd, 2, SEEK_SET));
	assert_int_equal(vfs_getdents(fd, small, sizeof small), -EINVAL);
	ok(vfs_close(fd));
	ok(vfs_chmod("/dev/fd", 0777));
	assert_int_equal(vfs_link("/dev/null", "/dev/fd/n"), -EPERM);
	assert_int_equal(vfs_rename("/dev/null", "/dev/fd/n"), -EPERM);
	ok(vfs_unmount("/dev"));
}

/* What a backend is told: the last attributes, and the names that were asked of
 * mknod. */
static const NodeOps told_ops;
static vfs_attr told;
static char told_names[64];

static int told_setattr(FSNode *node, const vfs_attr *a)
{
	(void)node;
	told = *a;
	return 0;
}

static int told_mknod(FSNode *dir, const char *name, size_t len, mode_t mode, dev_t rdev,
		      FSNode **out)
{
	(void)rdev;
	*out = vfs_node_new(dir->mount, mode, 0);
	(*out)->node_ops = &told_ops;
	(*out)->stream_ops = dir->stream_ops;
	snprintf(told_names + strlen(told_names), 8, "%.*s,", (int)(name ? len : 1),
		 name ? name : "-");
	return 0;
}

static const NodeOps told_ops = {.mknod = told_mknod, .setattr = told_setattr};

static int told_mount(FSMount *m, const void *options)
{
	(void)options;
	m->root = vfs_node_new(m, S_IFDIR | 0755, 0);
	m->root->node_ops = &told_ops;
	return 0;
}

static void backend_hears_of_what_changes(void **state)
{
	(void)state;
	static const FSType type = {.name = "told", .mount = told_mount, .caps = VFS_CAP_SYMLINKS};
	struct timespec times[2] = {{5, 0}, {0, UTIME_NOW}};
	struct stat st;
	ok(vfs_mkdir("/m", 0755));
	ok(vfs_mount(&type, NULL, "/m", 0));
	ok(vfs_mknod("/m/f", S_IFREG | 0644, 0));
	ok(vfs_close(ok(vfs_open("/m", O_TMPFILE | O_RDWR, 0644))));
	ok(vfs_symlink("x", "/m/l"));
	assert_string_equal(told_names, "f,-,-,");
	ok(vfs_chmod("/m/f", 04755));
	assert_int_equal(told.valid, VFS_MODE);
	assert_int_equal(told.mode, 04755);
	ok(vfs_chown("/m/f", 1, -1));
	assert_int_equal(told.valid, VFS_UID | VFS_MODE);
	assert_int_equal(told.mode & 07777, 0755);
	ok(vfs_chown("/m/f", 0, 2));
	assert_int_equal(told.valid, VFS_UID | VFS_GID);
	ok(vfs_utimensat(AT_FDCWD, "/m/f", times, 0));
	ok(vfs_stat("/m/f", &st));
	assert_int_equal(told.valid, VFS_ATIME | VFS_MTIME);
	assert_int_equal(told.atime.tv_sec, 5);
	assert_memory_equal(&told.mtime, &st.st_mtim, sizeof st.st_mtim);
	ok(vfs_utimensat(AT_FDCWD, "/m/f", NULL, 0));
	ok(vfs_stat("/m/f", &st));
	assert_int_equal(told.valid, VFS_ATIME | VFS_MTIME);
	assert_memory_equal(&told.atime, &st.st_atim, sizeof st.st_atim);
	ok(vfs_unmount("/m"));
}

/* A backend that finds a new node at each look: only the walk holds it. When it
 * is forgotten, another thread waits for the lock of the names. */
static const NodeOps found_ops;
static pthread_t waiter;
static int forgotten, got_the_lock, lock_was_free;

static void *wait_for_the_lock(void *arg)
{
	(void)arg;
	vfs_umask(022);
	__atomic_store_n(&got_the_lock, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void found_forget(FSNode *node)
{
	if (S_ISDIR(node->mode))
		return;
	forgotten++;
	pthread_create(&waiter, NULL, wait_for_the_lock, NULL);
	usleep(20000);
	lock_was_free = __atomic_load_n(&got_the_lock, __ATOMIC_RELAXED);
}

static int found_lookup(FSNode *dir, const char *name, size_t len, FSNode **out)
{
	(void)name, (void)len;
	*out = vfs_node_new(dir->mount, S_IFREG | 0644, 0);
	(*out)->node_ops = &found_ops;
	return 0;
}

static const NodeOps found_ops = {.lookup = found_lookup, .forget = found_forget};

static int found_mount(FSMount *m, const void *options)
{
	(void)options;
	m->root = vfs_node_new(m, S_IFDIR | 0755, 0);
	m->root->node_ops = &found_ops;
	return 0;
}

/* Its mount might be gone otherwise: nothing but the lock keeps it. */
static void what_a_walk_found_is_let_go_under_its_lock(void **state)
{
	(void)state;
	static const FSType found = {.name = "found", .mount = found_mount};
	struct stat st;
	ok(vfs_mkdir("/m", 0755));
	ok(vfs_mount(&found, NULL, "/m", 0));
	ok(vfs_stat("/m/x", &st));
	assert_int_equal(forgotten, 1);
	pthread_join(waiter, NULL);
	ok(vfs_unmount("/m"));
	assert_int_equal(lock_was_free, 0);
}

/* Threads that meet on one descriptor: a walk may be the last to hold it. */
static int running;

static void *open_and_close(void *arg)
{
	(void)arg;
	while (__atomic_load_n(&running, __ATOMIC_RELAXED)) {
		int fd = vfs_open("/d", O_RDONLY | O_DIRECTORY, 0);
		if (fd >= 0)
			vfs_close(fd);
	}
	return NULL;
}

static void walk_may_hold_the_last_reference(void **state)
{
	(void)state;
	struct stat st;
	pthread_t thread;
	ok(vfs_mkdir("/d", 0755));
	running = 1;
	assert_int_equal(pthread_create(&thread, NULL, open_and_close, NULL), 0);
	for (int i = 0; i < 100000; i++)
		vfs_fstatat(0, "x", &st, 0);
	__atomic_store_n(&running, 0, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_int_equal(vfs_next_fd(0), -EBADF);
}

static void *use_a_mount(void *arg)
{
	(void)arg;
	while (__atomic_load_n(&running, __ATOMIC_RELAXED)) {
		int fd = vfs_open("/m/f", O_CREAT | O_RDWR, 0644);
		if (fd < 0)
			continue;
		vfs_write(fd, "hello", 5);
		vfs_truncate("/m/f", 1);
		vfs_unlink("/m/f");
		vfs_close(fd);
	}
	return NULL;
}

static void unmount_waits_for_the_last_close(void **state)
{
	(void)state;
	pthread_t thread;
	ok(vfs_mkdir("/m", 0755));
	running = 1;
	assert_int_equal(pthread_create(&thread, NULL, use_a_mount, NULL), 0);
	for (int i = 0; i < 3000; i++) {
		ok(vfs_mount(&vfs_mem, NULL, "/m", 0));
		while (vfs_unmount("/m") == -EBUSY)
			;
	}
	__atomic_store_n(&running, 0, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

/* Two tracers, each with its own context. */
static int wrong_pairs, contexts[2];

static void trace_first(const vfs_event *e, void *context)
{
	(void)e;
	if (context != &contexts[0])
		__atomic_store_n(&wrong_pairs, 1, __ATOMIC_RELAXED);
}

static void trace_second(const vfs_event *e, void *context)
{
	(void)e;
	if (context != &contexts[1])
		__atomic_store_n(&wrong_pairs, 1, __ATOMIC_RELAXED);
}

static void *close_nothing(void *arg)
{
	(void)arg;
	while (__atomic_load_n(&running, __ATOMIC_RELAXED))
		vfs_close(-1);
	return NULL;
}

static void tracer_is_called_with_its_own_context(void **state)
{
	(void)state;
	pthread_t thread;
	running = 1;
	assert_int_equal(pthread_create(&thread, NULL, close_nothing, NULL), 0);
	for (int i = 0; i < 100000; i++)
		vfs_trace(i % 2 ? trace_first : trace_second, &contexts[i % 2 ? 0 : 1]);
	vfs_trace(NULL, NULL);
	__atomic_store_n(&running, 0, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_int_equal(wrong_pairs, 0);
}

/* A directory's position and size are used by record locks too. */
static void *lock_a_directory(void *arg)
{
	struct flock lock = {.l_type = F_RDLCK};
	while (__atomic_load_n(&running, __ATOMIC_RELAXED)) {
		lock.l_whence = lock.l_whence == SEEK_CUR ? SEEK_END : SEEK_CUR;
		vfs_fcntl(*(int *)arg, F_SETLK, (intptr_t)&lock);
		vfs_fcntl(*(int *)arg, F_SETFL, O_NOATIME);
	}
	return NULL;
}

static void directory_can_be_locked_while_it_is_used(void **state)
{
	(void)state;
	pthread_t thread;
	int fd = ok(vfs_open("/", O_RDONLY | O_DIRECTORY, 0));
	running = 1;
	assert_int_equal(pthread_create(&thread, NULL, lock_a_directory, &fd), 0);
	for (int i = 0; i < 2000; i++) {
		ok(vfs_mknod("/f", S_IFREG | 0644, 0));
		ok((int)vfs_lseek(fd, i, SEEK_SET));
		ok(vfs_fcntl(fd, F_SETFL, 0));
		ok(vfs_unlink("/f"));
	}
	__atomic_store_n(&running, 0, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	ok(vfs_close(fd));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, mount_root, unmount_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_root_nothing_exists),
		TEST(first_mount_is_the_root_and_can_be_replaced),
		TEST(mount_hides_and_unmount_shows),
		TEST(unmount_waits_for_what_is_in_use),
		TEST(read_only_mount_refuses_every_change),
		TEST(mounting_is_for_the_superuser),
		TEST(sizes_have_a_limit_when_asked),
		TEST(driver_is_opened_and_closed_once_a_description),
		TEST(driver_that_refuses_is_not_closed),
		TEST(private_mapping_of_a_device_is_read),
		TEST(device_numbers_are_emscriptens_and_linuxs),
		TEST(nodev_mount_opens_no_device),
		TEST(dev_fd_is_what_is_open),
		TEST(listing_needs_no_alignment),
		TEST(trace_tells_every_call_with_its_result),
		TEST(no_mount_on_a_removed_directory),
		TEST(dot_stays_below_a_mount_on_it),
		TEST(group_counts_by_the_list_too),
		TEST(dev_fd_is_only_read),
		TEST(backend_hears_of_what_changes),
		TEST(what_a_walk_found_is_let_go_under_its_lock),
		TEST(walk_may_hold_the_last_reference),
		TEST(unmount_waits_for_the_last_close),
		TEST(tracer_is_called_with_its_own_context),
		TEST(directory_can_be_locked_while_it_is_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
