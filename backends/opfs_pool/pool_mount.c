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
	for (int32_t k = 0; k < n; k++) {
		p->handle[k] = -1;
		p->stale[k] = VFS__EMPTY;
	}
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

/* What the journal holds of the file's data becomes dirty pages; it has them, but for
 * a file that was made just now. */
static int replay(vfs__inode *i, bool is_new)
{
	vfs__pool_file *f = vfs__pool_file_of(i->node);
	int err = 0;
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
	if (!is_new)
		vfs__cache_logged(&f->data);
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
			/* one of the header's length may have been cut, and not durably */
			p->stale[k] = size > VFS__SLOT_HEADER    ? VFS__STALE
				      : size == VFS__SLOT_HEADER ? VFS__CUT
								 : VFS__EMPTY;
			if (size < VFS__SLOT_HEADER)
				vfs__pool_make_sound(p, k);
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

/* From what was read to what is true. */
static int repair(vfs__pool *p, bool clean)
{
	vfs__store_drop_unnamed(&p->store); /* what a crash has left */
	p->store.clean = clean;             /* until slots are compared */
	int err = vfs__pool_compare_slots(p);
	if (!err)
		err = vfs__pool_check_names(p);
	if (err)
		return err;
	vfs__store_drop_unnamed(&p->store); /* what has lost its names */
	/* Rule 12, and 6: what is read is durable before a slot is changed for it, which it
	 * need not be where only the program died. */
	err = VFS__RULE(12) && !p->rebuilt ? vfs__journal_flush(&p->journal) : 0;
	if (!err)
		err = find_spares(p);
	if (!err)
		err = vfs__pool_house(p);
	vfs__store_drop_unnamed(&p->store);
	return err;
}

static int replay_all(vfs__pool *p, uint64_t last_read)
{
	int err = 0;
	size_t budget = p->cache.budget;
	p->cache.budget = SIZE_MAX; /* where no slot has room, memory must */
	for (vfs__inode *i = p->store.inodes; i && !err; i = i->hh.next)
		if (i->redo && S_ISREG(i->mode))
			err = replay(i, i->ino > last_read);
	p->cache.budget = budget;
	return err;
}

/* There is no room for the data in the slots, or for a snapshot: the journal that was
 * read goes on. It is no longer CLEAN, and knows no start of what is half written. */
static int go_on(vfs__pool *p)
{
	vfs__inode *root = vfs__store_inode(&p->store, VFS__ROOT_INO);
	int err = vfs__pool_log_inode(p, root, false);
	for (vfs__inode *i = p->store.inodes; i && !err; i = i->hh.next)
		if (i->node && S_ISREG(i->mode) &&
		    !vfs__pool_is_applied(vfs__pool_file_of(i->node)))
			err = vfs__pool_log_inode(p, i, false);
	return err ? err : vfs__pool_commit(p);
}

/* What was read is true. There is a new generation, so that no frame of the old one can
 * follow what is written now. */
static int begin(vfs__pool *p)
{
	int err = vfs__pool_checkpoint(p);
	if (err == -ENOSPC && !p->rebuilt)
		err = go_on(p);
	if (err)
		return err;
	for (vfs__inode *i = p->store.inodes; i; i = i->hh.next)
		if (S_ISREG(i->mode) && i->node)
			vfs__pool_file_of(i->node)->data.known = i->start != 0;
	p->loaded = p->announced = true;
	/* For SQLite, should it be the next: what fails is tried again with the next sync. */
	if (!vfs__pool_log_headers(p) && p->pending.len && !vfs__pool_commit(p))
		vfs__pool_write_headers(p);
	return 0;
}

int vfs__pool_load(vfs__pool *p)
{
	bool damaged;
	p->store.reading = true;
	int err = vfs__journal_open(&p->journal, vfs__store_read, &p->store, &damaged);
	p->store.reading = false;
	bool clean = p->store.clean && !damaged;
	uint64_t last_read = p->store.last_ino;
	p->rebuilt = p->journal.current < 0;
	if (!err)
		err = make_root(p);
	if (!err)
		err = match_slots(p);
	if (!err)
		err = repair(p, clean);
	if (!err && damaged)
		err = vfs__pool_keep_journal(
			p, p->rebuilt ? "it cannot be read: names are from the slots' headers"
				      : "a part of it cannot be read, and what it told there and "
					"behind is not done");
	if (!err)
		err = vfs__pool_keep_headers(p);
	if (!err)
		err = make_nodes(p);
	if (!err)
		err = replay_all(p, last_read);
	p->mount->next_ino = p->store.last_ino;
	return err ? err : begin(p);
}
