/* The bound that libvfsfs is compared with: a toy filesystem in memory that
 * has only what bench.c calls, through the functions that musl calls (facts:
 * wasi fd_*, __syscall_*). No permissions, times, links, mounts or devices; a
 * directory that changes while it is read loses the reader's place; nothing
 * keeps a directory from being moved into itself; names are short. What it
 * does, it does as fast as we know how: a name is one node in one hash table
 * keyed (parent, name), a path is walked in one pass, a file is 64 KiB blocks
 * that never move. With -pthread one lock guards everything.
 * Here: data and descriptors; bare_tree.c: names. */
#include <emscripten.h>
#include <emscripten/syscalls.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wasi/api.h>
#include "bare.h"

static struct file console = {.flags = O_RDWR, .refs = 4}; /* never 0 */
struct file *fds[MAX_FDS] = {&console, &console, &console};
static struct file *free_files;
static int lowest_free = 3;

/* Data. */

static void cut(struct node *n, off_t size)
{
	size_t keep = (size_t)((size + BLOCK - 1) / BLOCK);
	for (size_t i = keep; i < n->block_slots; i++) {
		free(n->blocks[i]);
		n->blocks[i] = NULL;
	}
}

void release(struct node *n)
{
	cut(n, 0);
	free(n->blocks);
	free(n);
}

static char *block_at(const struct node *n, off_t pos)
{
	size_t i = (size_t)((uint64_t)pos / BLOCK);
	return i < n->block_slots ? n->blocks[i] : NULL;
}

/* Sets the size; what the file grows by reads as zeros. */
static void resize(struct node *n, off_t size)
{
	if (size < n->size) {
		cut(n, size);
	} else {
		char *b = block_at(n, n->size);
		size_t from = (size_t)n->size % BLOCK, len = BLOCK - from;
		if (b && from)
			memset(b + from, 0,
			       size - n->size < (off_t)len ? (size_t)(size - n->size) : len);
	}
	n->size = size;
}

/* Adds the block for [from, from + len) of block i. */
static char *add_block(struct node *n, size_t i, size_t from, size_t len)
{
	if (i >= n->block_slots) {
		size_t slots = i + i / 2 + 4;
		char **blocks = realloc(n->blocks, slots * sizeof *blocks);
		if (!blocks)
			return NULL;
		memset(blocks + n->block_slots, 0, (slots - n->block_slots) * sizeof *blocks);
		n->blocks = blocks;
		n->block_slots = slots;
	}
	char *b = malloc(BLOCK);
	if (!b)
		return NULL;
	memset(b, 0, from);
	if ((off_t)i * BLOCK + (off_t)(from + len) < n->size)
		memset(b + from + len, 0, BLOCK - from - len);
	return n->blocks[i] = b;
}

static ssize_t write_at(struct node *n, const char *buf, size_t len, off_t pos)
{
	size_t done = 0;
	if (pos > n->size)
		resize(n, pos);
	while (done < len) {
		size_t from = (size_t)pos % BLOCK, some = BLOCK - from;
		if (some > len - done)
			some = len - done;
		char *b = block_at(n, pos);
		if (!b && !(b = add_block(n, (size_t)((uint64_t)pos / BLOCK), from, some)))
			return done ? (ssize_t)done : -ENOSPC;
		memcpy(b + from, buf + done, some);
		done += some;
		pos += (off_t)some;
		if (pos > n->size)
			n->size = pos;
	}
	return (ssize_t)done;
}

static ssize_t read_at(const struct node *n, char *buf, size_t len, off_t pos)
{
	size_t done = 0;
	if (pos >= n->size)
		return 0;
	if ((off_t)len > n->size - pos)
		len = (size_t)(n->size - pos);
	while (done < len) {
		size_t from = (size_t)pos % BLOCK, some = BLOCK - from;
		if (some > len - done)
			some = len - done;
		const char *b = block_at(n, pos);
		if (b)
			memcpy(buf + done, b + from, some);
		else
			memset(buf + done, 0, some);
		done += some;
		pos += (off_t)some;
	}
	return (ssize_t)done;
}

/* Descriptors. */

static int install(struct file *f)
{
	int fd = lowest_free;
	while (fd < MAX_FDS && fds[fd])
		fd++;
	if (fd == MAX_FDS)
		return -EMFILE;
	fds[fd] = f;
	lowest_free = fd + 1;
	return fd;
}

static int do_open(int dirfd, const char *path, int flags, mode_t mode)
{
	struct place at;
	int err = walk(dirfd, path, &at);
	if (err)
		return err;
	if (!at.node) {
		if (!(flags & O_CREAT))
			return -ENOENT;
		err = make(&at, S_IFREG | (mode & 0777), &at.node);
		if (err)
			return err;
	} else if ((flags & O_CREAT) && (flags & O_EXCL)) {
		return -EEXIST;
	} else if (S_ISDIR(at.node->mode)) {
		if ((flags & O_ACCMODE) != O_RDONLY)
			return -EISDIR;
	} else if (flags & O_DIRECTORY) {
		return -ENOTDIR;
	} else if (flags & O_TRUNC) {
		resize(at.node, 0);
	}
	struct file *f = free_files;
	if (f)
		free_files = f->next_free;
	else if (!(f = malloc(sizeof *f)))
		return -ENOMEM;
	int fd = install(f);
	if (fd < 0) {
		f->next_free = free_files;
		free_files = f;
		return fd;
	}
	f->node = at.node;
	f->cursor = at.node->first;
	f->pos = 0;
	f->flags = flags;
	f->refs = 1;
	at.node->opens++;
	return fd;
}

static int do_close(int fd)
{
	struct file *f = get(fd);
	if (!f)
		return EBADF;
	fds[fd] = NULL;
	if (fd < lowest_free)
		lowest_free = fd;
	if (--f->refs)
		return 0;
	if (!--f->node->opens)
		drop(f->node);
	f->next_free = free_files;
	free_files = f;
	return 0;
}

static int do_dup(int fd)
{
	struct file *f = get(fd);
	if (!f)
		return -EBADF;
	int to = install(f);
	if (to >= 0)
		f->refs++;
	return to;
}

/* The host prints lines: bytes wait for theirs. */
EM_JS(void, bare_print, (const char *line), { out(UTF8ToString(line)); })

static void print(const char *buf, size_t len)
{
	static char line[4096];
	static size_t n;
	for (; len; buf++, len--) {
		if (*buf != '\n')
			line[n++] = *buf;
		if (*buf != '\n' && n < sizeof line - 1)
			continue;
		line[n] = 0;
		n = 0;
		bare_print(line);
	}
}

INLINE int do_write(int fd, const __wasi_ciovec_t *v, size_t count, off_t pos, size_t *out)
{
	struct file *f = get(fd);
	ssize_t done = 0;
	bool own = pos < 0;
	if (!f || (f->flags & O_ACCMODE) == O_RDONLY)
		return EBADF;
	if (own)
		pos = f->node && (f->flags & O_APPEND) ? f->node->size : f->pos;
	for (; count; count--, v++) {
		ssize_t some = (ssize_t)v->buf_len;
		if (!f->node)
			print((const char *)v->buf, v->buf_len);
		else
			some = write_at(f->node, (const char *)v->buf, v->buf_len, pos + done);
		if (some < 0 && !done)
			return (int)-some;
		if (some < 0)
			break;
		done += some;
	}
	if (own)
		f->pos = pos + done;
	*out = (size_t)done;
	return 0;
}

INLINE int do_read(int fd, const __wasi_iovec_t *v, size_t count, off_t pos, size_t *out)
{
	struct file *f = get(fd);
	size_t done = 0;
	bool own = pos < 0;
	if (!f || (f->flags & O_ACCMODE) == O_WRONLY)
		return EBADF;
	if (own)
		pos = f->pos;
	if (f->node && S_ISDIR(f->node->mode))
		return EISDIR;
	for (; f->node && count; count--, v++) {
		size_t some =
			(size_t)read_at(f->node, (char *)v->buf, v->buf_len, pos + (off_t)done);
		done += some;
		if (some < v->buf_len)
			break;
	}
	if (own)
		f->pos = pos + (off_t)done;
	*out = done;
	return 0;
}

static int do_seek(int fd, off_t offset, int whence, __wasi_filesize_t *out)
{
	struct file *f = get(fd);
	if (!f)
		return EBADF;
	if (!f->node)
		return ESPIPE;
	if (whence == SEEK_CUR)
		offset += f->pos;
	else if (whence == SEEK_END)
		offset += f->node->size;
	else if (whence != SEEK_SET)
		return EINVAL;
	if (offset < 0)
		return EINVAL;
	f->pos = offset;
	*out = (__wasi_filesize_t)offset;
	return 0;
}

static int do_ftruncate(int fd, off_t size)
{
	struct file *f = get(fd);
	if (!f || !f->node)
		return -EBADF;
	resize(f->node, size);
	return 0;
}

/* What musl calls. */

#ifdef __EMSCRIPTEN_PTHREADS__
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
#endif
#define FD_CALL(name, arguments, call)            \
	__wasi_errno_t __wasi_fd_##name arguments \
	{                                         \
		LOCKED(call);                     \
	}

SYSCALL(dup, (int fd), do_dup(fd))
SYSCALL(ftruncate64, (int fd, off_t size), do_ftruncate(fd, size))

FD_CALL(close, (__wasi_fd_t fd), do_close(fd))
FD_CALL(read, (__wasi_fd_t fd, const __wasi_iovec_t *v, size_t n, __wasi_size_t *out),
	do_read(fd, v, n, -1, out))
FD_CALL(pread,
	(__wasi_fd_t fd, const __wasi_iovec_t *v, size_t n, __wasi_filesize_t pos,
	 __wasi_size_t *out),
	(off_t)pos < 0 ? EINVAL : do_read(fd, v, n, (off_t)pos, out))
FD_CALL(write, (__wasi_fd_t fd, const __wasi_ciovec_t *v, size_t n, __wasi_size_t *out),
	do_write(fd, v, n, -1, out))
FD_CALL(pwrite,
	(__wasi_fd_t fd, const __wasi_ciovec_t *v, size_t n, __wasi_filesize_t pos,
	 __wasi_size_t *out),
	(off_t)pos < 0 ? EINVAL : do_write(fd, v, n, (off_t)pos, out))
FD_CALL(seek,
	(__wasi_fd_t fd, __wasi_filedelta_t offset, __wasi_whence_t whence, __wasi_filesize_t *out),
	do_seek(fd, offset, whence, out))

int __syscall_openat(int dirfd, const char *path, int flags, ...)
{
	va_list ap;
	va_start(ap, flags);
	mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	LOCKED(do_open(dirfd, path, flags, mode));
}

/* libc asks whether stdout is a terminal, and sets flags nobody reads. */
int __syscall_ioctl(int fd, int request, ...)
{
	(void)request;
	return fd <= 2 ? 0 : -ENOTTY;
}

int __syscall_fcntl64(int fd, int cmd, ...)
{
	(void)fd, (void)cmd;
	return 0;
}
