/* What a filesystem call costs, through libc: one number per row of the first
 * table in the design ("Numbers to reach"). Plain POSIX, so that the same file
 * is built with every peer (Emscripten's JS FS, WasmFS, bare.c, libvfsfs) and
 * natively. measure.h tells how it is measured, and the options.
 *
 * The numbers are per call (per pair of calls in open, dup, rename, truncate; per
 * entry in dir_readdir). Built with -pthread it measures the rows mt_*, called from
 * a second thread. */
#include "measure.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifdef _REENTRANT
#include <pthread.h>
#endif

enum { SLOW_NS = 300000000 };
#define KIB 1024u
#define MIB (1024u * KIB)

static int file_fd;
static char file[256], deep[256], missing[256], created[256], renamed[256];
static char block[64 * KIB];

/* Rows that are a loop over one thing. */

static void run_open(unsigned n)
{
	while (n--) {
		int fd = open(file, O_RDONLY);
		CHECK(fd >= 0 && !close(fd));
	}
}

static void run_open8(unsigned n)
{
	while (n--) {
		int fd = open(deep, O_RDONLY);
		CHECK(fd >= 0 && !close(fd));
	}
}

static void run_stat(unsigned n)
{
	struct stat st;
	while (n--)
		CHECK(!stat(file, &st));
}

static void run_stat_missing(unsigned n)
{
	struct stat st;
	while (n--)
		CHECK(stat(missing, &st) < 0);
}

#ifndef _REENTRANT
static int random_fd, append_fd, truncate_fd;

static uint32_t rnd(void)
{
	static uint32_t x = 2463534242u;
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

static void run_copy4k(unsigned n)
{
	static char to[4 * KIB];
	while (n--) {
		memcpy(to, block + (n & 7) * 4 * KIB, sizeof to);
		__asm__ volatile("" : : "r"(to) : "memory");
	}
}

static void run_fstat(unsigned n)
{
	struct stat st;
	while (n--)
		CHECK(!fstat(file_fd, &st));
}

static void run_lseek(unsigned n)
{
	while (n--)
		CHECK(lseek(file_fd, n & 0xffff, SEEK_SET) >= 0);
}

static void run_dup(unsigned n)
{
	while (n--) {
		int fd = dup(file_fd);
		CHECK(fd >= 0 && !close(fd));
	}
}

static void run_write1(unsigned n)
{
	while (n--) {
		if (!(n & 0xffff))
			CHECK(!lseek(file_fd, 0, SEEK_SET));
		CHECK(write(file_fd, block, 1) == 1);
	}
}

static void run_append100(unsigned n)
{
	while (n--) {
		if (!(n % 10000))
			CHECK(!ftruncate(append_fd, 0));
		CHECK(write(append_fd, block, 100) == 100);
	}
}

static void run_create(unsigned n)
{
	while (n--) {
		int fd = open(created, O_CREAT | O_EXCL | O_WRONLY, 0666);
		CHECK(fd >= 0 && !close(fd) && !unlink(created));
	}
}

static void run_rename(unsigned n)
{
	while (n--)
		CHECK(!rename(file, renamed) && !rename(renamed, file));
}

static void run_truncate(unsigned n)
{
	while (n--)
		CHECK(!ftruncate(truncate_fd, 16 * MIB) && !ftruncate(truncate_fd, 0));
}

static void run_pread4k(unsigned n)
{
	while (n--)
		CHECK(pread(random_fd, block, 4 * KIB, (off_t)(rnd() % (64 * MIB - 4 * KIB))) ==
		      4 * KIB);
}

static void run_pwrite4k(unsigned n)
{
	while (n--)
		CHECK(pwrite(random_fd, block, 4 * KIB, (off_t)(rnd() % (64 * MIB - 4 * KIB))) ==
		      4 * KIB);
}
#endif

static void run_read1(unsigned n)
{
	while (n--) {
		if (!(n & 0xffff))
			CHECK(!lseek(file_fd, 0, SEEK_SET));
		CHECK(read(file_fd, block, 1) == 1);
	}
}

static struct row rows[] = {
#ifdef _REENTRANT
	{.name = "mt_open", .run = run_open},
	{.name = "mt_stat", .run = run_stat},
	{.name = "mt_read1", .run = run_read1},
	{.name = "mt_open8", .run = run_open8},
	{.name = "mt_stat_missing", .run = run_stat_missing},
#else
	{.name = "copy4k", .run = run_copy4k},
	{.name = "open", .run = run_open},
	{.name = "open8", .run = run_open8},
	{.name = "stat", .run = run_stat},
	{.name = "stat_missing", .run = run_stat_missing},
	{.name = "fstat", .run = run_fstat},
	{.name = "lseek", .run = run_lseek},
	{.name = "dup", .run = run_dup},
	{.name = "write1", .run = run_write1},
	{.name = "read1", .run = run_read1},
	{.name = "append100", .run = run_append100},
	{.name = "create", .run = run_create},
	{.name = "rename", .run = run_rename},
	{.name = "pread4k", .run = run_pread4k},
	{.name = "pwrite4k", .run = run_pwrite4k},
	{.name = "truncate",
	 .run = run_truncate,
	 .apart = 1} /* last: it leaves the JS FS's engine much garbage */,
#endif
};
enum { ROWS = sizeof rows / sizeof *rows };

static int create(const char *name, int flags, unsigned size)
{
	char p[256];
	path(p, name);
	int fd = open(p, O_CREAT | O_RDWR | flags, 0666);
	CHECK(fd >= 0);
	for (unsigned done = 0; done < size; done += sizeof block)
		CHECK(write(fd, block, sizeof block) == sizeof block);
	return fd;
}

static void prepare(void)
{
	char p[256];
	memset(block, 'x', sizeof block);
	CHECK(!mkdir(base, 0777) || errno == EEXIST);
	path(file, "file");
	path(missing, "gone");
	path(created, "made");
	path(renamed, "moved");
	snprintf(deep, sizeof deep, "%s", base);
	for (int i = 2; i <= 8; i++) {
		snprintf(p, sizeof p, "/dir%d", i);
		strcat(deep, p);
		CHECK(!mkdir(deep, 0777));
	}
	strcat(deep, "/file");
	CHECK(!close(open(deep, O_CREAT | O_WRONLY, 0666)));
	file_fd = create("file", 0, 64 * KIB);
}

#ifndef _REENTRANT
/* From empty on a heap that never held the data: once a program. */
static void measure_sequential(void)
{
	enum { CALLS = 256 * MIB / sizeof block };
	double first, over[MAX_SAMPLES], rd[MAX_SAMPLES], start = now();
	char p[256];
	path(p, "big");
	int fd = open(p, O_CREAT | O_RDWR, 0666);
	CHECK(fd >= 0);
	for (int i = 0; i < CALLS; i++)
		CHECK(write(fd, block, sizeof block) == sizeof block);
	first = (now() - start) / CALLS;
	for (int s = 0; s < samples; s++) {
		start = now();
		CHECK(!lseek(fd, 0, SEEK_SET));
		for (int i = 0; i < CALLS; i++)
			CHECK(write(fd, block, sizeof block) == sizeof block);
		over[s] = (now() - start) / CALLS;
		start = now();
		CHECK(!lseek(fd, 0, SEEK_SET));
		for (int i = 0; i < CALLS; i++)
			CHECK(read(fd, block, sizeof block) == sizeof block);
		rd[s] = (now() - start) / CALLS;
	}
	CHECK(!close(fd) && !unlink(p));
	print_row("seq_write", &first, 1);
	print_row("seq_overwrite", over, (unsigned)samples);
	print_row("seq_read", rd, (unsigned)samples);
}

static void shuffle(unsigned *order, unsigned n)
{
	for (unsigned i = n; i > 1; i--) {
		unsigned j = rnd() % i, t = order[i - 1];
		order[i - 1] = order[j];
		order[j] = t;
	}
}

enum { ENTRIES = 10000, CHUNK = 100 };
static char names[ENTRIES][64];
static unsigned order[ENTRIES];
static DIR *many;

/* A chunk a call, not one loop over all: an engine without on-stack replacement
 * finishes a loop in the unoptimised code it began it in. */
static unsigned create_entries(unsigned i)
{
	for (unsigned end = i + CHUNK; i < end; i++) {
		int fd = open(names[i], O_CREAT | O_EXCL | O_WRONLY, 0666);
		CHECK(fd >= 0 && !close(fd));
	}
	return i;
}

static unsigned stat_entries(unsigned i)
{
	struct stat st;
	for (unsigned end = i + CHUNK; i < end; i++)
		CHECK(!stat(names[order[i]], &st));
	return i;
}

static unsigned read_entries(unsigned i)
{
	for (unsigned end = i + CHUNK; i < end; i++)
		CHECK(readdir(many));
	return i;
}

static unsigned unlink_entries(unsigned i)
{
	for (unsigned end = i + CHUNK; i < end; i++)
		CHECK(!unlink(names[order[i]]));
	return i;
}

static double time_entries(unsigned (*volatile step)(unsigned i))
{
	double start = now();
	for (unsigned i = 0; i < ENTRIES;)
		i = step(i);
	return (now() - start) / ENTRIES;
}

/* Whole passes for as long as a sample lasts. */
static double time_readdir(const char *dir)
{
	double start = now(), t = 0;
	unsigned passes = 0;
	for (; t < sample_ns; t = now() - start, passes++) {
		unsigned rest = 0;
		CHECK((many = opendir(dir)));
		for (unsigned i = 0; i < ENTRIES;)
			i = read_entries(i);
		while (readdir(many))
			rest++;
		CHECK(!closedir(many) && rest <= 2);
	}
	return t / passes / ENTRIES;
}

static void measure_directory(void)
{
	static double ns[4][MAX_SAMPLES];
	double began = now();
	int s = 0, warm = 0;
	char dir[256];

	path(dir, "many");
	CHECK(!mkdir(dir, 0777));
	for (unsigned i = 0; i < ENTRIES; i++) {
		CHECK(snprintf(names[i], 64, "%s/entry%u", dir, i) < 64);
		order[i] = i;
	}
	while (s < samples && now() - began < 3.0 * SLOW_NS) {
		ns[0][s] = time_entries(create_entries);
		shuffle(order, ENTRIES);
		ns[1][s] = time_entries(stat_entries);
		ns[3][s] = time_readdir(dir);
		shuffle(order, ENTRIES);
		ns[2][s] = time_entries(unlink_entries);
		/* The first rounds are to warm up, unless they are slow. */
		if (warm++ >= 2 || now() - began > SLOW_NS / 3)
			s++;
	}
	print_row("dir_create", ns[0], (unsigned)s);
	print_row("dir_stat", ns[1], (unsigned)s);
	print_row("dir_unlink", ns[2], (unsigned)s);
	print_row("dir_readdir", ns[3], (unsigned)s);
}

/* Each by its whole path. The directories stay: taking them away costs as much
 * again, and the program is about to end. */
static void measure_mkdir(void)
{
	enum { N = 1000 };
	static char p[256 + 2 * N + 1];
	double ns[MAX_SAMPLES], began = now();
	unsigned s = 0;
	for (; s < (unsigned)samples && now() - began < SLOW_NS; s++) {
		int n = snprintf(p, sizeof p, "%s/tree%u", base, s);
		CHECK(!mkdir(p, 0777));
		double start = now();
		for (int i = 0; i < N; i++) {
			p[n++] = '/';
			p[n++] = 'd';
			p[n] = 0;
			CHECK(!mkdir(p, 0777));
		}
		ns[s] = (now() - start) / N;
	}
	print_row("mkdir_deep", ns, s);
}

static void measure(void)
{
	prepare();
	if (wanted("seq"))
		measure_sequential();
	random_fd = create("random", 0, 64 * MIB);
	append_fd = create("append", O_APPEND, 0);
	truncate_fd = create("truncate", 0, 0);
	measure_rows(rows, ROWS, 0);
	if (wanted("dir"))
		measure_directory();
	if (wanted("mkdir_deep"))
		measure_mkdir();
	measure_rows(rows, ROWS, 1);
}
#else
static void *second_thread(void *unused)
{
	(void)unused;
	prepare();
	measure_rows(rows, ROWS, 0);
	return NULL;
}

static void measure(void)
{
	pthread_t thread;
	CHECK(!pthread_create(&thread, NULL, second_thread, NULL));
	CHECK(!pthread_join(thread, NULL));
}
#endif

int main(int argc, char **argv)
{
	if (!options(argc, argv))
		return 2;
	measure();
	return 0;
}
