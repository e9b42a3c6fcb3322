/*
 * Headers and pax records as they are read.
 */
#include "tar_import.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vfsfs/device.h>

/* ---- Headers ---- */

/* The sum over bytes counted with or without a sign: there have been both. */
int vfs__tar_check(const vfs__tar_header *h)
{
	int64_t sum, plain = 0, with_sign = 0;
	for (size_t k = 0; k < sizeof *h; k++) {
		bool blank = k - offsetof(vfs__tar_header, sum) < sizeof h->sum;
		char c = blank ? ' ' : ((const char *)h)[k];
		plain += (unsigned char)c;
		with_sign += (signed char)c;
	}
	int err = vfs__tar_number(h->sum, sizeof h->sum, &sum);
	return err || (sum != plain && sum != with_sign) ? -EBADMSG : 0;
}

int vfs__tar_number(const char *field, size_t size, int64_t *out)
{
	const unsigned char *p = (const unsigned char *)field, *end = p + size;
	uint64_t n = *p & 0x3f;
	if (*p & 0x80) { /* base 256 */
		for (p++; p < end; p++) {
			if (n >> 55)
				return -EBADMSG;
			n = n << 8 | *p;
		}
		*out = (int64_t)n;
		return *field & 0x40 ? -EBADMSG : 0; /* negative */
	}
	for (n = 0; p < end && *p == ' ';)
		p++;
	for (; p < end && *p >= '0' && *p <= '7'; p++)
		n = n << 3 | (unsigned)(*p - '0');
	*out = (int64_t)n; /* twelve digits at most */
	return p < end && *p && *p != ' ' ? -EBADMSG : 0;
}

static int64_t lenient(const char *field, size_t size, int *err)
{
	int64_t n = 0;
	int bad = vfs__tar_number(field, size, &n);
	*err = *err ? *err : bad;
	return n;
}

/* A time may be before 1970. */
static int read_time(const char *field, size_t size, struct timespec *out)
{
	int64_t n = 0;
	if ((*field & (char)0xc0) == (char)0xc0) {
		uint64_t bits = ~(uint64_t)0;
		for (size_t k = 1; k < size; k++)
			bits = bits << 8 | (unsigned char)field[k];
		n = (int64_t)bits;
	} else if (vfs__tar_number(field, size, &n)) {
		return -EBADMSG;
	}
	*out = (struct timespec){.tv_sec = (time_t)n};
	return 0;
}

static char *join(const vfs__tar_header *h)
{
	size_t before = 0, len = strnlen(h->name, sizeof h->name);
	if (!memcmp(h->magic, "ustar", 6))
		before = strnlen(h->prefix, sizeof h->prefix);
	char *path = malloc(before + len + 2), *p = path;
	if (!path)
		return NULL;
	if (before) {
		memcpy(p, h->prefix, before);
		p += before;
		*p++ = '/';
	}
	memcpy(p, h->name, len);
	p[len] = 0;
	return path;
}

int vfs__tar_read_header(const vfs__tar_header *h, vfs__tar_member *m, int64_t *size)
{
	int err = 0;
	bool device = h->type == '3' || h->type == '4';
	m->type = h->type;
	m->path = join(h);
	m->link = strndup(h->link, sizeof h->link);
	if (!m->path || !m->link)
		return -ENOMEM;
	*size = lenient(h->size, sizeof h->size, &err);
	m->mode = (mode_t)(lenient(h->mode, sizeof h->mode, &err) & 07777);
	int64_t uid = lenient(h->uid, sizeof h->uid, &err),
		gid = lenient(h->gid, sizeof h->gid, &err);
	if (uid >= UINT32_MAX || gid >= UINT32_MAX)
		err = -EBADMSG;
	m->uid = (uid_t)uid;
	m->gid = (gid_t)gid;
	if (device)
		m->rdev = vfs_makedev((unsigned)lenient(h->major, sizeof h->major, &err),
				      (unsigned)lenient(h->minor, sizeof h->minor, &err));
	if (!err)
		err = read_time(h->mtime, sizeof h->mtime, &m->times[1]);
	m->times[0] = (struct timespec){.tv_nsec = UTIME_NOW};
	return err;
}

/* ---- Pax records ---- */

/* Decimal digits, all of the text; at most INT64_MAX. */
static int decimal(const char *text, int64_t *out)
{
	int64_t n = 0;
	if (!*text)
		return -EBADMSG;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *text - '0', &n))
			return -EBADMSG;
	*out = n;
	return *text ? -EBADMSG : 0;
}

/* Seconds with a sign and a fraction, of which nine digits count. */
static int decimal_time(char *text, struct timespec *out)
{
	int64_t seconds;
	long ns = 0, unit = 100000000;
	bool negative = *text == '-';
	char *dot = strchr(text, '.');
	if (dot)
		*dot++ = 0;
	if (decimal(text + negative, &seconds))
		return -EBADMSG;
	for (; dot && *dot >= '0' && *dot <= '9'; dot++, unit /= 10)
		ns += (*dot - '0') * unit;
	if (dot && *dot)
		return -EBADMSG;
	if (negative) {
		seconds = -seconds - (ns != 0);
		ns = ns ? 1000000000 - ns : 0;
	}
	*out = (struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = ns};
	return out->tv_sec == seconds ? 0 : -EBADMSG;
}

int vfs__tar_replace(char **at, char *text)
{
	free(vfs__tar_swap(at, text));
	return 0;
}

char *vfs__tar_swap(char **at, char *text)
{
	char *old = *at;
	*at = text;
	return old;
}

static int copy(char **at, const char *text)
{
	char *new = strdup(text);
	return new ? vfs__tar_replace(at, new) : -ENOMEM;
}

static int read_sparse(vfs__tar_pax *p, const char *key, const char *value)
{
	if (!strcmp(key, "major"))
		return strcmp(value, "1") != 0 ? -ENOTSUP : 0;
	if (!strcmp(key, "minor"))
		return strcmp(value, "0") != 0 ? -ENOTSUP : (p->has |= VFS__TAR_SPARSE, 0);
	if (!strcmp(key, "name"))
		return copy(&p->sparse_path, value);
	if (!strcmp(key, "realsize"))
		return p->has |= VFS__TAR_REAL_SIZE, decimal(value, &p->real_size);
	return -ENOTSUP; /* versions 0.0 and 0.1 */
}

static int read_id(const char *value, uint32_t *out)
{
	int64_t n = 0;
	int err = decimal(value, &n);
	*out = (uint32_t)n;
	return err || n >= UINT32_MAX ? -EBADMSG : 0; /* -1: chown would leave it */
}

static int read_record(vfs__tar_pax *p, const char *key, char *value)
{
	uint32_t id;
	int err;
	if (!strcmp(key, "path"))
		return copy(&p->path, value);
	if (!strcmp(key, "linkpath"))
		return copy(&p->link, value);
	if (!strcmp(key, "size"))
		return p->has |= VFS__TAR_SIZE, decimal(value, &p->size);
	if (!strcmp(key, "atime"))
		return p->has |= VFS__TAR_ATIME, decimal_time(value, &p->times[0]);
	if (!strcmp(key, "mtime"))
		return p->has |= VFS__TAR_MTIME, decimal_time(value, &p->times[1]);
	if (!strcmp(key, "uid")) {
		err = read_id(value, &id);
		return p->has |= VFS__TAR_UID, p->uid = id, err;
	}
	if (!strcmp(key, "gid")) {
		err = read_id(value, &id);
		return p->has |= VFS__TAR_GID, p->gid = id, err;
	}
	if (!strncmp(key, "GNU.sparse.", 11))
		return read_sparse(p, key + 11, value);
	return 0; /* what it says else is not kept here */
}

int vfs__tar_read_pax(vfs__tar_pax *p, char *text, size_t len)
{
	char *end = text + len;
	int err = 0;
	while (!err && text < end) {
		char *rest;
		unsigned long long size =
			*text >= '1' && *text <= '9' ? strtoull(text, &rest, 10) : 0;
		if (!size || *rest != ' ' || size > (size_t)(end - text) ||
		    text[size - 1] != '\n' || rest - text >= (ptrdiff_t)size)
			return -EBADMSG;
		char *key = rest + 1, *next = text + size,
		     *value = memchr(key, '=', (size_t)(next - key));
		next[-1] = 0;
		if (!value)
			return -EBADMSG;
		*value++ = 0;
		bool known = strncmp(key, "GNU.", 4) == 0 || strstr(key, "path") != NULL;
		if (known && strlen(value) != (size_t)(next - 1 - value))
			return -EBADMSG; /* a NUL in a name */
		err = read_record(p, key, value);
		text = next;
	}
	return err;
}

void vfs__tar_free_pax(vfs__tar_pax *p)
{
	free(p->path);
	free(p->sparse_path);
	free(p->link);
	*p = (vfs__tar_pax){0};
}
