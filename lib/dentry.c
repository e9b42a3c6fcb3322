/*
 * The dentry table: one uthash table for every name of every directory, keyed
 * by (parent, name). A directory's entries are also on a list, in the order of
 * their cookies, which only grow: a reader that stands between two entries
 * stays there while others come and go. Everything here is the namespace
 * lock's.
 *
 * Of uthash it needs no more than the buckets: its order of all elements and
 * its making and freeing of tables would be a kilobyte of wasm. Each of its
 * macros is expanded once.
 */
#include "internal.h"

#define HASH_NONFATAL_OOM  1
#define uthash_malloc(n)   calloc(1, n)
#define uthash_free(p, n)  ((p) != first ? free(p) : (void)0)
#define uthash_bzero(p, n) ((void)0)
#include <uthash.h>

static UT_hash_bucket first[32];
static UT_hash_table table = {.buckets = first, .num_buckets = 32, .log2_num_buckets = 5};

/* Shorter chains than uthash's 10; and where there is no memory for more
 * buckets, longer ones: no reason for an addition to fail. */
#undef HASH_BKT_CAPACITY_THRESH
#define HASH_BKT_CAPACITY_THRESH 4U
static void expand(void)
{
	int oomed = 0;
	HASH_EXPAND_BUCKETS(hh, &table, oomed);
	(void)oomed;
}
#undef HASH_EXPAND_BUCKETS
#define HASH_EXPAND_BUCKETS(hh, tbl, oomed) expand()

struct FSDentry {
	UT_hash_handle hh; /* keylen is the name's length; key, prev and next are not used */
	FSNode *parent;    /* held, so that it outlives its entries */
	FSNode *node;      /* held; NULL while only reserved */
	FSDentry *next, *prev;
	uint64_t cookie;
	char name[];
};

static UT_hash_bucket *bucket(unsigned hash)
{
	return &table.buckets[hash & (table.num_buckets - 1)];
}

static bool same(const char *a, const char *b, unsigned len)
{
	while (len && *a == *b)
		a++, b++, len--;
	return !len;
}

unsigned vfs__hash(const FSNode *parent, const char *name, size_t len)
{
	unsigned h = vfs__hash_start(parent);
	while (len--)
		h = vfs__hash_byte(h, (unsigned char)*name++);
	return vfs__hash_end(h);
}

FSDentry *vfs__find(const FSNode *dir, const vfs__name *name)
{
	for (UT_hash_handle *h = bucket(name->hash)->hh_head; h; h = h->hh_next) {
		FSDentry *d = (FSDentry *)h;
		if (h->hashv == name->hash && h->keylen == name->len && d->parent == dir &&
		    same(d->name, name->ptr, name->len))
			return d;
	}
	return NULL;
}

static void add(FSDentry *d, const vfs__name *name)
{
	int oomed = 0;
	d->hh.tbl = &table;
	d->hh.keylen = name->len;
	d->hh.hashv = name->hash;
	table.num_items++;
	HASH_ADD_TO_BKT(*bucket(name->hash), hh, &d->hh, oomed);
}

static void delete (FSDentry *d)
{
	table.num_items--;
	HASH_DEL_IN_BKT(*bucket(d->hh.hashv), &d->hh);
}

FSNode *vfs__entry_node(const FSDentry *d)
{
	return d->node;
}

FSNode *vfs__entry_parent(const FSDentry *d)
{
	return d->parent;
}

const char *vfs__entry_name(const FSDentry *d)
{
	return d->name;
}

unsigned vfs__entry_len(const FSDentry *d)
{
	return d->hh.keylen;
}

uint64_t vfs__entry_cookie(const FSDentry *d)
{
	return d->cookie;
}

FSDentry *vfs__entry_next(const FSDentry *d)
{
	return d->next;
}

int vfs__reserve(FSNode *dir, const vfs__name *name, FSDentry **out)
{
	FSDentry *d = malloc(sizeof *d + name->len + 1);
	if (!d)
		return -ENOMEM;
	memcpy(d->name, name->ptr, name->len);
	d->name[name->len] = 0;
	d->parent = dir;
	d->node = NULL;
	add(d, name);
	vfs__get_node(dir);
	*out = d;
	return 0;
}

void vfs__abandon(FSDentry *d)
{
	FSNode *parent = d->parent;
	delete (d);
	free(d);
	vfs_node_put(parent);
}

/* What a directory knows of its own place. */
static void settle_in(FSDentry *d)
{
	if (!S_ISDIR(d->node->mode))
		return;
	FSNode *old = d->node->u.dir.parent;
	vfs__get_node(d->parent);
	d->node->u.dir.parent = d->parent;
	d->node->u.dir.entry = d;
	vfs_node_put(old);
}

void vfs__enter(FSDentry *d, FSNode *node)
{
	FSNode *dir = d->parent;
	vfs__get_node(node);
	d->node = node;
	d->cookie = dir->u.dir.next_cookie++;
	d->next = NULL;
	d->prev = dir->u.dir.last;
	if (d->prev)
		d->prev->next = d;
	else
		dir->u.dir.first = d;
	dir->u.dir.last = d;
	dir->size += VFS__ENTRY_SIZE;
	settle_in(d);
}

/* Readers that stand at `from` stand at `to`. */
static void move_cursors(const FSNode *dir, const FSDentry *from, FSDentry *to)
{
	for (FSStreamShared *c = dir->u.dir.cursors; c; c = c->next_cursor)
		if (c->next_entry == from)
			c->next_entry = to;
}

void vfs__remove(FSDentry *d)
{
	FSNode *dir = d->parent, *node = d->node;
	move_cursors(dir, d, d->next);
	if (d->prev)
		d->prev->next = d->next;
	else
		dir->u.dir.first = d->next;
	if (d->next)
		d->next->prev = d->prev;
	else
		dir->u.dir.last = d->prev;
	dir->size -= VFS__ENTRY_SIZE;
	if (S_ISDIR(node->mode) && node->u.dir.entry == d)
		node->u.dir.entry = NULL;
	vfs__abandon(d);
	vfs_node_put(node);
}

void vfs__replace(FSDentry *d, FSNode *node)
{
	FSNode *old = d->node;
	vfs__get_node(node);
	d->node = node;
	if (S_ISDIR(old->mode) && old->u.dir.entry == d)
		old->u.dir.entry = NULL;
	settle_in(d);
	vfs_node_put(old);
}

void vfs__move_in_place(FSDentry *d, FSDentry *old)
{
	FSNode *dir = d->parent;
	d->node = old->node;
	d->cookie = old->cookie;
	d->next = old->next;
	d->prev = old->prev;
	*(d->prev ? &d->prev->next : &dir->u.dir.first) = d;
	*(d->next ? &d->next->prev : &dir->u.dir.last) = d;
	move_cursors(dir, old, d);
	if (S_ISDIR(d->node->mode))
		d->node->u.dir.entry = d;
	vfs__abandon(old);
}

FSDentry *vfs__entry_at(const FSNode *dir, uint64_t at)
{
	if (at <= 2)
		return dir->u.dir.first;
	FSDentry *d = dir->u.dir.last, *found = NULL;
	while (d && d->cookie >= at) {
		found = d;
		d = d->prev;
	}
	return found;
}

void vfs__remove_all(const FSMount *m)
{
	UT_hash_handle *h, *next;
	for (unsigned i = 0; i < table.num_buckets; i++)
		for (h = table.buckets[i].hh_head; h; h = next) {
			next = h->hh_next;
			FSDentry *d = (FSDentry *)h;
			if (d->parent->mount == m)
				vfs__remove(d);
		}
}

void vfs__drop_cursor(FSStreamShared *shared)
{
	if (!shared->cursor_at)
		return;
	*shared->cursor_at = shared->next_cursor;
	if (shared->next_cursor)
		shared->next_cursor->cursor_at = shared->cursor_at;
	shared->cursor_at = NULL;
}

int vfs_add_name(FSNode *dir, const char *ptr, size_t len, FSNode *node)
{
	vfs__name name = {ptr, (unsigned)len, vfs__hash(dir, ptr, len)};
	FSDentry *d;
	if (vfs__find(dir, &name))
		return -EEXIST;
	int err = vfs__reserve(dir, &name, &d);
	if (err)
		return err;
	vfs__enter(d, node);
	if (S_ISDIR(node->mode))
		dir->nlink++;
	return 0;
}
