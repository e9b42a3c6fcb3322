/*
 * The pools that arguments come from: names, descriptors, offsets, flags, at
 * which something changes. Each takes what it needs from the input's bytes;
 * at the end of the input they are zeros.
 */
#include "fuzz_pools.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

const uint8_t *in, *in_end;

unsigned byte(void)
{
	return in < in_end ? *in++ : 0;
}

/* ---- Paths ---- */

const char *keep(const char *s, size_t len)
{
	if (fuzz->strings_used + len + 1 > STRINGS_SIZE)
		return "a";
	char *to = fuzz->strings + fuzz->strings_used;
	memcpy(to, s, len);
	to[len] = 0;
	fuzz->strings_used += len + 1;
	return to;
}

/* "./././...a", len bytes */
static const char *long_path(size_t len)
{
	static char buf[5000];
	for (size_t i = 0; i < len; i++)
		buf[i] = i % 2 ? '/' : '.';
	buf[len - 1] = 'a';
	if (len % 2 == 0)
		buf[len - 2] = '/', buf[len - 3] = '/';
	return keep(buf, len);
}

static const char *repeat(char c, size_t len)
{
	static char buf[300];
	memset(buf, c, len);
	return keep(buf, len);
}

static const char *component(void)
{
	static const char *const names[] = {"a", "b", "c", "d", "e", "f",  "a", "b",
					    "c", "d", "g", "h", ".", "..", 0,   0};
	static const char *const devices[] = {"null",  "fd",     "fd/0", "fd/1",
					      "stdin", "random", "tty",  "fd/9999999999"};
	unsigned i = byte();
	const char *s = names[i % COUNT(names)];
	if ((fuzz->mode & ALONE) && i >= 208)
		return devices[i % COUNT(devices)];
	if (s)
		return s;
	if (i < 128)
		return i & 16 ? "a" : "b";
	return i & 16 ? repeat('x', 255) : repeat('y', 254 + (i >> 5 & 3));
}

static const char *special(void)
{
	static const char *const fixed[] = {
		"",       "/",       ".",   "..",  "//",  "/..",  "/../a",        "a/b/c/d/e/f/g",
		"a/../b", "./a/./b", "k39", "k40", "k41", "k40/", "k38/../k39/a", "/.",
		"...",    "a//b///c"};
	unsigned i = byte() % (COUNT(fixed) + 6);
	if (i < COUNT(fixed))
		return fixed[i];
	switch (i - COUNT(fixed)) {
	case 0:
		return NULL;
	case 1:
		return (const char *)-1;
	case 2:
		return long_path(4095);
	case 3:
		return long_path(4096);
	case 4:
		return long_path(4094);
	default:
		return long_path(900 + byte() * 16);
	}
}

const char *path(void)
{
	static const char *const tails[] = {"", "",  "",   "",   "",    "",    "",     "",
					    "", "/", "//", "/.", "/..", "/./", "/../", ""};
	static const uint8_t counts[] = {1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 0, 1, 2};
	char buf[4 * 260];
	size_t len = 0;
	unsigned form = byte(), n = counts[form & 15];
	if (!n)
		return special();
	if ((form & 15) >= 14)
		buf[len++] = '/';
	if ((fuzz->mode & (SECOND | ALONE)) && byte() & 1)
		len += (size_t)sprintf(buf + len, "h/");
	while (n--)
		len += (size_t)sprintf(buf + len, "%s%s", component(), n ? "/" : "");
	len += (size_t)sprintf(buf + len, "%s", tails[form >> 4]);
	return keep(buf, len);
}

/* ---- Numbers ---- */

int any_fd(void)
{
	static const int fds[] = {0, 0, 0,  0,  1,  1,       1, 2, 2, 3, 3, 4,         5,
				  6, 7, -1, 23, 24, 1000000, 8, 0, 1, 2, 3, INT32_MAX, INT32_MIN};
	static const int far[] = {4095, 4096, 8191, 8192, MANY_FDS - 1, MANY_FDS};
	unsigned i = byte();
	if ((fuzz->mode & FAR_FDS) && i >= 192)
		return far[i % COUNT(far)];
	return fds[i % COUNT(fds)];
}

int dir_fd(void)
{
	unsigned i = byte();
	return i < 192 ? AT_FDCWD : (int)(i & 31) < 26 ? (int)(i & 7) : any_fd();
}

int64_t offset(void)
{
	static const int64_t table[] = {0,
					1,
					2,
					3,
					10,
					63,
					64,
					65,
					100,
					1000,
					4095,
					4096,
					4097,
					8191,
					8192,
					12288,
					65535,
					65536,
					65537,
					65536 + 4096,
					131071,
					131072,
					131073,
					196608,
					200000,
					1 << 20,
					(1 << 20) + 1,
					16777215,
					16777216,
					16777217,
					1 << 30,
					(1LL << 32) - 1,
					1LL << 32,
					(1LL << 32) + 1,
					5LL << 30,
					1LL << 40,
					INT64_MAX,
					INT64_MAX - 1,
					INT64_MAX - 4095,
					INT64_MAX - 4096,
					INT64_MAX - 65536,
					-1,
					-2,
					-4096,
					-65536,
					INT64_MIN,
					INT64_MIN + 1};
	unsigned i = byte();
	return i < 2 * COUNT(table) ? table[i % COUNT(table)] : (int64_t)(i & 31);
}

int64_t length(void)
{
	static const int32_t table[] = {0,     1,     2,     3,     7,      10,     63,
					64,    65,    100,   127,   128,    129,    255,
					256,   1000,  1024,  4095,  4096,   4097,   8192,
					10000, 65535, 65536, 65537, 100000, 131072, 200000};
	return PICK(table);
}

/* What fallocate takes: small, or more than there is. */
int64_t allocation(void)
{
	static const int64_t table[] = {
		0,         1,         10,    4095,      4096,   4097,
		65535,     65536,     65537, 131072,    200000, 1LL << 30,
		5LL << 30, INT64_MAX, -1,    INT64_MIN, 100,    INT64_MAX - 65536};
	return PICK(table);
}

int open_flags(void)
{
	static const int common[] = {O_RDONLY,
				     O_RDWR,
				     O_RDWR | O_CREAT,
				     O_RDWR | O_CREAT,
				     O_WRONLY | O_CREAT | O_EXCL,
				     O_RDWR | O_CREAT | O_TRUNC,
				     O_RDWR | O_APPEND | O_CREAT,
				     O_DIRECTORY,
				     O_PATH,
				     O_PATH | O_NOFOLLOW,
				     O_TMPFILE | O_RDWR,
				     O_NOFOLLOW,
				     O_WRONLY,
				     O_DIRECTORY | O_CREAT,
				     O_TMPFILE | O_WRONLY | O_EXCL,
				     3,
				     O_RDONLY | O_TRUNC,
				     O_NOATIME};
	static const int bits[] = {O_CREAT,   O_EXCL,      O_TRUNC,
				   O_APPEND,  O_DIRECTORY, O_NOFOLLOW,
				   O_NOATIME, O_PATH,      O_TMPFILE & ~O_DIRECTORY,
				   O_CLOEXEC, O_NONBLOCK,  O_SYNC,
				   O_DSYNC,   O_DIRECT,    O_ASYNC,
				   O_NOCTTY};
	unsigned i = byte();
	if (i < 160)
		return common[i % COUNT(common)];
	int flags = (int)(i & 3);
	unsigned which = byte() | byte() << 8;
	if (i < 200)
		which &= byte() | byte() << 8;
	for (i = 0; i < COUNT(bits); i++)
		if (which >> i & 1)
			flags |= bits[i];
	if (which % 61 == 60)
		flags |= 0x40000000; /* no flag at all */
	return flags;
}

int at_flags(void)
{
	static const int table[] = {0,
				    0,
				    AT_SYMLINK_NOFOLLOW,
				    AT_EMPTY_PATH,
				    AT_EMPTY_PATH,
				    AT_SYMLINK_FOLLOW,
				    AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW,
				    AT_NO_AUTOMOUNT,
				    AT_EACCESS,
				    AT_EMPTY_PATH | AT_SYMLINK_FOLLOW,
				    0x10000,
				    AT_EACCESS | AT_EMPTY_PATH,
				    -1,
				    1,
				    2};
	return PICK(table);
}

int mode(void)
{
	static const int table[] = {0777,    0666, 0644,  0600,  0755,  0700,  0444,
				    0222,    0111, 01777, 02775, 04755, 06777, 07777,
				    0177777, 0,    0070,  0007,  02070, 0500,  0300};
	return PICK(table);
}

int64_t id(void)
{
	static const int64_t table[] = {0, 1000, 1001, 0xffffffff, 1000, 5, 65536, 2000};
	return PICK(table);
}

int64_t timestamp(void)
{
	/* in the upper half what tells tv_nsec, in the lower tv_sec */
	return (int64_t)byte() << 8 | (in < in_end ? *in++ : 0);
}

int small(unsigned n)
{
	return (int)(byte() % n);
}
