/*
 * Everything that can be seen of a tree and of the open descriptors, as text:
 * names, types, modes, owners, link counts, sizes, contents, targets, which
 * names are one file, and times. Not: st_blocks, the order of listings and
 * their d_off, where holes end.
 *
 * Times are compared exactly where a call set them to something far from now,
 * and as "now" otherwise.
 */
#include "fuzz.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vfsfs/backend.h>
#include <vfsfs/dev.h>
#include <vfsfs/mem.h>
#include <vfsfs/vfsfs.h>

/* ---- Files are told apart by the order in which they were seen ---- */

enum { NODES = 4096 };
static struct {
	uint64_t key;
	int number;
} nodes[NODES];
static int node_count;
static time_t start;

int node_number(dev_t dev, uint64_t ino)
{
	uint64_t key = ino + ((uint64_t)dev << 40);
	unsigned i = (unsigned)(key * 0x9e3779b97f4a7c15u >> 40) % NODES;
	while (nodes[i].number && nodes[i].key != key)
		i = (i + 1) % NODES;
	if (!nodes[i].number && node_count < NODES / 2) {
		nodes[i].key = key;
		nodes[i].number = ++node_count;
	}
	return nodes[i].number;
}

static void say_time(char which, struct timespec t)
{
	if (t.tv_sec < 1000000000 || t.tv_sec > 4000000000)
		say(" %c%lld.%09ld", which, (long long)t.tv_sec, t.tv_nsec);
	else if (t.tv_sec < start - 1 || t.tv_sec > time(NULL) + 1)
		say(" %cunknown (%lld)", which, (long long)(t.tv_sec - start));
}

void say_stat(const struct stat *st)
{
	say(" %o n%u %u:%u s%lld", st->st_mode, (unsigned)st->st_nlink, st->st_uid, st->st_gid,
	    (long long)st->st_size);
	if (st->st_rdev)
		say(" r%llx", (unsigned long long)st->st_rdev);
	say_time('a', st->st_atim);
	say_time('m', st->st_mtim);
	say_time('c', st->st_ctim);
	say(" #%d", node_number(st->st_dev, st->st_ino));
}

/* ---- Listings ---- */

struct entry {
	uint64_t ino;
	unsigned char type;
	char name[];
};
enum { ARENA = 1 << 19, LIST = 8192 };
static struct entry *list[LIST];
static int listed;
static _Alignas(8) char arena[ARENA];
static size_t arena_used;

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct entry *const *)a)->name, (*(struct entry *const *)b)->name);
}

/* Adds the names of fd's directory to the list, sorted. */
static long read_names(int fd, size_t size)
{
	static char buf[32768];
	int first = listed;
	long r;
	if (size > sizeof buf)
		size = sizeof buf;
	while ((r = CALL(vfs_getdents(fd, buf, size), SYS_getdents64, fd, buf, size)) > 0) {
		for (long at = 0; at < r;) {
			struct dirent *d = (struct dirent *)(void *)(buf + at);
			size_t len = strlen(d->d_name);
			if (d->d_reclen % 8 || d->d_reclen < 19 + len + 1)
				say(" wrong d_reclen");
			if (listed == LIST || arena_used + len + 32 > ARENA)
				return -E2BIG;
			struct entry *e = (struct entry *)(void *)(arena + arena_used);
			arena_used += (sizeof *e + len + 1 + 7) & ~(size_t)7;
			e->ino = d->d_ino;
			e->type = d->d_type;
			memcpy(e->name, d->d_name, len + 1);
			list[listed++] = e;
			at += d->d_reclen;
		}
	}
	qsort(list + first, (size_t)(listed - first), sizeof *list, by_name);
	return r;
}

static void say_name(const char *name)
{
	size_t len = strlen(name);
	if (len > 60)
		say("%.8s...[%zu %llx]", name, len, (unsigned long long)hash_bytes(1, name, len));
	else
		say("%s", name);
}

long scan(int fd, size_t size)
{
	int first = listed;
	size_t mark = arena_used;
	struct stat st = {0};
	CALL(vfs_fstat(fd, &st), SYS_fstat, fd, &st);
	CALL(vfs_lseek(fd, 0, SEEK_SET), SYS_lseek, fd, 0L, SEEK_SET);
	long r = read_names(fd, size);
	if (!r)
		for (int i = first; i < listed; i++) {
			say(" ");
			say_name(list[i]->name);
			say("/%d#%d", list[i]->type, node_number(st.st_dev, list[i]->ino));
		}
	listed = first;
	arena_used = mark;
	if (r == 0 || r == -EINVAL)
		CALL(vfs_lseek(fd, 0, SEEK_SET), SYS_lseek, fd, 0L, SEEK_SET);
	return r;
}

/* ---- Contents ---- */

static uint64_t hash_pages(uint64_t h, int fd, off_t from, off_t to, bool *err)
{
	static char buf[131072];
	from &= ~(off_t)4095;
	while (from < to) {
		size_t len = (uint64_t)(to - from) < sizeof buf ? (size_t)(to - from) : sizeof buf;
		long got = CALL(vfs_pread(fd, buf, len, from), SYS_pread64, fd, buf, len, from);
		if (got <= 0) {
			*err = true;
			return h;
		}
		for (long at = 0; at < got; at += 4096) {
			size_t n = got - at < 4096 ? (size_t)(got - at) : 4096;
			off_t page = from + at;
			if (buf[at] || memcmp(buf + at, buf + at + 1, n - 1))
				h = hash_bytes(hash_bytes(h, &page, sizeof page), buf + at, n);
		}
		from += got;
	}
	return h;
}

static uint64_t hash_data(int fd, off_t size, bool *err)
{
	uint64_t h = 1;
	off_t done = 0; /* regions may meet within a page */
	for (off_t at = 0; at < size;) {
		long data = CALL(vfs_lseek(fd, at, SEEK_DATA), SYS_lseek, fd, at, SEEK_DATA);
		if (data < 0) {
			if (data != -ENXIO)
				*err = true;
			break;
		}
		long hole = CALL(vfs_lseek(fd, data, SEEK_HOLE), SYS_lseek, fd, data, SEEK_HOLE);
		if (data < at || hole <= data || hole > size) {
			*err = true;
			break;
		}
		h = hash_pages(h, fd, data > done ? data : done, hole, err);
		done = at = hole;
	}
	return h;
}

static void say_contents(int fd, off_t size)
{
	bool err = false;
	if (size > INT64_MAX - (1 << 20))
		return;
	uint64_t h = hash_data(fd, size, &err);
	if (size <= 1 << 20 && h != hash_pages(1, fd, 0, size, &err))
		say(" SEEK_DATA passes over data");
	say(" %016llx%s", (unsigned long long)h, err ? " unreadable" : "");
}

/* ---- The tree ---- */

static long open_below(int fd, const char *name, int flags)
{
	return CALL(vfs_openat(fd, name, flags, 0), SYS_openat, fd, name, flags, 0);
}

static void say_tree(int dir, int depth)
{
	int first = listed;
	size_t mark = arena_used;
	long r = read_names(dir, 32768);
	if (r)
		say("%*s%ld\n", depth, "", r);
	int last = listed;
	for (int i = first; i < last; i++) {
		const struct entry *e = list[i];
		struct stat st;
		char target[4096];
		if (!strcmp(e->name, ".") || !strcmp(e->name, ".."))
			continue;
		say("%*s", depth, "");
		say_name(e->name);
		r = CALL(vfs_fstatat(dir, e->name, &st, AT_SYMLINK_NOFOLLOW), SYS_newfstatat, dir,
			 e->name, &st, AT_SYMLINK_NOFOLLOW);
		if (r) {
			say(" %ld\n", r);
			continue;
		}
		say_stat(&st);
		if (st.st_ino != e->ino || (st.st_mode & S_IFMT) >> 12 != e->type)
			say(" not what is listed");
		int fd = -1;
		if (S_ISLNK(st.st_mode)) {
			r = CALL(vfs_readlinkat(dir, e->name, target, sizeof target),
				 SYS_readlinkat, dir, e->name, target, sizeof target);
			if (r > 0)
				say(" -> %.*s", r < 100 ? (int)r : 100, target);
		} else if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) {
			fd = (int)open_below(dir, e->name, O_RDONLY | O_NOFOLLOW | O_NOATIME);
		}
		if (fd >= 0 && S_ISREG(st.st_mode))
			say_contents(fd, st.st_size);
		say("\n");
		if (fd >= 0 && S_ISDIR(st.st_mode))
			say_tree(fd, depth + 1);
		if (fd >= 0)
			CALL(vfs_close(fd), SYS_close, fd);
	}
	listed = first;
	arena_used = mark;
}

static void say_descriptor(int fd)
{
	struct stat st;
	long flags = CALL(vfs_fcntl(fd, F_GETFD, 0), SYS_fcntl, fd, F_GETFD, 0);
	if (flags == -EBADF)
		return;
	long status = CALL(vfs_fcntl(fd, F_GETFL, 0), SYS_fcntl, fd, F_GETFL, 0);
	long pos = CALL(vfs_lseek(fd, 0, SEEK_CUR), SYS_lseek, fd, 0L, SEEK_CUR);
	say("fd %d: %ld %lo at %ld", fd, flags, status & ~0100000, pos);
	if (!CALL(vfs_fstat(fd, &st), SYS_fstat, fd, &st))
		say_stat(&st);
	say("\n");
}

void snapshot(void)
{
	int was = credential;
	char cwd[4096];
	set_credential(0);
	say("\n");
	for (int fd = 0; fd >= 0; fd = next_possible_fd(fd))
		say_descriptor(fd);
	long r = CALL(vfs_getcwd(cwd, sizeof cwd), SYS_getcwd, cwd, sizeof cwd);
	say("cwd %ld %llx\n", r, r > 0 ? (unsigned long long)hash_bytes(1, cwd, (size_t)r) : 0);
	limit_fds(true);
	int fd = (int)open_below(AT_FDCWD, "/", O_DIRECTORY | O_NOATIME);
	struct stat st;
	if (!CALL(vfs_fstat(fd, &st), SYS_fstat, fd, &st))
		say_stat(&st);
	say("\n");
	say_tree(fd, 1);
	CALL(vfs_close(fd), SYS_close, fd);
	limit_fds(false);
	set_credential(was);
}

/* ---- Before and after a sequence ---- */

static long events;

static void hear(const vfs_event *event, void *context)
{
	(void)context;
	if (!event->call)
		abort();
	events++;
}

static void check(int r, const char *what)
{
	if (!r)
		return;
	fprintf(stderr, "fuzz: %s: %s\n", what, strerror(-r));
	abort();
}

/* What there is in the second file system; fd: its root, where it may be changed. */
static void fill_second(int fd)
{
	CALL(vfs_mkdirat(fd, "a", 0777), SYS_mkdirat, fd, "a", 0777);
	CALL(vfs_mkdirat(fd, "a/b", 0777), SYS_mkdirat, fd, "a/b", 0777);
	int file = (int)CALL(vfs_openat(fd, "b", O_RDWR | O_CREAT, 0666), SYS_openat, fd, "b",
			     O_RDWR | O_CREAT, 0666);
	CALL(vfs_write(file, pattern, 5000), SYS_write, file, pattern, 5000);
	CALL(vfs_close(file), SYS_close, file);
	CALL(vfs_symlinkat("../b", fd, "c"), SYS_symlinkat, "../b", fd, "c");
	CALL(vfs_symlinkat("b", fd, "d"), SYS_symlinkat, "b", fd, "d");
	for (int i = 0; i < 2; i++)
		CALL(vfs_mknodat(fd, i ? "f" : "e", S_IFCHR | 0666, i ? 0x107 : 0x103), SYS_mknodat,
		     fd, i ? "f" : "e", S_IFCHR | 0666, i ? 0x107 : 0x103);
}

static void mount_library(void)
{
	static const vfs_mem_options much = {.size = 256 << 20}, little = {.size = 96 << 10};
	static bool registered;
	bool alone = fuzz->mode & ALONE;
	events = 0;
	set_credential(0);
	check(vfs_mount(&vfs_mem, alone ? &little : &much, "/", alone ? 0 : VFS_NODEV), "mount");
	if (!registered) { /* the drivers stay */
		check(vfs_mkdir("/h", 0777), "mkdir");
		check(vfs_mount(&vfs_dev, NULL, "/h", 0), "mount of /dev");
		check(vfs_unmount("/h"), "unmount of /dev");
		for (int i = 0; i < 2; i++) {
			const vfs_mem_options private = {.mode = 0700};
			check(vfs_mount(&vfs_mem, i ? &private : NULL, "/h", 0),
			      "mount without a limit");
			check(vfs_unmount("/h"), "unmount");
		}
		check(vfs_rmdir("/h"), "rmdir");
		registered = true;
	}
	if (fuzz->mode & (SECOND | ALONE)) {
		check(vfs_mkdir("/h", 0777), "mkdir");
		check(vfs_mount(alone ? &vfs_dev : &vfs_mem, alone ? NULL : &much, "/h", 0),
		      "second mount");
	}
	if (fuzz->mode & SECOND) {
		int fd = vfs_open("/h", O_RDONLY, 0);
		FSNode *node;
		fill_second(fd);
		check(vfs_fd_node(fd, &node), "node");
		if (fuzz->mode & SECOND_RDONLY)
			node->mount->flags |= VFS_RDONLY;
		vfs_node_put(node);
		vfs_close(fd);
	}
	if (fuzz->mode & TRACED)
		vfs_trace(hear, NULL);
}

void new_sequence(void)
{
	memset(nodes, 0, sizeof nodes);
	node_count = 0;
	start = time(NULL);
	credential = 0;
	limit_fds(true);
	if (!on_host) {
		mount_library();
		return;
	}
	int second = host_enter();
	if (fuzz->mode & SECOND) {
		fill_second(second);
		if (futimens(second, NULL))
			_exit(2);
		if (fuzz->mode & SECOND_RDONLY)
			host_second_rdonly(true);
	}
	if (utimensat(AT_FDCWD, "/", NULL, 0)) /* as old as a new mount */
		_exit(2);
}

/* keep: a name that stays, or NULL */
static void remove_below(int dir, const char *kept)
{
	int first = listed;
	size_t mark = arena_used;
	CALL(vfs_lseek(dir, 0, SEEK_SET), SYS_lseek, dir, 0L, SEEK_SET);
	read_names(dir, 32768);
	int last = listed;
	for (int i = first; i < last; i++) {
		const char *name = list[i]->name;
		bool is_dir = list[i]->type == DT_DIR;
		if (!strcmp(name, ".") || !strcmp(name, "..") || (kept && !strcmp(name, kept)))
			continue;
		if (is_dir) {
			int fd = (int)open_below(dir, name, O_DIRECTORY | O_NOFOLLOW);
			remove_below(fd, NULL);
			CALL(vfs_close(fd), SYS_close, fd);
		}
		CALL(vfs_unlinkat(dir, name, is_dir ? AT_REMOVEDIR : 0), SYS_unlinkat, dir, name,
		     is_dir ? AT_REMOVEDIR : 0);
	}
	listed = first;
	arena_used = mark;
}

static void clean_host(void)
{
	if (chdir("/"))
		_exit(2);
	for (int fd = 0; fd >= 0; fd = next_possible_fd(fd))
		close(fd);
	umask(022);
	if (fuzz->mode & SECOND) {
		int second = host_enter();
		if (fuzz->mode & SECOND_RDONLY)
			host_second_rdonly(false);
		remove_below(second, NULL);
		if (fchmod(second, 01777) || fchown(second, 0, 0))
			_exit(2);
	}
	int fd = open("/", O_DIRECTORY);
	remove_below(fd, fuzz->mode & SECOND ? "h" : NULL);
	if (fchmod(fd, 01777) || fchown(fd, 0, 0))
		_exit(2);
	close(fd);
}

/* Without files nothing takes memory. */
static void check_room(void)
{
	struct statfs st;
	int fd = vfs_open("/", O_DIRECTORY, 0);
	remove_below(fd, NULL);
	vfs_close(fd);
	check(vfs_statfs("/", &st), "statfs");
	if (st.f_bfree != st.f_blocks) {
		fprintf(stderr, "fuzz: without files %ld of %ld blocks are free\n",
			(long)st.f_bfree, (long)st.f_blocks);
		abort();
	}
}

void clean_up(void)
{
	set_credential(0);
	if (on_host) {
		clean_host();
		return;
	}
	vfs_chdir("/");
	vfs_umask(022);
	for (int fd; (fd = vfs_next_fd(0)) >= 0;)
		vfs_close(fd);
	vfs_trace(NULL, NULL);
	if ((fuzz->mode & TRACED) && !events)
		abort();
	if (fuzz->mode & (SECOND | ALONE))
		check(vfs_unmount("/h"), "unmount of /h after everything was closed");
	if (fuzz->mode & ALONE)
		check_room();
	check(vfs_unmount("/"), "unmount after everything was closed");
}
