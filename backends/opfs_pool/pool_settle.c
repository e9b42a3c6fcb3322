/*
 * The slots as SQLite reads them: which header each should have, when it gets it, and,
 * at a clean end, its length. SQLite frees a slot whose header names no file, and cuts
 * off what it holds: so a header comes before the data.
 */
#include "pool.h"
#include <errno.h>
#include <string.h>

/* ---- Paths ---- */

/* A path that leads to the inode, as a header holds it: "" where there is none or
 * it does not fit. */
static void path_to(const vfs__store *s, vfs__inode *i, char path[VFS__HEADER_PATH + 1])
{
	char *at = path + VFS__HEADER_PATH;
	*at = 0;
	while (i && i->ino != VFS__ROOT_INO) {
		const vfs__named *n = vfs__store_name(s, i);
		size_t len = n ? n->hh.keylen - sizeof n->parent : 0;
		if (!n || (size_t)(at - path) < len + 2) {
			*path = 0;
			return;
		}
		at -= len;
		memcpy(at, n->name, len);
		*--at = '/';
		i = vfs__store_inode(s, n->parent);
	}
	memmove(path, at, strlen(at) + 1);
}

/* A name too long for a header: SQLite sees this one. */
static void stand_in(uint64_t ino, char path[VFS__HEADER_PATH + 1])
{
	char digits[24];
	int n = 0;
	do
		digits[n++] = (char)('0' + ino % 10);
	while (ino /= 10);
	strcpy(path, "/.long-name-");
	char *at = path + strlen(path);
	while (n)
		*at++ = digits[--n];
	*at = 0;
}

/* "": it is free, or its file has no name. */
static void path_of(const vfs__store *s, int32_t k, char path[VFS__HEADER_PATH + 1])
{
	vfs__inode *i = s->slots[k].owner;
	*path = 0;
	if (!i || !i->names)
		return;
	path_to(s, i, path);
	if (!*path)
		stand_in(i->ino, path);
}

/* ---- Headers ---- */

bool vfs__pool_names_owner(const vfs__pool *p, int32_t k)
{
	const vfs__slot *slot = &p->store.slots[k];
	char path[VFS__HEADER_PATH + 1];
	path_of(&p->store, k, path);
	uint64_t digest = vfs__slot_digest(path);
	if (slot->alias)
		return *path && slot->alias == vfs__slot_alias(path);
	return *path && slot->digest == digest && slot->old_digest == digest;
}

int vfs__pool_keep_header(vfs__pool *p, int32_t k)
{
	vfs__slot *slot = &p->store.slots[k];
	char path[VFS__HEADER_PATH + 1];
	path_of(&p->store, k, path);
	vfs__record r = {.type = VFS__SLOT,
			 .slot = k,
			 .alias = *path ? vfs__slot_alias(path) : 0,
			 .digest = slot->digest,
			 .old_digest = slot->digest,
			 .bytes = slot->name,
			 .len = strlen(slot->name)};
	return vfs__store_log(&p->store, &p->pending, &r);
}

/* Where the slot's header should be another one, a SLOT record says so. */
static int log_header(vfs__pool *p, int32_t k)
{
	vfs__slot *slot = &p->store.slots[k];
	char path[VFS__HEADER_PATH + 1];
	path_of(&p->store, k, path);
	uint64_t digest = vfs__slot_digest(path), old = slot->digest;
	bool stands = slot->alias ? *path && slot->alias == vfs__slot_alias(path) : digest == old;
	if (!stands && slot->digest != slot->old_digest) { /* which of the two is there? */
		vfs__slot_header h;
		int err = p->port->handles->flush(p->port, p->handle[k]);
		if (!err)
			err = vfs__slot_read(p->port, p->handle[k], &h);
		if (err)
			return err;
		old = h.digest;
	}
	vfs__record r = {.type = VFS__SLOT,
			 .slot = k,
			 .digest = digest,
			 .old_digest = old,
			 .bytes = slot->name,
			 .len = strlen(slot->name)};
	int err = stands ? 0 : vfs__store_log(&p->store, &p->pending, &r);
	if (err)
		return err;
	slot->moved = false;
	slot->due |= !stands;
	p->announced &= stands;
	return 0;
}

int vfs__pool_log_headers(vfs__pool *p)
{
	int err = 0;
	for (int32_t k = 0; k < p->store.slot_count && !err; k++)
		if ((p->store.moved || p->store.slots[k].moved) && p->handle[k] >= 0)
			err = log_header(p, k);
	if (!err)
		p->store.moved = false;
	return err;
}

/* Rule 10: the journal knows a header before it is written. */
static int write_header(vfs__pool *p, int32_t k)
{
	vfs__slot *slot = &p->store.slots[k];
	char path[VFS__HEADER_PATH + 1];
	path_of(&p->store, k, path);
	if (vfs__slot_digest(path) != slot->digest)
		return 0; /* another name since then: it is logged first */
	int err = vfs__slot_write(p->port, p->handle[k], path);
	slot->due = err != 0;
	return err;
}

int vfs__pool_write_headers(vfs__pool *p)
{
	int first = 0;
	for (int32_t k = 0; k < p->store.slot_count; k++)
		if (p->store.slots[k].due && p->announced) {
			int err = write_header(p, k);
			first = first ? first : err;
		}
	return first;
}

/* Rule 14: a slot is named before a record says that it has data. */
int vfs__pool_name_slot(vfs__pool *p, vfs__pool_file *f)
{
	int32_t k = f->inode->slot;
	int err = 0;
	if (k == VFS__NO_SLOT || !f->inode->names || !VFS__RULE(14))
		return 0;
	if (p->store.moved || p->store.slots[k].moved)
		err = log_header(p, k);
	if (!err && p->store.slots[k].due && !p->announced && VFS__RULE(10))
		err = vfs__pool_commit(p);
	if (!err && p->store.slots[k].due)
		err = write_header(p, k);
	if (p->store.slots[k].digest != p->store.slots[k].old_digest)
		f->data.unflushed = true;
	return err;
}

/* ---- Unmount ---- */

/* Does its slot end elsewhere than the file, or may what it ends with be no zeros? */
static int wrong_length(vfs__pool *p, int32_t k, bool *wrong)
{
	const vfs__inode *i = p->store.slots[k].owner;
	int64_t there = p->port->handles->size(p->port, p->handle[k]);
	*wrong = there != VFS__SLOT_HEADER + (i ? i->size : 0) || (i && i->valid < i->size);
	return there < 0 ? (int)there : 0;
}

/* Rule 13 for what is about to be cut to its length. */
static int forget_starts(vfs__pool *p)
{
	bool wrong;
	int err = 0;
	for (int32_t k = 0; k < p->store.slot_count && !err; k++) {
		vfs__inode *i = p->store.slots[k].owner;
		if (!i || !i->start || p->handle[k] < 0)
			continue;
		err = wrong_length(p, k, &wrong);
		if (!err && wrong) {
			i->start = 0;
			err = vfs__pool_log_inode(p, i, false);
		}
	}
	return err ? err : vfs__pool_commit(p);
}

/* Length of a slot as SQLite wants it; header and length are durable. */
static int settle_slot(vfs__pool *p, int32_t k)
{
	const vfs__handle_ops *ops = p->port->handles;
	const vfs__slot *slot = &p->store.slots[k];
	const vfs__inode *i = slot->owner;
	bool wrong;
	int err = wrong_length(p, k, &wrong);
	if (!err && i && i->valid < i->size)
		err = ops->truncate(p->port, p->handle[k], VFS__SLOT_HEADER + i->valid);
	if (!err && wrong)
		err = ops->truncate(p->port, p->handle[k], VFS__SLOT_HEADER + (i ? i->size : 0));
	if (!err && (wrong || slot->digest != slot->old_digest) && VFS__RULE(11))
		err = ops->flush(p->port, p->handle[k]);
	return err;
}

int vfs__pool_settle_slots(vfs__pool *p)
{
	int32_t n = p->store.slot_count;
	int err = vfs__pool_checkpoint(p);
	if (!err)
		err = forget_starts(p);
	for (int32_t k = 0; k < n && !err; k++)
		err = p->handle[k] < 0 ? 0 : settle_slot(p, k);
	/* Rule 11: the CLEAN record when every slot is as it says. */
	for (int32_t k = 0; k < n && !err; k++) {
		vfs__slot *slot = &p->store.slots[k];
		slot->old_digest = slot->digest;
		if (slot->owner)
			slot->owner->valid = slot->owner->size;
	}
	if (!err)
		err = vfs__pool_checkpoint(p);
	vfs__record clean = {.type = VFS__CLEAN};
	if (!err)
		err = vfs__store_log(&p->store, &p->pending, &clean);
	return err ? err : vfs__pool_commit(p);
}
