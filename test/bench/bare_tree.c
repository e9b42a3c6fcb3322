/* The tree of the toy filesystem (bare.c): names, paths and the calls that
 * take them, attributes, listings. */
#include <dirent.h>
#include <emscripten/syscalls.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include "bare.h"

struct node root = {.mode = S_IFDIR | 0777, .seed = 1, .linked = true};
static struct node **table;
static uint32_t mask, names, seeds = 1;

/* Names. */

static bool grow_table(void)
{
	uint32_t n = table ? (mask + 1) * 2 : 1024;
	struct node **to = calloc(n, sizeof *to);
	if (!to)
		return false;
	for (uint32_t i = 0; table && i <= mask; i++)
		for (struct node *e = table[i], *chain; e; e = chain) {
			chain = e->chain;
			e->chain = to[e->hash & (n - 1)];
			to[e->hash & (n - 1)] = e;
		}
	free(table);
	table = to;
	mask = n - 1;
	return true;
}

static struct node *lookup(const struct node *dir, const char *name, size_t len, uint32_t hash)
{
	if (!table)
		return NULL;
	for (struct node *e = table[hash & mask]; e; e = e->chain) {
		if (e->hash != hash || e->parent != dir || e->len != len)
			continue;
		size_t i = 0;
		while (i < len && e->name[i] == name[i])
			i++;
		if (i == len)
			return e;
	}
	return NULL;
}

static void insert(struct node *n, struct node *dir, const char *name, size_t len, uint32_t hash)
{
	n->parent = dir;
	n->hash = hash;
	n->len = (uint8_t)len;
	memcpy(n->name, name, len);
	n->name[len] = 0;
	n->chain = table[hash & mask];
	table[hash & mask] = n;
	n->next = NULL;
	n->prev = dir->last;
	*(dir->last ? &dir->last->next : &dir->first) = n;
	dir->last = n;
	n->linked = true;
	names++;
}

static void take_out(struct node *n)
{
	struct node *dir = n->parent, **p = &table[n->hash & mask];
	while (*p != n)
		p = &(*p)->chain;
	*p = n->chain;
	*(n->prev ? &n->prev->next : &dir->first) = n->next;
	*(n->next ? &n->next->prev : &dir->last) = n->prev;
	n->linked = false;
	names--;
}

int walk(int dirfd, const char *p, struct place *at)
{
	struct node *n = &root;
	if (*p != '/' && dirfd >= 0) {
		if (dirfd >= MAX_FDS || !fds[dirfd] || !fds[dirfd]->node)
			return -EBADF;
		n = fds[dirfd]->node;
	}
	if (!*p)
		return -ENOENT;
	*at = (struct place){.dir = n, .node = n};
	for (;;) {
		while (*p == '/')
			p++;
		if (!*p)
			return 0;
		if (!n)
			return -ENOENT;
		if (!S_ISDIR(n->mode))
			return -ENOTDIR;
		const char *name = p;
		uint32_t h = n->seed;
		char c;
		for (; (c = *p) && c != '/'; p++)
			h = (h ^ (unsigned char)c) * 0x9E3779B1u;
		h ^= h >> 15;
		size_t len = (size_t)(p - name);
		if (len <= 2 && name[0] == '.' && (len == 1 || name[1] == '.')) {
			if (len == 2 && n->parent)
				n = n->parent;
			*at = (struct place){.dir = n, .node = n};
			continue;
		}
		if (len > NAME_LEN)
			return -ENAMETOOLONG;
		at->dir = n;
		at->name = name;
		at->len = len;
		at->hash = h;
		at->node = n = lookup(n, name, len, h);
	}
}

int make(const struct place *at, mode_t mode, struct node **out)
{
	if (!at->name)
		return -EEXIST;
	if (names >= mask && !grow_table())
		return -ENOSPC;
	struct node *n = malloc(sizeof *n);
	if (!n)
		return -ENOSPC;
	n->first = n->last = NULL;
	n->seed = seeds += 0x9E3779B9u;
	n->mode = mode;
	n->opens = 0;
	n->blocks = NULL;
	n->block_slots = 0;
	n->size = 0;
	insert(n, at->dir, at->name, at->len, at->hash);
	*out = n;
	return 0;
}

/* Attributes and directories. */

static int fill(const struct node *n, struct stat *st)
{
	*st = (struct stat){.st_mode = n->mode,
			    .st_nlink = 1,
			    .st_size = n->size,
			    .st_blksize = 4096,
			    .st_blocks = (blkcnt_t)(n->size / 512),
			    .st_ino = (ino_t)(uintptr_t)n};
	return 0;
}

static int do_stat(int dirfd, const char *path, struct stat *st)
{
	struct place at;
	int err = walk(dirfd, path, &at);
	return err ? err : at.node ? fill(at.node, st) : -ENOENT;
}

static int do_fstat(int fd, struct stat *st)
{
	struct file *f = get(fd);
	return !f ? -EBADF : fill(f->node ? f->node : &root, st);
}

static int do_mkdir(int dirfd, const char *path, mode_t mode)
{
	struct place at;
	int err = walk(dirfd, path, &at);
	if (err)
		return err;
	return at.node ? -EEXIST : make(&at, S_IFDIR | (mode & 0777), &at.node);
}

static int do_unlink(int dirfd, const char *path, bool directory)
{
	struct place at;
	int err = walk(dirfd, path, &at);
	if (err)
		return err;
	if (!at.node)
		return -ENOENT;
	if (S_ISDIR(at.node->mode) != directory)
		return directory ? -ENOTDIR : -EISDIR;
	if (!at.name || at.node->first)
		return at.name ? -ENOTEMPTY : -EBUSY;
	take_out(at.node);
	drop(at.node);
	return 0;
}

static int do_rename(int from_fd, const char *from, int to_fd, const char *to)
{
	struct place a, b;
	int err = walk(from_fd, from, &a);
	if (!err)
		err = walk(to_fd, to, &b);
	if (err)
		return err;
	if (!a.node)
		return -ENOENT;
	if (!a.name || !b.name)
		return -EBUSY;
	if (a.node == b.node)
		return 0;
	if (b.node) {
		if (S_ISDIR(a.node->mode) != S_ISDIR(b.node->mode))
			return S_ISDIR(a.node->mode) ? -ENOTDIR : -EISDIR;
		if (b.node->first)
			return -ENOTEMPTY;
		take_out(b.node);
		drop(b.node);
	}
	take_out(a.node);
	insert(a.node, b.dir, b.name, b.len, b.hash);
	return 0;
}

static int do_getdents(int fd, char *buf, size_t size)
{
	struct file *f = get(fd);
	size_t done = 0;
	if (!f || !f->node || !S_ISDIR(f->node->mode))
		return -ENOTDIR;
	for (struct node *n; (n = f->cursor); f->cursor = n->next) {
		struct dirent *d = (struct dirent *)(buf + done);
		size_t head = offsetof(struct dirent, d_name);
		size_t len = (head + n->len + 8) & ~(size_t)7;
		if (head + sizeof n->name > size - done)
			break;
		d->d_ino = (ino_t)(uintptr_t)n;
		d->d_off = ++f->pos;
		d->d_reclen = (unsigned short)len;
		d->d_type = S_ISDIR(n->mode) ? DT_DIR : DT_REG;
		memcpy(d->d_name, n->name, sizeof n->name);
		done += len;
	}
	return (int)done;
}

/* What musl calls. */

SYSCALL(stat64, (const char *path, struct stat *st), do_stat(AT_FDCWD, path, st))
SYSCALL(lstat64, (const char *path, struct stat *st), do_stat(AT_FDCWD, path, st))
SYSCALL(newfstatat, (int dirfd, const char *path, struct stat *st, int flags),
	((void)flags, do_stat(dirfd, path, st)))
SYSCALL(fstat64, (int fd, struct stat *st), do_fstat(fd, st))
SYSCALL(mkdirat, (int dirfd, const char *path, mode_t mode), do_mkdir(dirfd, path, mode))
SYSCALL(unlinkat, (int dirfd, const char *path, int flags),
	do_unlink(dirfd, path, flags &AT_REMOVEDIR))
SYSCALL(renameat, (int fd, const char *from, int to_fd, const char *to),
	do_rename(fd, from, to_fd, to))
SYSCALL(getdents64, (int fd, void *buf, size_t size), do_getdents(fd, buf, size))
