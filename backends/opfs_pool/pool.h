/*
 * pool.h - what the pool's files share. FORMAT.md tells the format of the slots.
 *
 * One lock guards all of a pool: the store, the journal, the cache. It comes after
 * the namespace's and a node's.
 */
#ifndef VFS_POOL_H
#define VFS_POOL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "../opfs_common/cache.h"
#include "../opfs_common/opfs_counted.h"
#include "../opfs_common/store.h"
#include <vfsfs/opfs_pool.h>

enum { VFS__SLOT_HEADER = 4096, VFS__HEADER_USED = 524, VFS__HEADER_PATH = 511 };

/* The open files of a pool, before there is a mount. */
typedef struct vfs__pool_files {
	vfs_opfs_port *port;
	char *directory; /* relative to the port's root */
	char (*name)[VFS__SLOT_NAME + 1];
	int *handle;
	int count, room;
	int journal[2];
	unsigned capacity;
	int waiting; /* for answers */
	bool closed; /* to be freed when they have come */
	int err;     /* the first */
	vfs__port_done *done;
	void *context;
} vfs__pool_files;

/* VFS__CUT: none, but that is not durable. */
enum vfs__stale { VFS__EMPTY, VFS__CUT, VFS__STALE };

typedef struct vfs__pool {
	FSMount *mount;
#if VFS_THREADS
	pthread_mutex_t lock;
#endif
	vfs_opfs_port *port; /* counted's */
	vfs__counted_port counted;
	vfs__pool_files *files;
	vfs__journal journal;
	vfs__store store;
	vfs__frame pending; /* what is applied to the store and not yet in the journal */
	vfs__cache cache;
	struct vfs__pool_file *changed; /* attributes that no record has yet */
	int *handle;                    /* of each slot */
	/* Slots without an owner: the first `free` of them may be used, the others
	 * when what freed them is durable. */
	int32_t *spare;
	int free, spares;
	unsigned char *stale; /* of each slot: what a spare one has of a file's bytes */
	unsigned limit;       /* slots that it may grow to */
	bool growing, inside; /* slots are being opened; within a call that has the lock */
	bool full;            /* the last try to grow failed */
	void (*report)(void *context, const char *sentence);
	void *report_context;
	bool rebuilt;   /* there was no journal */
	bool announced; /* all headers in SLOT records are durable there */
	bool damaged;   /* something was reported */
	int age;        /* milliseconds; -1: nothing goes out by itself */
	bool waiting;   /* something has changed since all was synced */
	int64_t since;  /* milliseconds: when it did */
	unsigned calls;
	struct vfs__pool *next_pool; /* pool_idle.c: guarded by its lock */
	bool listed, idling;         /* is on its list; is being looked at */
	bool loaded; /* the store and the slots hold all: the mount may end cleanly */
} vfs__pool;

/* An atomic write that is open. */
typedef struct vfs__pool_batch {
	vfs__redo *writes, **writes_end; /* in their order */
	size_t bytes;                    /* of all of them */
	off_t end;                       /* of the furthest */
	int error;                       /* the first of them; the commit's */
} vfs__pool_batch;

/* The backend's part of a node. */
typedef struct vfs__pool_file {
	vfs__cached data; /* of a regular file */
	vfs__inode *inode;
	struct vfs__pool_file *next_changed, **changed_at; /* NULL: it is not */
	vfs__pool_batch *batch;                            /* or NULL */
	FSStreamShared *batcher; /* the description that began it, or NULL; atomic */
} vfs__pool_file;

static inline vfs__pool_file *vfs__pool_file_of(FSNode *n)
{
	return vfs_node_data(n);
}

static inline FSNode *vfs__pool_node(vfs__pool_file *f)
{
	return (FSNode *)f - 1;
}

/* ---- pool_open.c ---- */

/* The files of a pool, not open yet. -ENOMEM, -ENAMETOOLONG. */
int vfs__pool_new(vfs_opfs_port *port, const char *directory, unsigned capacity,
		  vfs__port_done *done, void *context, vfs__pool_files **out);
/* Opens them, makes those that are missing, and calls done with 0 or -errno. */
void vfs__pool_open(vfs__pool_files *files);
/* Opens n more files, with names of their own, behind the others; a handle below 0
 * did not open. One at a time. -ENOMEM. */
int vfs__pool_add(vfs__pool_files *files, int n, vfs__port_done *done, void *context);
void vfs__pool_close(vfs__pool_files *files);

/* ---- pool_prepare.c ---- */

/* The files that vfs_opfs_prepare has opened, or that can be opened at once: the
 * caller's now. vfs_mount's errors. */
int vfs__pool_take(const vfs_opfs_pool_options *o, vfs__pool_files **out);
/* err, of a pool whose files are open, with the sentence for it. */
int vfs__pool_explain(int err);

/* ---- pool_slots.c: bytes of slots ---- */

typedef struct vfs__slot_header {
	enum { VFS__HEADER_FREE, VFS__HEADER_FILE, VFS__HEADER_TORN } kind;
	uint64_t digest; /* of its bytes */
	char path[VFS__HEADER_PATH + 1];
} vfs__slot_header;

int vfs__slot_read(vfs_opfs_port *port, int handle, vfs__slot_header *out);
/* For vfs__slot.alias. */
uint32_t vfs__slot_alias(const char *path);
/* For vfs__inode.start, of data that begins so, with `len` bytes up to VFS__START. */
uint64_t vfs__slot_start(const void *data, size_t len);
/* What is there: the number of its bytes, or -EIO. */
int vfs__slot_begin(vfs_opfs_port *port, int handle, unsigned char data[VFS__START]);
/* path "": a free slot's. */
int vfs__slot_write(vfs_opfs_port *port, int handle, const char *path);
uint64_t vfs__slot_digest(const char *path);
/* Is a header of this digest the one that the slot had or was getting, or torn
 * between them? */
bool vfs__slot_is_ours(const vfs__slot *slot, uint64_t digest);
/* Has a header of this digest the path that ours has or had? */
bool vfs__slot_is_named_so(const vfs__slot *slot, uint64_t digest);

/* ---- pool_settle.c: headers and lengths ---- */

/* SLOT records for the headers that should be others; they are written when that is
 * durable. */
int vfs__pool_log_headers(vfs__pool *p);
int vfs__pool_write_headers(vfs__pool *p);
/* The file's slot has its header, before its data is said to be there; a flush of the
 * slot makes both durable. */
int vfs__pool_name_slot(vfs__pool *p, vfs__pool_file *f);
/* Has the slot's header the path of its owner, for certain? */
bool vfs__pool_names_owner(const vfs__pool *p, int32_t k);
/* The header there is SQLite's; it stands as long as the file's name does. */
int vfs__pool_keep_header(vfs__pool *p, int32_t k);
/* The slots as SQLite reads them; then the CLEAN record. */
int vfs__pool_settle_slots(vfs__pool *p);

/* ---- pool_commit.c: what makes things durable ---- */

void vfs__pool_change(vfs__pool *p, vfs__pool_file *f);
void vfs__pool_unchange(vfs__pool_file *f);
int vfs__pool_log_inode(vfs__pool *p, vfs__inode *i, bool applied);
/* Records of all attributes that have none yet, into what is pending. -ENOMEM. */
int vfs__pool_log_changed(vfs__pool *p);
/* All that was done is durable when it returns 0, but for file data. */
int vfs__pool_commit(vfs__pool *p);
/* The file's data too. */
int vfs__pool_sync_file(vfs__pool *p, vfs__pool_file *f);
/* What the file is now survives the program's death; not the machine's. */
int vfs__pool_close_file(vfs__pool *p, vfs__pool_file *f);
/* The file's data goes out before what the next commit makes durable. */
int vfs__pool_order(vfs__pool *p, vfs__pool_file *f, enum vfs__cause cause);
int vfs__pool_sync(vfs__pool *p);
/* A new snapshot, so that the journal holds no data. */
int vfs__pool_checkpoint(vfs__pool *p);
/* That, where the journal is at its bound. */
void vfs__pool_checkpoint_if_full(vfs__pool *p);
/* Has the slot what the file has? */
bool vfs__pool_is_applied(const vfs__pool_file *f);
/* Rule 13: the journal tells no more what the file's slot begins with. */
int vfs__pool_forget_start(vfs__pool *p, vfs__pool_file *f);

/* What has waited for long; errors are kept. */
void vfs__pool_sync_old(vfs__pool *p);

/* ---- pool_atomic.c ---- */

/* StreamOps's; the file and the pool are the caller's to lock. */
int vfs__pool_begin(vfs__pool_file *f, FSStreamShared *shared);
/* Ends the atomic write; after an error nothing of it has happened. */
int vfs__pool_commit_batch(vfs__pool *p, vfs__pool_file *f);
void vfs__pool_end_batch(vfs__pool_file *f);
ssize_t vfs__pool_batch_read(vfs__pool_file *f, void *buf, size_t len, off_t pos);
ssize_t vfs__pool_batch_write(vfs__pool_file *f, const FSStream *s, const void *buf, size_t len,
			      off_t pos);

/* Does what this stream does belong to an atomic write? */
static inline bool vfs__pool_in_batch(const vfs__pool_file *f, const FSStream *s)
{
	return __builtin_expect(f->batch != NULL, 0) && f->batcher == s->shared;
}

/* ---- pool_counters.c ---- */

/* The mount's calls of its files' port are counted. */
void vfs__pool_count(vfs__pool *p);

/* ---- pool_slot.c: which are free ---- */

/* A slot for a new file, or -ENOSPC. */
int32_t vfs__pool_take_slot(vfs__pool *p);
/* For a file that has nothing in its slot yet, where the host has no more room: the slot
 * of a deleted one. -ENOSPC: there is none. */
int vfs__pool_change_slot(vfs__pool *p, vfs__pool_file *f);
/* It has no file any more. stale: it has its bytes. */
void vfs__pool_give_slot(vfs__pool *p, int32_t slot, bool stale);
/* What was given back may be used: that is durable. */
void vfs__pool_free_slots(vfs__pool *p);
/* A new slot: a free one in SQLite's eyes too. */
void vfs__pool_make_sound(vfs__pool *p, int32_t slot);
/* Room for n slots in the pool's tables. -ENOMEM. */
int vfs__pool_slot_room(vfs__pool *p, int32_t n);
/* Opens n more files; the slots are there at once, or when the program returns to its
 * event loop. */
int vfs__pool_grow(vfs__pool *p, unsigned n);

/* ---- pool_idle.c ---- */

/* Something changes. */
void vfs__pool_touch(vfs__pool *p);
/* Nothing is waiting. */
void vfs__pool_rest(vfs__pool *p);
/* Nothing goes out by itself from here on, nor is it going. Without the pool's lock. */
void vfs__pool_no_idle(vfs__pool *p);

/* ---- pool_damage.c ---- */

/* A sentence about what is wrong. */
__attribute__((format(printf, 2, 3))) void vfs__pool_report(vfs__pool *p, const char *what, ...);
/* The file cannot be right: its names are gone, and it has one in /.lost+found. */
int vfs__pool_lose(vfs__pool *p, vfs__inode *i, const char *why);
/* The same, of one without names: `name` is told. */
int vfs__pool_set_aside(vfs__pool *p, vfs__inode *i, const char *name, const char *why);
/* A slot's bytes become a file there. */
int vfs__pool_lose_slot(vfs__pool *p, int32_t slot, int64_t size, const char *name,
			const char *why);
/* Takes away the names that no tree can have. */
int vfs__pool_check_names(vfs__pool *p);
/* Copies of the journal's files, before they are written over. -ENOSPC: no slot. */
int vfs__pool_keep_journal(vfs__pool *p, const char *why);
/* Records. */
int vfs__pool_log_name(vfs__pool *p, uint64_t parent, const char *name, size_t len, uint64_t ino);
int vfs__pool_log_no_names(vfs__pool *p, uint64_t ino);
int vfs__pool_new_inode(vfs__pool *p, uint32_t mode, int32_t slot, int64_t size, uint64_t *ino);

/* ---- pool_compare.c ---- */

int vfs__pool_compare_slots(vfs__pool *p);
/* Slots for files that only the journal has; one that gets none is gone. */
int vfs__pool_house(vfs__pool *p);
int vfs__pool_keep_headers(vfs__pool *p);

/* ---- pool_mount.c ---- */

int vfs__pool_load(vfs__pool *p);

/* ---- pool_space.c ---- */

/* Records that a file's data ends at `valid`, its size being `size`. */
int vfs__pool_log_cut(vfs__pool *p, vfs__inode *i, off_t size, int64_t valid);
/* fallocate, as StreamOps's. */
int vfs__pool_allocate(vfs__pool *p, vfs__pool_file *f, int mode, off_t pos, off_t len);

/* ---- pool.c ---- */

extern const NodeOps vfs__pool_node_ops;
extern const StreamOps vfs__pool_file_ops;

#if VFS_THREADS
#define vfs__pool_lock(p)   ((void)pthread_mutex_lock(&(p)->lock))
#define vfs__pool_unlock(p) ((void)pthread_mutex_unlock(&(p)->lock))
#else
#define vfs__pool_lock(p)   ((void)(p))
#define vfs__pool_unlock(p) ((void)(p))
#endif

#endif
