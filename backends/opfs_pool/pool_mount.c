/*
 * From the files of a pool to a tree of nodes: reading the journal, comparing it
 * with the slots, and what to do where they differ.
 */
#include "pool.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- Slots ---- */

static int32_t slot_of_name(const vfs__pool *p, const char *name)
{
	for (int32_t k = 0; k < p->store.slot_count; k++)
		if (!strcmp(p->store.slots[k].name, name))
			return k;
	return VFS__NO_SLOT;
}

/* Gives each file of the pool a slot, and each slot its handle. A slot whose file is
 * gone has -1. */
static int match_slots(vfs__pool *p)
{
	const vfs__pool_files *files = p->files;
	int32_t n = p->store.slot_count + files->count;
	int err = 0;
	if (vfs__pool_slot_room(p, n))
		return -ENOMEM;
	for (int32_t k = 0; k < n; k++)
		p->handle[k] = -1;
	for (int k = 0; k < files->count && !err; k++) {
		int32_t slot = slot_of_name(p, files->name[k]);
		if (slot == VFS__NO_SLOT) {
			slot = p->store.slot_count;
			vfs__record r = {.type = VFS__SLOT,
					 .slot = slot,
					 .bytes = files->name[k],
					 .len = strlen(files->name[k])};
			err = vfs__store_log(&p->store, &p->pending, &r);
		}
		if (!err)
			p->handle[slot] = files->handle[k];
	}
	return err;
}

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

/* A header that neither we wrote nor were about to write: SQLite's. */
static int adopt(vfs__pool *p, int32_t k, const vfs__slot_header *h, int64_t size)
{
	vfs__inode *owner = p->store.slots[k].owner;
	uint64_t ino;
	int err = owner ? vfs__pool_log_no_names(p, owner->ino) : 0;
	if (err || h->kind != VFS__HEADER_FILE)
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

static int compare_slot(vfs__pool *p, int32_t k)
{
	vfs__slot_header h;
	int64_t size = p->port->handles->size(p->port, p->handle[k]);
	int err = size < 0 ? (int)size : vfs__slot_read(p->port, p->handle[k], &h);
	if (err)
		return err;
	size = size > VFS__SLOT_HEADER ? size - VFS__SLOT_HEADER : 0;
	vfs__slot *slot = &p->store.slots[k];
	vfs__inode *owner = slot->owner;
	bool ours = vfs__slot_is_ours(slot, h.digest);
	if (!ours && h.kind != VFS__HEADER_TORN)
		err = adopt(p, k, &h, size);
	else if (!ours && p->rebuilt)
		err = adopt_torn(p, k, size);
	else if (p->store.clean && owner && owner->size != size)
		owner->size = owner->valid = size; /* SQLite wrote data */
	else if (owner && owner->valid > size) {
		owner->size = owner->valid = size;
		err = vfs__pool_lose(p, owner, "its slot is shorter than it was");
	}
	slot = &p->store.slots[k];
	slot->digest = slot->old_digest = h.digest;
	return err;
}

/* The file of a slot is gone, and with it what it held. */
static int miss_slot(vfs__pool *p, int32_t k)
{
	vfs__inode *owner = p->store.slots[k].owner;
	if (!owner || !owner->names)
		return 0;
	vfs__pool_report(p, "inode %llu: its slot %s is missing, so it is gone",
			 (unsigned long long)owner->ino, p->store.slots[k].name);
	return vfs__pool_log_no_names(p, owner->ino);
}

static int compare_slots(vfs__pool *p)
{
	int err = 0;
	for (int32_t k = 0; k < p->store.slot_count && !err; k++)
		err = p->handle[k] >= 0 ? compare_slot(p, k) : miss_slot(p, k);
	return err;
}

/* ---- Nodes ---- */

static FSNode *make_node(vfs__pool *p, vfs__inode *i)
{
	FSNode *n = vfs_node_new(p->mount, i->mode, i->ino);
	if (!n)
		return NULL;
	n->uid = i->uid;
	n->gid = i->gid;
	n->rdev = i->rdev;
	n->node_ops = &vfs__pool_node_ops;
	vfs_node_set_times(n, i->times);
	if (S_ISDIR(i->mode))
		n->nlink = 2;
	else
		n->nlink = i->names;
	if (S_ISLNK(i->mode)) {
		n->u.target = strdup(i->target ? i->target : "");
		n->size = n->u.target ? (off_t)strlen(n->u.target) : 0;
	}
	vfs__pool_file *f = vfs__pool_file_of(n);
	f->inode = i;
	if (S_ISREG(i->mode)) {
		int handle = i->slot == VFS__NO_SLOT ? -1 : p->handle[i->slot];
		n->stream_ops = &vfs__pool_file_ops;
		n->size = i->size;
		vfs__cached_open(&f->data, &p->cache, handle, VFS__SLOT_HEADER, i->size, i->valid);
	}
	i->node = n;
	return n;
}

/* What the journal holds of the file's data becomes dirty pages. Rule 12: the slots get
 * none of them before it is durable, which it need not be where only the program died. */
static int replay(vfs__pool *p, vfs__inode *i)
{
	vfs__pool_file *f = vfs__pool_file_of(i->node);
	int err = VFS__RULE(12) ? vfs__journal_flush(&p->journal) : 0;
	for (vfs__redo *r = i->redo; r && !err; r = r->next) {
		size_t len = r->len;
		if (r->pos < 0 || r->pos >= i->size)
			continue;
		if ((int64_t)len > i->size - r->pos)
			len = (size_t)(i->size - r->pos);
		ssize_t n = vfs__cache_write(&f->data, r->bytes, len, r->pos);
		err = n < 0 ? (int)n : (size_t)n < len ? -ENOSPC : 0;
	}
	vfs__store_drop_redo(i, 0);
	return err;
}

static int make_nodes(vfs__pool *p)
{
	int err = 0;
	for (vfs__inode *i = p->store.inodes; i && !err; i = i->hh.next)
		if (!make_node(p, i))
			err = -ENOMEM;
	p->mount->root = vfs__store_inode(&p->store, VFS__ROOT_INO)->node;
	for (vfs__named *n = p->store.names; n && !err; n = n->hh.next) {
		const vfs__inode *dir = vfs__store_inode(&p->store, n->parent);
		const vfs__inode *i = vfs__store_inode(&p->store, n->ino);
		err = vfs_add_name(dir->node, n->name, n->hh.keylen - sizeof n->parent, i->node);
	}
	for (vfs__inode *i = p->store.inodes; i; i = i->hh.next)
		if (i->node && i->ino != VFS__ROOT_INO)
			vfs_node_put(i->node);
	return err;
}

static int find_spares(vfs__pool *p)
{
	for (int32_t k = p->store.slot_count; k-- > 0;)
		if (!p->store.slots[k].owner && p->handle[k] >= 0) {
			int64_t size = p->port->handles->size(p->port, p->handle[k]);
			if (size < 0)
				return (int)size;
			p->spare[p->spares++] = k;
			p->stale[k] = size > VFS__SLOT_HEADER;
		}
	vfs__pool_free_slots(p);
	return 0;
}

static int make_root(vfs__pool *p)
{
	uint64_t ino;
	if (vfs__store_inode(&p->store, VFS__ROOT_INO))
		return 0;
	p->store.last_ino = VFS__ROOT_INO - 1;
	return vfs__pool_new_inode(p, S_IFDIR | 0777, VFS__NO_SLOT, 0, &ino);
}

int vfs__pool_load(vfs__pool *p)
{
	bool torn;
	p->store.reading = true;
	int err = vfs__journal_open(&p->journal, vfs__store_read, &p->store, &torn);
	p->store.reading = false;
	bool clean = p->store.clean && !torn;
	p->rebuilt = p->journal.current < 0;
	if (!err)
		err = make_root(p);
	if (!err)
		err = match_slots(p);
	vfs__store_drop_unnamed(&p->store); /* what a crash has left */
	p->store.clean = clean;             /* until slots are compared */
	if (!err)
		err = compare_slots(p);
	if (!err)
		err = vfs__pool_check_names(p);
	if (!err) {
		vfs__store_drop_unnamed(&p->store); /* what has lost its names */
		err = find_spares(p);
	}
	if (!err && p->rebuilt && torn)
		err = vfs__pool_keep_journal(
			p, "it cannot be read: names are from the slots' headers");
	if (!err)
		err = make_nodes(p);
	for (vfs__inode *i = p->store.inodes; i && !err; i = i->hh.next)
		if (i->redo && S_ISREG(i->mode))
			err = replay(p, i);
	p->mount->next_ino = p->store.last_ino;
	/* What was read is true; a new generation, so that no frame of the old one can
	 * follow what is written now. */
	return err ? err : vfs__pool_checkpoint(p);
}
