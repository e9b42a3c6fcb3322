/*
 * From bytes to calls. All arguments come from small pools, so that calls
 * meet: few names, few descriptors, and the numbers at which something changes.
 */
#include "fuzz.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const uint8_t *in, *in_end;

static unsigned byte(void)
{
	return in < in_end ? *in++ : 0;
}

#define PICK(table) ((table)[byte() % COUNT(table)])

/* ---- Paths ---- */

static const char *keep(const char *s, size_t len)
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
	static const char *const names[] = {
		"a", "b", "c", "d", "e", "f", "a", "b", "c", "d", "g", "h", ".", "..", 0, 0
	};
	unsigned i = byte();
	const char *s = names[i % COUNT(names)];
	if (s)
		return s;
	if (i < 128)
		return i & 16 ? "a" : "b";
	return i & 16 ? repeat('x', 255) : repeat('y', 254 + (i >> 5 & 3));
}

static const char *special(void)
{
	static const char *const fixed[] = {
		"", "/", ".", "..", "//", "/..", "/../a", "a/b/c/d/e/f/g", "a/../b", "./a/./b",
		"k39", "k40", "k41", "k40/", "k38/../k39/a", "/.", "...", "a//b///c"
	};
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

static const char *path(void)
{
	static const char *const tails[] = {
		"", "", "", "", "", "", "", "", "", "/", "//", "/.", "/..", "/./", "/../", ""
	};
	static const uint8_t counts[] = {1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 0, 1, 2};
	char buf[4 * 260];
	size_t len = 0;
	unsigned form = byte(), n = counts[form & 15];
	if (!n)
		return special();
	if ((form & 15) >= 14)
		buf[len++] = '/';
	while (n--)
		len += (size_t)sprintf(buf + len, "%s%s", component(), n ? "/" : "");
	len += (size_t)sprintf(buf + len, "%s", tails[form >> 4]);
	return keep(buf, len);
}

/* ---- Numbers ---- */

static int any_fd(void)
{
	static const int fds[] = {
		0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, -1, 23, 24, 1000000, 8, 0, 1, 2, 3,
		INT32_MAX, INT32_MIN
	};
	return PICK(fds);
}

static int dir_fd(void)
{
	unsigned i = byte();
	return i < 192 ? AT_FDCWD : (int)(i & 31) < 26 ? (int)(i & 7) : any_fd();
}

static int64_t offset(void)
{
	static const int64_t table[] = {
		0, 1, 2, 3, 10, 63, 64, 65, 100, 1000, 4095, 4096, 4097, 8191, 8192, 12288,
		65535, 65536, 65537, 65536 + 4096, 131071, 131072, 131073, 196608, 200000,
		1 << 20, (1 << 20) + 1, 16777215, 16777216, 16777217, 1 << 30,
		(1LL << 32) - 1, 1LL << 32, (1LL << 32) + 1, 5LL << 30, 1LL << 40,
		INT64_MAX, INT64_MAX - 1, INT64_MAX - 4095, INT64_MAX - 4096, INT64_MAX - 65536,
		-1, -2, -4096, -65536, INT64_MIN, INT64_MIN + 1
	};
	unsigned i = byte();
	return i < 2 * COUNT(table) ? table[i % COUNT(table)] : (int64_t)(i & 31);
}

static int64_t length(void)
{
	static const int32_t table[] = {
		0, 1, 2, 3, 7, 10, 63, 64, 65, 100, 127, 128, 129, 255, 256, 1000, 1024, 4095,
		4096, 4097, 8192, 10000, 65535, 65536, 65537, 100000, 131072, 200000
	};
	return PICK(table);
}

/* What fallocate takes: small, or more than there is. */
static int64_t allocation(void)
{
	static const int64_t table[] = {
		0, 1, 10, 4095, 4096, 4097, 65535, 65536, 65537, 131072, 200000, 1LL << 30,
		5LL << 30, INT64_MAX, -1, INT64_MIN, 100, INT64_MAX - 65536
	};
	return PICK(table);
}

static int open_flags(void)
{
	static const int common[] = {
		O_RDONLY, O_RDWR, O_RDWR | O_CREAT, O_RDWR | O_CREAT, O_WRONLY | O_CREAT | O_EXCL,
		O_RDWR | O_CREAT | O_TRUNC, O_RDWR | O_APPEND | O_CREAT, O_DIRECTORY, O_PATH,
		O_PATH | O_NOFOLLOW, O_TMPFILE | O_RDWR, O_NOFOLLOW, O_WRONLY, O_DIRECTORY | O_CREAT,
		O_TMPFILE | O_WRONLY | O_EXCL, 3, O_RDONLY | O_TRUNC, O_NOATIME
	};
	static const int bits[] = {
		O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_NOATIME, O_PATH,
		O_TMPFILE & ~O_DIRECTORY, O_CLOEXEC, O_NONBLOCK, O_SYNC, O_DSYNC, O_DIRECT,
		O_ASYNC, O_NOCTTY
	};
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

static int at_flags(void)
{
	static const int table[] = {
		0, 0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, AT_EMPTY_PATH, AT_SYMLINK_FOLLOW,
		AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, AT_NO_AUTOMOUNT, AT_EACCESS,
		AT_EMPTY_PATH | AT_SYMLINK_FOLLOW, 0x10000, AT_EACCESS | AT_EMPTY_PATH, -1, 1, 2
	};
	return PICK(table);
}

static int mode(void)
{
	static const int table[] = {
		0777, 0666, 0644, 0600, 0755, 0700, 0444, 0222, 0111, 01777, 02775, 04755, 06777,
		07777, 0177777, 0, 0070, 0007, 02070, 0500, 0300
	};
	return PICK(table);
}

static int64_t id(void)
{
	static const int64_t table[] = {0, 1000, 1001, 0xffffffff, 1000, 5, 65536, 2000};
	return PICK(table);
}

static int64_t timestamp(void)
{
	/* in the upper half what tells tv_nsec, in the lower tv_sec */
	return (int64_t)byte() << 8 | (in < in_end ? *in++ : 0);
}

static int small(unsigned n)
{
	return (int)(byte() % n);
}

/* ---- Calls ---- */

static struct call *add(int op)
{
	static struct call spare;
	if (fuzz->n >= MAX_CALLS - 1)
		return &spare;
	struct call *c = &fuzz->calls[fuzz->n++];
	*c = (struct call){.op = op, .fd = AT_FDCWD, .fd2 = AT_FDCWD};
	return c;
}

static void add_path(int op, const char *p, int flags, int64_t a)
{
	struct call *c = add(op);
	c->path = p;
	c->flags = flags;
	c->a = a;
}

static void add_link(const char *target, const char *p)
{
	struct call *c = add(OP_symlink);
	c->path = target;
	c->path2 = p;
}

/* Something to begin with, by the bits of one byte. */
static void prelude(unsigned what)
{
	if (what & 1) {
		add_path(OP_mkdir, "a", 0777, 0);
		add_path(OP_mkdir, "a/b", 0777, 0);
		add_path(OP_open, "a/c", O_RDWR | O_CREAT, 0666);
	}
	if (what & 2) {
		add_path(OP_open, "b", O_RDWR | O_CREAT, 0666);
		struct call *c = add(OP_write);
		c->fd = what & 1;
		c->a = 5000;
	}
	if (what & 4) {
		add_link("a", "c");
		add_link("/b", "d");
	}
	if (what & 8) {
		add_link("f", "e");
		add_link("e/", "f");
	}
	if (what & 16)
		add_path(OP_open, ".", O_DIRECTORY, 0);
	if ((what & 96) == 96) { /* a chain of links, too long at its end */
		static char names[43][8];
		for (int i = 0; i < 43; i++) {
			sprintf(names[i], "k%d", i);
			add_link(i ? keep(names[i - 1], strlen(names[i - 1])) : "a",
				 keep(names[i], strlen(names[i])));
		}
	} else if (what & 32) {
		add_path(OP_mkdir, "g", 0777, 0);
		add_path(OP_chmod, "g", 01777, 0);
		add_path(OP_mkdir, "g/a", 0777, 0);
	}
	if (what & 128) {
		struct call *c = add(OP_credential);
		c->flags = 1 + (int)(what >> 3 & 1);
	}
}

static const uint8_t weighted[] = {
	OP_open, OP_open, OP_open, OP_open, OP_open, OP_open, OP_open, OP_close, OP_close,
	OP_write, OP_pwrite, OP_pwrite, OP_read, OP_pread, OP_ftruncate, OP_fallocate,
	OP_mkdir, OP_mkdir, OP_rename, OP_rename, OP_renameat, OP_link, OP_linkat, OP_symlink,
	OP_unlink, OP_rmdir, OP_utimensat, OP_chmod, OP_chown, OP_store, OP_mmap, OP_lseek,
	OP_credential, OP_mknod, OP_walk_changing
};

void fuzz_decode(const uint8_t *data, size_t size)
{
	static const int mknod_modes[] = {
		S_IFREG | 0644, 0666, S_IFIFO | 0666, S_IFCHR | 0600, S_IFBLK | 0600, S_IFSOCK | 0777,
		S_IFDIR | 0777, S_IFLNK | 0777, 0170000, S_IFREG | 07777, S_IFIFO | 01000, 0200000
	};
	static const int64_t devices[] = {0, 0x103, 0x105, 0xffff, 0x12345678, 0xfff00fff, 0x500};
	static const int prots[] = {
		PROT_READ | PROT_WRITE, PROT_READ, PROT_WRITE, PROT_READ | PROT_WRITE
	};
	static const int map_flags[] = {MAP_SHARED, MAP_SHARED, MAP_SHARED_VALIDATE, 0, 0xf};
	static const int fallocate_modes[] = {0, 1, 3, 3, 2, 8, 16, 0, 1, 32, 64, 0x80, 0x40000000, 4};
	static const int whences[] = {0, 1, 2, 0, 1, 2, 5, -1};
	static const int msync_flags[] = {4, 1, 2, 0, 5, 8, 6};
	static const int locks[] = {1, 2, 8, 1, 2, 0, 3, 16};

	in = data;
	in_end = data + size;
	fuzz->n = 0;
	fuzz->strings_used = 0;
	prelude(byte());
	while (in < in_end && fuzz->n < MAX_CALLS - 1) {
		unsigned op = byte();
		op = op < 2 * OPS ? op % OPS : weighted[op % COUNT(weighted)];
		struct call *c = add((int)op);
		switch (op) {
		case OP_open:
			c->fd = dir_fd();
			c->path = path();
			c->flags = open_flags();
			c->a = mode();
			break;
		case OP_close: case OP_fsync: case OP_fdatasync: case OP_syncfs: case OP_fstat:
		case OP_fstatfs: case OP_fchdir: case OP_dup:
			c->fd = any_fd();
			c->flags = small(32);
			break;
		case OP_read: case OP_write: case OP_readv: case OP_writev:
			c->fd = any_fd();
			c->a = length();
			c->flags = small(64);
			break;
		case OP_pread: case OP_pwrite: case OP_preadv: case OP_pwritev:
			c->fd = any_fd();
			c->b = offset();
			c->a = length();
			c->flags = small(64);
			break;
		case OP_lseek: case OP_seek_data:
			c->fd = any_fd();
			c->b = offset();
			c->flags = PICK(whences);
			break;
		case OP_truncate:
			c->path = path();
			c->b = offset();
			break;
		case OP_ftruncate:
			c->fd = any_fd();
			c->b = offset();
			break;
		case OP_fallocate:
			c->fd = any_fd();
			c->flags = PICK(fallocate_modes);
			c->b = offset();
			c->a = allocation();
			break;
		case OP_fadvise:
			c->fd = any_fd();
			c->b = offset();
			c->a = allocation();
			c->flags = small(8);
			break;
		case OP_stat: case OP_lstat: case OP_statfs: case OP_rmdir: case OP_unlink:
		case OP_chdir:
			c->path = path();
			c->flags = small(32);
			break;
		case OP_fstatat: case OP_unlinkat:
			c->fd = dir_fd();
			c->path = path();
			c->flags = op == OP_unlinkat && (c->fd & 1) ? AT_REMOVEDIR : at_flags();
			break;
		case OP_getdents: case OP_scan:
			c->fd = any_fd();
			c->a = (int64_t)byte() * 5;
			c->flags = small(32);
			break;
		case OP_walk_changing:
			c->path = path();
			c->a = (int64_t)byte() | (int64_t)byte() << 8 | (int64_t)byte() << 16;
			c->flags = small(256);
			break;
		case OP_mkdir: case OP_chmod:
			c->fd = op == OP_mkdir ? dir_fd() : AT_FDCWD;
			c->path = path();
			c->flags = mode();
			break;
		case OP_rename: case OP_link: case OP_symlink:
			c->path = path();
			c->path2 = path();
			break;
		case OP_renameat: case OP_linkat:
			c->fd = dir_fd();
			c->path = path();
			c->fd2 = dir_fd();
			c->path2 = path();
			c->flags = op == OP_linkat ? at_flags() : (int)(byte() & 129);
			break;
		case OP_readlink:
			c->fd = dir_fd();
			c->path = path();
			c->a = length();
			c->flags = small(32);
			break;
		case OP_mknod:
			c->fd = dir_fd();
			c->path = path();
			c->flags = PICK(mknod_modes);
			c->a = PICK(devices);
			break;
		case OP_fchmod:
			c->fd = any_fd();
			c->flags = mode();
			break;
		case OP_fchmodat:
			c->fd = dir_fd();
			c->path = path();
			c->a = mode();
			c->flags = at_flags();
			break;
		case OP_chown: case OP_lchown:
			c->path = path();
			c->a = id();
			c->b = id();
			break;
		case OP_fchown:
			c->fd = any_fd();
			c->a = id();
			c->b = id();
			break;
		case OP_fchownat:
			c->fd = dir_fd();
			c->path = path();
			c->a = id();
			c->b = id();
			c->flags = at_flags();
			break;
		case OP_utimensat:
			c->fd = dir_fd();
			c->path = path();
			c->flags = at_flags();
			c->a = timestamp();
			c->b = timestamp();
			break;
		case OP_futimens:
			c->fd = any_fd();
			c->flags = byte() < 200 ? 0 : at_flags();
			c->a = timestamp();
			c->b = timestamp();
			break;
		case OP_access:
			c->path = path();
			c->flags = small(9);
			break;
		case OP_faccessat:
			c->fd = dir_fd();
			c->path = path();
			c->a = small(9);
			c->flags = at_flags();
			break;
		case OP_getcwd:
			c->a = length();
			c->flags = small(32);
			break;
		case OP_umask:
			c->flags = mode();
			break;
		case OP_dup2: case OP_dup3:
			c->fd = any_fd();
			c->fd2 = any_fd();
			c->flags = op == OP_dup3 ? (byte() & 3 ? O_CLOEXEC : (int)byte()) : 0;
			break;
		case OP_fcntl:
			c->fd = any_fd();
			c->flags = small(9);
			c->a = c->flags == 5 ? open_flags() : any_fd();
			break;
		case OP_record_lock:
			c->fd = any_fd();
			c->flags = small(256);
			c->a = offset();
			c->b = offset();
			break;
		case OP_flock:
			c->fd = any_fd();
			c->flags = PICK(locks);
			break;
		case OP_ioctl:
			c->fd = any_fd();
			c->flags = small(8);
			break;
		case OP_poll:
			c->fd = any_fd();
			c->fd2 = any_fd();
			c->flags = small(128);
			break;
		case OP_mmap:
			c->fd2 = small(MAX_MAPS);
			c->fd = any_fd();
			c->flags = PICK(map_flags);
			c->flags |= PICK(prots) << 16;
			c->b = offset();
			c->a = length();
			break;
		case OP_mmap_private:
			c->fd = any_fd();
			c->b = offset();
			c->a = length();
			c->flags = PICK(prots);
			break;
		case OP_munmap: case OP_msync: case OP_load: case OP_store:
			c->fd2 = small(MAX_MAPS);
			c->b = offset();
			c->a = length();
			c->flags = PICK(msync_flags);
			break;
		case OP_credential:
			c->flags = small(CREDENTIALS);
			break;
		}
	}
	fuzz->calls[fuzz->n++] = (struct call){.op = OP_snapshot};
	/* DEVIATION: since Linux 6.11 fstatat with AT_EMPTY_PATH takes NULL for "",
	 * and looks at no other flag then. */
	for (int i = 0; i < fuzz->n; i++) {
		struct call *c = &fuzz->calls[i];
		if (c->op == OP_fstatat && !c->path)
			c->path = (const char *)-1;
		else if (c->op == OP_fstatat && c->path != (const char *)-1 && !*c->path &&
			 (c->flags & AT_EMPTY_PATH))
			c->flags = AT_EMPTY_PATH;
	}
}
