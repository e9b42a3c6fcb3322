/*
 * The pool backend: what happens to names and attributes is recorded here, and the
 * page cache moves the data. Everything is memory until something syncs it
 * (pool_commit.c).
 */
#include "pool.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>

enum { CACHE = 16 << 20, AGE = 1000, CAPACITY_MOST = 100000 };

static vfs__pool *pool_of(const FSNode *n)
{
	return n->mount->data;
}

/* ---- Data ---- */

static ssize_t pool_read(FSStream *s, void *buf, size_t len, off_t pos)
{
	FSNode *n = s->shared->node;
	vfs__pool *p = pool_of(n);
	vfs__pool_file *f = vfs__pool_file_of(n);
	vfs__pool_lock(p);
	ssize_t r = vfs__pool_in_batch(f, s) ? vfs__pool_batch_read(f, buf, len, pos)
					     : vfs__cache_read(&f->data, buf, len, pos);
	vfs__pool_unlock(p);
	return r;
}

static ssize_t pool_write(FSStream *s, const void *buf, size_t len, off_t pos)
{
	FSNode *n = s->shared->node;
	vfs__pool *p = pool_of(n);
	vfs__pool_file *f = vfs__pool_file_of(n);
	ssize_t r;
	vfs__pool_lock(p);
	if (vfs__pool_in_batch(f, s)) {
		r = vfs__pool_batch_write(f, s, buf, len, pos);
	} else {
		r = vfs__cache_write(&f->data, buf, len, pos);
		n->size = f->data.size;
		vfs__pool_change(p, f);
	}
	vfs__pool_unlock(p);
	return r;
}

static int pool_allocate(FSStream *s, int mode, off_t pos, off_t len)
{
	FSNode *n = s->shared->node;
	vfs__pool *p = pool_of(n);
	vfs__pool_file *f = vfs__pool_file_of(n);
	vfs__pool_lock(p);
	int err = vfs__pool_allocate(p, f, mode, pos, len);
	n->size = f->data.size;
	vfs__pool_change(p, f);
	vfs__pool_unlock(p);
	return err;
}

static int pool_mmap(FSStream *s, size_t len, off_t pos, int prot, void **addr)
{
	FSNode *n = s->shared->node;
	vfs__pool *p = pool_of(n);
	vfs__pool_lock(p);
	int err = vfs__cache_map(&vfs__pool_file_of(n)->data, len, pos, prot & PROT_WRITE, addr);
	vfs__pool_unlock(p);
	return err;
}

static void pool_munmap(FSNode *n, void *addr, size_t len, off_t pos)
{
	vfs__pool *p = pool_of(n);
	vfs__pool_lock(p);
	vfs__cache_unmap(&vfs__pool_file_of(n)->data, addr, len, pos);
	vfs__pool_unlock(p);
}

static int pool_msync(FSNode *n, void *addr, size_t len, off_t pos, int flags)
{
	vfs__pool *p = pool_of(n);
	vfs__pool_file *f = vfs__pool_file_of(n);
	(void)addr;
	vfs__pool_lock(p);
	vfs__cache_touch(&f->data, len, pos);
	vfs__pool_change(p, f);
	int err = flags & MS_SYNC ? vfs__pool_sync_file(p, f) : 0;
	vfs__pool_unlock(p);
	return err;
}

static int pool_fsync(FSStream *s, bool data_only)
{
	FSNode *n = s->shared->node;
	vfs__pool *p = pool_of(n);
	vfs__pool_file *f = vfs__pool_file_of(n);
	(void)data_only; /* the times cost nothing */
	vfs__pool_lock(p);
	int err = vfs__pool_sync_file(p, f),
	    kept = vfs__cached_tell(&f->data, &s->shared->errors_seen);
	vfs__pool_unlock(p);
	return err ? err : kept;
}

static int pool_open(FSStream *s)
{
	s->shared->errors_seen = vfs__cached_seen(&vfs__pool_file_of(s->shared->node)->data);
	return 0;
}

/* Each close of a descriptor. */
static int pool_flush(FSStream *s)
{
	FSNode *n = s->shared->node;
	vfs__pool *p = pool_of(n);
	vfs__pool_file *f = vfs__pool_file_of(n);
	int err = 0;
	if (!s->writable && !__atomic_load_n(&f->data.errors, __ATOMIC_RELAXED))
		return 0;
	vfs__pool_lock(p);
	int kept = vfs__cached_tell(&f->data, &s->shared->errors_seen);
	if (s->writable && f->inode->names && (f->changed_at || f->data.unlogged || kept))
		err = vfs__pool_close_file(p, f);
	vfs__pool_unlock(p);
	return err ? err : kept;
}

/* The last close of a description. */
static void pool_close(FSStream *s)
{
	FSNode *n = s->shared->node;
	vfs__pool *p = pool_of(n);
	vfs__pool_file *f = vfs__pool_file_of(n);
	if (__atomic_load_n(&f->batcher, __ATOMIC_RELAXED) != s->shared)
		return;
	vfs__pool_lock(p);
	vfs__pool_end_batch(f);
	vfs__pool_unlock(p);
}

/* ---- Atomic writes ---- */

static int pool_begin(FSStream *s)
{
	FSNode *n = s->shared->node;
	vfs__pool *p = pool_of(n);
	vfs__pool_lock(p);
	int err = vfs__pool_begin(vfs__pool_file_of(n), s->shared);
	vfs__pool_unlock(p);
	return err;
}

static int end_batch(FSStream *s, bool commit)
{
	FSNode *n = s->shared->node;
	vfs__pool *p = pool_of(n);
	vfs__pool_file *f = vfs__pool_file_of(n);
	int err = 0;
	vfs__pool_lock(p);
	if (!vfs__pool_in_batch(f, s))
		err = -EINVAL;
	else if (commit)
		err = vfs__pool_commit_batch(p, f);
	else
		vfs__pool_end_batch(f);
	vfs__pool_unlock(p);
	return err;
}

static int pool_commit(FSStream *s)
{
	return end_batch(s, true);
}

static int pool_rollback(FSStream *s)
{
	return end_batch(s, false);
}

const StreamOps vfs__pool_file_ops = {.open = pool_open,
				      .close = pool_close,
				      .flush = pool_flush,
				      .read = pool_read,
				      .write = pool_write,
				      .allocate = pool_allocate,
				      .mmap = pool_mmap,
				      .munmap = pool_munmap,
				      .msync = pool_msync,
				      .fsync = pool_fsync,
				      .begin = pool_begin,
				      .commit = pool_commit,
				      .rollback = pool_rollback};

/* A smaller size is recorded at once: what the file holds behind it is not its data
 * any more, whatever is written there next. */
static int pool_truncate(FSNode *n, off_t size)
{
	vfs__pool *p = pool_of(n);
	vfs__pool_file *f = vfs__pool_file_of(n);
	vfs__inode *i = f->inode;
	int err = 0;
	vfs__pool_lock(p);
	if (size < i->size)
		err = vfs__pool_log_cut(p, i, size, size);
	if (!err) {
		vfs__cache_truncate(&f->data, size);
		n->size = size;
		vfs__pool_change(p, f);
	}
	vfs__pool_unlock(p);
	return err;
}

/* ---- Names ---- */

static int log_name(vfs__pool *p, const FSNode *dir, const char *name, size_t len, const FSNode *n)
{
	vfs__record r = {
		.type = VFS__NAME, .parent = dir->ino, .ino = n->ino, .bytes = name, .len = len};
	return vfs__store_log(&p->store, &p->pending, &r);
}

static int log_no_name(vfs__pool *p, const FSNode *dir, const char *name, size_t len)
{
	vfs__record r = {.type = VFS__NO_NAME, .parent = dir->ino, .bytes = name, .len = len};
	return vfs__store_log(&p->store, &p->pending, &r);
}

/* Their times change with the name. */
static void changed(vfs__pool *p, FSNode *dir, FSNode *n)
{
	vfs__pool_change(p, vfs__pool_file_of(dir));
	vfs__pool_change(p, vfs__pool_file_of(n));
}

/* The inode, recorded; its slot is the caller's to take back after an error. */
static int new_inode(vfs__pool *p, FSNode *n, int32_t slot)
{
	vfs__record r = {.type = VFS__INODE,
			 .ino = n->ino,
			 .rdev = n->rdev,
			 .mode = n->mode,
			 .uid = n->uid,
			 .gid = n->gid,
			 .slot = slot};
	if (slot != VFS__NO_SLOT && p->stale[slot] == VFS__EMPTY)
		r.start = vfs__slot_start(NULL, 0);
	int err = vfs__store_log(&p->store, &p->pending, &r);
	if (err)
		return err;
	vfs__pool_file *f = vfs__pool_file_of(n);
	f->inode = vfs__store_inode(&p->store, n->ino);
	f->inode->node = n;
	n->node_ops = &vfs__pool_node_ops;
	if (!S_ISREG(n->mode))
		return 0;
	n->stream_ops = &vfs__pool_file_ops;
	vfs__cached_open(&f->data, &p->cache, p->handle[slot], VFS__SLOT_HEADER, 0, 0);
	f->data.known = r.start != 0;
	return 0;
}

static int pool_mknod(FSNode *dir, const char *name, size_t len, mode_t mode, dev_t rdev,
		      FSNode **out)
{
	vfs__pool *p = pool_of(dir);
	int32_t slot = VFS__NO_SLOT;
	int err = 0;
	vfs__pool_lock(p);
	FSNode *n = vfs_node_new(p->mount, mode, p->store.last_ino + 1);
	if (!n)
		err = -ENOMEM;
	if (!err && S_ISREG(mode) && (slot = vfs__pool_take_slot(p)) < 0)
		err = slot;
	if (!err) {
		n->rdev = rdev;
		err = new_inode(p, n, slot);
		if (err && slot >= 0)
			vfs__pool_give_slot(p, slot, false);
	}
	if (!err && name && (err = log_name(p, dir, name, len, n)) == 0)
		changed(p, dir, n);
	vfs__pool_unlock(p);
	if (err)
		vfs_node_put(n);
	else
		*out = n;
	return err;
}

static int pool_symlink(FSNode *dir, const char *name, size_t len, FSNode *n)
{
	vfs__pool *p = pool_of(dir);
	vfs__record r = {.type = VFS__TARGET,
			 .ino = n->ino,
			 .bytes = n->u.target,
			 .len = strlen(n->u.target)};
	vfs__pool_lock(p);
	int err = vfs__store_log(&p->store, &p->pending, &r);
	if (!err)
		err = log_name(p, dir, name, len, n);
	if (!err)
		changed(p, dir, n);
	vfs__pool_unlock(p);
	return err;
}

static int pool_link(FSNode *dir, const char *name, size_t len, FSNode *n)
{
	vfs__pool *p = pool_of(dir);
	vfs__pool_lock(p);
	int err = log_name(p, dir, name, len, n);
	if (!err)
		changed(p, dir, n);
	vfs__pool_unlock(p);
	return err;
}

static int pool_unlink(FSNode *dir, const char *name, size_t len, FSNode *n)
{
	vfs__pool *p = pool_of(dir);
	vfs__pool_lock(p);
	int err = log_no_name(p, dir, name, len);
	if (!err)
		changed(p, dir, n);
	vfs__pool_unlock(p);
	return err;
}

/* Rule 9: what takes the place of another file is in the same frame with the name,
 * or durable before it. */
static int pool_rename(FSNode *from, const char *name, size_t len, FSNode *n, FSNode *to,
		       const char *new_name, size_t new_len, FSNode *victim)
{
	vfs__pool *p = pool_of(from);
	int err = 0;
	vfs__pool_lock(p);
	if (victim && S_ISREG(n->mode) && VFS__RULE(9))
		err = vfs__pool_order(p, vfs__pool_file_of(n), VFS__BY_RENAME);
	size_t before = p->pending.len;
	if (!err && !vfs__frame_add(&p->pending, len + new_len + 128)) /* nothing fails half-way */
		err = -ENOMEM;
	p->pending.len = before;
	if (!err)
		err = log_name(p, to, new_name, new_len, n);
	if (!err)
		err = log_no_name(p, from, name, len);
	if (!err) {
		changed(p, from, n);
		changed(p, to, victim ? victim : n);
	}
	vfs__pool_unlock(p);
	return err;
}

/* ---- Attributes ---- */

static int pool_setattr(FSNode *n, const vfs_attr *a)
{
	vfs__pool *p = pool_of(n);
	vfs__pool_file *f = vfs__pool_file_of(n);
	vfs__pool_lock(p);
	if (a->valid & VFS_MODE)
		f->inode->mode = (f->inode->mode & S_IFMT) | (a->mode & 07777);
	if (a->valid & VFS_UID)
		f->inode->uid = a->uid;
	if (a->valid & VFS_GID)
		f->inode->gid = a->gid;
	vfs__pool_change(p, f);
	vfs__pool_unlock(p);
	return 0;
}

static void pool_getattr(FSNode *n, struct stat *st)
{
	st->st_blksize = VFS_BLOCK;
	st->st_blocks = (blkcnt_t)((n->size + 511) / 512);
}

/* The mount ends. What fails then leaves the journal as the truth. */
static void leave(vfs__pool *p, int err)
{
	if (!err)
		return;
	p->loaded = false;
	vfs__pool_report(p,
			 "the unmount is not clean (%s): the journal has all, and the pool is "
			 "to be mounted here before SQLite opens it",
			 strerror(-err));
}

static void pool_forget(FSNode *n)
{
	vfs__pool *p = pool_of(n);
	vfs__pool_file *f = vfs__pool_file_of(n);
	if (!f->inode)
		return;
	vfs__pool_lock(p);
	if (f->inode->names && S_ISREG(n->mode) && p->loaded && !vfs__pool_is_applied(f))
		leave(p, vfs__pool_checkpoint(p));
	if (S_ISREG(n->mode))
		vfs__cached_close(&f->data);
	vfs__pool_unchange(f);
	f->inode->node = NULL;
	if (!f->inode->names && n->ino != VFS__ROOT_INO) {
		int32_t slot = f->inode->slot;
		bool stale = f->inode->start != vfs__slot_start(NULL, 0);
		vfs__store_forget(&p->store, f->inode);
		if (slot != VFS__NO_SLOT)
			vfs__pool_give_slot(p, slot, stale);
	}
	vfs__pool_unlock(p);
}

const NodeOps vfs__pool_node_ops = {.getattr = pool_getattr,
				    .setattr = pool_setattr,
				    .truncate = pool_truncate,
				    .mknod = pool_mknod,
				    .symlink = pool_symlink,
				    .link = pool_link,
				    .unlink = pool_unlink,
				    .rmdir = pool_unlink,
				    .rename = pool_rename,
				    .forget = pool_forget};

/* ---- The mount ---- */

static void free_pool(vfs__pool *p)
{
	vfs__pool_rest(p);
	vfs__store_free(&p->store);
	vfs__frame_free(&p->pending);
	vfs__cache_close(&p->cache);
	if (p->files)
		vfs__pool_close(p->files);
	free(p->handle);
	free(p->spare);
	free(p->stale);
#if VFS_THREADS
	pthread_mutex_destroy(&p->lock);
#endif
	free(p);
}

/* Makes the journal durable, for a file whose space is about to be used again, or whose
 * atomic write is about to reach the slot. */
static int settle(vfs__cached *d)
{
	vfs__pool *p = pool_of(vfs__pool_node((vfs__pool_file *)d));
	bool is_durable = d->durable <= d->valid && !p->journal.unflushed && !d->known;
	int err = vfs__pool_forget_start(p, (vfs__pool_file *)d);
	if (!err && !is_durable)
		err = vfs__pool_commit(p);
	if (!err) {
		d->durable = d->valid;
		d->held = d->known = false;
	}
	return err;
}

static int pool_mount(FSMount *m, const void *options)
{
	vfs_opfs_pool_options o = {0};
	if (options)
		o = *(const vfs_opfs_pool_options *)options;
	vfs__pool *p = calloc(1, sizeof *p);
	if (!p)
		return -ENOMEM;
	m->data = p;
	p->mount = m;
#if VFS_THREADS
	pthread_mutex_init(&p->lock, NULL);
#endif
	int err = vfs__pool_take(&o, &p->files);
	if (err)
		return err;
	vfs__pool_count(p);
	p->journal.port = p->port;
	memcpy(p->journal.handle, p->files->journal, sizeof p->journal.handle);
	vfs__cache_open(&p->cache, p->port, o.cache ? o.cache : CACHE, settle);
	p->limit = o.limit ? o.limit : CAPACITY_MOST;
	p->report = o.report;
	p->report_context = o.report_context;
	p->age = o.age ? o.age : AGE;
	err = vfs__pool_load(p);
	return err ? vfs__pool_explain(err) : 0;
}

static void pool_unmount(FSMount *m)
{
	vfs__pool *p = m->data;
	if (!p)
		return;
	vfs__pool_no_idle(p);
	if (p->loaded)
		leave(p, vfs__pool_settle_slots(p));
	free_pool(p);
}

static int pool_sync(FSMount *m)
{
	vfs__pool *p = m->data;
	vfs__pool_lock(p);
	int err = vfs__pool_sync(p);
	vfs__pool_unlock(p);
	return err;
}

static int pool_sync_names(FSMount *m)
{
	vfs__pool *p = m->data;
	vfs__pool_lock(p);
	int err = vfs__pool_commit(p);
	if (!err)
		vfs__pool_checkpoint_if_full(p);
	vfs__pool_unlock(p);
	return err;
}

static void pool_statfs(FSMount *m, struct statfs *st)
{
	vfs__pool *p = m->data;
	uint64_t total = 0, left = 0;
	vfs__pool_lock(p);
	p->port->handles->space(p->port, &total, &left);
	st->f_blocks = (fsblkcnt_t)(total / VFS__PAGE);
	st->f_bfree = st->f_bavail = (fsblkcnt_t)(left / VFS__PAGE);
	st->f_files = (fsfilcnt_t)p->store.slot_count;
	st->f_ffree = (fsfilcnt_t)p->spares;
	vfs__pool_unlock(p);
}

const FSType vfs_opfs_pool = {.name = "opfs_pool",
			      .magic = 0x5646504c,
			      .caps = VFS_CAP_MODES | VFS_CAP_LINKS | VFS_CAP_SYMLINKS |
				      VFS_CAP_ATOMIC | VFS_CAP_TIMES | VFS_CAP_MMAP,
			      .node_size = sizeof(vfs__pool_file),
			      .mount = pool_mount,
			      .unmount = pool_unmount,
			      .statfs = pool_statfs,
			      .sync = pool_sync,
			      .sync_names = pool_sync_names};
