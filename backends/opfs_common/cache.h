/*
 * cache.h - the page cache: files' data on its way between programs and the files
 * of a port. Data lies in the block module's blocks; each 4 KiB page of a block is
 * valid (the file's present bytes) or must be read first, dirty (newer than the
 * slot) or not, logged (its present bytes are in the journal) or not.
 *
 * The slot of a file holds its data from `base` on. Its first `valid` bytes are
 * the file's; whatever lies behind them is not, and reads as zeros: so truncation
 * moves a number, and the port is asked to truncate only where the space is about
 * to be used again.
 *
 * The owner keeps calls for one cache apart.
 */
#ifndef VFS_CACHE_H
#define VFS_CACHE_H

#include "journal.h"
#include <sys/types.h>
#include <vfsfs/blocks.h>

enum { VFS__PAGE_SHIFT = 12, VFS__PAGE = 1 << VFS__PAGE_SHIFT };
enum { VFS__MISSED = 4096 }; /* a power of two */

/* What made data go out. */
enum vfs__cause {
	VFS__BY_SYNC,
	VFS__BY_ROOM, /* the budget */
	VFS__BY_AGE,
	VFS__BY_CLOSE,
	VFS__BY_RENAME, /* onto another file */
	VFS__BY_COMMIT, /* of an atomic write, which takes along what was written before */
	VFS__BY_CHECKPOINT,
	VFS__CAUSES
};

/* What is counted: see vfs_opfs_counters. */
typedef struct vfs__cache_counts {
	uint64_t hits, misses; /* pages */
	uint64_t evictions;    /* blocks */
	uint64_t write_backs[VFS__CAUSES];
	uint64_t commits;
} vfs__cache_counts;

typedef struct vfs__cached vfs__cached;

typedef struct vfs__cache {
	vfs_opfs_port *port;
	size_t budget;              /* bytes; blocks beyond it are evicted */
	vfs_blocks_room room;       /* limit SIZE_MAX; used: bytes of all blocks */
	struct vfs__block **bucket; /* of the table of blocks, by file and index */
	size_t buckets;             /* a power of two, or 0 */
	size_t blocks;
	struct vfs__block *hand; /* of the clock: blocks in a ring */
	/* Pages that a read went past the cache for: hashes, each in the place of its
	 * lower bits. */
	uint32_t missed[VFS__MISSED];
	/* Makes the journal durable as it stands, and file->durable its valid; nothing of
	 * the file is held or known then. */
	int (*settle)(vfs__cached *file);
	vfs__cache_counts counts;
} vfs__cache;

/* The data of one file. */
struct vfs__cached {
	vfs__cache *cache;
	vfs_blocks blocks;
	int handle;              /* of its slot, or -1: it has none, and no byte */
	int64_t base;            /* where data begins in the slot */
	off_t size;              /* bytes */
	int64_t valid;           /* bytes of the slot that are data, written at least */
	int64_t flushed;         /* of these, what is durable */
	int64_t durable;         /* what a durable frame may say of valid */
	int64_t physical;        /* the slot has at most base + this many bytes */
	struct vfs__block *list; /* its blocks */
	struct vfs__block *last; /* used last, or NULL */
	size_t dirty;            /* pages */
	size_t unlogged;         /* of these, not in the journal */
	unsigned mapped;         /* blocks under a writable mapping */
	int64_t next_pos;        /* where a sequential reader goes on */
	bool unflushed;          /* the slot has writes that no flush followed */
	bool known;              /* the journal tells what the slot's data begins with */
	bool held;               /* pages of an atomic write, whose frame may not be durable:
				  * none may go to the slot before it is */
	int error;               /* -errno of the last try to write back, which nobody asked
				  * for, until the next */
	int last_error;          /* -errno of the last such try that failed */
	unsigned errors;         /* grows with each of them by 2; odd: somebody was told of the
				  * last. Atomic */
};

void vfs__cache_open(vfs__cache *c, vfs_opfs_port *port, size_t budget,
		     int (*settle)(vfs__cached *));
void vfs__cache_close(vfs__cache *c);

/* For a file with `valid` bytes of `size` in its slot, of which nothing is known to
 * be cached; all of it durable. */
void vfs__cached_open(vfs__cached *f, vfs__cache *c, int handle, int64_t base, off_t size,
		      int64_t valid);
/* Drops all blocks, dirty or not. */
void vfs__cached_close(vfs__cached *f);

/* As StreamOps's. -EIO, -ENOSPC, -ENOMEM. */
ssize_t vfs__cache_read(vfs__cached *f, void *buf, size_t len, off_t pos);
ssize_t vfs__cache_write(vfs__cached *f, const void *buf, size_t len, off_t pos);
void vfs__cache_truncate(vfs__cached *f, off_t size);

/* Writes what is dirty to the slot, in order. The first error; what could not be
 * written stays dirty. */
int vfs__cache_write_back(vfs__cached *f);
/* Makes what the slot has durable. */
int vfs__cache_flush(vfs__cached *f);
/* What is dirty is in the journal. */
void vfs__cache_logged(vfs__cached *f);
/* Adds what is dirty and not logged to the frame, as DATA of `ino`. -ENOMEM. */
int vfs__cache_log(vfs__cached *f, vfs__frame *frame, uint64_t ino);

/*
 * An atomic write. vfs__cache_ready makes [pos, pos + len) ready and keeps it in memory,
 * `size` being the file's size after all of it, so that vfs__cache_store cannot fail;
 * vfs__cache_unready ends that. -EIO, -ENOMEM: it is not ready. vfs__cache_logged: all
 * that is dirty is in the journal's last frame.
 */
int vfs__cache_ready(vfs__cached *f, size_t len, off_t pos, off_t size);
void vfs__cache_unready(vfs__cached *f, size_t len, off_t pos);
void vfs__cache_store(vfs__cached *f, const void *buf, size_t len, off_t pos);
void vfs__cache_logged(vfs__cached *f);

/* A write-back that nobody asked for has failed. */
void vfs__cached_fail(vfs__cached *f, int err);
/* What a description has seen when it is opened: an error that nobody was told of yet
 * it has not. */
unsigned vfs__cached_seen(const vfs__cached *f);
/* The error that a description has not seen yet, once, or 0. */
int vfs__cached_tell(vfs__cached *f, unsigned *seen);

/* A shared mapping: all its pages are valid and stay. */
int vfs__cache_map(vfs__cached *f, size_t len, off_t pos, bool writable, void **addr);
void vfs__cache_unmap(vfs__cached *f, void *addr, size_t len, off_t pos);
/* What a writable mapping shows of the range is dirty now. */
void vfs__cache_touch(vfs__cached *f, size_t len, off_t pos);

#endif
