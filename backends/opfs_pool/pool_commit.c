/*
 * What makes things durable, and in which order. JOURNAL.md gives the reasons of
 * the rules; each is marked here by its number.
 */
#include "pool.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A sync of more goes to the slot, of less into the journal: one flush either
 * way, but that what goes to the slot needs the journal's as well. */
enum { LOG_PAGES = 16 };

/* The journal grows to this, or to four snapshots, before there is a new one. */
enum { JOURNAL_BYTES = 4 << 20 };

/* ---- Attributes that no record has ---- */

void vfs__pool_change(vfs__pool *p, vfs__pool_file *f)
{
	if (!f->changed_at) {
		f->next_changed = p->changed;
		f->changed_at = &p->changed;
		if (f->next_changed)
			f->next_changed->changed_at = &f->next_changed;
		p->changed = f;
	}
	vfs__pool_touch(p); /* each time, as a program may do nothing else */
}

void vfs__pool_unchange(vfs__pool_file *f)
{
	if (!f->changed_at)
		return;
	*f->changed_at = f->next_changed;
	if (f->next_changed)
		f->next_changed->changed_at = f->changed_at;
	f->changed_at = NULL;
}

int vfs__pool_log_inode(vfs__pool *p, vfs__inode *i, bool applied)
{
	FSNode *node = i->node;
	vfs__record r = vfs__inode_record(i);
	r.applied = applied;
	if (node) {
		vfs_node_times(node, r.times);
		if (S_ISREG(i->mode) && vfs__pool_file_of(node)->data.durable < r.valid)
			vfs__pool_file_of(node)->data.durable = r.valid;
	}
	return vfs__store_log(&p->store, &p->pending, &r);
}

static int log_changed(vfs__pool *p)
{
	while (p->changed) {
		int err = vfs__pool_log_inode(p, p->changed->inode, false);
		if (err)
			return err;
		vfs__pool_unchange(p->changed);
	}
	return 0;
}

/* ---- Commit ---- */

/* An error of it is no error of what was synced: that is in the journal. */
void vfs__pool_checkpoint_if_full(vfs__pool *p)
{
	int64_t limit = p->journal.snapshot * 4;
	if (p->journal.end >= (limit > JOURNAL_BYTES ? limit : JOURNAL_BYTES))
		vfs__pool_checkpoint(p);
}

/* What is pending is in the journal's file, which outlives the program; the machine may
 * lose it still. */
static int write_journal(vfs__pool *p)
{
	int err = log_changed(p);
	return err || !p->pending.len ? err : vfs__journal_append(&p->journal, &p->pending);
}

int vfs__pool_commit(vfs__pool *p)
{
	int err = write_journal(p);
	if (!err)
		err = vfs__journal_flush(&p->journal);
	if (!err)
		vfs__pool_free_slots(p);
	return err;
}

/* What the record of a sync says: the data is in the journal, or in the slot and
 * durable there. */
static int log_sync(vfs__pool *p, vfs__pool_file *f, bool applied)
{
	vfs__inode *i = f->inode;
	int64_t size = i->size, valid = i->valid;
	i->size = f->data.size;
	i->valid = f->data.flushed < i->size ? f->data.flushed : i->size;
	int err = vfs__pool_log_inode(p, i, applied);
	if (err) {
		i->size = size;
		i->valid = valid;
	} else {
		vfs__pool_unchange(f);
	}
	return err;
}

/* Rule 3: the slot has the data, and durably, before a record says so. */
static int write_out(vfs__pool *p, vfs__pool_file *f)
{
	int err = vfs__cache_write_back(&f->data);
	if (!err && VFS__RULE(3))
		err = vfs__cache_flush(&f->data);
	return err ? err : log_sync(p, f, true);
}

int vfs__pool_order(vfs__pool *p, vfs__pool_file *f, enum vfs__cause cause)
{
	vfs__cached *d = &f->data;
	if (d->mapped)
		vfs__cache_touch(d, SIZE_MAX / 2, 0);
	if (!d->unlogged && !d->unflushed && d->size == f->inode->size)
		return 0;
	p->cache.counts.write_backs[cause]++;
	if (d->unflushed || d->unlogged > LOG_PAGES)
		return write_out(p, f);
	size_t before = p->pending.len;
	int err = vfs__cache_log(d, &p->pending, f->inode->ino);
	if (!err && (err = log_sync(p, f, false)) != 0)
		p->pending.len = before;
	return err;
}

/* What failed before does not count: it is tried now. */
static int order_now(vfs__pool *p, vfs__pool_file *f, enum vfs__cause cause)
{
	f->data.error = 0;
	return vfs__pool_order(p, f, cause);
}

int vfs__pool_sync_file(vfs__pool *p, vfs__pool_file *f)
{
	int err = order_now(p, f, VFS__BY_SYNC);
	if (!err)
		err = vfs__pool_commit(p);
	if (!err) {
		f->data.held = false;
		vfs__pool_checkpoint_if_full(p);
	}
	return err;
}

int vfs__pool_close_file(vfs__pool *p, vfs__pool_file *f)
{
	int err = order_now(p, f, VFS__BY_CLOSE);
	return err ? err : write_journal(p);
}

/* Every file of the mount that is in memory: all are, by their names or streams. */
static int each_file(vfs__pool *p, int (*fn)(vfs__pool *, vfs__pool_file *))
{
	int first = 0;
	for (vfs__inode *i = p->store.inodes, *next; i; i = next) {
		next = i->hh.next;
		if (!i->node || !S_ISREG(i->mode))
			continue;
		int err = fn(p, vfs__pool_file_of(i->node));
		if (err && !first)
			first = err;
	}
	return first;
}

static int order_for_sync(vfs__pool *p, vfs__pool_file *f)
{
	return order_now(p, f, VFS__BY_SYNC);
}

int vfs__pool_sync(vfs__pool *p)
{
	int err = each_file(p, order_for_sync), later = vfs__pool_commit(p);
	if (!err && !later) {
		vfs__pool_rest(p);
		vfs__pool_checkpoint_if_full(p);
	}
	return err ? err : later;
}

static int order_or_keep(vfs__pool *p, vfs__pool_file *f)
{
	int err = order_now(p, f, VFS__BY_AGE);
	if (err)
		vfs__cached_fail(&f->data, err);
	return err;
}

/* The journal has failed: which data was in it is not known, so it is the error of all
 * that is not in the slots. */
static void keep_for_all(vfs__pool *p, int err)
{
	for (const vfs__inode *i = p->store.inodes; i; i = i->hh.next)
		if (i->node && S_ISREG(i->mode) && vfs__pool_file_of(i->node)->data.dirty)
			vfs__cached_fail(&vfs__pool_file_of(i->node)->data, err);
}

void vfs__pool_sync_old(vfs__pool *p)
{
	vfs__pool_rest(p);
	int err = each_file(p, order_or_keep), later = vfs__pool_commit(p);
	if (later)
		keep_for_all(p, later);
	if (err || later)
		vfs__pool_touch(p); /* it is tried again */
	else
		vfs__pool_checkpoint_if_full(p);
}

/* ---- Checkpoint ---- */

int vfs__pool_apply(vfs__pool *p, vfs__pool_file *f)
{
	vfs__cached *d = &f->data;
	if (!d->dirty && !d->unflushed && d->size == f->inode->size)
		return 0;
	p->cache.counts.write_backs[VFS__BY_CHECKPOINT]++;
	return write_out(p, f);
}

/* Rule 5: data that the journal holds is in its slot, durably, before the journal
 * is given up. */
int vfs__pool_checkpoint(vfs__pool *p)
{
	vfs__frame snapshot = {NULL, 0, 0};
	int err = VFS__RULE(5) ? each_file(p, vfs__pool_apply) : 0;
	if (!err)
		err = log_changed(p);
	if (!err)
		err = vfs__store_dump(&p->store, &snapshot);
	if (!err)
		err = vfs__journal_snapshot(&p->journal, &snapshot);
	if (!err) {
		p->pending.len = 0; /* the snapshot says it */
		vfs__pool_free_slots(p);
	}
	vfs__frame_free(&snapshot);
	return err;
}

/* ---- Unmount ---- */

/* A path that leads to the inode, as a header holds it: "" where there is none or
 * it does not fit. */
static void path_to(const vfs__store *s, const vfs__inode *i, char path[VFS__HEADER_PATH + 1])
{
	char *at = path + VFS__HEADER_PATH;
	uint64_t ino = i->ino;
	*at = 0;
	while (ino != VFS__ROOT_INO) {
		const vfs__inode *up = vfs__store_inode(s, ino);
		const vfs__named *n = up ? up->name : NULL;
		size_t len = n ? n->hh.keylen - sizeof n->parent : 0;
		if (!n || (size_t)(at - path) < len + 2) {
			*path = 0;
			return;
		}
		at -= len;
		memcpy(at, n->name, len);
		*--at = '/';
		ino = n->parent;
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

/* Rule 10: the journal knows a header before it is written. */
static int log_slots(vfs__pool *p, char (*paths)[VFS__HEADER_PATH + 1])
{
	int err = 0;
	for (vfs__named *n = p->store.names; n; n = n->hh.next) {
		vfs__inode *i = vfs__store_inode(&p->store, n->ino);
		if (i)
			i->name = n;
	}
	for (int32_t k = 0; k < p->store.slot_count && !err; k++) {
		vfs__slot *slot = &p->store.slots[k];
		paths[k][0] = 0;
		if (slot->owner) {
			path_to(&p->store, slot->owner, paths[k]);
			if (!paths[k][0] && slot->owner->names)
				stand_in(slot->owner->ino, paths[k]);
		}
		uint64_t digest = vfs__slot_digest(paths[k]);
		if (digest == slot->digest && digest == slot->old_digest)
			continue;
		vfs__record r = {.type = VFS__SLOT,
				 .slot = k,
				 .digest = digest,
				 .old_digest = slot->digest,
				 .bytes = slot->name,
				 .len = strlen(slot->name)};
		err = vfs__store_log(&p->store, &p->pending, &r);
	}
	return err || !VFS__RULE(10) ? err : vfs__pool_commit(p);
}

/* Header and length of a slot as SQLite wants them. */
static int settle_slot(vfs__pool *p, int32_t k, const char *path)
{
	const vfs__handle_ops *ops = p->port->handles;
	const vfs__slot *slot = &p->store.slots[k];
	int handle = p->handle[k];
	int64_t size = VFS__SLOT_HEADER + (slot->owner ? slot->owner->size : 0);
	bool write = slot->digest != slot->old_digest;
	int64_t there = ops->size(p->port, handle);
	int err = there < 0 ? (int)there : 0;
	/* what the file ends with must read as zeros */
	if (!err && slot->owner && slot->owner->valid < slot->owner->size)
		err = ops->truncate(p->port, handle, VFS__SLOT_HEADER + slot->owner->valid);
	if (!err && there == 0 && !write && !slot->owner)
		return 0; /* never used */
	if (!err && (there != size || (slot->owner && slot->owner->valid < slot->owner->size))) {
		err = ops->truncate(p->port, handle, size);
		write = write || !err;
	}
	if (!err && slot->digest != slot->old_digest)
		err = vfs__slot_write(p->port, handle, path);
	if (!err && write && VFS__RULE(11))
		err = ops->flush(p->port, handle);
	return err;
}

int vfs__pool_settle_slots(vfs__pool *p)
{
	int32_t n = p->store.slot_count;
	char(*paths)[VFS__HEADER_PATH + 1] = malloc((size_t)(n ? n : 1) * sizeof *paths);
	if (!paths)
		return -ENOMEM;
	int err = vfs__pool_checkpoint(p);
	if (!err)
		err = log_slots(p, paths);
	for (int32_t k = 0; k < n && !err; k++)
		err = p->handle[k] < 0 ? 0 : settle_slot(p, k, paths[k]);
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
	if (!err)
		err = vfs__pool_commit(p);
	free(paths);
	return err;
}
