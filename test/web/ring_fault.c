/*
 * The proxy dies, and hangs, before and after every call of a workload over a pool: the
 * standby takes over, no call fails, no byte is lost. And where no proxy can be had:
 * EIO, soon, and all is there when there is one again. ring_trap.js is the worker.
 *
 *   ring_fault.js die|hang|die-growing|hang-growing [STEP [FIRST [MOST]]]
 *                                every STEPth call, from the FIRST on, MOST of them
 *   ring_fault.js none
 */
#include "opfs_ring.h"
#include <emscripten.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vfsfs/opfs_pool.h>
#include <vfsfs/vfsfs.h>

enum { DIE_BEFORE, DIE_AFTER, HANG_BEFORE, HANG_AFTER };

/* ring_trap.js has the same. */
static struct {
	atomic_int countdown, how, none;
} trap;

enum { LARGE = 700000, FILES = 12 };
static vfs_opfs_pool_options pool = {
	.directory = "/ring-fault", .capacity = 8, .cache = 256 << 10, .age = -1};
static char url[64], data[LARGE], back[LARGE];
static int passed, failed, step_by = 1, first = 1, most = 100000;
static const char *what;
static double started;

/* ---- The workload ---- */

#define CHECK(expression)                                                                  \
	do {                                                                               \
		if (!(expression)) {                                                       \
			printf("# line %d: %s, errno %d\n", __LINE__, #expression, errno); \
			return false;                                                      \
		}                                                                          \
	} while (0)

static void fill(unsigned seed)
{
	for (size_t k = 0; k < LARGE; k++)
		data[k] = (char)((seed = seed * 1664525 + 1013904223) >> 24);
}

static bool put(const char *path, int flags, size_t from, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | flags, 0644);
	CHECK(fd >= 0);
	CHECK(write(fd, data + from, len) == (ssize_t)len);
	CHECK(fsync(fd) == 0);
	CHECK(close(fd) == 0);
	return true;
}

static bool holds(const char *path, size_t from, size_t len)
{
	struct stat st;
	CHECK(stat(path, &st) == 0 && st.st_size == (off_t)len);
	int fd = open(path, O_RDONLY);
	CHECK(fd >= 0);
	memset(back, 0, len);
	CHECK(read(fd, back, len) == (ssize_t)len);
	CHECK(close(fd) == 0);
	CHECK(memcmp(back, data + from, len) == 0);
	return true;
}

static bool mount_pool(void)
{
	int err = vfs_mount(&vfs_opfs_pool, &pool, "/pool", 0);
	if (err)
		printf("# mount: %s, %s\n", strerror(-err), vfs_opfs_message());
	return !err;
}

/* What a trial leaves in the pool. */
static bool all_is_there(void)
{
	CHECK(holds("/pool/target", 1000, 5000));
	CHECK(holds("/pool/log", 0, 300));
	CHECK(holds("/pool/large", 0, LARGE - 100000));
	CHECK(access("/pool/temporary", F_OK) && errno == ENOENT);
	return true;
}

static bool work(void)
{
	CHECK(put("/pool/target", O_TRUNC, 0, 4000));
	CHECK(put("/pool/temporary", O_TRUNC, 1000, 5000));
	CHECK(rename("/pool/temporary", "/pool/target") == 0);
	unlink("/pool/log");
	for (size_t k = 0; k < 300; k += 100)
		CHECK(put("/pool/log", O_APPEND, k, 100));
	CHECK(put("/pool/large", O_TRUNC, 0, LARGE));
	CHECK(truncate("/pool/large", LARGE - 100000) == 0);
	sync();
	return all_is_there();
}

static bool trial(int n)
{
	atomic_store(&trap.countdown, n);
	CHECK(mount_pool());
	CHECK(work());
	CHECK(vfs_unmount("/pool") == 0);
	CHECK(mount_pool());
	CHECK(all_is_there());
	CHECK(vfs_unmount("/pool") == 0);
	return true;
}

/* A new pool each time, which grows. */
static bool growing(int n)
{
	static int number;
	char path[40], directory[40];
	snprintf(directory, sizeof directory, "/ring-fault-%d", number++);
	pool.directory = directory;
	pool.capacity = 2;
	CHECK(mount_pool());
	atomic_store(&trap.countdown, n);
	for (int k = 0; k < FILES; k++) {
		snprintf(path, sizeof path, "/pool/file%d", k);
		CHECK(put(path, 0, (size_t)k, 10));
	}
	CHECK(vfs_unmount("/pool") == 0);
	CHECK(mount_pool());
	for (int k = 0; k < FILES; k++) {
		snprintf(path, sizeof path, "/pool/file%d", k);
		CHECK(holds(path, (size_t)k, 10));
	}
	CHECK(vfs_unmount("/pool") == 0);
	return true;
}

/* ---- Every call ---- */

static void report(bool ok, const char *name, int n)
{
	printf("%s %s %d\n", ok ? "ok" : "not ok", name, n);
	*(ok ? &passed : &failed) += 1;
}

static void every_call(bool (*workload)(int n), int how, const char *name)
{
	double begin = emscripten_get_now();
	for (int n = first, k = 0; k < most; n += step_by, k++) {
		int proxy = atomic_load(&vfs__the_ring.proxy);
		fill((unsigned)n);
		atomic_store(&trap.how, how);
		bool ok = workload(n);
		bool sprung = atomic_exchange(&trap.countdown, 0) <= 0;
		if (!sprung && ok) {
			printf("# %s: %d calls, %.1f s\n", name, n - 1,
			       (emscripten_get_now() - begin) / 1000);
			return;
		}
		if (sprung && atomic_load(&vfs__the_ring.proxy) == proxy) {
			printf("# the proxy is the same\n");
			ok = false;
		}
		report(ok, name, n);
		if (!ok)
			return; /* what is mounted, and what it holds, is unknown */
	}
}

/* ---- No proxy ---- */

static bool EIO_while_there_is_none(void)
{
	CHECK(mount_pool());
	CHECK(work());
	int fd = open("/pool/log", O_WRONLY | O_APPEND);
	CHECK(fd >= 0 && write(fd, data + 300, 100) == 100);
	atomic_store(&trap.none, 1);
	double begin = emscripten_get_now();
	int r = fsync(fd);
	double took = emscripten_get_now() - begin;
	printf("# fsync without a proxy: %d, errno %d, after %.0f ms\n", r, errno, took);
	CHECK(r == -1 && errno == EIO && took < 30000);
	begin = emscripten_get_now();
	CHECK(fsync(fd) == -1 && errno == EIO);
	printf("# the next: after %.0f ms\n", emscripten_get_now() - begin);
	CHECK(emscripten_get_now() - begin < 30000);
	atomic_store(&trap.none, 0);
	begin = emscripten_get_now();
	while (fsync(fd) && emscripten_get_now() < begin + 30000)
		usleep(50000);
	printf("# a proxy again: after %.0f ms\n", emscripten_get_now() - begin);
	CHECK(fsync(fd) == 0);
	CHECK(close(fd) == 0);
	CHECK(vfs_unmount("/pool") == 0);
	CHECK(mount_pool());
	CHECK(holds("/pool/log", 0, 400));
	CHECK(vfs_unmount("/pool") == 0);
	return true;
}

static void run(void *context, int result)
{
	(void)context;
	if (result) {
		vfs__ring *r = &vfs__the_ring;
		printf("not ok prepare: %s; proxy %d, none %d, reason %d, after %.0f ms\n"
		       "0 passed, 1 failed\n",
		       vfs_opfs_message(), r->proxy, r->none, r->reason,
		       emscripten_get_now() - started);
		exit(1);
	}
	fill(1);
	if (*what == 'h')
		vfs__ring_silence = 5;
	if (!strcmp(what, "none")) {
		report(EIO_while_there_is_none(), what, 0);
	} else if (!strcmp(what, "die")) {
		every_call(trial, DIE_BEFORE, "dies_before_call");
		every_call(trial, DIE_AFTER, "dies_after_call");
	} else if (!strcmp(what, "die-growing")) {
		every_call(growing, DIE_BEFORE, "dies_before_call_of_growth");
		every_call(growing, DIE_AFTER, "dies_after_call_of_growth");
	} else if (!strcmp(what, "hang")) {
		every_call(trial, HANG_BEFORE, "hangs_before_call");
		every_call(trial, HANG_AFTER, "hangs_after_call");
	} else {
		every_call(growing, HANG_BEFORE, "hangs_before_call_of_growth");
		every_call(growing, HANG_AFTER, "hangs_after_call_of_growth");
	}
	printf("%d passed, %d failed\n", passed, failed);
	exit(failed != 0);
}

int main(int argc, char **argv)
{
	what = argc > 1 ? argv[1] : "die";
	if (argc > 2)
		step_by = atoi(argv[2]);
	if (argc > 3)
		first = atoi(argv[3]);
	if (argc > 4)
		most = atoi(argv[4]);
	started = emscripten_get_now();
	setvbuf(stdout, NULL, _IOLBF, 0);
	mkdir("/pool", 0777);
	snprintf(url, sizeof url, "ring_trap.js?%lu", (unsigned long)(uintptr_t)&trap);
	pool.worker = url;
	int err = vfs_opfs_prepare(&pool, run, NULL);
	if (err)
		run(NULL, err);
	emscripten_exit_with_live_runtime();
}
