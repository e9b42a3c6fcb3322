/*
 * From bytes to calls. All arguments come from small pools, so that calls
 * meet: few names, few descriptors, and the numbers at which something changes.
 */
#include "fuzz_pools.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

static unsigned mode_of(unsigned b)
{
	unsigned mode = (b & 0x10 ? TRACED : 0) | ((b & 0x60) == 0x60 ? FAR_FDS : 0);
	switch (b & 15) {
	case 4:
	case 5:
	case 6:
		return mode | SECOND;
	case 7:
		return mode | SECOND | SECOND_RDONLY;
	case 8:
	case 9:
		return mode | ALONE;
	default:
		return mode;
	}
}

static const uint8_t weighted[] = {
	OP_open,   OP_open,   OP_open,       OP_open,      OP_open,         OP_open,
	OP_open,   OP_close,  OP_close,      OP_write,     OP_pwrite,       OP_pwrite,
	OP_read,   OP_pread,  OP_ftruncate,  OP_fallocate, OP_mkdir,        OP_mkdir,
	OP_rename, OP_rename, OP_renameat,   OP_link,      OP_linkat,       OP_symlink,
	OP_unlink, OP_rmdir,  OP_utimensat,  OP_chmod,     OP_chown,        OP_store,
	OP_mmap,   OP_lseek,  OP_credential, OP_mknod,     OP_walk_changing};

void fuzz_decode(const uint8_t *data, size_t size)
{
	static const int mknod_modes[] = {
		S_IFREG | 0644,  0666,           S_IFIFO | 0666, S_IFCHR | 0600, S_IFBLK | 0600,
		S_IFSOCK | 0777, S_IFDIR | 0777, S_IFLNK | 0777, 0170000,        S_IFREG | 07777,
		S_IFIFO | 01000, 0200000};
	static const int64_t devices[] = {0, 0x103, 0x105, 0xffff, 0x12345678, 0xfff00fff, 0x500};
	static const int prots[] = {PROT_READ | PROT_WRITE, PROT_READ, PROT_WRITE,
				    PROT_READ | PROT_WRITE};
	static const int map_flags[] = {MAP_SHARED, MAP_SHARED, MAP_SHARED_VALIDATE, 0, 0xf};
	static const int fallocate_modes[] = {0, 1, 3, 3, 0, 1, 3, 0x40000000};
	static const int whences[] = {0, 1, 2, 0, 1, 2, 5, -1};
	static const int msync_flags[] = {4, 1, 2, 0, 5, 8, 6};
	static const int locks[] = {1, 2, 8, 1, 2, 0, 3, 16};

	in = data;
	in_end = data + size;
	fuzz->n = 0;
	fuzz->strings_used = 0;
	fuzz->mode = mode_of(byte());
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
		case OP_close:
		case OP_fsync:
		case OP_fdatasync:
		case OP_syncfs:
		case OP_fstat:
		case OP_fstatfs:
		case OP_fchdir:
		case OP_dup:
			c->fd = any_fd();
			c->flags = small(32);
			break;
		case OP_read:
		case OP_write:
		case OP_readv:
		case OP_writev:
			c->fd = any_fd();
			c->a = length();
			c->flags = small(64);
			break;
		case OP_pread:
		case OP_pwrite:
		case OP_preadv:
		case OP_pwritev:
			c->fd = any_fd();
			c->b = offset();
			c->a = length();
			c->flags = small(64);
			break;
		case OP_lseek:
		case OP_seek_data:
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
		case OP_stat:
		case OP_lstat:
		case OP_statfs:
		case OP_rmdir:
		case OP_unlink:
		case OP_chdir:
			c->path = path();
			c->flags = small(32);
			break;
		case OP_fstatat:
		case OP_unlinkat:
			c->fd = dir_fd();
			c->path = path();
			c->flags = op == OP_unlinkat && (c->fd & 1) ? AT_REMOVEDIR : at_flags();
			break;
		case OP_getdents:
		case OP_scan:
			c->fd = any_fd();
			c->a = (int64_t)byte() * 5;
			c->flags = small(32);
			break;
		case OP_walk_changing:
			c->path = path();
			c->a = (int64_t)byte() | (int64_t)byte() << 8 | (int64_t)byte() << 16;
			c->flags = small(256);
			break;
		case OP_mkdir:
		case OP_chmod:
			c->fd = op == OP_mkdir ? dir_fd() : AT_FDCWD;
			c->path = path();
			c->flags = mode();
			break;
		case OP_rename:
		case OP_link:
		case OP_symlink:
			c->path = path();
			c->path2 = path();
			break;
		case OP_renameat:
		case OP_linkat:
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
			if (fuzz->mode & SECOND) { /* only what can do no harm on the host */
				if (S_ISBLK(c->flags))
					c->flags = S_IFCHR | 0600;
				c->a = (c->a & 2) ? 0x103 : 0x107;
			}
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
		case OP_chown:
		case OP_lchown:
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
		case OP_dup2:
		case OP_dup3:
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
		case OP_munmap:
		case OP_msync:
		case OP_load:
		case OP_store:
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
	/* see 8 in fuzz_deviations.c */
	for (int i = 0; i < fuzz->n; i++) {
		struct call *c = &fuzz->calls[i];
		if (c->op == OP_fstatat && !c->path)
			c->path = (const char *)-1;
		else if (c->op == OP_fstatat && c->path != (const char *)-1 && !*c->path &&
			 (c->flags & AT_EMPTY_PATH))
			c->flags = AT_EMPTY_PATH;
	}
}
