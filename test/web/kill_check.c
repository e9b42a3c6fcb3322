/*
 * What a kill may leave, after the last sync that was confirmed, C. The operations
 * are done again in mind, up to the next sync, which may have been under way, U:
 *
 *  - names, and what counter and state hold, are those of one moment from C to U;
 *  - each file has at least what it had when the last sync of it, up to C, began:
 *    log and spools are as long, each sector of data is as new;
 *  - behind that there is only what was written there, or zeros, and a file ends
 *    where it once ended.
 */
#include "kill_ops.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTORS = OPS_PAGE / OPS_SECTOR };

static struct {
	uint32_t seed, confirmed, under_way;
	op *all;                  /* [0 ... under_way] */
	uint64_t log;             /* bytes that must be there */
	uint32_t page[OPS_PAGES]; /* by which operation, at least */
	uint64_t spool[OPS_SPOOLS];
} must_be;

/* The names of one moment. */
typedef struct names {
	uint32_t first, end;  /* of spools */
	uint32_t replaced[2]; /* by the data of which operation */
	uint32_t tmp[2];      /* likewise, 0: there is none */
} names;

static struct {
	names names;
	uint64_t log;
	uint32_t newest; /* operation of which there is something */
	uint32_t zeros, mixed, faults;
} found;

static bool silent;

__attribute__((format(printf, 1, 2))) static bool wrong(const char *what, ...)
{
	va_list args;
	va_start(args, what);
	if (found.faults++ < 5 && !silent) {
		printf("wrong: ");
		vprintf(what, args);
		printf("\n");
	}
	va_end(args);
	return false;
}

/* ---- What must be ---- */

static void step(names *n, const op *o)
{
	switch (o->kind) {
	case SPOOL_MAKE:
		n->end = o->what + 1;
		break;
	case SPOOL_REMOVE:
		n->first = o->what + 1;
		break;
	case TMP_WRITE:
		n->tmp[o->what] = o->index;
		break;
	case TMP_RENAME:
		n->replaced[o->what] = n->tmp[o->what];
		n->tmp[o->what] = 0;
		break;
	default:
		break;
	}
}

/* All operations, up to the first sync behind the confirmed one. */
static void list_operations(void)
{
	ops s;
	uint32_t n, room = 0;
	ops_begin(&s, must_be.seed);
	free(must_be.all);
	must_be.all = NULL;
	for (n = 1;; n++) {
		if (n >= room) {
			room = 2 * room + 4096;
			must_be.all = realloc(must_be.all, room * sizeof *must_be.all);
			if (!must_be.all)
				abort();
		}
		must_be.all[n] = ops_next(&s);
		if (n > must_be.confirmed && op_syncs(&must_be.all[n]))
			break;
	}
	must_be.under_way = n;
	must_be.all[0] = (op){.kind = SYNC_ALL};
}

static void replay(void)
{
	static uint32_t page[OPS_PAGES];
	static uint64_t spool[OPS_SPOOLS];
	uint64_t log = 0;
	memset(page, 0, sizeof page);
	memset(spool, 0, sizeof spool);
	memset(must_be.page, 0, sizeof must_be.page);
	memset(must_be.spool, 0, sizeof must_be.spool);
	must_be.log = 0;
	for (uint32_t i = 1; i <= must_be.confirmed; i++) {
		const op *o = &must_be.all[i];
		if (o->kind == LOG_APPEND)
			log += o->len;
		if (o->kind == SPOOL_APPEND)
			spool[o->what] += o->len;
		for (uint32_t k = 0; o->kind == PAGE_WRITE && k < o->len / OPS_PAGE; k++)
			page[o->what + k] = i;
		if (o->kind == SYNC_LOG || o->kind == SYNC_ALL)
			must_be.log = log;
		if (o->kind == SYNC_DATA || o->kind == SYNC_ALL)
			memcpy(must_be.page, page, sizeof page);
		if (o->kind == SYNC_SPOOL)
			must_be.spool[o->what] = spool[o->what];
		if (o->kind == SYNC_ALL)
			memcpy(must_be.spool, spool, sizeof spool);
	}
}

/* ---- What is there ---- */

static int open_file(const char *name, struct stat *st)
{
	int fd = open(name, O_RDONLY);
	if (fd < 0)
		wrong("%s: open: %s", name, strerror(errno));
	else if (fstat(fd, st))
		wrong("%s: fstat: %s", name, strerror(errno));
	return fd;
}

static bool read_at(const char *name, int fd, void *buf, size_t len, uint64_t pos)
{
	ssize_t n = pread(fd, buf, len, (off_t)pos);
	return n == (ssize_t)len || wrong("%s: %zu bytes at %llu: read gives %zd, %s", name, len,
					  (unsigned long long)pos, n, strerror(errno));
}

static void saw(uint32_t index)
{
	if (found.newest < index)
		found.newest = index;
}

/* What the operation wrote, from pos on, of which the file has len bytes. Zeros are as
 * good from byte `sure` on. */
static bool same(const char *name, int fd, const op *o, uint64_t pos, size_t len, uint64_t sure)
{
	static unsigned char is[OPS_LONGEST], should[OPS_LONGEST];
	bool zeros = false;
	if (!read_at(name, fd, is, len, pos))
		return false;
	ops_bytes(must_be.seed, o->index, 0, should, len);
	for (size_t k = 0; k < len; k++) {
		if (is[k] == should[k])
			continue;
		if (is[k] || pos + k < sure)
			return wrong("%s: byte %llu is %#x, not %#x (operation %u)", name,
				     (unsigned long long)(pos + k), is[k], should[k], o->index);
		zeros = true;
	}
	found.zeros += zeros;
	if (!zeros)
		saw(o->index);
	return true;
}

/* A file that grows only, by operations of one kind. */
static void check_growing(const char *name, enum op_kind kind, uint32_t what, uint64_t sure)
{
	struct stat st = {0};
	uint64_t size, pos = 0;
	int fd = open_file(name, &st);
	if (fd < 0)
		return;
	size = (uint64_t)st.st_size;
	if (size < sure)
		wrong("%s: %llu bytes are confirmed, %llu are there", name,
		      (unsigned long long)sure, (unsigned long long)size);
	for (uint32_t i = 1; i <= must_be.under_way && pos < size; i++) {
		const op *o = &must_be.all[i];
		if (o->kind != kind || (kind == SPOOL_APPEND && o->what != what))
			continue;
		if (pos + o->len > size) {
			wrong("%s: it never had %llu bytes", name, (unsigned long long)size);
			break;
		}
		if (!same(name, fd, o, pos, o->len, sure))
			break;
		pos += o->len;
	}
	if (pos < size && !found.faults)
		wrong("%s: behind byte %llu nothing was ever written, it has %llu", name,
		      (unsigned long long)pos, (unsigned long long)size);
	close(fd);
}

/* A sector says who wrote it: was that so, is it whole, and new enough? */
static bool check_sector(uint32_t sector, const unsigned char *is, uint32_t *by)
{
	unsigned char should[OPS_SECTOR];
	uint32_t part, first = 0, page = sector / SECTORS;
	memcpy(by, is, 4);
	memcpy(&part, is + 4, 4);
	const op *o = *by <= must_be.under_way ? &must_be.all[*by] : NULL;
	if (o && *by)
		first = o->what * SECTORS;
	else
		first = page * SECTORS;
	if (!o || (*by && o->kind != PAGE_WRITE) || first + part != sector)
		return wrong("data: sector %u: part %u of operation %u was never written there",
			     sector, part, *by);
	ops_bytes(must_be.seed, *by, (size_t)part * OPS_SECTOR, should, sizeof should);
	if (memcmp(is, should, sizeof should) != 0)
		return wrong("data: sector %u is not what operation %u wrote", sector, *by);
	if (*by < must_be.page[page])
		return wrong("data: sector %u is of operation %u, confirmed is %u", sector, *by,
			     must_be.page[page]);
	saw(*by);
	return true;
}

static void check_data(void)
{
	static unsigned char page[OPS_PAGE];
	struct stat st = {0};
	int fd = open_file("data", &st);
	if (fd < 0)
		return;
	if (st.st_size != (off_t)OPS_PAGES * OPS_PAGE)
		wrong("data: it has %lld bytes", (long long)st.st_size);
	for (uint32_t k = 0; k < OPS_PAGES; k++) {
		uint32_t by, first = 0;
		if (!read_at("data", fd, page, sizeof page, (uint64_t)k * OPS_PAGE))
			break;
		for (uint32_t j = 0; j < SECTORS; j++) {
			check_sector(k * SECTORS + j, page + (size_t)j * OPS_SECTOR, &by);
			if (j && by != first)
				found.mixed++;
			first = by;
		}
	}
	close(fd);
}

/* A file that was written at once: by which operation, the file itself says. -1: it
 * is not whole. */
static int64_t check_whole(const char *name, uint32_t what)
{
	static unsigned char bytes[OPS_LONGEST], should[OPS_LONGEST];
	struct stat st = {0};
	uint32_t by;
	int64_t is = -1;
	int fd = open_file(name, &st);
	if (fd < 0)
		return -1;
	size_t len = st.st_size < OPS_LONGEST ? (size_t)st.st_size : sizeof bytes;
	if (len < sizeof by) {
		wrong("%s: it has %zu bytes", name, len);
	} else if (read_at(name, fd, bytes, len, 0)) {
		memcpy(&by, bytes, sizeof by);
		const op *o = by <= must_be.under_way ? &must_be.all[by] : NULL;
		size_t size = !o ? 0 : by ? o->len : OPS_FIRST;
		ops_bytes(must_be.seed, by, 0, should, size);
		if (!o || (by && (o->kind != TMP_WRITE || o->what != what)))
			wrong("%s: operation %u never wrote it", name, by);
		else if (len != size || memcmp(bytes, should, size) != 0)
			wrong("%s: not whole, of operation %u", name, by);
		else
			is = by;
	}
	close(fd);
	if (is > 0)
		saw((uint32_t)is);
	return is;
}

/* ---- Names ---- */

/* false: it is none of ours. */
static bool note_name(const char *name, bool *spools)
{
	char *end;
	for (int k = 0; k < 2; k++) {
		int64_t by;
		if (!strcmp(name, ops_replaced[k])) {
			by = check_whole(name, (uint32_t)k);
			found.names.replaced[k] = by < 0 ? UINT32_MAX : (uint32_t)by;
			return true;
		}
		if (!strcmp(name, ops_tmp[k])) {
			found.names.tmp[k] = UINT32_MAX;
			return true;
		}
	}
	if (!strcmp(name, "log") || !strcmp(name, "data"))
		return true;
	if (strncmp(name, "spool.", 6) != 0)
		return false;
	unsigned long n = strtoul(name + 6, &end, 10);
	if (*end || n >= OPS_SPOOLS)
		return false;
	spools[n] = true;
	return true;
}

static void list_names(void)
{
	static bool spools[OPS_SPOOLS];
	uint32_t n = 0;
	memset(spools, 0, sizeof spools);
	found.names = (names){.replaced = {UINT32_MAX, UINT32_MAX}};
	DIR *d = opendir(".");
	for (struct dirent *e; d && (e = readdir(d)) != NULL;)
		if (e->d_name[0] != '.' && !note_name(e->d_name, spools))
			wrong("%s was never made", e->d_name);
	if (!d || closedir(d))
		wrong("the directory: %s", strerror(errno));
	while (n < OPS_SPOOLS && !spools[n])
		n++;
	found.names.first = n;
	while (n < OPS_SPOOLS && spools[n])
		n++;
	found.names.end = n;
	while (n < OPS_SPOOLS)
		if (spools[n++])
			wrong("of spools %u and %u one is missing", found.names.end, n - 1);
}

static bool same_names(const names *a, const names *b)
{
	bool none = a->first == a->end;
	for (int k = 0; k < 2; k++)
		if (a->replaced[k] != b->replaced[k] || !a->tmp[k] != !b->tmp[k])
			return false;
	return none ? b->first == b->end : a->first == b->first && a->end == b->end;
}

static void say_names(const char *when, const names *n)
{
	if (!silent)
		printf("%s: spools %u to %u, counter of %u, state of %u%s%s\n", when, n->first,
		       n->end, n->replaced[0], n->replaced[1], n->tmp[0] ? ", counter.tmp" : "",
		       n->tmp[1] ? ", state.tmp" : "");
}

/* What is being replaced: as whole as the last sync made it. */
static void check_tmp(int k, uint32_t made)
{
	struct stat st = {0};
	bool sure = false;
	const op *o = &must_be.all[made];
	int fd = open_file(ops_tmp[k], &st);
	for (uint32_t i = made; i <= must_be.confirmed; i++)
		sure |= must_be.all[i].kind == SYNC_ALL ||
			(must_be.all[i].kind == TMP_SYNC && must_be.all[i].what == (uint32_t)k);
	if (st.st_size != o->len && (st.st_size || sure))
		wrong("%s: it has %lld bytes, not %u", ops_tmp[k], (long long)st.st_size, o->len);
	else if (fd >= 0)
		same(ops_tmp[k], fd, o, 0, (size_t)st.st_size, sure ? UINT64_MAX : 0);
	if (fd >= 0)
		close(fd);
}

static void check_names(void)
{
	names n = {0}, confirmed, moment = {0};
	bool is = false;
	list_names();
	for (uint32_t i = 0; i <= must_be.under_way; i++) {
		step(&n, &must_be.all[i]);
		if (i == must_be.confirmed)
			confirmed = n;
		if (i >= must_be.confirmed && same_names(&n, &found.names)) {
			is = true;
			moment = n;
		}
	}
	if (!is) {
		wrong("the names are not those of any moment since they were confirmed");
		say_names("found", &found.names);
		say_names("confirmed", &confirmed);
		say_names("at most", &n);
		return;
	}
	for (int k = 0; k < 2; k++)
		if (moment.tmp[k])
			check_tmp(k, moment.tmp[k]);
	for (uint32_t k = found.names.first; k < found.names.end; k++) {
		char name[32];
		snprintf(name, sizeof name, "spool.%u", k);
		check_growing(name, SPOOL_APPEND, k, must_be.spool[k]);
	}
}

uint64_t kill_sure_log(void)
{
	return must_be.log;
}

uint32_t kill_sure_page(uint32_t page)
{
	return must_be.page[page];
}

bool kill_check(uint32_t seed, uint32_t confirmed, bool quiet)
{
	memset(&found, 0, sizeof found);
	silent = quiet;
	must_be.seed = seed;
	must_be.confirmed = confirmed;
	list_operations();
	replay();
	check_names();
	check_growing("log", LOG_APPEND, 0, must_be.log);
	check_data();
	if (!quiet)
		printf("found %u of %u", found.newest, must_be.under_way);
	if (!quiet && (found.zeros || found.mixed))
		printf(" (%u writes read as zeros, %u pages are of two ages)", found.zeros,
		       found.mixed);
	if (!quiet)
		printf(found.faults ? ", %u faults\n" : "\n", found.faults);
	return !found.faults;
}
