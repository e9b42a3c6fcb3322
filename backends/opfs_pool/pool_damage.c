/*
 * Damage: a mount succeeds whatever it finds. What cannot be right is set aside
 * below /.lost+found with its bytes, and told to the report.
 */
#include "pool.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void vfs__pool_report(vfs__pool *p, const char *what, ...)
{
	char text[400];
	va_list args;
	va_start(args, what);
	vsnprintf(text, sizeof text, what, args);
	va_end(args);
	p->damaged = true;
	if (p->report)
		p->report(p->report_context, text);
}

int vfs__pool_log_name(vfs__pool *p, uint64_t parent, const char *name, size_t len, uint64_t ino)
{
	vfs__record r = {
		.type = VFS__NAME, .parent = parent, .bytes = name, .len = len, .ino = ino};
	return vfs__store_log(&p->store, &p->pending, &r);
}

int vfs__pool_log_no_names(vfs__pool *p, uint64_t ino)
{
	int err = 0;
	for (vfs__named *n = p->store.names, *next; n && !err; n = next) {
		next = n->hh.next;
		vfs__record r = {.type = VFS__NO_NAME,
				 .parent = n->parent,
				 .bytes = n->name,
				 .len = n->hh.keylen - sizeof n->parent};
		if (n->ino == ino)
			err = vfs__store_log(&p->store, &p->pending, &r);
	}
	return err;
}

int vfs__pool_new_inode(vfs__pool *p, uint32_t mode, int32_t slot, int64_t size, uint64_t *ino)
{
	vfs__record r = {.type = VFS__INODE,
			 .ino = *ino = p->store.last_ino + 1,
			 .mode = mode,
			 .slot = slot,
			 .size = size,
			 .valid = size};
	for (int k = 0; k < 4; k++)
		clock_gettime(CLOCK_REALTIME, &r.times[k]);
	return vfs__store_log(&p->store, &p->pending, &r);
}

/* A name of its own in /.lost+found, for an inode without one. */
static int add_lost(vfs__pool *p, const char *name, uint64_t ino)
{
	static const char lost[] = ".lost+found";
	char unique[80];
	const vfs__inode *dir = vfs__store_find(&p->store, VFS__ROOT_INO, lost, sizeof lost - 1);
	uint64_t at = dir ? dir->ino : 0;
	int err = 0;
	uint64_t was = dir && !S_ISDIR(dir->mode) ? at : 0; /* it gives way */
	if (!at || was) {
		err = vfs__pool_new_inode(p, S_IFDIR | 0700, VFS__NO_SLOT, 0, &at);
		if (!err)
			err = vfs__pool_log_name(p, VFS__ROOT_INO, lost, sizeof lost - 1, at);
		if (!err && was)
			err = add_lost(p, "file", was);
	}
	int len = snprintf(unique, sizeof unique, "%.50s-%llu", name, (unsigned long long)ino);
	for (char *c = unique; *c; c++)
		*c = *c == '/' ? '_' : *c;
	return err ? err : vfs__pool_log_name(p, at, unique, (size_t)len, ino);
}

int vfs__pool_set_aside(vfs__pool *p, vfs__inode *i, const char *name, const char *why)
{
	vfs__pool_report(p, "%.100s: %s; what there is of it is in /.lost+found", name, why);
	return add_lost(p, name, i->ino);
}

int vfs__pool_lose(vfs__pool *p, vfs__inode *i, const char *why)
{
	const vfs__named *n = vfs__store_name(&p->store, i);
	char name[256];
	snprintf(name, sizeof name, "%s", n ? n->name : "file");
	int err = vfs__pool_log_no_names(p, i->ino);
	return err ? err : vfs__pool_set_aside(p, i, name, why);
}

int vfs__pool_lose_slot(vfs__pool *p, int32_t slot, int64_t size, const char *name, const char *why)
{
	uint64_t ino;
	vfs__pool_report(p, "%s: %s; its bytes are in /.lost+found", name, why);
	int err = vfs__pool_new_inode(p, S_IFREG | 0600, slot, size, &ino);
	return err ? err : add_lost(p, name, ino);
}

/* ---- Names ---- */

static bool is_below_root(const vfs__store *s, uint64_t ino, unsigned depth)
{
	while (ino != VFS__ROOT_INO && depth--) {
		vfs__inode *i = vfs__store_inode(s, ino);
		const vfs__named *n = i ? vfs__store_name(s, i) : NULL;
		if (!n)
			return false;
		ino = n->parent;
	}
	return ino == VFS__ROOT_INO;
}

/* Is the name one that a tree can have? */
static const char *wrong_name(const vfs__store *s, const vfs__named *n)
{
	const vfs__inode *dir = vfs__store_inode(s, n->parent);
	vfs__inode *i = vfs__store_inode(s, n->ino);
	size_t len = n->hh.keylen - sizeof n->parent;
	if (!i || i->ino == VFS__ROOT_INO)
		return "it leads to nothing";
	if (!dir || !S_ISDIR(dir->mode))
		return "its directory is missing";
	if (memchr(n->name, '/', len) || memchr(n->name, 0, len) || !strcmp(n->name, ".") ||
	    !strcmp(n->name, ".."))
		return "it cannot be a name";
	if (S_ISDIR(i->mode) && vfs__store_name(s, i) != n)
		return "the directory has another name";
	if (!is_below_root(s, n->parent, HASH_COUNT(s->inodes)))
		return "it is not below the root";
	return NULL;
}

int vfs__pool_check_names(vfs__pool *p)
{
	int err = 0;
	/* Those that add_lost makes come behind them, and are right. */
	unsigned left = HASH_COUNT(p->store.names);
	for (vfs__named *n = p->store.names, *next; n && left-- && !err; n = next) {
		const char *why = wrong_name(&p->store, n);
		next = n->hh.next;
		if (!why)
			continue;
		uint64_t ino = n->ino;
		char name[64];
		snprintf(name, sizeof name, "%.50s", n->name);
		vfs__pool_report(p, "the name %.100s: %s", n->name, why);
		vfs__record r = {.type = VFS__NO_NAME,
				 .parent = n->parent,
				 .bytes = n->name,
				 .len = n->hh.keylen - sizeof n->parent};
		err = vfs__store_log(&p->store, &p->pending, &r);
		vfs__inode *i = vfs__store_inode(&p->store, ino);
		if (!err && i && !i->names && S_ISREG(i->mode))
			err = add_lost(p, name, ino);
	}
	return err;
}

/* ---- The journal ---- */

static int copy_to_slot(vfs__pool *p, int from, int32_t slot, int64_t size)
{
	const vfs__handle_ops *ops = p->port->handles;
	enum { PIECE = 1 << 16 };
	char *buf = malloc(PIECE);
	int64_t pos = 0, n = 0;
	int err = buf ? 0 : -ENOMEM;
	while (!err && pos < size) {
		n = ops->read(p->port, from, buf, PIECE, pos);
		err = n < 0 ? (int)n : n == 0 ? -EIO : 0;
		if (!err)
			err = ops->write(p->port, p->handle[slot], buf, (size_t)n,
					 VFS__SLOT_HEADER + pos);
		pos += n;
	}
	free(buf);
	return err ? err : ops->flush(p->port, p->handle[slot]);
}

/* Where there is no slot or no room for it, that is told. */
int vfs__pool_keep_journal(vfs__pool *p, const char *why)
{
	static const char *const names[] = {"journal.0", "journal.1"};
	int err = 0;
	for (int k = 0; k < 2 && !err; k++) {
		int64_t size = p->port->handles->size(p->port, p->journal.handle[k]);
		if (size <= 0)
			continue;
		int32_t slot = vfs__pool_take_slot(p);
		err = slot < 0 ? slot : copy_to_slot(p, p->journal.handle[k], slot, size);
		if (!err)
			err = vfs__pool_lose_slot(p, slot, size, names[k], why);
		else if (slot >= 0)
			vfs__pool_give_slot(p, slot, true);
		if (err == -ENOSPC) {
			vfs__pool_report(p, "%s: %s; there is no room to keep its bytes", names[k],
					 why);
			err = 0;
		}
	}
	return err;
}
