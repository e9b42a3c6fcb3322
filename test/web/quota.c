/*
 * Fills a pool up to the browser's quota, makes room, and goes on; what was synced
 * must be there all the time, and in the next run (quota.mjs).
 *
 *   quota STEP... -- TAG FILE...
 *
 * The steps, between which the program returns to its event loop:
 *   begin     a file, and a clean end
 *   large     files are written until there is no room: 64 KiB at a time, and fsync
 *             after 256 KiB; in the end 512 bytes and fsync
 *   small     the same by 4 KiB and fsync, so that the journal has the data
 *   replace   the largest file is removed, and at once one half as large made
 *   remove    the two largest files are removed, and that is durable
 *   cut       the two largest files are cut to half, and that is durable
 *   more      another file grows by half of a large one
 *   try       the same, but there may be no room
 *   check     nothing but what is done first anyway
 *   clear     all files go, and a clean end
 *
 * TAG: new files have it in their names. FILE: what there is from earlier runs, as
 * these say it: "file NAME:SYNCED:MOST:MADE".
 */
#include <dirent.h>
#include <emscripten.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vfsfs/opfs_pool.h>
#include <vfsfs/vfsfs.h>

enum { FILES = 60, CHUNK = 65536, FILE_SIZE = 15 * CHUNK };

static struct file {
	char name[24];
	off_t size;
	off_t synced, most; /* what a later run must find, and may find */
	bool made;          /* and whether it must be there at all */
} files[FILES];
static int count;
static const char *tag;
static bool failed;

__attribute__((format(printf, 2, 3))) static bool result(bool good, const char *what, ...)
{
	va_list args;
	va_start(args, what);
	printf(good ? "ok " : "not ok ");
	vprintf(what, args);
	printf("\n");
	va_end(args);
	failed |= !good;
	return good;
}

/* ---- Bytes: they follow from the name and the place ---- */

static void bytes_of(const char *name, off_t pos, unsigned char *to, size_t len)
{
	uint32_t h = 2166136261u;
	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	for (size_t k = 0; k < len; k++) {
		uint32_t x = (h ^ (uint32_t)(pos + (off_t)k)) * 0x9e3779b1u;
		to[k] = (unsigned char)(1 + (x >> 24) % 255);
	}
}

static bool is_right(const struct file *f, off_t size)
{
	static unsigned char is[CHUNK], should[CHUNK];
	bool good = true;
	int fd = open(f->name, O_RDONLY);
	for (off_t pos = 0; pos < size && good;) {
		ssize_t n = pread(fd, is, sizeof is, pos);
		if (n <= 0)
			good = result(false, "%s: read at %lld gives %zd: %s", f->name,
				      (long long)pos, n, strerror(errno));
		bytes_of(f->name, pos, should, n > 0 ? (size_t)n : 0);
		for (ssize_t k = 0; k < n && good; k++)
			good = is[k] == should[k] || (!is[k] && pos + k >= f->synced) ||
			       result(false, "%s: byte %lld is %#x, not %#x (%lld are synced)",
				      f->name, (long long)(pos + k), is[k], should[k],
				      (long long)f->synced);
		pos += n > 0 ? n : 0;
	}
	if (fd >= 0)
		close(fd);
	return good;
}

/* later: what was not synced may be lost, and is so from now on. */
static bool check_file(struct file *f, bool later)
{
	struct stat st;
	if (stat(f->name, &st))
		return result(later && !f->made && errno == ENOENT, "%s: %s", f->name,
			      strerror(errno));
	off_t least = later ? f->synced : f->size, most = later ? f->most : f->size;
	bool good = is_right(f, st.st_size);
	if (st.st_size < least || st.st_size > most)
		good = result(false, "%s: it has %lld bytes, not %lld to %lld", f->name,
			      (long long)st.st_size, (long long)least, (long long)most);
	if (later)
		f->size = f->most = st.st_size;
	return good;
}

static void check(const char *when, bool later)
{
	bool good = true;
	off_t synced = 0;
	for (int k = 0; k < count; k++) {
		good &= check_file(&files[k], later);
		synced += files[k].synced;
	}
	result(good, "%s: %d files have what was synced, %lld bytes", when, count,
	       (long long)synced);
	for (int k = count; later && k-- > 0;)
		if (access(files[k].name, F_OK))
			files[k] = files[--count];
}

/* ---- Files ---- */

static struct file *add(const char *name)
{
	if (count == FILES)
		exit(2);
	struct file *f = &files[count++];
	*f = (struct file){.synced = 0};
	snprintf(f->name, sizeof f->name, "%s", name);
	return f;
}

static struct file *largest(const struct file *but)
{
	struct file *f = NULL;
	for (int k = 0; k < count; k++)
		if (&files[k] != but && (!f || files[k].synced > f->synced))
			f = &files[k];
	return f;
}

/* Up to len bytes more; 0, or the error of write, -1: none could be written. */
static int append(struct file *f, int fd, size_t len)
{
	static unsigned char bytes[CHUNK];
	bytes_of(f->name, f->size, bytes, len);
	ssize_t n = pwrite(fd, bytes, len, f->size);
	if (n < 0)
		return errno;
	f->size += n;
	if (f->most < f->size)
		f->most = f->size;
	return 0;
}

static int sync_file(struct file *f, int fd)
{
	if (fsync(fd))
		return errno;
	f->synced = f->most = f->size;
	f->made = true;
	return 0;
}

/* Grows by at most `most` bytes, in steps of `len`, with fsync after `each`. The
 * error that it ends with. */
static int grow(struct file *f, off_t most, size_t len, off_t each, const char **call)
{
	int fd = open(f->name, O_CREAT | O_WRONLY, 0666), err = 0;
	off_t end = f->size + most;
	*call = "open";
	if (fd < 0)
		return errno;
	while (f->size < end && !err) {
		*call = "write";
		err = append(f, fd, len);
		if (!err && (f->size - f->synced >= each || f->size >= end)) {
			*call = "fsync";
			err = sync_file(f, fd);
		}
	}
	if (close(fd) && !err) {
		*call = "close";
		err = errno;
	}
	return err;
}

/* ---- Full ---- */

static void fill_by(const char *name, size_t len, off_t each)
{
	const char *call = "";
	char full[24];
	off_t bytes = 0;
	int err = 0;
	for (int k = 0; !err && k < 40; k++) {
		snprintf(full, sizeof full, "%s.%s.%d", name, tag, k);
		struct file *f = add(full);
		err = grow(f, FILE_SIZE, len, each, &call);
		bytes += f->synced;
		if (err && !strcmp(call, "open"))
			count--;
	}
	result(err == ENOSPC, "full: after %lld bytes by %zu, %s: %s", (long long)bytes, len, call,
	       strerror(err));
}

static void fill(const char *step)
{
	if (!strcmp(step, "large"))
		fill_by("large", CHUNK, 4 * (off_t)CHUNK);
	else
		fill_by("small", 4096, 1);
	fill_by("rest", 512, 1);
	check(step, false);
}

/* ---- Room ---- */

/* An fsync may tell once of an error that there was before it. */
static int sync_twice(struct file *f)
{
	int fd = open(f->name, O_WRONLY), err = sync_file(f, fd);
	if (err == ENOSPC)
		err = sync_file(f, fd);
	close(fd);
	return err;
}

static void remove_largest(void)
{
	struct file *f = largest(NULL);
	int err = unlink(f->name) ? errno : 0;
	result(!err, "full: unlink of %s, %lld bytes: %s", f->name, (long long)f->synced,
	       strerror(err));
	if (!err)
		*f = files[--count];
}

static void sync_directory(void)
{
	int fd = open(".", O_RDONLY), err = fsync(fd) ? errno : 0;
	if (err == ENOSPC)
		err = fsync(fd) ? errno : 0;
	result(!err, "full: fsync of the directory, so that it is durable: %s", strerror(err));
	close(fd);
}

static void step_remove(const char *step)
{
	remove_largest();
	remove_largest();
	sync_directory();
	check(step, false);
}

static struct file *cut_largest(const struct file *but)
{
	struct file *f = largest(but);
	int err = truncate(f->name, f->size / 2) ? errno : 0;
	if (result(!err, "full: truncate of %s: %s", f->name, strerror(err))) {
		f->size /= 2;
		if (f->synced > f->size)
			f->synced = f->size;
		err = sync_twice(f);
		result(!err, "full: fsync of it, so that it is durable: %s", strerror(err));
	}
	return f;
}

static void step_cut(const char *step)
{
	cut_largest(cut_largest(NULL));
	check(step, false);
}

/* ---- Going on ---- */

static void go_on(struct file *f, bool tries)
{
	const char *call = "";
	off_t before = f->size;
	int err = grow(f, FILE_SIZE / 2, CHUNK, CHUNK, &call);
	off_t bytes = f->size - before;
	if (tries && err == ENOSPC)
		printf("no room in this mount: %s has %lld bytes more, %s: %s\n", f->name,
		       (long long)bytes, call, strerror(err));
	else
		result(!err, "room: %s has %lld bytes more, %s: %s", f->name, (long long)bytes,
		       call, strerror(err));
}

static void step_replace(const char *step)
{
	char name[24];
	snprintf(name, sizeof name, "after.%s", tag);
	remove_largest();
	go_on(add(name), false);
	check(step, false);
}

/* What could not be synced while there was no room, and more. */
static void step_more(const char *step)
{
	bool tries = !strcmp(step, "try");
	for (int k = 0; k < count; k++) {
		struct file *f = &files[k];
		if (f->synced == f->size)
			continue;
		int err = sync_twice(f);
		if (err == ENOSPC && tries)
			printf("no room in this mount: fsync of %s\n", f->name);
		else
			result(!err, "room: fsync of %s: %s", f->name, strerror(err));
	}
	go_on(largest(largest(NULL)), tries);
	check(step, false);
}

/* ---- Beginning and end ---- */

static void unmount(void)
{
	int err = chdir("/") ? -errno : vfs_unmount("/pool");
	result(!err, "unmount: %s", strerror(-err));
}

static void step_begin(const char *step)
{
	const char *call;
	int err = grow(add("keep"), FILE_SIZE, CHUNK, FILE_SIZE, &call);
	result(!err, "%s: %s", step, strerror(err));
	unmount();
}

static void step_clear(const char *step)
{
	DIR *d = opendir(".");
	for (struct dirent *e; d && (e = readdir(d)) != NULL;)
		if (e->d_name[0] != '.' && unlink(e->d_name))
			result(false, "%s: unlink: %s", step, strerror(errno));
	closedir(d);
	count = 0;
	unmount();
}

static void step_check(const char *step)
{
	(void)step;
}

/* ---- Steps ---- */

static const struct step {
	const char *name;
	void (*run)(const char *name);
} steps[] = {{"begin", step_begin},     {"large", fill},         {"small", fill},
	     {"replace", step_replace}, {"remove", step_remove}, {"cut", step_cut},
	     {"more", step_more},       {"try", step_more},      {"check", step_check},
	     {"clear", step_clear}};

static char **next;

static void run_next(void *unused)
{
	(void)unused;
	for (size_t k = 0; k < sizeof steps / sizeof *steps; k++)
		if (!strcmp(*next, steps[k].name))
			steps[k].run(steps[k].name);
	if (strcmp(*++next, "--") != 0) {
		emscripten_async_call(run_next, NULL, 300);
		return;
	}
	for (int k = 0; k < count; k++)
		printf("file %s:%lld:%lld:%d\n", files[k].name, (long long)files[k].synced,
		       (long long)files[k].most, files[k].made);
	exit(failed);
}

static void read_files(char **args)
{
	for (; *args; args++) {
		char name[24];
		long long synced, most;
		int made;
		if (sscanf(*args, "%23[^:]:%lld:%lld:%d", name, &synced, &most, &made) != 4)
			exit(2);
		struct file *f = add(name);
		f->synced = synced;
		f->most = most;
		f->made = made;
	}
}

int main(int argc, char **argv)
{
	vfs_opfs_pool_options o = {.directory = "/quota"};
	char **rest = argv + 1;
	int err = mkdir("/pool", 0777) ? -errno : vfs_mount(&vfs_opfs_pool, &o, "/pool", 0);
	if (!result(!err, "mount: %s%s%s", strerror(-err), err ? ", " : "",
		    err ? vfs_opfs_message() : ""))
		return 1;
	while (*rest && strcmp(*rest, "--") != 0)
		rest++;
	if (argc < 4 || !*rest || !rest[1] || chdir("/pool"))
		return 2;
	next = argv + 1;
	tag = rest[1];
	read_files(rest + 2);
	if (count)
		check("mount", true);
	run_next(NULL);
	emscripten_exit_with_live_runtime();
}
