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
enum { LOG_PAGES = 16, LOGGED_PAGE = VFS__PAGE + 64 };

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

int vfs__pool_log_changed(vfs__pool *p)
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
	if (p->journal.end >= (limit > JOURNAL_BYTES ? limit : JOURNAL_BYTES) ||
	    vfs__journal_is_low(&p->journal))
		vfs__pool_checkpoint(p);
}

/* What is pending is in the journal's file, which outlives the program; the machine may
 * lose it still. */
static int write_journal(vfs__pool *p)
{
	int err = vfs__pool_log_changed(p);
	return err || !p->pending.len ? err : vfs__journal_append(&p->journal, &p->pending);
}

static void committed(vfs__pool *p)
{
	p->announced = true;
	vfs__pool_free_slots(p);
}

int vfs__pool_commit(vfs__pool *p)
{
	int err = write_journal(p);
	if (!err)
		err = vfs__journal_flush(&p->journal);
	if (!err)
		committed(p);
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

/* What its file has is durable, the header too. */
static void flushed(vfs__pool *p, int32_t k)
{
	if (k == VFS__NO_SLOT)
		return;
	vfs__slot *slot = &p->store.slots[k];
	if (!slot->due)
		slot->old_digest = slot->digest;
	p->stale[k] = VFS__EMPTY;
}

/* Rule 3: the slot has the data, and durably, before a record says so. */
static int write_out(vfs__pool *p, vfs__pool_file *f)
{
	int err = p->loaded ? vfs__pool_name_slot(p, f) : 0;
	if (!err)
		err = vfs__cache_write_back(&f->data);
	if (err == -ENOSPC && p->loaded && !vfs__pool_change_slot(p, f)) {
		err = vfs__pool_name_slot(p, f);
		if (!err)
			err = vfs__cache_write_back(&f->data);
	}
	if (!err && VFS__RULE(3)) {
		bool flushes = f->data.unflushed;
		err = vfs__cache_flush(&f->data);
		if (!err && flushes)
			flushed(p, f->inode->slot);
	}
	return err ? err : log_sync(p, f, true);
}

int vfs__pool_order(vfs__pool *p, vfs__pool_file *f, enum vfs__cause cause)
{
	vfs__cached *d = &f->data;
	if (d->mapped)
		vfs__cache_touch(d, SIZE_MAX / 2, 0);
	if (!d->unlogged && !d->unflushed && d->size == f->inode->size)
		return 0;
	bool room = vfs__journal_has_room(&p->journal, p->pending.len + d->unlogged * LOGGED_PAGE);
	if (!room && d->size > f->inode->size && vfs__journal_is_low(&p->journal))
		return -ENOSPC; /* what is left is for what gives room back */
	p->cache.counts.write_backs[cause]++;
	if (d->unflushed || d->unlogged > LOG_PAGES || !room)
		return write_out(p, f);
	size_t before = p->pending.len;
	/* Room for all of it first: once logged, a page is not logged again. */
	int err = vfs__frame_add(&p->pending, d->unlogged * LOGGED_PAGE + 256) ? 0 : -ENOMEM;
	p->pending.len = before;
	if (!err)
		err = vfs__cache_log(d, &p->pending, f->inode->ino);
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

/* All that has changed is durable; and SQLite sees the names, should it be the next to
 * open the pool. *later: the error of the journal. */
static int sync_all(vfs__pool *p, int (*fn)(vfs__pool *, vfs__pool_file *), int *later)
{
	int wrong = vfs__pool_log_headers(p), failed = each_file(p, fn);
	*later = vfs__pool_commit(p);
	if (!*later && !wrong)
		wrong = vfs__pool_write_headers(p);
	return failed ? failed : *later ? *later : wrong;
}

int vfs__pool_sync(vfs__pool *p)
{
	int later, err = sync_all(p, order_for_sync, &later);
	if (!err) {
		vfs__pool_rest(p);
		vfs__pool_checkpoint_if_full(p);
	}
	return err;
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
	int later, err = sync_all(p, order_or_keep, &later);
	if (later)
		keep_for_all(p, later);
	if (err)
		vfs__pool_touch(p); /* it is tried again */
	else
		vfs__pool_checkpoint_if_full(p);
}

/* ---- Checkpoint ---- */

bool vfs__pool_is_applied(const vfs__pool_file *f)
{
	const vfs__cached *d = &f->data;
	return !d->dirty && !d->unflushed && d->size == f->inode->size;
}

/* There is no room for all that the file has. What the journal has of it may be there
 * all the same; the rest waits in memory. */
static int apply_logged(vfs__pool *p, vfs__pool_file *f)
{
	vfs__cached *d = &f->data;
	vfs__inode *i = f->inode;
	int err = d->dirty == d->unlogged ? vfs__cache_flush(d) : -ENOSPC;
	if (err)
		return err;
	flushed(p, i->slot);
	i->valid = d->flushed < i->size ? d->flushed : i->size;
	return vfs__pool_log_inode(p, i, true);
}

static int apply(vfs__pool *p, vfs__pool_file *f)
{
	if (vfs__pool_is_applied(f))
		return 0;
	if (!p->loaded) /* DATA of the journal, which is_foreign knows */
		f->inode->start = 0;
	p->cache.counts.write_backs[VFS__BY_CHECKPOINT]++;
	int err = write_out(p, f);
	return err == -ENOSPC ? apply_logged(p, f) : err;
}

int vfs__pool_forget_start(vfs__pool *p, vfs__pool_file *f)
{
	uint64_t start = f->inode->start;
	if (!f->data.known || !start)
		return 0;
	f->inode->start = 0;
	int err = vfs__pool_log_inode(p, f->inode, false);
	if (err)
		f->inode->start = start;
	return err;
}

static int forget_if_dirty(vfs__pool *p, vfs__pool_file *f)
{
	return f->data.dirty && VFS__RULE(13) ? vfs__pool_forget_start(p, f) : 0;
}

static int forgotten(vfs__pool *p, vfs__pool_file *f)
{
	(void)p;
	f->data.known = f->inode->start != 0;
	return 0;
}

/* What the journal must say before the slots are written, with one flush for all. */
static int announce(vfs__pool *p)
{
	int err = vfs__pool_log_headers(p);
	if (!err)
		err = each_file(p, forget_if_dirty);
	if (!err && (p->pending.len || p->journal.unflushed))
		err = vfs__pool_commit(p);
	if (!err)
		err = each_file(p, forgotten);
	return err ? err : vfs__pool_write_headers(p);
}

/* Rule 13's other half: what a slot begins with, where nothing of it is under way. */
static int learn(vfs__pool *p)
{
	for (vfs__inode *i = p->store.inodes; i; i = i->hh.next) {
		vfs__pool_file *f = i->node && S_ISREG(i->mode) ? vfs__pool_file_of(i->node) : NULL;
		unsigned char data[VFS__START];
		if (i->start || i->slot == VFS__NO_SLOT || p->handle[i->slot] < 0 ||
		    p->stale[i->slot] != VFS__EMPTY || (f && f->data.unflushed))
			continue;
		int err = p->loaded ? 0 : p->port->handles->flush(p->port, p->handle[i->slot]);
		if (err) /* what a killed program wrote may not be durable yet */
			return err;
		int n = vfs__slot_begin(p->port, p->handle[i->slot], data);
		if (n < 0)
			return n;
		i->start = vfs__slot_start(data, (size_t)n);
		if (f)
			f->data.known = true;
	}
	return 0;
}

/* Rule 5: data that the journal holds is in its slot, durably, before the journal
 * is given up. */
int vfs__pool_checkpoint(vfs__pool *p)
{
	vfs__frame snapshot = {NULL, 0, 0};
	int err = p->loaded ? announce(p) : 0;
	if (!err && VFS__RULE(5))
		err = each_file(p, apply);
	if (!err)
		err = learn(p);
	if (!err)
		err = vfs__pool_log_changed(p);
	if (!err)
		err = vfs__store_dump(&p->store, &snapshot);
	if (!err)
		err = vfs__journal_snapshot(&p->journal, &snapshot);
	if (!err) {
		p->pending.len = 0; /* the snapshot says it */
		committed(p);
	}
	vfs__frame_free(&snapshot);
	return err;
}
