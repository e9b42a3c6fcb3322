/*
 * tar_fixture.c - see tar_fixture.h.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tar_fixture.h"
#include <opfs_directory.h>
#include <vfsfs/device.h>
#include <vfsfs/mem.h>
#include <vfsfs/opfs_pool.h>
#include <vfsfs/tar.h>
#include <vfsfs/vfsfs.h>

long long ok_at(long long result, const char *call, int line)
{
	if (result < 0) {
		print_error("%s: %s\n", call, strerror((int)-result));
		_fail(__FILE__, line);
	}
	return result;
}

void fails_at(long long wanted, long long result, const char *call, int line)
{
	if (result != wanted) {
		print_error("%s: %lld, not %lld (%s)\n", call, result, wanted,
			    strerror((int)-wanted));
		_fail(__FILE__, line);
	}
}

/* ---- Places ---- */

static char host_directory[] = "/tmp/vfsfs-tar-XXXXXX";

static void remove_host(void)
{
	shell("rm -rf %s", host_directory);
}

const char *host(void)
{
	static bool made;
	if (!made) {
		assert_non_null(mkdtemp(host_directory));
		atexit(remove_host);
	}
	made = true;
	return host_directory;
}

static void mount_all(void)
{
	static bool mounted;
	char path[64];
	vfs_opfs_pool_options o = {.capacity = 40, .limit = 400};
	if (mounted)
		return;
	mounted = true;
	ok(vfs_mount(&vfs_mem, NULL, "/", 0));
	ok(vfs_mkdir("/mem", 0755));
	ok(vfs_mkdir("/pool", 0755));
	snprintf(path, sizeof path, "%s/pool", host());
	ok(vfs_opfs_directory_new(path, &o.port));
	ok(vfs_mount(&vfs_opfs_pool, &o, "/pool", 0));
}

static int start(void **state, const char *where)
{
	mount_all();
	*state = (void *)(uintptr_t)where;
	ok(vfs_mkdir(where, 0755));
	return 0;
}

int start_memory(void **state)
{
	return start(state, "/mem/t");
}

int start_pool(void **state)
{
	return start(state, "/pool/t");
}

int finish(void **state)
{
	remove_tree(*state);
	return 0;
}

const char *in(void **state, const char *name)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];
	snprintf(path, sizeof paths[0], "%s/%s", (const char *)*state, name);
	return path;
}

void remove_tree(const char *root)
{
	enum { ENTRIES = 4096, PATH = 5000 };
	char *entries = malloc(ENTRIES + PATH), *path = entries + ENTRIES;
	ssize_t n;
	vfs_chmod(root, 0700);
	int fd = (int)ok(vfs_open(root, O_RDONLY | O_DIRECTORY, 0));
	while ((n = vfs_getdents(fd, entries, ENTRIES)) > 0)
		for (ssize_t at = 0; at < n;) {
			struct dirent *e = (void *)(entries + at);
			at += e->d_reclen;
			if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
				continue;
			snprintf(path, PATH, "%s/%s", root, e->d_name);
			if (e->d_type == DT_DIR)
				remove_tree(path);
			else
				ok(vfs_unlink(path));
		}
	free(entries);
	vfs_close(fd);
	ok(vfs_rmdir(root));
}

/* ---- Trees ---- */

void make_file(const char *path, const void *data, size_t len)
{
	int fd = (int)ok(vfs_open(path, O_CREAT | O_EXCL | O_WRONLY, 0644));
	assert_int_equal(ok(vfs_write(fd, data, len)), len);
	ok(vfs_close(fd));
}

static void set_times(const char *path, int64_t a, long an, int64_t m, long mn)
{
	const struct timespec times[2] = {{a, an}, {m, mn}};
	ok(vfs_utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW));
}

static void make_holes(const char *path, off_t size, bool data_at_end)
{
	int fd = (int)ok(vfs_open(path, O_CREAT | O_WRONLY, 0644));
	ok(vfs_ftruncate(fd, size));
	ok(vfs_pwrite(fd, "in the middle", 13, size / 2));
	if (data_at_end)
		ok(vfs_pwrite(fd, "end", 3, size - 3));
	ok(vfs_close(fd));
}

void make_tree(const char *root, bool devices)
{
	static unsigned char data[300000];
	char path[1500], name[256];
	int n = snprintf(path, sizeof path, "%s/", root);
	char *end = path + n;
	size_t room = sizeof path - (size_t)n;
#define at(...) (snprintf(end, room, __VA_ARGS__), path)
	ok(vfs_mkdir(root, 0755));
	for (size_t k = 0; k < sizeof data; k++)
		data[k] = (unsigned char)(k * 7 + k / 1000);
	make_file(at("empty"), "", 0);
	make_file(at("block"), data, 512);
	make_file(at("big"), data, sizeof data);
	make_file(at("odd name \n\xff%s", "=\xc3\xa9"), data, 513);
	ok(vfs_chmod(at("big"), 04751));
	ok(vfs_chown(at("block"), 3000000, 12));
	set_times(at("empty"), -2, 500000000, -2000000000, 0);
	set_times(at("big"), 1, 0, 8589934592 + 77, 999999999);
	make_holes(at("holes"), 5000000, true);
	make_holes(at("hole at the end"), 3000000, false);
	int fd = (int)ok(vfs_open(at("only a hole"), O_CREAT | O_WRONLY, 0644));
	ok(vfs_ftruncate(fd, 70000));
	vfs_close(fd);
	ok(vfs_link(at("big"), in((void *[]){(void *)(uintptr_t)root}, "another big")));
	ok(vfs_symlink("/etc/../nowhere", at("link")));
	memset(name, 'x', sizeof name - 1);
	name[255] = 0;
	ok(vfs_symlink(name, at("long link")));
	set_times(at("link"), 5, 0, 6, 7);
	/* names at and around what ustar's fields hold */
	for (int len = 98; len <= 102; len++)
		make_file(at("%.*s", len, name), data, (size_t)len);
	ok(vfs_mkdir(at("%.*s", 99, name), 0755) == -EEXIST ? vfs_mkdir(at("d%.*s", 99, name), 0755)
							    : 0);
	make_file(at("d%.*s/%.*s", 99, name, 99, name), data, 3);
	make_file(at("%.255s", name), data, 4);
	ok(vfs_mkdir(at("deep"), 0700));
	for (int k = 0; k < 4; k++) {
		at("deep");
		for (int i = 0; i <= k; i++)
			strncat(path, "/", sizeof path - 1), strncat(path, name, 200);
		ok(vfs_mkdir(path, 0755));
	}
	strcat(path, "/file");
	make_file(path, data, 1000);
	ok(vfs_link(path, in((void *[]){(void *)(uintptr_t)root}, "of the deep")));
	ok(vfs_mknod(at("fifo"), S_IFIFO | 0640, 0));
	if (devices) {
		ok(vfs_mknod(at("null"), S_IFCHR | 0666, vfs_makedev(1, 3)));
		ok(vfs_mknod(at("disk"), S_IFBLK | 0600, vfs_makedev(259, 70000)));
	}
	ok(vfs_mkdir(at("no entry"), 0755));
	ok(vfs_mkdir(at("closed"), 0755));
	make_file(at("closed/file"), "x", 1);
	ok(vfs_chmod(at("closed"), 0500));
	set_times(at("closed"), 1000, 1, 2000, 2);
	set_times(root, 3000, 3, 4000, 4);
#undef at
}

/* ---- What a tree is ---- */

typedef struct text {
	char *at;
	size_t len;
	FILE *to;
	struct {
		ino_t ino;
		char *path;
	} seen[64];
	int seen_count;
	enum times times;
} text;

static void describe_data(text *t, const char *path)
{
	static unsigned char buf[65536];
	uint64_t sum = 0xcbf29ce484222325;
	ssize_t n;
	int fd = (int)ok(vfs_open(path, O_RDONLY | O_NOATIME, 0));
	while ((n = ok(vfs_read(fd, buf, sizeof buf))) > 0)
		for (ssize_t k = 0; k < n; k++)
			sum = (sum ^ buf[k]) * 0x100000001b3;
	vfs_close(fd);
	fprintf(t->to, " sum %llx", (unsigned long long)sum);
}

static void describe_one(text *t, const char *path, size_t root)
{
	struct stat st;
	char target[4096];
	ok(vfs_lstat(path, &st));
	fprintf(t->to, "%s %o %u:%u", path + root, st.st_mode, st.st_uid, st.st_gid);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		fprintf(t->to, " dev %x", (unsigned)st.st_rdev);
	if (!S_ISDIR(st.st_mode))
		fprintf(t->to, " size %lld links %u", (long long)st.st_size, (unsigned)st.st_nlink);
	if (t->times)
		fprintf(t->to, " mtime %lld.%09ld", (long long)st.st_mtim.tv_sec,
			st.st_mtim.tv_nsec);
	if (t->times == ALL_TIMES &&
	    !S_ISLNK(st.st_mode)) /* a link's changes when it is looked at */
		fprintf(t->to, " atime %lld.%09ld", (long long)st.st_atim.tv_sec,
			st.st_atim.tv_nsec);
	if (S_ISLNK(st.st_mode)) {
		int n = (int)ok(vfs_readlink(path, target, sizeof target));
		fprintf(t->to, " -> %.*s", n, target);
	}
	if (S_ISREG(st.st_mode))
		describe_data(t, path);
	for (int k = 0; k < t->seen_count && st.st_nlink > 1 && !S_ISDIR(st.st_mode); k++)
		if (t->seen[k].ino == st.st_ino)
			fprintf(t->to, " is %s", t->seen[k].path + root);
	if (st.st_nlink > 1 && !S_ISDIR(st.st_mode) && t->seen_count < 64) {
		t->seen[t->seen_count].ino = st.st_ino;
		t->seen[t->seen_count++].path = strdup(path);
	}
	fputc('\n', t->to);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void describe_directory(text *t, const char *path, size_t root)
{
	char *entries = malloc(65536), *names[200], inner[5000];
	int count = 0;
	ssize_t n;
	int fd = (int)ok(vfs_open(path, O_RDONLY | O_DIRECTORY | O_NOATIME, 0));
	while ((n = ok(vfs_getdents(fd, entries, 65536))) > 0)
		for (ssize_t at = 0; at < n;) {
			struct dirent *e = (void *)(entries + at);
			at += e->d_reclen;
			assert_true(count < 200);
			if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
				names[count++] = strdup(e->d_name);
		}
	vfs_close(fd);
	free(entries);
	qsort(names, (size_t)count, sizeof *names, by_name);
	for (int k = 0; k < count; k++) {
		struct stat st;
		snprintf(inner, sizeof inner, "%s/%s", path, names[k]);
		free(names[k]);
		describe_one(t, inner, root);
		ok(vfs_lstat(inner, &st));
		if (S_ISDIR(st.st_mode))
			describe_directory(t, inner, root);
	}
}

char *describe(const char *root, enum times times)
{
	text t = {.times = times};
	t.to = open_memstream(&t.at, &t.len);
	assert_non_null(t.to);
	describe_one(&t, root, strlen(root));
	describe_directory(&t, root, strlen(root));
	fclose(t.to);
	while (t.seen_count)
		free(t.seen[--t.seen_count].path);
	return t.at;
}

void assert_same_tree(const char *a, const char *b, enum times times)
{
	char *x = describe(a, times), *y = describe(b, times), *p = x, *q = y;
	while (*p || *q) {
		size_t n = strcspn(p, "\n"), m = strcspn(q, "\n");
		if (n != m || memcmp(p, q, n) != 0) {
			print_error("%s and %s differ:\n- %.*s\n+ %.*s\n", a, b, (int)n, p, (int)m,
				    q);
			fail();
		}
		p += n + (p[n] != 0);
		q += m + (q[m] != 0);
	}
	free(x);
	free(y);
}

/* ---- Streams ---- */

bytes export_tree(const char *root, size_t piece)
{
	vfs_tar_export *x;
	vfs_tar_progress p;
	bytes b = {NULL, 0};
	size_t room = 0;
	ssize_t n;
	ok(vfs_tar_export_begin(root, &x));
	do {
		if (b.len + piece > room) {
			room = 2 * (b.len + piece);
			b.at = realloc(b.at, room);
			assert_non_null(b.at);
		}
		n = ok(vfs_tar_export_read(x, b.at + b.len, piece));
		b.len += (size_t)n;
	} while (n);
	vfs_tar_export_progress(x, &p);
	assert_int_equal(p.bytes, b.len);
	assert_int_equal(p.changed, 0);
	vfs_tar_export_end(x);
	return b;
}

int import_tree(const char *root, const void *at, size_t len, size_t piece)
{
	vfs_tar_import *x;
	int err = vfs_tar_import_begin(root, &x);
	if (err)
		return err;
	for (size_t done = 0; done < len && !err; done += piece) {
		/* of its own, so that a byte too much is seen */
		size_t n = piece < len - done ? piece : len - done;
		void *copy = malloc(n);
		memcpy(copy, (const char *)at + done, n);
		err = vfs_tar_import_write(x, copy, n);
		free(copy);
	}
	int last = vfs_tar_import_end(x);
	return err ? err : last;
}

bytes read_host(const char *path)
{
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	bytes b = {NULL, (size_t)ftell(f)};
	rewind(f);
	b.at = malloc(b.len + 1);
	assert_int_equal(fread(b.at, 1, b.len, f), b.len);
	fclose(f);
	return b;
}

void write_host(const char *path, bytes b)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(b.at, 1, b.len, f), b.len);
	assert_int_equal(fclose(f), 0);
}

void shell(const char *format, ...)
{
	char command[1000];
	va_list args;
	va_start(args, format);
	vsnprintf(command, sizeof command, format, args);
	va_end(args);
	if (system(command)) {
		print_error("%s\n", command);
		fail();
	}
}
