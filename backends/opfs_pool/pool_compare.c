/*
 * The journal beside the slots, at a mount: what SQLite has done meanwhile, and what
 * to do where the two do not go together. A journal that ends with CLEAN had told SQLite
 * all, and what SQLite did is right. Without CLEAN it knew a part of it only: then what
 * it took or wrote over is kept as far as the journal has it, and told.
 */
#include "pool.h"
#include <errno.h>
#include <string.h>

/* ---- Names that SQLite wrote ---- */

/* Is there something under a path, below directories only? */
static bool find_path(const vfs__pool *p, const char *path)
{
	const vfs__inode *i = vfs__store_inode(&p->store, VFS__ROOT_INO);
	while (i && *(path += strspn(path, "/"))) {
		size_t len = strcspn(path, "/");
		i = vfs__store_find(&p->store, i->ino, path, len);
		path += len;
	}
	return i != NULL;
}

/* The name and its directories, made where they are missing, for an inode: one
 * there already loses the name. */
static int log_path(vfs__pool *p, const char *path, uint64_t ino)
{
	uint64_t dir = VFS__ROOT_INO;
	int err = 0;
	while (!err) {
		path += strspn(path, "/");
		size_t len = strcspn(path, "/");
		const char *rest = path + len + strspn(path + len, "/");
		if (!len || len > 255)
			return len ? -ENAMETOOLONG : -EINVAL;
		if (!*rest)
			return vfs__pool_log_name(p, dir, path, len, ino);
		vfs__inode *i = vfs__store_find(&p->store, dir, path, len);
		uint64_t next = i ? i->ino : 0;
		if (!i) {
			err = vfs__pool_new_inode(p, S_IFDIR | 0777, VFS__NO_SLOT, 0, &next);
			if (!err)
				err = vfs__pool_log_name(p, dir, path, len, next);
		} else if (!S_ISDIR(i->mode)) {
			return -ENOTDIR;
		}
		dir = next;
		path = rest;
	}
	return err;
}

/* ---- A file whose slot is not what it was ---- */

static const char *name_of(const vfs__pool *p, vfs__inode *i)
{
	const vfs__named *n = vfs__store_name(&p->store, i);
	return n ? n->name : "a file";
}

/* What the slot has of the file now. Its DATA is dropped where it was of before. */
static int set_data(vfs__pool *p, vfs__inode *i, int64_t size, int64_t valid, bool applied)
{
	vfs__record r = vfs__inode_record(i);
	r.size = size;
	r.valid = valid;
	r.start = 0;
	r.applied = applied;
	return vfs__store_log(&p->store, &p->pending, &r);
}

/* It has no slot: its data is what the journal has. */
static int leave_slot(vfs__pool *p, vfs__inode *i)
{
	vfs__record r = vfs__inode_record(i);
	r.slot = VFS__NO_SLOT;
	r.valid = 0;
	r.start = 0;
	return vfs__store_log(&p->store, &p->pending, &r);
}

/* What the journal has of the file's data goes to /.lost+found; the file stays. */
static int put_aside(vfs__pool *p, vfs__inode *i, const char *why)
{
	uint64_t ino;
	int err = vfs__pool_new_inode(p, S_IFREG | 0600, VFS__NO_SLOT, i->size, &ino);
	vfs__inode *aside = err ? NULL : vfs__store_inode(&p->store, ino);
	if (!aside)
		return err ? err : -ENOMEM;
	err = set_data(p, aside, i->size, 0, false);
	if (err)
		return err;
	aside->redo = i->redo;
	aside->redo_end = i->redo_end;
	i->redo = NULL;
	i->redo_end = &i->redo;
	return vfs__pool_set_aside(p, aside, name_of(p, i), why);
}

/* SQLite has written the slot's data. */
static int written(vfs__pool *p, vfs__inode *i, int64_t size)
{
	int err = 0;
	if (i->redo)
		err = put_aside(p, i,
				"SQLite has written it after an unclean end, and what the journal "
				"had for it is older");
	return err ? err : set_data(p, i, size, size, true);
}

/* The slot is free, or another file's, by its header: what is left of the file? */
static int taken(vfs__pool *p, int32_t k, bool is_free)
{
	vfs__inode *i = p->store.slots[k].owner;
	bool whole = vfs__store_has_redo(i, 0, i->valid);
	int err;
	if (!i->names)
		return 0;
	if (p->store.clean)
		return vfs__pool_log_no_names(p, i->ino);
	if (vfs__pool_names_owner(p, k) || (!whole && !i->redo)) {
		vfs__pool_report(p,
				 "%.100s: SQLite has taken its slot after an unclean end, so it "
				 "is gone",
				 name_of(p, i));
		return vfs__pool_log_no_names(p, i->ino);
	}
	if (whole && is_free) /* the slot was not named yet */
		return set_data(p, i, i->size, 0, false);
	err = leave_slot(p, i);
	if (err || !whole)
		return err ? err
			   : vfs__pool_lose(p, i, "SQLite has taken its slot after an unclean end");
	vfs__pool_report(p,
			 "%.100s: SQLite has taken its slot after an unclean end; its data is "
			 "from the journal",
			 name_of(p, i));
	return 0;
}

/* ---- Slots ---- */

/* A header that neither we wrote nor were about to write: SQLite's. */
static int adopt(vfs__pool *p, int32_t k, const vfs__slot_header *h, int64_t size)
{
	vfs__slot *slot = &p->store.slots[k];
	bool is_file = h->kind == VFS__HEADER_FILE;
	uint64_t ino;
	if (slot->owner && is_file && vfs__slot_is_named_so(slot, h->digest))
		return written(p, slot->owner, size); /* imported over it */
	int err = slot->owner ? taken(p, k, !is_file) : 0;
	if (err || !is_file)
		return err;
	if (find_path(p, h->path))
		return vfs__pool_lose_slot(p, k, size, p->store.slots[k].name,
					   "its header has the path of another file");
	err = vfs__pool_new_inode(p, S_IFREG | 0666, k, size, &ino);
	if (err)
		return err;
	err = log_path(p, h->path, ino);
	if (err != -ENOTDIR && err != -EINVAL && err != -ENAMETOOLONG)
		return err;
	return vfs__pool_lose(p, vfs__store_inode(&p->store, ino),
			      "its header has an impossible path");
}

/* No journal, and a header that is torn: nobody knows what the slot was. */
static int adopt_torn(vfs__pool *p, int32_t k, int64_t size)
{
	return size ? vfs__pool_lose_slot(p, k, size, p->store.slots[k].name,
					  "its header is damaged, and no journal knows it")
		    : 0;
}

/* Rule 13: does the slot begin with what the journal knows, or with what is to be
 * written there? 1: it does not. */
static int is_foreign(vfs__pool *p, int32_t k)
{
	const vfs__inode *i = p->store.slots[k].owner;
	unsigned char data[VFS__START];
	if (!i->start)
		return 0;
	int n = vfs__slot_begin(p->port, p->handle[k], data);
	if (n < 0)
		return n;
	if (vfs__slot_start(data, (size_t)n) == i->start)
		return 0;
	for (const vfs__redo *r = i->redo; r; r = r->next) {
		if (r->pos < 0 || r->pos >= VFS__START)
			continue;
		size_t at = (size_t)r->pos, len = VFS__START - at;
		len = r->len < len ? r->len : len;
		if (len && (size_t)n >= at + len && !memcmp(data + at, r->bytes, len))
			return 0;
	}
	/* DATA further on makes zeros of what is before it */
	for (int64_t at = i->valid; at < n; at++)
		if (data[at])
			return 1;
	return i->valid >= VFS__START;
}

/* The header is ours. */
static int compare_data(vfs__pool *p, int32_t k, int64_t size)
{
	vfs__inode *i = p->store.slots[k].owner;
	if (p->store.clean)
		return i->size == size ? 0 : set_data(p, i, size, size, true);
	int foreign = is_foreign(p, k);
	if (foreign)
		return foreign < 0 ? foreign : written(p, i, size);
	if (i->valid <= size)
		return 0;
	if (vfs__store_has_redo(i, size, i->valid))
		return set_data(p, i, i->size, size, false);
	int err = set_data(p, i, size, size, false);
	return err ? err : vfs__pool_lose(p, i, "its slot is shorter than it was");
}

static int compare_slot(vfs__pool *p, int32_t k)
{
	vfs__slot_header h;
	int64_t size = p->port->handles->size(p->port, p->handle[k]);
	int err = size < 0 ? (int)size : vfs__slot_read(p->port, p->handle[k], &h);
	if (err)
		return err;
	size = size > VFS__SLOT_HEADER ? size - VFS__SLOT_HEADER : 0;
	vfs__slot *slot = &p->store.slots[k];
	bool ours = vfs__slot_is_ours(slot, h.digest);
	if (!ours && h.kind != VFS__HEADER_TORN)
		err = adopt(p, k, &h, size);
	else if (!ours && p->rebuilt)
		err = adopt_torn(p, k, size);
	else if (slot->owner)
		err = compare_data(p, k, size);
	slot = &p->store.slots[k];
	slot->adopted = !ours && h.kind == VFS__HEADER_FILE;
	slot->moved |= h.digest != slot->digest;
	slot->digest = slot->old_digest = h.digest;
	return err;
}

/* The file of a slot is gone, and with it what it held. */
static int miss_slot(vfs__pool *p, int32_t k)
{
	vfs__inode *i = p->store.slots[k].owner;
	if (!i || !i->names)
		return 0;
	if (vfs__store_has_redo(i, 0, i->valid))
		return leave_slot(p, i);
	vfs__pool_report(p, "%.100s: its slot %s is missing, so it is gone", name_of(p, i),
			 p->store.slots[k].name);
	return vfs__pool_log_no_names(p, i->ino);
}

int vfs__pool_compare_slots(vfs__pool *p)
{
	bool clean = p->store.clean;
	int err = 0;
	for (int32_t k = 0; k < p->store.slot_count && !err; k++) {
		err = p->handle[k] >= 0 ? compare_slot(p, k) : miss_slot(p, k);
		p->store.clean = clean; /* the records made here do not end it */
	}
	return err;
}

/* ---- Slots for what has none ---- */

int vfs__pool_house(vfs__pool *p)
{
	int err = 0;
	for (vfs__inode *i = p->store.inodes; i && !err; i = i->hh.next) {
		if (!S_ISREG(i->mode) || !i->names ||
		    (i->slot != VFS__NO_SLOT && p->handle[i->slot] >= 0))
			continue;
		vfs__record r = vfs__inode_record(i);
		r.slot = i->slot == VFS__NO_SLOT && !i->valid ? vfs__pool_take_slot(p) : -ENOSPC;
		if (r.slot >= 0) {
			err = vfs__store_log(&p->store, &p->pending, &r);
			continue;
		}
		vfs__pool_report(p, "%.100s: there is no slot for it, so it is gone",
				 name_of(p, i));
		err = vfs__pool_log_no_names(p, i->ino);
	}
	return err;
}

/* After names are settled: SQLite's headers stand, under the names here. */
int vfs__pool_keep_headers(vfs__pool *p)
{
	int err = 0;
	for (int32_t k = 0; k < p->store.slot_count && !err; k++)
		if (p->store.slots[k].adopted) {
			err = vfs__pool_keep_header(p, k);
			p->store.slots[k].adopted = false;
		}
	return err;
}
