/*
 * Which slots are free, when they are, and more of them.
 */
#include "pool.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int vfs__pool_slot_room(vfs__pool *p, int32_t n)
{
	size_t count = (size_t)(n ? n : 1);
	int *handle = realloc(p->handle, count * sizeof *handle);
	if (handle)
		p->handle = handle;
	int32_t *spare = realloc(p->spare, count * sizeof *spare);
	if (spare)
		p->spare = spare;
	unsigned char *stale = realloc(p->stale, count * sizeof *stale);
	if (stale)
		p->stale = stale;
	return handle && spare && stale ? 0 : -ENOMEM;
}

int32_t vfs__pool_take_slot(vfs__pool *p)
{
	if (p->loaded && !p->free && p->spares)
		vfs__pool_commit(p); /* it is tried; what it gives is looked at */
	if (p->spares <= p->store.slot_count / 8)
		vfs__pool_grow(p, (unsigned)p->store.slot_count / 4 + 4);
	if (!p->free)
		return -ENOSPC;
	int32_t slot = p->spare[--p->free];
	p->spare[p->free] = p->spare[--p->spares];
	return slot;
}

/* Rule 6: free when what freed it is durable. */
void vfs__pool_give_slot(vfs__pool *p, int32_t slot, bool stale)
{
	p->full = false; /* there may be room again */
	p->spare[p->spares++] = slot;
	p->stale[slot] = stale ? VFS__STALE : p->stale[slot];
	if ((!p->pending.len && !p->journal.unflushed) || !VFS__RULE(6))
		vfs__pool_free_slots(p);
}

/* Their room is given back; where that fails, when they are used. */
void vfs__pool_free_slots(vfs__pool *p)
{
	for (; p->free < p->spares; p->free++) {
		int32_t slot = p->spare[p->free];
		if (p->stale[slot] == VFS__STALE &&
		    !p->port->handles->truncate(p->port, p->handle[slot], VFS__SLOT_HEADER))
			p->stale[slot] = VFS__CUT;
	}
}

/* A deleted file's slot has its room, which a browser may not give to another before the
 * slot is closed. */
int vfs__pool_change_slot(vfs__pool *p, vfs__pool_file *f)
{
	vfs__inode *i = f->inode;
	int32_t from = i->slot;
	int at = 0;
	if (f->data.valid || i->valid || !i->names || vfs__pool_commit(p))
		return -ENOSPC;
	while (at < p->free && p->stale[p->spare[at]] != VFS__CUT)
		at++;
	if (at == p->free)
		return -ENOSPC;
	vfs__record r = vfs__inode_record(i);
	r.slot = p->spare[at];
	r.start = 0;
	int err = vfs__store_log(&p->store, &p->pending, &r);
	if (err)
		return err;
	p->spare[at] = p->spare[--p->free];
	p->spare[p->free] = p->spare[--p->spares];
	f->data.handle = p->handle[r.slot];
	f->data.physical = INT64_MAX;
	f->data.known = false;
	vfs__pool_give_slot(p, from, true);
	return 0;
}

/* SQLite reads no sound header from a file that is shorter. Where there is no room for
 * one, there will be when the slot is used. */
void vfs__pool_make_sound(vfs__pool *p, int32_t slot)
{
	const vfs__handle_ops *ops = p->port->handles;
	if (!ops->truncate(p->port, p->handle[slot], VFS__SLOT_HEADER))
		ops->flush(p->port, p->handle[slot]);
}

/* ---- Growth ---- */

static int add_slot(vfs__pool *p, const char *name, int handle)
{
	int32_t slot = p->store.slot_count;
	vfs__record r = {.type = VFS__SLOT, .slot = slot, .bytes = name, .len = strlen(name)};
	int err = vfs__pool_slot_room(p, slot + 1);
	if (!err)
		err = vfs__store_log(&p->store, &p->pending, &r);
	if (err)
		return err;
	p->handle[slot] = handle;
	p->stale[slot] = VFS__EMPTY;
	vfs__pool_make_sound(p, slot);
	p->spare[p->spares++] = p->spare[p->free];
	p->spare[p->free++] = slot;
	return 0;
}

static void grown(void *context, int result)
{
	vfs__pool *p = context;
	vfs__pool_files *files = p->files;
	if (!p->inside)
		vfs__pool_lock(p);
	p->growing = false;
	p->full = result != 0;
	for (int k = p->store.slot_count; k < files->count; k++)
		if (files->handle[k] < 0 || add_slot(p, files->name[k], files->handle[k]))
			p->full = true;
	if (!p->inside)
		vfs__pool_unlock(p);
}

int vfs__pool_grow(vfs__pool *p, unsigned n)
{
	unsigned count = (unsigned)p->store.slot_count;
	if (p->growing || p->full || count >= p->limit || count != (unsigned)p->files->count)
		return -ENOSPC;
	p->growing = p->inside = true;
	int err = vfs__pool_add(p->files, (int)(n < p->limit - count ? n : p->limit - count), grown,
				p);
	p->inside = false;
	if (err)
		p->growing = false;
	return err;
}
