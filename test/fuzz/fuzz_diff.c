/*
 * The differential fuzzer: the same calls on the library's memory backend and
 * on a tmpfs of the host must give the same results, errnos, contents and
 * trees. As a libFuzzer target, or with -DSTANDALONE as a program:
 *
 *	fuzz_diff FILE|DIRECTORY...     runs inputs
 *	fuzz_diff -r N SEED             runs N random inputs
 *	fuzz_diff -k ...                goes on after a difference
 *	fuzz_diff -e FILE ...           and writes the errnos that were seen there
 *	fuzz_diff -w FOLDER ...         and the random inputs that show one first
 *
 * It ends with 1 at the first difference and prints the calls that lead to it,
 * as few as it can, with both results. It needs root, for a mount namespace.
 * Deliberate deviations of the library from tmpfs are in fuzz_deviations.c.
 */
#include "fuzz.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct fuzz *fuzz;
char pattern[MAX_DATA + 8192];

/* ---- Printing ---- */

static void print_path(const char *p)
{
	if (!p || p == (const char *)-1)
		printf(" %s", p ? "(bad)" : "NULL");
	else if (strlen(p) > 80)
		printf(" \"%.20s...%s\"[%zu]", p, p + strlen(p) - 10, strlen(p));
	else
		printf(" \"%s\"", p);
}

static const char *error_name(int64_t r)
{
	const char *name = r < 0 && r > -4096 ? strerrorname_np((int)-r) : "success";
	return name ? name : "?";
}

static void print_result(const struct side *s, int i)
{
	if (i >= s->done) {
		printf("(not reached)");
		return;
	}
	uint32_t from = i ? s->end[i - 1] : 0;
	long r = (long)s->result[i];
	if (r < 0 && r > -4096)
		printf("%s", error_name(r));
	else
		printf("%ld", r);
	printf("%.*s", (int)(s->end[i] - from), s->log + from);
}

static bool same(int i)
{
	const struct side *a = &fuzz->lib, *b = &fuzz->host;
	uint32_t from = i ? a->end[i - 1] : 0;
	if (i >= a->done || i >= b->done)
		return false;
	if (a->result[i] != b->result[i] &&
	    !may_differ(&fuzz->calls[i], b->result[i], a->result[i]))
		return false;
	/* from is the same on both sides: what came before was the same text */
	return a->end[i] == b->end[i] && !memcmp(a->log + from, b->log + from, a->end[i] - from);
}

static void print_lines(const struct side *s, int i, const struct side *other)
{
	uint32_t from = i ? s->end[i - 1] : 0;
	const char *at = s->log + from, *end = s->log + s->end[i];
	const char *o = other->log + (i ? other->end[i - 1] : 0);
	const char *o_end = other->log + other->end[i];
	for (const char *line; at < end; at = line + 1) { /* lines that the other has not */
		line = memchr(at, '\n', (size_t)(end - at));
		if (!line)
			line = end - 1;
		size_t len = (size_t)(line - at) + 1;
		if (!memmem(o, (size_t)(o_end - o), at, len))
			printf("\t\t%.*s", (int)len, at);
	}
}

static void print_calls(void)
{
	static const char *const words[] = {"traced", "far descriptors", "second file system on h",
					    "... read-only"};
	for (int i = 0; i < 4; i++)
		if (fuzz->mode >> i & 1)
			printf("(%s)\n", words[i]);
	for (int i = 0; i < fuzz->n; i++) {
		const struct call *c = &fuzz->calls[i];
		printf("%s", fuzz_op_name[c->op]);
		if (c->fd == AT_FDCWD)
			printf(" cwd");
		else
			printf(" fd=%d", c->fd);
		if (c->path)
			print_path(c->path);
		if (c->fd2 != AT_FDCWD)
			printf(" fd2=%d", c->fd2);
		if (c->path2)
			print_path(c->path2);
		printf(" flags=0%o a=%lld b=%lld", (unsigned)c->flags, (long long)c->a,
		       (long long)c->b);
		if (same(i)) {
			if (c->op == OP_snapshot) {
				printf("\n");
				continue;
			}
			printf(" = ");
			print_result(&fuzz->host, i);
			if (fuzz->host.result[i] != fuzz->lib.result[i])
				printf(" or %s", error_name(fuzz->lib.result[i]));
			printf("\n");
		} else if (c->op == OP_snapshot && fuzz->host.done > i && fuzz->lib.done > i) {
			printf("\n\thost:\n");
			print_lines(&fuzz->host, i, &fuzz->lib);
			printf("\tlibrary:\n");
			print_lines(&fuzz->lib, i, &fuzz->host);
			return;
		} else {
			printf("\n\thost:    ");
			print_result(&fuzz->host, i);
			printf("\n\tlibrary: ");
			print_result(&fuzz->lib, i);
			printf("\n");
			return;
		}
	}
}

/* ---- Running ---- */

/* errnos that both sides gave */
static unsigned char seen[OPS][200];

static void fill_pattern(void)
{
	uint32_t x = 1;
	for (size_t i = 0; i < sizeof pattern; i++) {
		x = x * 1664525 + 1013904223;
		pattern[i] = (char)(x >> 24 | 1);
	}
}

/* The first call whose results differ, or -1. */
static int run(void)
{
	me = &fuzz->lib;
	fuzz->host.done = 0;
	fuzz_exec_all();
	if (fuzz->mode & ALONE)
		return -1;
	if (!host_run()) {
		printf("the host's side has died or hangs\n");
		return fuzz->host.done;
	}
	for (int i = 0; i < fuzz->n; i++)
		if (!same(i))
			return i;
	return -1;
}

/* -k: go on after a difference, report each kind of difference once, and count
 * them. */
static bool keep_going;
static struct kind {
	int op;
	int64_t host, lib;
	long times;
} kinds[1000];
static int kind_count;

/* Behind the last call both trees are looked at once more. */
static int op_at(int at)
{
	return at < fuzz->n ? fuzz->calls[at].op : OP_snapshot;
}

static bool is_known(int at)
{
	struct kind k = {op_at(at), fuzz->host.result[at], fuzz->lib.result[at], 1};
	if (k.host >= 0)
		k.host = 0;
	if (k.lib >= 0)
		k.lib = 0;
	for (int i = 0; i < kind_count; i++)
		if (kinds[i].op == k.op && kinds[i].host == k.host && kinds[i].lib == k.lib) {
			kinds[i].times++;
			return true;
		}
	if (kind_count < 1000)
		kinds[kind_count++] = k;
	return false;
}

/* Differences that did not come again when the same calls were repeated: the
 * host's, as long as the library has said the same twice. */
static long once_only;

static struct side lib, host; /* what was seen first */

static bool comes_again(int at)
{
	lib = fuzz->lib;
	host = fuzz->host;
	if (run() >= 0)
		return true;
	if (fuzz->lib.at == lib.at && !memcmp(fuzz->lib.result, lib.result, sizeof lib.result) &&
	    !memcmp(fuzz->lib.log, lib.log, lib.at)) {
		once_only++;
		printf("once only: %s, host %s, library %s\n", fuzz_op_name[op_at(at)],
		       error_name(host.result[at]), error_name(lib.result[at]));
		if (op_at(at) == OP_snapshot) {
			fuzz->host = host;
			print_lines(&fuzz->host, at, &fuzz->lib);
		}
		return false;
	}
	printf("the library did not say the same twice:\n");
	return true;
}

/* Leaves out what does not matter for a difference of the same call. */
static void minimise(void)
{
	static struct call before[MAX_CALLS];
	int at = run(), n;
	if (at < 0) {
		fuzz->lib = lib;
		fuzz->host = host;
		return;
	}
	int op = op_at(at);
	for (bool shorter = true; shorter;) {
		shorter = false;
		for (int i = fuzz->n - 1; i >= 0; i--) {
			n = fuzz->n;
			if (n == 1)
				break;
			memcpy(before, fuzz->calls, sizeof before);
			memmove(fuzz->calls + i, fuzz->calls + i + 1,
				(size_t)(n - i - 1) * sizeof *before);
			fuzz->n = n - 1;
			at = run();
			if (at >= 0 && op_at(at) == op) {
				fuzz->n = at + 1;
				if (i > at)
					i = at;
				shorter = true;
			} else {
				memcpy(fuzz->calls, before, sizeof before);
				fuzz->n = n;
			}
		}
	}
	run();
}

static const char *to_write; /* -w */

static void write_input(const uint8_t *data, size_t size, const char *call, long err)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s-%s", to_write, call, error_name(-err));
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(data, 1, size, f) != size || fclose(f)) {
		perror(path);
		exit(2);
	}
}

static bool one_input(const uint8_t *data, size_t size)
{
	static bool started;
	if (!started) {
		started = true;
		fill_pattern();
		host_start();
	}
	fuzz_decode(data, size);
	int at = run();
	if (at >= 0 && !comes_again(at))
		return true;
	if (at >= 0 && keep_going && is_known(at))
		return true;
	if (at < 0) {
		for (int i = 0; i < fuzz->n && !(fuzz->mode & ALONE); i++) {
			long r = (long)-fuzz->lib.result[i];
			int op = fuzz->calls[i].op;
			if (r <= 0 || r >= 200 || seen[op][r])
				continue;
			seen[op][r] = 1;
			if (to_write)
				write_input(data, size, fuzz_op_name[op], r);
		}
		return true;
	}
	minimise();
	print_calls();
	fflush(stdout);
	return false;
}

#ifndef STANDALONE

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fill_pattern();
	host_start();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!one_input(data, size))
		abort();
	return 0;
}

#else

static int failed, count;

static void run_file(const char *path)
{
	static uint8_t data[1 << 16];
	FILE *f = fopen(path, "rb");
	if (!f) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		failed = 2;
		return;
	}
	size_t size = fread(data, 1, sizeof data, f);
	fclose(f);
	count++;
	if (!one_input(data, size)) {
		printf("%s: a difference\n", path);
		failed = !keep_going;
	}
}

static void run_path(const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort);
	if (n < 0)
		run_file(path);
	for (int i = 0; i < n; i++) {
		char full[4096];
		snprintf(full, sizeof full, "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.' && !failed)
			run_file(full);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

static void run_random(long n, uint64_t seed)
{
	for (long k = 0; k < n && !failed; k++) {
		uint8_t data[1500];
		uint64_t x = (seed + (uint64_t)k) * 0x9e3779b97f4a7c15u + 1;
		for (size_t i = 0; i < sizeof data; i++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			data[i] = (uint8_t)(x >> 32);
		}
		count++;
		if (!one_input(data, 20 + x % (to_write ? 150 : 1400))) {
			printf("a difference: -r 1 %llu\n",
			       (unsigned long long)(seed + (uint64_t)k));
			failed = !keep_going;
		}
	}
}

static void write_errnos(const char *path)
{
	FILE *f = fopen(path, "w");
	if (!f) {
		perror(path);
		return;
	}
	for (int op = 0; op < OPS; op++)
		for (int e = 1; e < 200; e++)
			if (seen[op][e])
				fprintf(f, "%s %s\n", fuzz_op_name[op], strerrorname_np(e));
	fclose(f);
}

int main(int argc, char **argv)
{
	const char *errnos = NULL;
	for (int i = 1; i < argc && !failed; i++) {
		if (!strcmp(argv[i], "-e") && i + 1 < argc) {
			errnos = argv[++i];
		} else if (!strcmp(argv[i], "-w") && i + 1 < argc) {
			to_write = argv[++i];
		} else if (!strcmp(argv[i], "-k")) {
			keep_going = true;
		} else if (!strcmp(argv[i], "-r") && i + 2 < argc) {
			run_random(strtol(argv[i + 1], NULL, 0), strtoull(argv[i + 2], NULL, 0));
			i += 2;
		} else {
			run_path(argv[i]);
		}
	}
	if (errnos)
		write_errnos(errnos);
	for (int i = 0; i < kind_count; i++) {
		const struct kind *k = &kinds[i];
		printf("%ld times: %s, host %s, library %s\n", k->times, fuzz_op_name[k->op],
		       error_name(k->host), error_name(k->lib));
	}
	if (once_only)
		printf("%ld differences did not come again\n", once_only);
	if (kind_count)
		failed = 1;
	printf("%d sequences, %s\n", count, failed ? "a difference" : "no difference");
	return failed;
}

#endif
