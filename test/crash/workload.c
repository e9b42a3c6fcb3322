/*
 * The workloads: operations are done, and told to the model.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "workload.h"
#include "model.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <vfsfs/opfs_pool.h>
#include <vfsfs/vfsfs.h>

sim *disk;
model *truth;
uint64_t seed = 1;
bool verbose, faulty;
size_t cache;
unsigned slots = 8;
static bool stays_open; /* what is written to */
static int open_fd;
static unsigned versions; /* of data written: each has bytes of its own */
static char last[160];    /* what is being done */

uint64_t rnd(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

void die(const char *what, int err)
{
	fprintf(stderr, "%s: %s\n", what, strerror(-err));
	exit(2);
}

long must(const char *what, long r)
{
	if (r < 0)
		die(what, (int)r);
	return r;
}

int mount_disk(sim *s)
{
	vfs_opfs_pool_options o = {.directory = "pool",
				   .capacity = 8,
				   .limit = slots,
				   .age = -1,
				   .cache = cache,
				   .port = sim_port(s)};
	return vfs_mount(&vfs_opfs_pool, &o, "/m", 0);
}

/* ---- Operations: done, and told to the model ---- */

static const char *full(const char *path)
{
	static char buf[2][MODEL_PATH + 8];
	static int turn;
	turn = !turn;
	snprintf(buf[turn], sizeof buf[turn], "/m/%s", path);
	return buf[turn];
}

/* With -v: what is done, before which operation of the port. */
__attribute__((format(printf, 1, 2))) static void tell(const char *what, ...)
{
	va_list args;
	va_start(args, what);
	vsnprintf(last, sizeof last, what, args);
	va_end(args);
	if (verbose)
		printf("%4zu %s\n", sim_ops(disk), last);
}

/* The end of an operation, whose result it is. Where calls of the port are made to
 * fail, it may have failed: then nothing of it has happened. */
static long done(long result, enum model_synced synced, const char *path)
{
	if (result >= 0)
		model_end(truth, sim_ops(disk), synced, path);
	else if (faulty && (result == -EIO || result == -ENOSPC))
		model_cancel(truth);
	else
		die(last, (int)result);
	return result;
}

/* Can it be done? What it needs may be missing only after a failure. */
static bool can(bool needed)
{
	if (!needed && !faulty)
		die(last, -ENOENT);
	return needed;
}

static bool has_parent(const char *path)
{
	char dir[MODEL_PATH];
	const char *slash = strrchr(path, '/');
	snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path) : 0, path);
	return !slash || model_is(truth, dir);
}

static bool is_new(const char *path)
{
	return !model_is(truth, path) && has_parent(path);
}

static void make(const char *path)
{
	tell("make %s", path);
	if (!can(is_new(path)))
		return;
	model_begin(truth);
	model_make(truth, path, S_IFREG | 0644);
	long fd = vfs_open(full(path), O_CREAT | O_EXCL | O_WRONLY, 0644);
	if (done(fd, MODEL_NOTHING, NULL) >= 0)
		vfs_close((int)fd);
}

static void make_dir(const char *path)
{
	tell("mkdir %s", path);
	if (!can(is_new(path)))
		return;
	model_begin(truth);
	model_make(truth, path, S_IFDIR | 0755);
	done(vfs_mkdir(full(path), 0755), MODEL_NOTHING, NULL);
}

/* Bytes that nothing else has written. */
static unsigned char *fresh(size_t len, off_t pos)
{
	unsigned char *data = malloc(len);
	unsigned v = ++versions;
	for (size_t k = 0; data && k < len; k++)
		data[k] = (unsigned char)(1 + (v * 37 + (pos + (off_t)k) / 64 * 11) % 251);
	return data;
}

static void write_at(const char *path, off_t pos, size_t len)
{
	tell("write %s: %zu at %lld", path, len, (long long)pos);
	if (!can(model_is(truth, path)))
		return;
	unsigned char *data = fresh(len, pos);
	int fd = (int)must("open", vfs_open(full(path), O_WRONLY, 0));
	model_begin(truth);
	model_write(truth, path, data, len, pos);
	long n = vfs_pwrite(fd, data, len, pos);
	if (n >= 0 && n < (long)len && can(false) == false) { /* short: that much is written */
		model_cancel(truth);
		model_begin(truth);
		model_write(truth, path, data, (size_t)n, pos);
	}
	done(n, MODEL_NOTHING, NULL);
	if (stays_open)
		open_fd = fd;
	else
		vfs_close(fd);
	free(data);
}

/* An atomic write of n pieces, each `len` bytes at another place below `below`; without
 * `commit` it is rolled back, or forgotten by the close. */
static void write_atomically(const char *path, int n, size_t len, off_t below, bool commit)
{
	tell("%s %s: %d times %zu below %lld", commit ? "commit" : "roll back", path, n, len,
	     (long long)below);
	if (!can(model_is(truth, path)))
		return;
	int fd = (int)must("open", vfs_open(full(path), O_WRONLY, 0));
	model_begin(truth);
	model_atomic(truth, path);
	must("begin", vfs_begin(fd));
	for (int k = 0; k < n; k++) {
		off_t pos = (off_t)rnd((uint64_t)below);
		if (len >= 4096)
			pos &= ~(off_t)4095;
		unsigned char *data = fresh(len, pos);
		model_write(truth, path, data, len, pos);
		must("write", vfs_pwrite(fd, data, len, pos));
		free(data);
	}
	if (commit)
		done(vfs_commit(fd), MODEL_NOTHING, NULL);
	else
		model_cancel(truth);
	if (!commit && n % 2)
		must("rollback", vfs_rollback(fd));
	vfs_close(fd);
}

static void append(const char *path, size_t len)
{
	write_at(path, model_size(truth, path), len);
}

static void cut_at(const char *path, off_t size)
{
	tell("truncate %s: %lld", path, (long long)size);
	if (!can(model_is(truth, path)))
		return;
	model_begin(truth);
	model_truncate(truth, path, size);
	done(vfs_truncate(full(path), size), MODEL_NOTHING, NULL);
}

static void sync_one(const char *path)
{
	tell("fsync %s", path);
	if (!can(model_is(truth, path)))
		return;
	model_begin(truth);
	int fd = (int)must("open", vfs_open(full(path), O_RDONLY, 0));
	done(vfs_fsync(fd), MODEL_ONE, path);
	vfs_close(fd);
}

static void sync_all(void)
{
	tell("sync");
	model_begin(truth);
	done(vfs_sync(), MODEL_ALL, NULL);
}

static void rename_to(const char *from, const char *to)
{
	tell("rename %s %s", from, to);
	if (!can(model_is(truth, from) && has_parent(to)))
		return;
	model_begin(truth);
	model_rename(truth, from, to);
	done(vfs_rename(full(from), full(to)), MODEL_NOTHING, NULL);
}

static void link_to(const char *from, const char *to)
{
	tell("link %s %s", from, to);
	if (!can(model_is(truth, from) && is_new(to)))
		return;
	model_begin(truth);
	model_link(truth, from, to);
	done(vfs_link(full(from), full(to)), MODEL_NOTHING, NULL);
}

static void symlink_to(const char *target, const char *path)
{
	tell("symlink %s %s", target, path);
	if (!can(is_new(path)))
		return;
	model_begin(truth);
	model_symlink(truth, target, path);
	done(vfs_symlink(target, full(path)), MODEL_NOTHING, NULL);
}

static void chmod_to(const char *path, mode_t mode)
{
	tell("chmod %s %o", path, mode);
	if (!can(model_is(truth, path)))
		return;
	model_begin(truth);
	model_chmod(truth, path, mode);
	done(vfs_chmod(full(path), mode), MODEL_NOTHING, NULL);
}

static void remove_name(const char *path)
{
	tell("unlink %s", path);
	if (!can(model_is(truth, path)))
		return;
	model_begin(truth);
	model_unlink(truth, path);
	done(vfs_unlink(full(path)), MODEL_NOTHING, NULL);
}

static void remove_dir(const char *path)
{
	tell("rmdir %s", path);
	if (!can(model_is(truth, path)))
		return;
	model_begin(truth);
	model_unlink(truth, path);
	done(vfs_rmdir(full(path)), MODEL_NOTHING, NULL);
}

static void remount(void)
{
	tell("remount");
	model_begin(truth);
	if (done(vfs_unmount("/m"), MODEL_ALL, NULL) < 0)
		return;
	int err = mount_disk(disk);
	if (faulty && (err == -EIO || err == -ENOSPC)) {
		sim_fail(disk, 0, 0, 0); /* it lasts no longer */
		err = mount_disk(disk);
	}
	must("mount", err);
}

/* ---- Workloads ---- */

static void names(void)
{
	make("a"), make_dir("d"), make("d/b"), sync_all();
	rename_to("a", "d/a");
	link_to("d/b", "c");
	symlink_to("d/a", "s");
	sync_one("c");
	remove_name("d/b");
	rename_to("d", "e");
	chmod_to("c", 0600);
	make_dir("d");
	rename_to("e/a", "d/a");
	remove_dir("e");
	sync_one("c");
	remove_name("s"), remove_name("c");
}

/* Renamed while it is still open for writing. */
static void write_and_rename(const char *from, const char *to, size_t len)
{
	open_fd = -1;
	stays_open = true;
	write_at(from, 0, len);
	stays_open = false;
	rename_to(from, to);
	chmod_to("s", 0600), sync_one("s"); /* the name is durable before the close */
	if (open_fd >= 0)
		vfs_close(open_fd);
}

static void replace(void)
{
	make("f"), write_at("f", 0, 9000), sync_one("f"), make("s");
	for (int k = 0; k < 3; k++) {
		make("t"), write_at("t", 0, 5000 + 3000 * (size_t)k);
		if (k != 1)
			sync_one("t"); /* with fsync, and without */
		rename_to("t", "f");
	}
	make("t"), write_at("t", 0, 150000), rename_to("t", "f");
	make("t"), write_and_rename("t", "f", 9000);
	make("t"), write_and_rename("t", "f", 120000);
	sync_all();
}

static void appends(void)
{
	make("log");
	for (int k = 0; k < 12; k++) {
		append("log", 700 + 4000 * (size_t)(k % 3));
		if (k % 2)
			sync_one("log");
	}
	append("log", 100000), sync_one("log");
	append("log", 100), sync_one("log");
}

static void truncations(void)
{
	make("f"), write_at("f", 0, 100000), sync_one("f");
	cut_at("f", 5000);
	write_at("f", 60000, 5000); /* behind a gap */
	sync_one("f");
	cut_at("f", 0);
	write_at("f", 0, 70000), sync_all();
	cut_at("f", 20000), cut_at("f", 90000);
	sync_one("f");
	cut_at("f", 100);
	write_at("f", 0, 120000);
	sync_all();
	cut_at("f", 3000), write_at("f", 100000, 100000); /* the same, past the journal */
	sync_one("f");
	cut_at("f", 3000), cut_at("f", 9000);
	make("g"), write_at("g", 5000, 200), sync_one("g");
}

static void reuse(void)
{
	char name[8];
	for (int round = 0; round < 3; round++) {
		for (int k = 0; k < 7; k++) {
			snprintf(name, sizeof name, "f%d", k);
			make(name), write_at(name, 0, 80000 + 1000 * (size_t)k);
		}
		sync_all();
		for (int k = 0; k < 7; k++) {
			snprintf(name, sizeof name, "f%d", k);
			remove_name(name);
		}
		make("n"), write_at("n", 0, 90000), sync_one("n"), remove_name("n");
	}
}

static void remounts(void)
{
	make("a"), write_at("a", 0, 3000), remount();
	write_at("a", 1000, 5000), make("b"), write_at("b", 0, 70000), remount();
	rename_to("b", "a"), cut_at("a", 40000), remount();
	append("a", 300), sync_one("a"), append("a", 300);
	remove_name("a"), make("a"), remount();
}

/* Slots are added; the run has room for it. */
static void growth(void)
{
	char name[8];
	for (int k = 0; k < 14; k++) {
		snprintf(name, sizeof name, "f%d", k);
		make(name), write_at(name, 0, 3000 + 9000 * (size_t)(k % 9));
		if (k % 3 == 0)
			sync_one(name);
	}
	remount();
	for (int k = 0; k < 14; k += 2) {
		snprintf(name, sizeof name, "f%d", k);
		remove_name(name);
	}
	make("g"), write_at("g", 0, 90000), sync_all();
}

/* Commits with and without a sync behind them, and what may let a part of one out: other
 * data that the cache has no room for, earlier and later writes, a truncation, a
 * remount. */
static void atomic(void)
{
	make("f"), write_at("f", 0, 60000), sync_one("f"), make("g");
	for (int k = 0; k < 6; k++) {
		write_atomically("f", 1 + k, 4096, 60000, true);
		if (k % 2)
			sync_one("f");
	}
	write_atomically("f", 3, 4096, 60000, false), write_atomically("f", 2, 100, 60000, false);
	write_atomically("f", 5, 700, 60000, true);
	for (int k = 0; k < 3; k++) { /* in the small cache f's pages must go */
		write_atomically("f", 8, 4096, 60000, true), write_at("g", 0, 200000);
		sync_all();
	}
	write_atomically("f", 4, 4096, 90000, true), write_at("g", 0, 150000), sync_one("f");
	open_fd = -1;
	stays_open = true; /* so that no close writes it */
	write_at("f", 50000, 40000);
	stays_open = false;
	write_atomically("f", 3, 4096, 60000, true);
	if (open_fd >= 0)
		vfs_close(open_fd);
	write_at("f", 20000, 3000), write_at("g", 0, 150000), sync_one("f");
	cut_at("f", 20000), write_atomically("f", 3, 300, 60000, true), sync_one("f");
	write_atomically("f", 40, 4096, 400000, true), sync_one("f");
	write_atomically("f", 6, 4096, 100000, true), remount();
	write_atomically("f", 6, 4096, 100000, true), rename_to("f", "g");
	write_atomically("g", 6, 4096, 100000, true), sync_all();
}

/* Anything, of few names. */
static void random_ops(void)
{
	static const char *const paths[] = {"a", "b", "d/a", "d/b", "e/a", "d", "e"};
	for (int k = 0; k < 40; k++) {
		const char *p = paths[rnd(5)], *q = paths[rnd(5)];
		bool has_dir = p[1] != '/' || model_is(truth, p[0] == 'd' ? "d" : "e");
		bool q_dir = q[1] != '/' || model_is(truth, q[0] == 'd' ? "d" : "e");
		bool is = model_is(truth, p);
		switch (rnd(14)) {
		case 0:
			if (!model_is(truth, "d"))
				make_dir("d");
			else if (!model_is(truth, "e"))
				rename_to("d", "e");
			break;
		case 1:
		case 2:
		case 3:
			if (is)
				write_at(p, (off_t)rnd(90000), 1 + rnd(rnd(2) ? 100 : 100000));
			else if (has_dir)
				make(p), write_at(p, 0, 1 + rnd(30000));
			break;
		case 4:
			if (is)
				append(p, 1 + rnd(10000));
			break;
		case 5:
			if (is)
				cut_at(p, (off_t)rnd(100000));
			break;
		case 6:
		case 7:
			if (is)
				sync_one(p);
			break;
		case 8:
			if (is && strcmp(p, q) != 0 && q_dir)
				rename_to(p, q);
			break;
		case 9:
			if (is && !model_is(truth, q) && q_dir)
				link_to(p, q);
			break;
		case 10:
			if (is)
				remove_name(p);
			break;
		case 11:
			if (is)
				chmod_to(p, 0600 + (mode_t)rnd(64));
			break;
		case 12:
			if (is)
				write_atomically(p, 1 + (int)rnd(6), rnd(2) ? 4096 : 500, 90000,
						 rnd(4) != 0);
			break;
		default:
			if (rnd(3))
				sync_all();
			else
				remount();
		}
	}
}

const struct workload workloads[] = {{"names", names, 1},        {"replace", replace, 2},
				     {"appends", appends, 2},    {"truncations", truncations, 2},
				     {"reuse", reuse, 2},        {"remounts", remounts, 2},
				     {"growth", growth, 2},      {"atomic", atomic, 2},
				     {"random", random_ops, 12}, {NULL, NULL, 0}};
