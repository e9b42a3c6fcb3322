/*
 * A tree as a tar stream: a walk that stops wherever the caller's buffer is full.
 * It holds a descriptor for each directory between the root and where it is, and one
 * for the file that it reads.
 */
#include "tar.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* A directory that is being listed. */
typedef struct level {
	int fd;
	size_t path_len; /* of the export's path, up to here */
	off_t behind;    /* the entry that is being walked */
} level;

/* A file with several names, which is written once. */
typedef struct seen {
	UT_hash_handle hh;
	struct {
		uint64_t dev, ino;
	} key;
	char path[];
} seen;

struct vfs_tar_export {
	level *levels;
	size_t depth, room;
	char *path; /* of the entry, ended by NUL; a directory's ends with '/' */
	size_t path_room;
	_Alignas(8) char entries[2048]; /* of the last level's directory */
	ssize_t at, got;
	seen *seen;
	vfs__tar_bytes out; /* headers and the like, ahead of the data */
	int fd;             /* of the file whose data comes, or -1 */
	vfs__tar_extent *extents;
	size_t extent, extent_count;
	off_t done; /* of the extent */
	bool shrunk, ended;
	int err;
	uint64_t count, bytes, changed;
};

/* ---- Holes ---- */

static int add_extent(vfs_tar_export *x, off_t pos, off_t len)
{
	size_t n = x->extent_count;
	if (!(n & (n - 1))) { /* it is full at each power of two */
		vfs__tar_extent *more = realloc(x->extents, (n ? 2 * n : 1) * sizeof *more);
		if (!more)
			return -ENOMEM;
		x->extents = more;
	}
	x->extents[x->extent_count++] = (vfs__tar_extent){pos, len};
	return 0;
}

/* The extents of the open file that are data: the whole of it where nobody tells. */
static int find_data(vfs_tar_export *x, off_t size)
{
	off_t pos = 0, end;
	int err = 0;
	x->extent = x->extent_count = 0;
	x->done = 0;
	while (!err && pos < size) {
		off_t data = vfs_lseek(x->fd, pos, SEEK_DATA);
		if (data == -ENXIO || data >= size)
			break; /* a hole up to the end */
		end = data < 0 ? size : vfs_lseek(x->fd, data, SEEK_HOLE);
		if (data < 0)
			data = pos;
		if (end < 0 || end > size)
			end = size;
		if (end <= data)
			return -EIO;
		err = add_extent(x, data, end - data);
		pos = end;
	}
	return err;
}

static bool has_holes(const vfs_tar_export *x, off_t size)
{
	return size && !(x->extent_count == 1 && x->extents[0].len == size);
}

/* ---- One entry ---- */

static int set_path(vfs_tar_export *x, size_t len, const char *name, bool directory)
{
	size_t add = strlen(name), need = len + add + 2;
	if (need > x->path_room) {
		char *path = realloc(x->path, need * 2);
		if (!path)
			return -ENOMEM;
		x->path = path;
		x->path_room = need * 2;
	}
	memcpy(x->path + len, name, add + 1);
	if (directory)
		memcpy(x->path + len + add, "/", 2);
	return 0;
}

/* Without touching its access time, where that may be. */
static int open_quietly(int dir, const char *name, int flags)
{
	flags |= O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int fd = vfs_openat(dir, name, flags | O_NOATIME, 0);
	return fd == -EPERM ? vfs_openat(dir, name, flags, 0) : fd;
}

/* The path under which a file with several names was written, or NULL and this one is
 * noted. */
static int find_seen(vfs_tar_export *x, const struct stat *st, const char **first)
{
	seen *s, key;
	memset(&key, 0, sizeof key);
	key.key.dev = st->st_dev;
	key.key.ino = st->st_ino;
	*first = NULL;
	HASH_FIND(hh, x->seen, &key.key, sizeof key.key, s);
	if (s) {
		*first = s->path;
		return 0;
	}
	size_t len = strlen(x->path) + 1;
	s = malloc(sizeof *s + len);
	if (!s)
		return -ENOMEM;
	s->key = key.key;
	memcpy(s->path, x->path, len);
	s->hh.tbl = NULL;
	/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
	HASH_ADD(hh, x->seen, key, sizeof s->key, s);
	if (!s->hh.tbl) {
		free(s);
		return -ENOMEM;
	}
	return 0;
}

static int put_file(vfs_tar_export *x, int dir, const char *name)
{
	const char *first = NULL;
	struct stat st;
	x->fd = open_quietly(dir, name, 0);
	int err = x->fd < 0 ? x->fd : vfs_fstat(x->fd, &st);
	if (!err && !S_ISREG(st.st_mode))
		err = -ENOENT; /* another took its name */
	if (!err && st.st_nlink > 1)
		err = find_seen(x, &st, &first);
	if (!err && !first)
		err = find_data(x, st.st_size);
	if (!err) {
		bool sparse = !first && has_holes(x, st.st_size);
		if (sparse &&
		    (!x->extent_count ||
		     x->extents[x->extent_count - 1].pos + x->extents[x->extent_count - 1].len <
			     st.st_size))
			err = add_extent(x, st.st_size, 0);
		if (!err)
			err = vfs__tar_put_entry(&x->out, first ? '1' : '0', x->path, first, &st,
						 sparse ? x->extents : NULL, x->extent_count);
	}
	x->shrunk = false;
	if (x->fd >= 0 && (err || first)) {
		vfs_close(x->fd);
		x->fd = -1;
	}
	return err;
}

static int put_link(vfs_tar_export *x, int dir, const char *name, const struct stat *st)
{
	char target[4096];
	ssize_t n = vfs_readlinkat(dir, name, target, sizeof target - 1);
	if (n < 0)
		return (int)n;
	target[n] = 0;
	return vfs__tar_put_entry(&x->out, '2', x->path, target, st, NULL, 0);
}

/* The directory is open: its entry, and its listing comes next. */
static int enter(vfs_tar_export *x, int fd)
{
	struct stat st;
	int err = vfs_fstat(fd, &st);
	if (!err && x->depth == x->room) {
		size_t room = x->room ? 2 * x->room : 16;
		level *levels = realloc(x->levels, room * sizeof *levels);
		if (!levels)
			err = -ENOMEM;
		else
			x->levels = levels, x->room = room;
	}
	if (!err)
		err = vfs__tar_put_entry(&x->out, '5', x->path, NULL, &st, NULL, 0);
	if (err) {
		vfs_close(fd);
		return err;
	}
	size_t len = x->depth ? strlen(x->path) : 0;
	x->levels[x->depth++] = (level){.fd = fd, .path_len = len};
	x->at = x->got = 0;
	return 0;
}

static int put_directory(vfs_tar_export *x, int dir, const char *name)
{
	int fd = open_quietly(dir, name, O_DIRECTORY);
	return fd < 0 ? fd : enter(x, fd);
}

static int put_name(vfs_tar_export *x, int dir, const char *name)
{
	struct stat st;
	int err = vfs_fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW);
	if (!err)
		err = set_path(x, x->levels[x->depth - 1].path_len, name, S_ISDIR(st.st_mode));
	if (err)
		return err;
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return put_file(x, dir, name);
	case S_IFDIR:
		return put_directory(x, dir, name);
	case S_IFLNK:
		return put_link(x, dir, name, &st);
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
		return vfs__tar_put_entry(&x->out,
					  S_ISCHR(st.st_mode)   ? '3'
					  : S_ISBLK(st.st_mode) ? '4'
								: '6',
					  x->path, NULL, &st, NULL, 0);
	}
	x->count--; /* a socket: there is no entry for it */
	return 0;
}

/* ---- The walk ---- */

/* The next name of the last level, or NULL where it has no more. */
static const char *next_name(vfs_tar_export *x, int *err)
{
	level *l = &x->levels[x->depth - 1];
	for (;;) {
		if (x->at >= x->got) {
			x->at = 0;
			x->got = vfs_getdents(l->fd, x->entries, sizeof x->entries);
			*err = x->got < 0 ? (int)x->got : 0;
			if (x->got <= 0)
				return NULL;
		}
		const struct dirent *e = (const void *)(x->entries + x->at);
		x->at += e->d_reclen;
		l->behind = e->d_off;
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			return e->d_name;
	}
}

static int leave(vfs_tar_export *x)
{
	vfs_close(x->levels[--x->depth].fd);
	x->at = x->got = 0;
	if (x->depth) {
		const level *l = &x->levels[x->depth - 1];
		off_t pos = vfs_lseek(l->fd, l->behind, SEEK_SET);
		return pos < 0 ? (int)pos : 0;
	}
	x->ended = true;
	return vfs__tar_more(&x->out, (size_t)2 * VFS__TAR_BLOCK) ? 0 : -ENOMEM;
}

static int next_entry(vfs_tar_export *x)
{
	int err = 0;
	const char *name = next_name(x, &err);
	if (!name)
		return err ? err : leave(x);
	x->count++;
	err = put_name(x, x->levels[x->depth - 1].fd, name);
	if (err != -ENOENT)
		return err;
	x->count--; /* it went since it was listed */
	x->changed++;
	return 0;
}

/* ---- The stream ---- */

/* Of the file's data; zeros where it has become shorter. */
static ssize_t read_data(vfs_tar_export *x, char *buf, size_t len)
{
	const vfs__tar_extent *e = &x->extents[x->extent];
	if ((off_t)len > e->len - x->done)
		len = (size_t)(e->len - x->done);
	ssize_t n = x->shrunk ? 0 : vfs_pread(x->fd, buf, len, e->pos + x->done);
	if (n < 0)
		return n;
	if (!n && len) {
		x->changed += !x->shrunk;
		x->shrunk = true;
		memset(buf, 0, len);
		n = (ssize_t)len;
	}
	x->done += n;
	return n;
}

/* The file is read when no extent is left: the rest of its last block. */
static int end_data(vfs_tar_export *x)
{
	off_t size = 0;
	for (size_t k = 0; k < x->extent_count; k++)
		size += x->extents[k].len;
	vfs_close(x->fd);
	x->fd = -1;
	size_t rest = (size_t)(-size & (VFS__TAR_BLOCK - 1));
	return !rest || vfs__tar_more(&x->out, rest) ? 0 : -ENOMEM;
}

static ssize_t next_bytes(vfs_tar_export *x, char *buf, size_t len)
{
	vfs__tar_bytes *out = &x->out;
	if (out->used < out->len) {
		size_t n = out->len - out->used;
		n = n < len ? n : len;
		memcpy(buf, out->at + out->used, n);
		out->used += n;
		return (ssize_t)n;
	}
	out->used = out->len = 0;
	if (x->fd < 0)
		return next_entry(x);
	if (x->extent == x->extent_count)
		return end_data(x);
	if (x->done < x->extents[x->extent].len)
		return read_data(x, buf, len);
	x->extent++;
	x->done = 0;
	return 0;
}

ssize_t vfs_tar_export_read(vfs_tar_export *x, void *buf, size_t len)
{
	size_t done = 0;
	while (!x->err && done < len && !(x->ended && x->out.used == x->out.len)) {
		ssize_t n = next_bytes(x, (char *)buf + done, len - done);
		if (n < 0)
			x->err = (int)n;
		else
			done += (size_t)n;
	}
	x->bytes += done;
	return done ? (ssize_t)done : x->err;
}

int vfs_tar_export_begin(const char *directory, vfs_tar_export **out)
{
	vfs_tar_export *x = calloc(1, sizeof *x);
	if (!x)
		return -ENOMEM;
	x->fd = -1;
	x->count = 1;
	int err = set_path(x, 0, ".", true);
	if (!err) {
		int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
		int fd = vfs_open(directory, flags | O_NOATIME, 0);
		if (fd == -EPERM)
			fd = vfs_open(directory, flags, 0);
		err = fd < 0 ? fd : enter(x, fd);
	}
	if (err) {
		vfs_tar_export_end(x);
		return err;
	}
	*out = x;
	return 0;
}

void vfs_tar_export_progress(const vfs_tar_export *x, vfs_tar_progress *out)
{
	*out = (vfs_tar_progress){x->path, x->count, x->bytes, x->changed};
}

void vfs_tar_export_end(vfs_tar_export *x)
{
	seen *s = x->seen, *next;
	HASH_CLEAR(hh, x->seen);
	for (; s; s = next) {
		next = s->hh.next;
		free(s);
	}
	while (x->depth)
		vfs_close(x->levels[--x->depth].fd);
	if (x->fd >= 0)
		vfs_close(x->fd);
	free(x->levels);
	free(x->path);
	free(x->out.at);
	free(x->extents);
	free(x);
}
