/*
 * An entry of a tar archive as it is written: pax records for all that ustar's fields
 * cannot hold, then the ustar header, then, where a file has holes, GNU's map of them.
 */
#include "tar.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vfsfs/device.h>

char *vfs__tar_more(vfs__tar_bytes *b, size_t len)
{
	if (!b->at || b->len + len > b->room) {
		size_t room = (b->len + len + 1) * 2;
		char *at = realloc(b->at, room);
		if (!at)
			return NULL;
		b->at = at;
		b->room = room;
	}
	char *p = b->at + b->len;
	memset(p, 0, len);
	b->len += len;
	return p;
}

/* Zeros up to a whole block. */
static int fill_block(vfs__tar_bytes *b, size_t begin)
{
	return vfs__tar_more(b, (begin - b->len) % VFS__TAR_BLOCK) ? 0 : -ENOMEM;
}

/* ---- Pax records ---- */

/* "LENGTH KEY=VALUE\n", where LENGTH counts itself. */
static int put_record(vfs__tar_bytes *b, const char *key, const char *value)
{
	size_t rest = strlen(key) + strlen(value) + 3, len = rest;
	while (len != rest + (size_t)snprintf(NULL, 0, "%zu", len))
		len = rest + (size_t)snprintf(NULL, 0, "%zu", len);
	char *p = vfs__tar_more(b, len + 1);
	if (!p)
		return -ENOMEM;
	snprintf(p, len + 1, "%zu %s=%s\n", len, key, value);
	b->len--; /* the NUL */
	return 0;
}

static int put_number(vfs__tar_bytes *b, const char *key, int64_t n)
{
	char text[24];
	snprintf(text, sizeof text, "%lld", (long long)n);
	return put_record(b, key, text);
}

static int put_time(vfs__tar_bytes *b, const char *key, struct timespec t)
{
	char text[40];
	long long s = t.tv_sec;
	long ns = t.tv_nsec;
	bool negative = s < 0;
	if (negative) { /* a fraction counts away from zero in decimals */
		s = -s - (ns != 0);
		ns = ns ? 1000000000 - ns : 0;
	}
	int n = snprintf(text, sizeof text, "%s%lld", negative ? "-" : "", s);
	if (ns)
		snprintf(text + n, sizeof text - (size_t)n, ".%09ld", ns);
	return put_record(b, key, text);
}

/* ---- The ustar header ---- */

static uint64_t largest(size_t digits)
{
	return ((uint64_t)1 << (3 * digits)) - 1;
}

/* Digits and a NUL; 0 where it is too large, for which there is a record. */
static void put_octal(char *field, size_t size, uint64_t n)
{
	field[size - 1] = 0;
	if (n > largest(size - 1))
		n = 0;
	for (size_t k = size - 1; k-- > 0; n >>= 3)
		field[k] = (char)('0' + (n & 7));
}

/* Name and prefix; false: they have no room for the path, and the name is cut. */
static bool put_name(vfs__tar_header *h, const char *path)
{
	size_t len = strlen(path);
	if (len <= sizeof h->name) {
		memcpy(h->name, path, len);
		return true;
	}
	/* the first slash that leaves a name short enough, but the one at the end */
	const char *slash = strchr(path + len - sizeof h->name - 1, '/');
	size_t before = slash ? (size_t)(slash - path) : 0;
	if (!before || before > sizeof h->prefix || !slash[1]) {
		memcpy(h->name, path, sizeof h->name);
		return false;
	}
	memcpy(h->prefix, path, before);
	memcpy(h->name, slash + 1, len - before - 1);
	return true;
}

static void put_sum(vfs__tar_header *h)
{
	unsigned sum = 0;
	memset(h->sum, ' ', sizeof h->sum);
	for (size_t k = 0; k < sizeof *h; k++)
		sum += ((const unsigned char *)h)[k];
	put_octal(h->sum, sizeof h->sum - 1, sum);
}

static void fill_header(vfs__tar_header *h, char type, const struct stat *st, uint64_t size)
{
	bool device = type == '3' || type == '4';
	put_octal(h->mode, sizeof h->mode, st->st_mode & 07777);
	put_octal(h->uid, sizeof h->uid, st->st_uid);
	put_octal(h->gid, sizeof h->gid, st->st_gid);
	put_octal(h->size, sizeof h->size, size);
	put_octal(h->mtime, sizeof h->mtime,
		  st->st_mtim.tv_sec > 0 ? (uint64_t)st->st_mtim.tv_sec : 0);
	h->type = type;
	memcpy(h->magic, "ustar\00000", sizeof h->magic);
	put_octal(h->major, sizeof h->major, device ? vfs_major(st->st_rdev) : 0);
	put_octal(h->minor, sizeof h->minor, device ? vfs_minor(st->st_rdev) : 0);
}

/* ---- An entry ---- */

static int put_records(vfs__tar_bytes *b, const vfs__tar_header *h, bool name_fits,
		       const char *path, const char *link, const struct stat *st, uint64_t size,
		       bool sparse)
{
	int err = put_time(b, "mtime", st->st_mtim);
	if (!err)
		err = put_time(b, "atime", st->st_atim);
	if (!err && !name_fits && !sparse)
		err = put_record(b, "path", path);
	if (!err && link && strlen(link) > sizeof h->link)
		err = put_record(b, "linkpath", link);
	if (!err && size > largest(sizeof h->size - 1))
		err = put_number(b, "size", (int64_t)size);
	if (!err && st->st_uid > largest(sizeof h->uid - 1))
		err = put_number(b, "uid", st->st_uid);
	if (!err && st->st_gid > largest(sizeof h->gid - 1))
		err = put_number(b, "gid", st->st_gid);
	if (!err && sparse) {
		err = put_number(b, "GNU.sparse.major", 1);
		if (!err)
			err = put_number(b, "GNU.sparse.minor", 0);
		if (!err)
			err = put_record(b, "GNU.sparse.name", path);
		if (!err)
			err = put_number(b, "GNU.sparse.realsize", st->st_size);
	}
	return err;
}

/* The header of type 'x', with the records behind it. */
static int put_pax(vfs__tar_bytes *b, const vfs__tar_bytes *records, const struct stat *st)
{
	size_t begin = b->len;
	vfs__tar_header *h = (void *)vfs__tar_more(b, sizeof *h);
	if (!h)
		return -ENOMEM;
	struct stat plain = {.st_mode = 0644, .st_mtim = st->st_mtim};
	strcpy(h->name, "PaxHeaders/records");
	fill_header(h, 'x', &plain, records->len);
	put_sum(h);
	char *p = vfs__tar_more(b, records->len);
	if (!p)
		return -ENOMEM;
	memcpy(p, records->at, records->len);
	return fill_block(b, begin);
}

/* Their number, then offset and length of each, as decimal lines in whole blocks; an
 * empty extent marks the end of a file that ends with a hole. */
static int put_map(vfs__tar_bytes *b, const vfs__tar_extent *extents, size_t n)
{
	char line[48];
	size_t begin = b->len;
	for (size_t k = 0; k <= n; k++) {
		int len = k ? snprintf(line, sizeof line, "%lld\n%lld\n",
				       (long long)extents[k - 1].pos, (long long)extents[k - 1].len)
			    : snprintf(line, sizeof line, "%zu\n", n);
		char *p = vfs__tar_more(b, (size_t)len);
		if (!p)
			return -ENOMEM;
		memcpy(p, line, (size_t)len);
	}
	return fill_block(b, begin);
}

static int put_header(vfs__tar_bytes *b, char type, const char *path, const char *link,
		      const struct stat *st, uint64_t size, bool sparse)
{
	vfs__tar_header h = {0};
	vfs__tar_bytes records = {0};
	bool fits = put_name(&h, path);
	if (link)
		memcpy(h.link, link, strnlen(link, sizeof h.link));
	fill_header(&h, type, st, size);
	put_sum(&h);
	int err = put_records(&records, &h, fits, path, link, st, size, sparse);
	if (!err)
		err = put_pax(b, &records, st);
	free(records.at);
	char *p = err ? NULL : vfs__tar_more(b, sizeof h);
	if (!p)
		return -ENOMEM;
	memcpy(p, &h, sizeof h);
	return 0;
}

int vfs__tar_put_entry(vfs__tar_bytes *b, char type, const char *path, const char *link,
		       const struct stat *st, const vfs__tar_extent *extents, size_t n)
{
	vfs__tar_bytes map = {0};
	uint64_t size = type == '0' ? (uint64_t)st->st_size : 0;
	int err = extents ? put_map(&map, extents, n) : 0;
	if (extents)
		size = map.len;
	for (size_t k = 0; extents && k < n; k++)
		size += (uint64_t)extents[k].len;
	if (!err)
		err = put_header(b, type, path, link, st, size, extents != NULL);
	char *p = err ? NULL : vfs__tar_more(b, map.len);
	if (p && map.len)
		memcpy(p, map.at, map.len);
	free(map.at);
	return p ? 0 : -ENOMEM;
}
