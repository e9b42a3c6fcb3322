/*
 * The state that the journal holds, and its records; JOURNAL.md tells their bytes.
 */
#include "store.h"
#include "bytes.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(element) (oomed = true)

/* ---- The tables: each macro is expanded once. NOLINT: the analyzer knows neither a
 * head that moves nor a key of two parts ---- */

vfs__inode *vfs__store_inode(const vfs__store *s, uint64_t ino)
{
	vfs__inode *i;
	HASH_FIND(hh, s->inodes, &ino, sizeof ino, i);
	return i;
}

static vfs__inode *make_inode(vfs__store *s, uint64_t ino)
{
	bool oomed = false;
	vfs__inode *i = calloc(1, sizeof *i);
	if (!i)
		return NULL;
	i->ino = ino;
	i->slot = VFS__NO_SLOT;
	i->redo_end = &i->redo;
	HASH_ADD(hh, s->inodes, ino, sizeof i->ino, i);
	if (oomed) {
		free(i);
		return NULL;
	}
	if (ino > s->last_ino)
		s->last_ino = ino;
	return i;
}

void vfs__store_drop_redo(vfs__inode *i, int64_t from)
{
	for (vfs__redo **at = &i->redo, *r; (r = *at) != NULL;) {
		if (r->pos < from && r->pos + (int64_t)r->len > from)
			r->len = (size_t)(from - r->pos);
		if (r->pos < from) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		free(r);
	}
	i->redo_end = &i->redo;
	while (*i->redo_end)
		i->redo_end = &(*i->redo_end)->next;
}

bool vfs__store_has_redo(const vfs__inode *i, int64_t from, int64_t to)
{
	bool more = true;
	while (from < to && more) {
		more = false;
		for (const vfs__redo *r = i->redo; r; r = r->next)
			if (r->pos <= from && r->pos + (int64_t)r->len > from) {
				from = r->pos + (int64_t)r->len;
				more = true;
			}
	}
	return from >= to;
}

/* The header of the file's slot, or of all below the directory, may be wrong now. */
static void move(vfs__store *s, const vfs__inode *i)
{
	if (!i || i->slot == VFS__NO_SLOT)
		s->moved |= i && S_ISDIR(i->mode);
	else
		s->slots[i->slot].moved = true;
}

static void leave_slot(vfs__store *s, vfs__inode *i)
{
	move(s, i);
	if (i->slot != VFS__NO_SLOT && s->slots[i->slot].owner == i)
		s->slots[i->slot].owner = NULL;
	i->slot = VFS__NO_SLOT;
}

void vfs__store_forget(vfs__store *s, vfs__inode *i)
{
	leave_slot(s, i);
	vfs__store_drop_redo(i, 0);
	HASH_DELETE(hh, s->inodes, i); /* NOLINT(clang-analyzer-unix.Malloc) */
	free(i->target);
	free(i);
}

typedef struct name_key {
	uint64_t parent;
	char name[255];
} name_key;

static vfs__named *find_name(const vfs__store *s, uint64_t parent, const void *name, size_t len)
{
	vfs__named *n = NULL;
	name_key key;
	if (len > sizeof key.name)
		return NULL;
	key.parent = parent;
	memcpy(key.name, name, len);
	/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
	HASH_FIND(hh, s->names, &key, (unsigned)(sizeof parent + len), n);
	return n;
}

vfs__inode *vfs__store_find(const vfs__store *s, uint64_t parent, const char *name, size_t len)
{
	const vfs__named *n = find_name(s, parent, name, len);
	return n ? vfs__store_inode(s, n->ino) : NULL;
}

static vfs__named *make_name(vfs__store *s, uint64_t parent, const void *name, size_t len)
{
	bool oomed = false;
	vfs__named *n = calloc(1, sizeof *n + len + 1);
	if (!n)
		return NULL;
	n->parent = parent;
	memcpy(n->name, name, len);
	HASH_ADD(hh, s->names, parent, (unsigned)(sizeof parent + len), n);
	if (!oomed)
		return n;
	free(n);
	return NULL;
}

/* The name leads to its inode from now on, or (by -1) no more. */
static void count_name(vfs__store *s, vfs__named *n, int by)
{
	vfs__inode *i = vfs__store_inode(s, n->ino);
	if (!i || (by < 0 && !i->names))
		return;
	i->names = (uint32_t)((int)i->names + by);
	if (by > 0 && !i->name)
		i->name = n;
	else if (by < 0 && i->name == n)
		i->name = NULL;
	else
		return;
	move(s, i);
}

/* Names made last are the likeliest to be looked for. */
vfs__named *vfs__store_name(const vfs__store *s, vfs__inode *i)
{
	if (i->name || !i->names || !s->names)
		return i->name;
	vfs__named *n = ELMT_FROM_HH(s->names->hh.tbl, s->names->hh.tbl->tail);
	while (n && n->ino != i->ino)
		n = n->hh.prev;
	return i->name = n;
}

static void remove_name(vfs__store *s, vfs__named *n)
{
	count_name(s, n, -1);
	HASH_DELETE(hh, s->names, n); /* NOLINT(clang-analyzer-*) */
	free(n);
}

/* ---- Applying: all that can fail comes first ---- */

static int apply_inode(vfs__store *s, const vfs__record *r)
{
	if (r->slot != VFS__NO_SLOT && (r->slot < 0 || r->slot >= s->slot_count))
		return -EBADMSG;
	if (r->size < 0 || r->valid < 0 || r->valid > r->size || !r->ino)
		return -EBADMSG;
	vfs__inode *i = vfs__store_inode(s, r->ino);
	if (!i && !(i = make_inode(s, r->ino)))
		return -ENOMEM;
	if (i->slot != r->slot) {
		leave_slot(s, i);
		if (r->slot != VFS__NO_SLOT) {
			if (s->slots[r->slot].owner)
				s->slots[r->slot].owner->slot = VFS__NO_SLOT;
			s->slots[r->slot].owner = i;
			s->slots[r->slot].moved = true;
		}
		i->slot = r->slot;
	}
	i->mode = r->mode;
	i->uid = r->uid;
	i->gid = r->gid;
	i->rdev = r->rdev;
	i->size = r->size;
	i->valid = r->valid;
	i->start = r->start;
	memcpy(i->times, r->times, sizeof i->times);
	if (i->redo)
		vfs__store_drop_redo(i, r->applied ? 0 : r->size);
	return 0;
}

static int apply_target(vfs__store *s, const vfs__record *r)
{
	vfs__inode *i = vfs__store_inode(s, r->ino);
	if (!i)
		return -EBADMSG;
	char *target = malloc(r->len + 1);
	if (!target)
		return -ENOMEM;
	memcpy(target, r->bytes, r->len);
	target[r->len] = 0;
	free(i->target);
	i->target = target;
	return 0;
}

static int apply_name(vfs__store *s, const vfs__record *r)
{
	vfs__named *n = find_name(s, r->parent, r->bytes, r->len);
	if (!r->len || r->len > 255)
		return -EBADMSG;
	if (n)
		count_name(s, n, -1);
	else if (!(n = make_name(s, r->parent, r->bytes, r->len)))
		return -ENOMEM;
	n->ino = r->ino;
	count_name(s, n, 1);
	return 0;
}

static int apply_no_name(vfs__store *s, const vfs__record *r)
{
	vfs__named *n = find_name(s, r->parent, r->bytes, r->len);
	if (!n)
		return -EBADMSG;
	remove_name(s, n);
	return 0;
}

static int apply_data(vfs__store *s, const vfs__record *r)
{
	vfs__inode *i = vfs__store_inode(s, r->ino);
	if (!s->reading || !i)
		return 0; /* of a file that is gone */
	vfs__redo *redo = malloc(sizeof *redo + r->len);
	if (!redo)
		return -ENOMEM;
	redo->next = NULL;
	redo->pos = r->pos;
	redo->len = r->len;
	memcpy(redo->bytes, r->bytes, r->len);
	*i->redo_end = redo;
	i->redo_end = &redo->next;
	return 0;
}

static int apply_slot(vfs__store *s, const vfs__record *r)
{
	if (r->slot < 0 || r->slot > s->slot_count || !r->len || r->len > VFS__SLOT_NAME)
		return -EBADMSG;
	if (r->slot == s->slot_count) {
		vfs__slot *slots = realloc(s->slots, ((size_t)r->slot + 1) * sizeof *slots);
		if (!slots)
			return -ENOMEM;
		s->slots = slots;
		memset(&slots[r->slot], 0, sizeof *slots);
		s->slot_count++;
	}
	vfs__slot *slot = &s->slots[r->slot];
	memcpy(slot->name, r->bytes, r->len);
	slot->name[r->len] = 0;
	slot->digest = r->digest;
	slot->old_digest = r->old_digest;
	slot->alias = r->alias;
	return 0;
}

static int apply(vfs__store *s, const vfs__record *r)
{
	s->clean = r->type == VFS__CLEAN;
	switch (r->type) {
	case VFS__INODE:
		return apply_inode(s, r);
	case VFS__TARGET:
		return apply_target(s, r);
	case VFS__NAME:
		return apply_name(s, r);
	case VFS__NO_NAME:
		return apply_no_name(s, r);
	case VFS__DATA:
		return apply_data(s, r);
	case VFS__SLOT:
		return apply_slot(s, r);
	case VFS__CLEAN:
		return 0;
	}
	return -ENOTSUP;
}

/* ---- Bytes: a record is its type, the length of what follows, and that ---- */

enum { HEAD = 8, INODE_LEN = 96 + 16, MAX_FIXED = INODE_LEN };

/* The fields of a record before its bytes. */
static size_t fixed_len(enum vfs__record_type type)
{
	switch (type) {
	case VFS__INODE:
		return INODE_LEN;
	case VFS__TARGET:
		return 8;
	case VFS__NAME:
		return 16;
	case VFS__NO_NAME:
		return 8;
	case VFS__DATA:
		return 16;
	case VFS__SLOT:
		return 24;
	case VFS__CLEAN:
		return 0;
	}
	return (size_t)-1;
}

static void put_inode(unsigned char *p, const vfs__record *r)
{
	vfs__put64(p, r->ino);
	vfs__put64(p + 8, r->rdev);
	vfs__put64(p + 16, (uint64_t)r->size);
	vfs__put64(p + 24, (uint64_t)r->valid);
	vfs__put32(p + 32, r->mode);
	vfs__put32(p + 36, r->uid);
	vfs__put32(p + 40, r->gid);
	vfs__put32(p + 44, (uint32_t)r->slot);
	vfs__put64(p + 48, r->applied);
	for (int k = 0; k < 4; k++) {
		vfs__put64(p + 56 + 12 * k, (uint64_t)r->times[k].tv_sec);
		vfs__put32(p + 64 + 12 * k, (uint32_t)r->times[k].tv_nsec);
	}
	vfs__put64(p + 104, r->start);
}

static void get_inode(const unsigned char *p, vfs__record *r)
{
	r->ino = vfs__get64(p);
	r->rdev = vfs__get64(p + 8);
	r->size = (int64_t)vfs__get64(p + 16);
	r->valid = (int64_t)vfs__get64(p + 24);
	r->mode = vfs__get32(p + 32);
	r->uid = vfs__get32(p + 36);
	r->gid = vfs__get32(p + 40);
	r->slot = (int32_t)vfs__get32(p + 44);
	r->applied = vfs__get64(p + 48);
	for (int k = 0; k < 4; k++) {
		r->times[k].tv_sec = (time_t)vfs__get64(p + 56 + 12 * k);
		r->times[k].tv_nsec = (long)vfs__get32(p + 64 + 12 * k);
	}
	r->start = vfs__get64(p + 104);
}

/* Writes all but the bytes; they follow the result. */
static unsigned char *put(unsigned char *p, const vfs__record *r)
{
	size_t fixed = fixed_len(r->type);
	vfs__put32(p, r->type);
	vfs__put32(p + 4, (uint32_t)(fixed + r->len));
	p += HEAD;
	switch (r->type) {
	case VFS__INODE:
		put_inode(p, r);
		break;
	case VFS__TARGET:
		vfs__put64(p, r->ino);
		break;
	case VFS__NAME:
		vfs__put64(p, r->parent);
		vfs__put64(p + 8, r->ino);
		break;
	case VFS__NO_NAME:
		vfs__put64(p, r->parent);
		break;
	case VFS__DATA:
		vfs__put64(p, r->ino);
		vfs__put64(p + 8, (uint64_t)r->pos);
		break;
	case VFS__SLOT:
		vfs__put32(p, (uint32_t)r->slot);
		vfs__put32(p + 4, r->alias);
		vfs__put64(p + 8, r->digest);
		vfs__put64(p + 16, r->old_digest);
		break;
	case VFS__CLEAN:
		break;
	}
	return p + fixed;
}

static void get(const unsigned char *p, vfs__record *r)
{
	switch (r->type) {
	case VFS__INODE:
		get_inode(p, r);
		break;
	case VFS__TARGET:
		r->ino = vfs__get64(p);
		break;
	case VFS__NAME:
		r->parent = vfs__get64(p);
		r->ino = vfs__get64(p + 8);
		break;
	case VFS__NO_NAME:
		r->parent = vfs__get64(p);
		break;
	case VFS__DATA:
		r->ino = vfs__get64(p);
		r->pos = (int64_t)vfs__get64(p + 8);
		break;
	case VFS__SLOT:
		r->slot = (int32_t)vfs__get32(p);
		r->alias = vfs__get32(p + 4);
		r->digest = vfs__get64(p + 8);
		r->old_digest = vfs__get64(p + 16);
		break;
	case VFS__CLEAN:
		break;
	}
}

static int add(vfs__frame *f, const vfs__record *r)
{
	unsigned char *p = vfs__frame_add(f, HEAD + fixed_len(r->type) + r->len);
	if (!p)
		return -ENOMEM;
	p = put(p, r);
	if (r->len)
		memcpy(p, r->bytes, r->len);
	return 0;
}

int vfs__store_log(vfs__store *s, vfs__frame *f, const vfs__record *r)
{
	size_t before = f->len;
	int err = add(f, r);
	if (!err)
		err = apply(s, r);
	if (err)
		f->len = before;
	return err;
}

unsigned char *vfs__store_log_data(vfs__frame *f, uint64_t ino, int64_t pos, size_t len)
{
	vfs__record r = {.type = VFS__DATA, .ino = ino, .pos = pos, .len = len};
	unsigned char *p = vfs__frame_add(f, HEAD + fixed_len(VFS__DATA) + len);
	return p ? put(p, &r) : NULL;
}

int vfs__store_read(void *store, const unsigned char *p, size_t len)
{
	vfs__store *s = store;
	while (len >= HEAD) {
		vfs__record r = {.type = vfs__get32(p)};
		size_t body = vfs__get32(p + 4), fixed = fixed_len(r.type);
		if (fixed == (size_t)-1)
			return r.type ? -ENOTSUP : 0; /* zeros: the frame's padding */
		if (body > len - HEAD || body < fixed)
			return -EBADMSG;
		get(p + HEAD, &r);
		r.bytes = p + HEAD + fixed;
		r.len = body - fixed;
		int err = apply(s, &r);
		if (err)
			return err;
		p += HEAD + body;
		len -= HEAD + body;
	}
	return 0;
}

vfs__record vfs__inode_record(const vfs__inode *i)
{
	vfs__record r = {.type = VFS__INODE,
			 .ino = i->ino,
			 .rdev = i->rdev,
			 .mode = i->mode,
			 .uid = i->uid,
			 .gid = i->gid,
			 .slot = i->slot,
			 .size = i->size,
			 .valid = i->valid,
			 .start = i->start};
	memcpy(r.times, i->times, sizeof r.times);
	return r;
}

int vfs__store_dump(const vfs__store *s, vfs__frame *f)
{
	int err = 0;
	for (int32_t k = 0; k < s->slot_count && !err; k++) {
		const vfs__slot *slot = &s->slots[k];
		vfs__record r = {.type = VFS__SLOT,
				 .slot = k,
				 .alias = slot->alias,
				 .digest = slot->digest,
				 .old_digest = slot->old_digest,
				 .bytes = slot->name,
				 .len = strlen(slot->name)};
		err = add(f, &r);
	}
	for (const vfs__inode *i = s->inodes; i && !err; i = i->hh.next) {
		vfs__record r = vfs__inode_record(i);
		err = add(f, &r);
		vfs__record target = {.type = VFS__TARGET, .ino = i->ino, .bytes = i->target};
		if (i->target && !err) {
			target.len = strlen(i->target);
			err = add(f, &target);
		}
	}
	for (const vfs__named *n = s->names; n && !err; n = n->hh.next) {
		vfs__record r = {.type = VFS__NAME,
				 .parent = n->parent,
				 .ino = n->ino,
				 .bytes = n->name,
				 .len = n->hh.keylen - sizeof n->parent};
		err = add(f, &r);
	}
	return err;
}

void vfs__store_drop_unnamed(vfs__store *s)
{
	for (vfs__inode *i = s->inodes, *next; i; i = next) {
		next = i->hh.next;
		if (!i->names && i->ino != VFS__ROOT_INO)
			vfs__store_forget(s, i);
	}
}

void vfs__store_free(vfs__store *s)
{
	for (vfs__named *n = s->names, *next; n; n = next) {
		next = n->hh.next;
		remove_name(s, n);
	}
	for (vfs__inode *i = s->inodes, *next; i; i = next) {
		next = i->hh.next;
		vfs__store_forget(s, i);
	}
	free(s->slots);
	*s = (vfs__store){0};
}
