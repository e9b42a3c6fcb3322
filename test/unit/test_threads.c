/*
 * test_threads.c - several threads do everything at once in a few shared
 * directories and on a few shared descriptors; to be run under ThreadSanitizer
 * as well. Between them any order is right, so the test looks at what must
 * hold whatever the order was: every answer is one that the call may give;
 * appended records are whole, each there once and in its thread's order; a
 * shared offset counts every byte; link counts are the names there are; and at
 * the end nothing is left, neither of room nor of references.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#include <cmocka.h>

#include <vfsfs/mem.h>
#include <vfsfs/vfsfs.h>

enum { THREADS = 8, ROUNDS = 10000, NAMES = 12, SLOTS = 6, SLOT = 100, RECORD = 16, PAGE = 65536 };

static unsigned rounds = ROUNDS;
static unsigned unexpected;              /* answers; atomic */
static uint64_t records[THREADS];        /* appended by each thread */
static uint64_t increments;              /* of the mapped counter; atomic */
static uint64_t counted;                 /* bytes written at the shared offset; atomic */
static int log_fd, offset_fd, common_fd; /* open all the time */
static uint64_t free_at_first;

struct worker {
	pthread_t thread;
	unsigned id, seed;
};

static unsigned random_of(struct worker *w, unsigned n)
{
	w->seed = w->seed * 1103515245 + 12345;
	return (w->seed >> 16) % n;
}

/* What calls may answer when others change the same names at the same time. */
static bool may_be(long long result)
{
	switch (-result) {
	case ENOENT:
	case EEXIST:
	case ENOTEMPTY:
	case EISDIR:
	case ENOTDIR:
	case EINVAL: /* rename of a directory into itself, readlink of a file */
	case EPERM:  /* link of a directory */
	case ELOOP:
		return true;
	default:
		return result >= 0;
	}
}

#define EXPECT(condition, call, result)                                           \
	do {                                                                      \
		if (!(condition)) {                                               \
			__atomic_fetch_add(&unexpected, 1, __ATOMIC_RELAXED);     \
			fprintf(stderr, "%s: %lld\n", call, (long long)(result)); \
		}                                                                 \
	} while (0)

static long long try_at(long long result, const char *call)
{
	EXPECT(may_be(result), call, result);
	return result;
}
#define TRY(call) try_at((call), #call)

static const char *pick(struct worker *w, char path[32])
{
	snprintf(path, 32, "/s/%c/%u", 'a' + random_of(w, 2), random_of(w, NAMES));
	return path;
}

/* ---- What a thread does ---- */

static void use_a_file(struct worker *w)
{
	static const int flags[] = {
		O_CREAT | O_RDWR, O_CREAT | O_EXCL | O_RDWR, O_CREAT | O_TRUNC | O_RDWR, O_RDWR,
		O_RDONLY,         O_RDWR | O_APPEND};
	char path[32], buf[3000] = "x";
	struct stat st;
	int how = flags[random_of(w, 6)];
	int fd = (int)TRY(vfs_open(pick(w, path), how, 0644));

	if (fd < 0)
		return;
	EXPECT(vfs_fstat(fd, &st) == 0, "vfs_fstat", 0);
	if (S_ISREG(st.st_mode) && (how & O_ACCMODE) == O_RDWR) {
		size_t len = 1 + random_of(w, sizeof buf);
		ssize_t n = vfs_write(fd, buf, len);
		struct iovec iov[2] = {{buf, 10}, {buf + 10, 20}};

		EXPECT(n == (ssize_t)len, "vfs_write", n);
		EXPECT(vfs_pwritev(fd, iov, 2, random_of(w, 100000)) == 30, "vfs_pwritev", 0);
		EXPECT(vfs_preadv(fd, iov, 2, 0) >= 0, "vfs_preadv", 0);
		EXPECT(vfs_ftruncate(fd, random_of(w, 200000)) == 0, "vfs_ftruncate", 0);
		EXPECT(vfs_fallocate(fd, 3, random_of(w, 100000), 5000) == 0, "vfs_fallocate", 0);
		EXPECT(vfs_lseek(fd, 0, SEEK_END) >= 0, "vfs_lseek", 0);
		EXPECT(vfs_fsync(fd) == 0, "vfs_fsync", 0);
	}
	EXPECT(vfs_close(fd) == 0, "vfs_close", 0);
}

static void change_names(struct worker *w)
{
	char a[32], b[32], buf[64];
	struct timespec times[2] = {{1, 0}, {2, 0}};

	pick(w, a);
	pick(w, b);
	switch (random_of(w, 12)) {
	case 0:
	case 1:
		TRY(vfs_rename(a, b));
		break;
	case 2:
	case 3:
		TRY(vfs_unlink(a));
		break;
	case 4:
		TRY(vfs_link(a, b));
		break;
	case 5:
		TRY(vfs_mkdir(a, 0755));
		break;
	case 6:
		TRY(vfs_rmdir(a));
		break;
	case 7:
		TRY(vfs_symlink(b, a));
		break;
	case 8:
		TRY(vfs_readlink(a, buf, sizeof buf));
		break;
	case 9:
		TRY(vfs_chmod(a, 0600 + random_of(w, 0100)));
		TRY(vfs_utimensat(AT_FDCWD, a, times, 0));
		break;
	case 10:
		TRY(vfs_truncate(a, random_of(w, 100000)));
		break;
	default:
		TRY(vfs_mknod(a, S_IFREG | 0644, 0));
	}
}

static void look_around(struct worker *w)
{
	char path[32], cwd[64];
	union {
		struct dirent align;
		char bytes[1024];
	} buf;
	struct stat st;
	int fd;

	TRY(vfs_stat(pick(w, path), &st));
	TRY(vfs_lstat(pick(w, path), &st));
	TRY(vfs_access(pick(w, path), R_OK));
	switch (random_of(w, 4)) {
	case 0:
		fd = (int)TRY(vfs_open(random_of(w, 2) ? "/s/a" : "/s/b", O_RDONLY, 0));
		while (TRY(vfs_getdents(fd, buf.bytes, sizeof buf)) > 0)
			TRY(vfs_fstatat(fd, buf.align.d_name, &st, AT_SYMLINK_NOFOLLOW));
		EXPECT(vfs_close(fd) == 0, "vfs_close", 0);
		break;
	case 1:
		TRY(vfs_chdir(random_of(w, 2) ? "/s/a" : "/s/b"));
		TRY(vfs_getcwd(cwd, sizeof cwd));
		TRY(vfs_stat("../b/1", &st));
		break;
	case 2:
		TRY(vfs_sync());
		break;
	default:
		fd = (int)TRY(vfs_open("/s/a", O_TMPFILE | O_RDWR, 0600));
		EXPECT(vfs_write(fd, "tmp", 3) == 3, "vfs_write", 0);
		TRY(vfs_linkat(fd, "", AT_FDCWD, pick(w, path), AT_EMPTY_PATH));
		EXPECT(vfs_close(fd) == 0, "vfs_close", 0);
	}
}

static void append(struct worker *w)
{
	char record[RECORD + 1];

	snprintf(record, sizeof record, "%03u %010llu|\n", w->id,
		 (unsigned long long)records[w->id]++);
	EXPECT(vfs_write(log_fd, record, RECORD) == RECORD, "append", 0);
}

static void move_the_shared_offset(struct worker *w)
{
	size_t len = 1 + random_of(w, 50);
	char buf[50] = {0};

	EXPECT(vfs_write(offset_fd, buf, len) == (ssize_t)len, "write", len);
	__atomic_fetch_add(&counted, len, __ATOMIC_RELAXED);
}

/* Descriptors that others close and replace under one's hands. */
static void share_descriptors(struct worker *w)
{
	int slot = SLOT + (int)random_of(w, SLOTS), result;
	struct stat st;
	char c;

	switch (random_of(w, 5)) {
	case 0:
		result = vfs_dup2(common_fd, slot);
		EXPECT(result == slot, "vfs_dup2", result);
		break;
	case 1:
		result = vfs_close(slot);
		EXPECT(result == 0 || result == -EBADF, "vfs_close", result);
		break;
	case 2:
		result = vfs_dup(slot);
		EXPECT(result >= 0 || result == -EBADF, "vfs_dup", result);
		if (result >= 0)
			EXPECT(vfs_close(result) == 0, "vfs_close", 0);
		break;
	case 3:
		result = vfs_fstat(slot, &st);
		EXPECT(result == 0 || result == -EBADF, "vfs_fstat", result);
		break;
	default:
		result = (int)vfs_pread(slot, &c, 1, 0);
		EXPECT(result == 1 || result == -EBADF, "vfs_pread", result);
		result = vfs_flock(slot, random_of(w, 2) ? LOCK_EX | LOCK_NB : LOCK_UN);
		EXPECT(result == 0 || result == -EBADF || result == -EWOULDBLOCK, "vfs_flock",
		       result);
	}
}

/* The file is touched through mappings only: memory has no locks. */
static void map(struct worker *w)
{
	void *p;
	int fd = (int)TRY(vfs_open("/s/mapped", O_RDWR, 0)), err;

	err = vfs_mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0, &p);
	EXPECT(err == 0, "vfs_mmap", err);
	EXPECT(vfs_close(fd) == 0, "vfs_close", 0);
	if (err)
		return;
	for (unsigned i = 1 + random_of(w, 5); i--;) {
		__atomic_fetch_add((uint64_t *)p + 5, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&increments, 1, __ATOMIC_RELAXED);
	}
	EXPECT(vfs_msync(p, PAGE, MS_SYNC) == 0, "vfs_msync", 0);
	err = vfs_munmap(p, PAGE);
	EXPECT(err == 0, "vfs_munmap", err);
}

static void mount_and_unmount(struct worker *w)
{
	int err = random_of(w, 2) ? vfs_mount(&vfs_mem, NULL, "/s/mnt", 0) : vfs_unmount("/s/mnt");

	EXPECT(err == 0 || err == -EBUSY || err == -EINVAL, "mount or unmount", err);
	err = vfs_mknod("/s/mnt/f", S_IFREG | 0644, 0);
	EXPECT(err == 0 || err == -EEXIST, "vfs_mknod", err);
}

static void *work(void *arg)
{
	struct worker *w = arg;

	for (unsigned i = 0; i < rounds; i++) {
		switch (random_of(w, 16)) {
		case 0:
		case 1:
		case 2:
			use_a_file(w);
			break;
		case 3:
		case 4:
		case 5:
		case 6:
			change_names(w);
			break;
		case 7:
		case 8:
			look_around(w);
			break;
		case 9:
		case 10:
			append(w);
			break;
		case 11:
			move_the_shared_offset(w);
			break;
		case 12:
		case 13:
			share_descriptors(w);
			break;
		case 14:
			map(w);
			break;
		default:
			mount_and_unmount(w);
		}
	}
	return NULL;
}

/* ---- What must hold afterwards ---- */

static void check_log(void)
{
	uint64_t next[THREADS] = {0}, all = 0;
	char record[RECORD + 1] = "";
	off_t pos = 0;

	for (; vfs_pread(log_fd, record, RECORD, pos) == RECORD; pos += RECORD) {
		unsigned id;
		unsigned long long n;

		assert_int_equal(sscanf(record, "%u %llu|\n", &id, &n), 2);
		assert_in_range(id, 0, THREADS - 1);
		assert_int_equal(n, next[id]++);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(next[i], records[i]);
		all += records[i];
	}
	assert_int_equal(pos, all * RECORD);
	assert_int_equal(vfs_lseek(log_fd, 0, SEEK_END), pos);
}

struct seen {
	ino_t ino;
	nlink_t wanted, names;
} seen[4 * NAMES * NAMES];
static unsigned files;

/* Counts the names of each file; checks directories' link counts; then removes
 * it all. */
static void check_and_remove(const char *path)
{
	static union {
		struct dirent align;
		char bytes[65536];
	} buf;
	char inner[256], names[64][32];
	struct stat st, own;
	unsigned n = 0, directories = 0;
	int fd = vfs_open(path, O_RDONLY | O_DIRECTORY, 0);
	ssize_t len = vfs_getdents(fd, buf.bytes, sizeof buf);

	assert_int_equal(vfs_stat(path, &own), 0);
	for (ssize_t at = 0; at < len;) {
		struct dirent *e = (struct dirent *)(buf.bytes + at);

		at += e->d_reclen;
		if (e->d_name[0] != '.')
			snprintf(names[n++], sizeof names[0], "%.31s", e->d_name);
		assert_in_range(n, 0, 63);
	}
	assert_int_equal(vfs_close(fd), 0);
	for (unsigned i = 0; i < n; i++) {
		assert_in_range(snprintf(inner, sizeof inner, "%s/%s", path, names[i]), 1, 255);
		assert_int_equal(vfs_lstat(inner, &st), 0);
		if (S_ISDIR(st.st_mode)) {
			directories++;
			check_and_remove(inner);
			assert_int_equal(vfs_rmdir(inner), 0);
			continue;
		}
		unsigned k = 0;

		while (k < files && seen[k].ino != st.st_ino)
			k++;
		if (k == files)
			seen[files++] = (struct seen){st.st_ino, st.st_nlink, 0};
		assert_int_equal(st.st_nlink, seen[k].wanted - seen[k].names);
		seen[k].names++;
		assert_int_equal(vfs_unlink(inner), 0);
	}
	assert_int_equal(own.st_nlink, 2 + directories);
	assert_int_equal(vfs_lstat(path, &own), 0);
	assert_int_equal(own.st_nlink, 2);
}

static void threads_leave_all_in_order(void **state)
{
	(void)state;
	struct worker workers[THREADS];
	struct statfs fs;
	struct stat st;
	uint64_t counter;
	int fd;

	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.id = i, .seed = 17 * i + 3};
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	assert_int_equal(unexpected, 0);

	check_log();
	assert_int_equal(vfs_fstat(offset_fd, &st), 0);
	assert_int_equal(st.st_size, counted);
	assert_int_equal(vfs_lseek(offset_fd, 0, SEEK_CUR), counted);
	fd = vfs_open("/s/mapped", O_RDONLY, 0);
	assert_int_equal(vfs_pread(fd, &counter, sizeof counter, 5 * sizeof counter), 8);
	assert_int_equal(counter, increments);
	assert_int_equal(vfs_close(fd), 0);

	assert_int_equal(vfs_chdir("/"), 0);
	for (int i = 0; i < SLOTS; i++)
		vfs_close(SLOT + i);
	vfs_unmount("/s/mnt");
	check_and_remove("/s/a");
	check_and_remove("/s/b");
	for (unsigned i = 0; i < files; i++)
		assert_int_equal(seen[i].names, seen[i].wanted);

	assert_int_equal(vfs_close(log_fd) | vfs_close(offset_fd) | vfs_close(common_fd), 0);
	assert_int_equal(vfs_unlink("/s/log") | vfs_unlink("/s/offset") | vfs_unlink("/s/common") |
				 vfs_unlink("/s/mapped"),
			 0);
	for (int i = 0; i < 4096; i++)
		assert_int_equal(vfs_close(i), -EBADF);
	assert_int_equal(vfs_statfs("/s", &fs), 0);
	assert_int_equal(fs.f_bfree, free_at_first);
	assert_int_equal(vfs_unmount("/s"), 0);
}

/* ---- dup2 ---- */

static int target, stop; /* stop: atomic */

static void *write_to_the_target(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		ssize_t n = vfs_pwrite(target, "x", 1, 0);
		EXPECT(n == 1, "vfs_pwrite", n);
	}
	return NULL;
}

static void dup2_never_leaves_its_target_closed(void **state)
{
	(void)state;
	pthread_t writer;
	int a = vfs_open("/a", O_RDWR | O_CREAT, 0644), b = vfs_open("/b", O_RDWR | O_CREAT, 0644);

	target = vfs_dup(a);
	assert_in_range(target, 0, 10);
	unexpected = 0;
	assert_int_equal(pthread_create(&writer, NULL, write_to_the_target, NULL), 0);
	for (unsigned i = 0; i < 10 * rounds; i++)
		assert_int_equal(vfs_dup2(i % 2 ? a : b, target), target);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
	assert_int_equal(unexpected, 0);
	assert_int_equal(vfs_close(a) | vfs_close(b) | vfs_close(target), 0);
}

static int start(void **state)
{
	vfs_mem_options options = {.size = 256 << 20};
	struct statfs fs;
	int err = 0, fd;

	(void)state;
	if (getenv("VFSFS_ROUNDS"))
		rounds = (unsigned)atoi(getenv("VFSFS_ROUNDS"));
	err |= vfs_mount(&vfs_mem, NULL, "/", 0);
	err |= vfs_mkdir("/s", 0755);
	err |= vfs_mount(&vfs_mem, &options, "/s", 0);
	err |= vfs_mkdir("/s/a", 0755);
	err |= vfs_mkdir("/s/b", 0755);
	err |= vfs_mkdir("/s/mnt", 0755);
	err |= vfs_statfs("/s", &fs);
	free_at_first = fs.f_bfree;
	log_fd = vfs_open("/s/log", O_RDWR | O_CREAT | O_APPEND, 0644);
	offset_fd = vfs_open("/s/offset", O_RDWR | O_CREAT, 0644);
	common_fd = vfs_open("/s/common", O_RDWR | O_CREAT, 0644);
	fd = vfs_open("/s/mapped", O_RDWR | O_CREAT, 0644);
	err |= log_fd | offset_fd | common_fd | fd;
	err |= vfs_write(common_fd, "common", 6) < 0;
	err |= vfs_ftruncate(fd, PAGE) | vfs_close(fd);
	return err < 0 ? -1 : 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(threads_leave_all_in_order, start),
		cmocka_unit_test(dup2_never_leaves_its_target_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
