/*
 * Calls that move data: buffers, iovecs, holes, and shared and private mappings.
 */
#include "fuzz.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vfsfs/vfsfs.h>

/* A file's shared mapping, and a descriptor beyond the program's own by which
 * its size is asked: nothing is touched past the end of the file. */
static struct map {
	char *addr;
	size_t len;
	off_t pos;
	int fd, prot;
} maps[MAX_MAPS];

/* ---- Data ---- */

/* A write's is an address that no memory can have: tmpfs may extend a file before
 * it finds that there is nothing at an ordinary one. */
void *bad(void *good, int flags)
{
	return flags == 31 ? NULL : good; /* faults when it is reached, not before */
}

/* It ends far below the last offset. */
static bool has_room(const struct call *c)
{
	int64_t pos = c->b;
	if (c->op == OP_read || c->op == OP_write || c->op == OP_readv || c->op == OP_writev)
		pos = CALL(vfs_lseek(c->fd, 0, SEEK_CUR), SYS_lseek, c->fd, 0L, SEEK_CUR);
	return pos < INT64_MAX - MAX_DATA;
}

long transfer(const struct call *c, int index)
{
	size_t len = (size_t)c->a;
	char *data = pattern + index * 37 % 4096;
	char *to = bad(buffer, c->flags);
	long r;
	switch (c->op) {
	case OP_read:
		r = CALL(vfs_read(c->fd, to, len), SYS_read, c->fd, to, len);
		break;
	case OP_pread:
		r = CALL(vfs_pread(c->fd, to, len, c->b), SYS_pread64, c->fd, to, len, c->b);
		break;
	case OP_write:
		if (c->flags == 31 && len && has_room(c))
			data = (char *)-1;
		return CALL(vfs_write(c->fd, data, len), SYS_write, c->fd, data, len);
	default:
		if (c->flags == 31 && len && has_room(c))
			data = (char *)-1;
		return CALL(vfs_pwrite(c->fd, data, len, c->b), SYS_pwrite64, c->fd, data, len,
			    c->b);
	}
	if (r > 0)
		say(" %016llx", (unsigned long long)hash_bytes(1, buffer, (size_t)r));
	if (to != buffer)
		forget_atime(c->fd);
	return r;
}

long transfer_vector(const struct call *c, int index)
{
	struct iovec iov[1026] = {{0}}, *v = iov;
	bool write = c->op == OP_writev || c->op == OP_pwritev;
	char *data = write ? pattern + index * 37 % 4096 : buffer;
	int n = c->flags % 5;
	size_t left = (size_t)c->a;
	for (int i = 0; i < n; i++) {
		size_t part = i == n - 1 ? left : left / 3;
		iov[i] = (struct iovec){data, part};
		data += part;
		left -= part;
	}
	switch (c->flags) {
	case 58:
		v = (void *)-1;
		break;
	case 59:
		n = 1025;
		break;
	case 60:
		n = -1;
		break;
	case 61:
		n = 1024;
		break;
	case 62:
		if (iov[0].iov_len && has_room(c)) /* see bad */
			iov[1].iov_base = NULL;
		break;
	case 63:
		iov[1].iov_len = (size_t)-1;
		break;
	}
	long r;
	if (c->op == OP_readv)
		r = CALL(vfs_readv(c->fd, v, n), SYS_readv, c->fd, v, n);
	else if (c->op == OP_writev)
		r = CALL(vfs_writev(c->fd, v, n), SYS_writev, c->fd, v, n);
	else if (c->op == OP_preadv)
		r = CALL(vfs_preadv(c->fd, v, n, c->b), SYS_preadv, c->fd, v, (long)n, c->b, 0L);
	else
		r = CALL(vfs_pwritev(c->fd, v, n, c->b), SYS_pwritev, c->fd, v, (long)n, c->b, 0L);
	if (!write && (c->flags == 62 || c->flags % 5 == 0 || !c->a))
		forget_atime(c->fd);
	if (r > 0 && !write)
		say(" %016llx", (unsigned long long)hash_bytes(1, buffer, (size_t)r));
	return r;
}

long seek_to(int fd, off_t pos, int whence)
{
	return CALL(vfs_lseek(fd, pos, whence), SYS_lseek, fd, pos, whence);
}

/* How large holes are is each side's own; that they are zeros is not. */
long seek_data(const struct call *c)
{
	int whence = c->flags & 1 ? SEEK_DATA : SEEK_HOLE;
	struct stat st;
	long old = seek_to(c->fd, 0, SEEK_CUR);
	long r = seek_to(c->fd, c->b, whence);
	if (old < 0 || CALL(vfs_fstat(c->fd, &st), SYS_fstat, c->fd, &st) < 0)
		return r;
	seek_to(c->fd, old, SEEK_SET);
	if (st.st_size > INT64_MAX - (1 << 20))
		return 0;
	if (c->b < 0 || c->b >= st.st_size || (r < 0 && r != -ENXIO))
		return r;
	if (r == -ENXIO)
		r = whence == SEEK_DATA ? st.st_size : -1;
	if (r < c->b || r > st.st_size)
		say(" outside the file");
	off_t from = whence == SEEK_DATA ? c->b : r;
	size_t len = whence == SEEK_HOLE || r - from > 65536 ? 65536 : (size_t)(r - from);
	if (whence == SEEK_HOLE && len > 4096 - (size_t)from % 4096)
		len = 4096 - (size_t)from % 4096;
	long got = CALL(vfs_pread(c->fd, buffer, len, from), SYS_pread64, c->fd, buffer, len, from);
	for (long i = 0; i < got; i++)
		if (buffer[i]) {
			say(" data in a hole");
			break;
		}
	return 0;
}

/* ---- Mappings ---- */

static void forget_map(struct map *m)
{
	if (!m->addr)
		return;
	CALL(vfs_munmap(m->addr, m->len), SYS_munmap, m->addr, m->len);
	if (m->prot & PROT_WRITE)
		forget_mtime(m->fd);
	CALL(vfs_close(m->fd), SYS_close, m->fd);
	*m = (struct map){0};
}

long map_file(const struct call *c, int index)
{
	struct map *m = &maps[c->fd2], new = {.len = (size_t)c->a, .pos = c->b, .fd = -1};
	int flags = c->flags & 0xffff;
	void *addr = NULL;
	new.prot = c->flags >> 16;
	forget_map(m);
	long r = CALL(vfs_mmap(NULL, new.len, new.prot, flags, c->fd, c->b, &addr), SYS_mmap, NULL,
		      new.len, new.prot, flags, c->fd, c->b);
	if (on_host && (r > 0 || r < -4095)) {
		addr = (void *)r;
		r = 0;
		if (fuzz->lib.result[index] == -ENOMEM) {
			munmap(addr, new.len);
			return -ENOMEM;
		}
	}
	if (r)
		return r;
	limit_fds(true);
	new.fd = (int)CALL(vfs_fcntl(c->fd, F_DUPFD, HIDDEN_FD), SYS_fcntl, c->fd, F_DUPFD,
			   HIDDEN_FD);
	limit_fds(false);
	new.addr = addr;
	new.len = (new.len + 4095) & ~(size_t)4095;
	*m = new;
	return 0;
}

/* The part of the mapping that is asked for and lies in the file. */
static size_t in_file(const struct map *m, const struct call *c, size_t *at)
{
	struct stat st;
	if (!m->addr || CALL(vfs_fstat(m->fd, &st), SYS_fstat, m->fd, &st) < 0)
		return 0;
	size_t len = m->len;
	if (st.st_size <= m->pos)
		return 0;
	if ((uint64_t)(st.st_size - m->pos) < len)
		len = (size_t)(st.st_size - m->pos);
	*at = (uint64_t)c->b < len ? (size_t)c->b : 0;
	len -= *at;
	return len < (size_t)c->a ? len : (size_t)c->a;
}

long touch_map(const struct call *c, int index)
{
	struct map *m = &maps[c->fd2];
	size_t at = 0, len = in_file(m, c, &at);
	if (!m->addr)
		return -ENOENT;
	if (c->op == OP_load && (m->prot & PROT_READ)) {
		say(" %016llx", (unsigned long long)hash_bytes(1, m->addr + at, len));
	} else if (c->op == OP_store && (m->prot & PROT_WRITE)) {
		memcpy(m->addr + at, pattern + index * 37 % 4096, len);
		forget_mtime(m->fd);
	} else if (c->op == OP_munmap) {
		forget_map(m);
	} else if (c->op == OP_msync) {
		at = (size_t)c->b < 300000 ? (size_t)c->b : 0;
		long r = CALL(vfs_msync(m->addr + at, (size_t)c->a, c->flags), SYS_msync,
			      m->addr + at, (size_t)c->a, c->flags);
		if (m->prot & PROT_WRITE)
			forget_mtime(m->fd);
		/* behind the mapping lies what is not the file system's */
		return at + (size_t)c->a > m->len && (r == 0 || r == -ENOMEM) ? 0 : r;
	}
	return (long)len;
}

long map_private(const struct call *c)
{
	struct stat st;
	size_t len = (size_t)c->a;
	char *addr = NULL;
	long r = CALL(vfs_mmap(NULL, len, c->flags, MAP_PRIVATE, c->fd, c->b, (void **)&addr),
		      SYS_mmap, NULL, len, c->flags, MAP_PRIVATE, c->fd, c->b);
	if (on_host && (r > 0 || r < -4095)) {
		addr = (void *)r;
		r = 0;
	}
	if (r)
		return r;
	struct map m = {.addr = addr, .len = len, .pos = c->b, .fd = c->fd};
	struct call all = {.a = c->a};
	size_t at = 0, there = in_file(&m, &all, &at);
	(void)st;
	if (c->flags & PROT_READ)
		say(" %016llx", (unsigned long long)hash_bytes(1, addr, there));
	if (c->flags & PROT_WRITE)
		memset(addr, 0x55, there);
	return CALL(vfs_munmap(addr, len), SYS_munmap, addr, len);
}

void forget_maps(void)
{
	for (int i = 0; i < MAX_MAPS; i++)
		forget_map(&maps[i]);
}
