/* What calls cost on files that stay: the rows of the design's second table,
 * "Durable". Built with each peer: libvfsfs's pool, its memory backend, and
 * WasmFS's OPFS backend; durable_raw.js is the handles alone. measure.h tells how
 * it is measured, and the options; and
 *
 *   -k calls    prints for each row how many calls of sync access handles one loop
 *               makes: "row TAB read TAB write TAB truncate TAB getSize TAB flush"
 *
 * A file of 8 MiB is "in" the cache of 16 MiB, one of 64 MiB "past" it. */
#include "measure.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "durable.h"

#define KIB 1024u
#define MIB (1024u * KIB)

static char file[256], created[256], renamed[256], block[64 * KIB];
static int in_fd, past_fd, append_fd, sync_fd;

static off_t at_random(unsigned size)
{
	static uint32_t x = 2463534242u;
	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return (off_t)(x % (size / (4 * KIB)) * 4 * KIB);
}

static void run_open(unsigned n)
{
	while (n--) {
		int fd = open(file, O_RDWR);
		CHECK(fd >= 0 && !close(fd));
	}
}

static void run_stat(unsigned n)
{
	struct stat st;
	while (n--)
		CHECK(!stat(file, &st));
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

static void run_append100(unsigned n)
{
	while (n--) {
		if (!(n % 10000))
			CHECK(!ftruncate(append_fd, 0));
		CHECK(write(append_fd, block, 100) == 100);
	}
}

static void read4k(int fd, unsigned size, unsigned n)
{
	while (n--)
		CHECK(pread(fd, block, 4 * KIB, at_random(size)) == 4 * KIB);
}

static void write4k(int fd, unsigned size, unsigned n)
{
	while (n--)
		CHECK(pwrite(fd, block, 4 * KIB, at_random(size)) == 4 * KIB);
}

static void run_pread_in(unsigned n)
{
	read4k(in_fd, 8 * MIB, n);
}

static void run_pwrite_in(unsigned n)
{
	write4k(in_fd, 8 * MIB, n);
}

static void run_pread_past(unsigned n)
{
	read4k(past_fd, 64 * MIB, n);
}

static void run_pwrite_past(unsigned n)
{
	write4k(past_fd, 64 * MIB, n);
}

static void run_sync4k(unsigned n)
{
	while (n--) {
		write4k(sync_fd, MIB, 1);
		CHECK(!fsync(sync_fd));
	}
}

static struct row rows[] = {
	{.name = "open", .run = run_open},
	{.name = "stat", .run = run_stat},
	{.name = "create", .run = run_create},
	{.name = "rename", .run = run_rename},
	{.name = "append100", .run = run_append100},
	{.name = "pread_in", .run = run_pread_in},
	{.name = "pwrite_in", .run = run_pwrite_in},
	{.name = "pread_past", .run = run_pread_past, .apart = 1},
	{.name = "pwrite_past", .run = run_pwrite_past, .apart = 1},
	{.name = "sync4k", .run = run_sync4k, .apart = 1},
};
enum { ROWS = sizeof rows / sizeof *rows };

static int make(const char *name, int flags, unsigned size)
{
	char p[256];
	path(p, name);
	int fd = open(p, O_CREAT | O_TRUNC | O_RDWR | flags, 0666);
	CHECK(fd >= 0);
	for (unsigned done = 0; done < size; done += sizeof block)
		CHECK(write(fd, block, sizeof block) == sizeof block);
	return fd;
}

static void count_calls(void)
{
	enum { LOOPS = 1000 };
	double calls[DURABLE_CALLS];
	for (int i = 0; i < ROWS; i++) {
		if (!wanted(rows[i].name))
			continue;
		rows[i].run(LOOPS);
		durable_count(calls);
		rows[i].run(LOOPS);
		durable_count(calls);
		for (int k = 0; k < DURABLE_CALLS; k++)
			calls[k] /= LOOPS;
		print_row(rows[i].name, calls, DURABLE_CALLS);
	}
}

int main(int argc, char **argv)
{
	if (!options(argc, argv))
		return 2;
	durable_mount(base);
	memset(block, 'x', sizeof block);
	path(file, "file");
	path(created, "made");
	path(renamed, "moved");
	CHECK(!close(make("file", 0, 64 * KIB)));
	append_fd = make("append", O_APPEND, 0);
	sync_fd = make("sync", 0, MIB);
	past_fd = make("past", 0, 64 * MIB);
	in_fd = make("in", 0, 8 * MIB);
	CHECK(!fsync(in_fd) && !fsync(past_fd) && !fsync(sync_fd));
	if (argc > 1 && !strcmp(argv[1], "-k")) {
		count_calls();
		return 0;
	}
	measure_rows(rows, ROWS, 0);
	measure_rows(rows, ROWS, 1);
	return 0;
}
