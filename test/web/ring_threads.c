/*
 * Threads that use one pool at once, over the ring: each writes, reads and renames its
 * own files and appends to one that all share. Then the pool is idle: what was written
 * goes out by itself.
 *
 *   ring_threads.js           the first thread is a worker: it prepares the pool
 *   ring_page.js              linked with -sPROXY_TO_PTHREAD, for a page: main mounts
 *                             what nobody has prepared
 */
#include "opfs_ring.h"
#include <emscripten.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vfsfs/opfs_pool.h>
#include <vfsfs/vfsfs.h>

enum { THREADS = 4, ROUNDS = 40, LARGE = 300000 };

/* ring_trap.js counts calls in it: none comes to 0. */
static struct {
	atomic_int countdown, how, none;
} trap = {1 << 30, 0, 0};
static char url[64];
static vfs_opfs_pool_options pool = {
	.directory = "/ring-threads", .capacity = 6, .cache = 256 << 10, .age = 200};
static int passed, failed;
static atomic_int wrong;

#define CHECK(expression)                                                                  \
	do {                                                                               \
		if (!(expression)) {                                                       \
			printf("# line %d: %s, errno %d\n", __LINE__, #expression, errno); \
			return false;                                                      \
		}                                                                          \
	} while (0)

static void report(bool ok, const char *name)
{
	printf("%s %s\n", ok ? "ok" : "not ok", name);
	*(ok ? &passed : &failed) += 1;
}

/* ---- Threads at once ---- */

static void fill(char *p, size_t len, unsigned seed)
{
	for (size_t k = 0; k < len; k++)
		p[k] = (char)((seed = seed * 1664525 + 1013904223) >> 24);
}

static bool holds(const char *path, const char *data, size_t len, char *buf)
{
	int fd = open(path, O_RDONLY);
	CHECK(fd >= 0);
	CHECK(read(fd, buf, LARGE) == (ssize_t)len);
	CHECK(memcmp(buf, data, len) == 0);
	CHECK(close(fd) == 0);
	return true;
}

static bool round_of(int thread, int k, int shared, char *data, char *buf)
{
	char temporary[40], path[40], record[16];
	size_t len = (size_t)(k * 7919 * (thread + 1)) % LARGE;
	snprintf(temporary, sizeof temporary, "/pool/%d.new", thread);
	snprintf(path, sizeof path, "/pool/%d.%d", thread, k % 3);
	fill(data, len, (unsigned)(thread * 1000 + k));
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	CHECK(fd >= 0);
	CHECK(write(fd, data, len) == (ssize_t)len);
	if (k % 4 == thread)
		CHECK(fsync(fd) == 0);
	CHECK(close(fd) == 0);
	CHECK(rename(temporary, path) == 0);
	CHECK(holds(path, data, len, buf));
	snprintf(record, sizeof record, "%03d %03d\n", thread, k);
	CHECK(write(shared, record, 8) == 8);
	if (k % 5 == 4)
		CHECK(unlink(path) == 0 && access(path, F_OK) && errno == ENOENT);
	return true;
}

static bool all_rounds(int thread, char *data, char *buf)
{
	int shared = open("/pool/shared", O_WRONLY | O_APPEND);
	CHECK(shared >= 0);
	for (int k = 0; k < ROUNDS; k++)
		CHECK(round_of(thread, k, shared, data, buf));
	CHECK(close(shared) == 0);
	return true;
}

static void *thread_main(void *number)
{
	char *data = malloc(LARGE), *buf = malloc(LARGE);
	if (!all_rounds((int)(intptr_t)number, data, buf))
		atomic_store(&wrong, 1);
	free(data);
	free(buf);
	return NULL;
}

/* What the threads leave: their last files, and each record once, in order. */
static bool all_is_there(void)
{
	static char data[LARGE], buf[LARGE];
	char path[40];
	int next[THREADS] = {0};
	for (int t = 0; t < THREADS; t++) {
		int k = ROUNDS - 2;
		size_t len = (size_t)(k * 7919 * (t + 1)) % LARGE;
		snprintf(path, sizeof path, "/pool/%d.%d", t, k % 3);
		fill(data, len, (unsigned)(t * 1000 + k));
		CHECK(holds(path, data, len, buf));
	}
	int fd = open("/pool/shared", O_RDONLY);
	CHECK(fd >= 0);
	CHECK(read(fd, buf, LARGE) == 8 * THREADS * ROUNDS);
	CHECK(close(fd) == 0);
	for (int k = 0; k < THREADS * ROUNDS; k++) {
		int t = atoi(buf + 8 * k), r = atoi(buf + 8 * k + 4);
		CHECK(t >= 0 && t < THREADS && r == next[t]);
		next[t]++;
	}
	return true;
}

static bool threads_at_once(void)
{
	pthread_t thread[THREADS];
	int fd = open("/pool/shared", O_WRONLY | O_CREAT, 0644);
	CHECK(fd >= 0 && close(fd) == 0);
	for (int t = 0; t < THREADS; t++)
		CHECK(pthread_create(&thread[t], NULL, thread_main, (void *)(intptr_t)t) == 0);
	for (int t = 0; t < THREADS; t++)
		CHECK(pthread_join(thread[t], NULL) == 0);
	CHECK(!wrong);
	CHECK(all_is_there());
	CHECK(vfs_unmount("/pool") == 0);
	CHECK(vfs_mount(&vfs_opfs_pool, &pool, "/pool", 0) == 0);
	CHECK(all_is_there());
	return true;
}

/* ---- Idle ---- */

static bool idle_pool_is_synced(void)
{
	usleep(600000);
	int fd = open("/pool/idle", O_WRONLY | O_CREAT, 0644);
	CHECK(fd >= 0);
	CHECK(write(fd, "waits", 5) == 5);
	int before = atomic_load(&trap.countdown);
	usleep(800000);
	int after = atomic_load(&trap.countdown);
	printf("# calls while idle: %d\n", before - after);
	CHECK(before - after >= 2); /* a frame of the journal, and its flush */
	usleep(600000);
	CHECK(atomic_load(&trap.countdown) == after);
	CHECK(close(fd) == 0);
	return true;
}

/* ---- */

static void *direct(void *mounted)
{
	report(mounted != NULL, "mount");
	if (mounted) {
		report(threads_at_once(), "threads_at_once");
		report(idle_pool_is_synced(), "idle_pool_is_synced");
		int err = vfs_unmount("/pool");
		report(!err, "unmount");
	}
	printf("%d passed, %d failed\n", passed, failed);
	exit(failed != 0);
}

static void prepared(void *context, int result)
{
	static pthread_t thread;
	(void)context;
	if (!result)
		result = vfs_mount(&vfs_opfs_pool, &pool, "/pool", 0);
	if (result)
		printf("# %s\n", vfs_opfs_message());
	pthread_create(&thread, NULL, direct, result ? NULL : &pool);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	mkdir("/pool", 0777);
	snprintf(url, sizeof url, "ring_trap.js?%lu", (unsigned long)(uintptr_t)&trap);
	pool.worker = url;
	int err = vfs_mount(&vfs_opfs_pool, &pool, "/pool", 0);
	if (PAGE) {
		if (err)
			printf("# %s, %s\n", strerror(-err), vfs_opfs_message());
		direct(err ? NULL : &pool);
	}
	report(err == -EAGAIN, "unprepared_is_EAGAIN");
	err = vfs_opfs_prepare(&pool, prepared, NULL);
	if (err)
		prepared(NULL, err);
	emscripten_exit_with_live_runtime();
}
