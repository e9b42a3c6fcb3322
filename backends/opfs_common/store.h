/*
 * store.h - what the journal says is true: inodes, names, and the slots that hold
 * files' data. Each change is a record; the same function applies it when it is
 * made and when it is read back, so that memory and journal cannot differ.
 *
 * Whoever owns the store keeps its calls apart.
 */
#ifndef VFS_STORE_H
#define VFS_STORE_H

#include "journal.h"
#include <sys/types.h>
#include <time.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

enum { VFS__ROOT_INO = 1, VFS__NO_SLOT = -1, VFS__SLOT_NAME = 63 };
enum { VFS__START = 512 }; /* bytes that vfs__inode.start is of */

/* Data in the journal that its slot may lack. Only while the journal is read. */
typedef struct vfs__redo {
	struct vfs__redo *next;
	int64_t pos;
	size_t len;
	unsigned char bytes[];
} vfs__redo;

typedef struct vfs__inode {
	UT_hash_handle hh;
	uint64_t ino;
	uint32_t mode, uid, gid;
	uint32_t names;           /* that lead to it */
	int32_t slot;             /* of a regular file's data, or VFS__NO_SLOT */
	uint64_t rdev;            /* of a device */
	int64_t size;             /* bytes */
	int64_t valid;            /* bytes of the slot that are data; zeros follow up to size */
	uint64_t start;           /* hash of what the slot's data begins with; 0: anything */
	struct timespec times[4]; /* as FSNode.times */
	char *target;             /* of a symbolic link, ended by NUL */
	vfs__redo *redo, **redo_end;
	void *node;              /* the backend's */
	struct vfs__named *name; /* one of them, or NULL: vfs__store_name finds it */
} vfs__inode;

typedef struct vfs__named {
	UT_hash_handle hh;
	uint64_t ino;
	uint64_t parent; /* the key begins here */
	char name[];     /* hh.keylen - sizeof parent bytes, and a NUL */
} vfs__named;

typedef struct vfs__slot {
	char name[VFS__SLOT_NAME + 1]; /* of its file */
	uint64_t digest;               /* of the header that the file has or is getting */
	uint64_t old_digest;           /* of the one that it had */
	uint32_t alias;                /* not 0: the header is SQLite's, and stands as long as
					* this is the hash of the file's path here */
	bool moved;                    /* the header may have another path than the file */
	bool due;                      /* it is to be written; the backend's, as: */
	bool adopted;                  /* it is SQLite's, as a mount has seen */
	vfs__inode *owner;             /* whose data it holds, or NULL */
} vfs__slot;

/* All zero: empty. */
typedef struct vfs__store {
	vfs__inode *inodes; /* by ino */
	vfs__named *names;  /* by parent and name, in the order in which they were made */
	vfs__slot *slots;
	int32_t slot_count;
	uint64_t last_ino; /* the greatest yet */
	bool clean;        /* the last record says that all is in the slots */
	bool moved;        /* a directory was renamed: any header may be wrong */
	bool reading;      /* redo is kept */
} vfs__store;

enum vfs__record_type {
	VFS__INODE = 1, /* all fields of an inode */
	VFS__TARGET,    /* ino, bytes: a symbolic link's target */
	VFS__NAME,      /* parent, bytes, ino: a name, new or leading elsewhere from now on */
	VFS__NO_NAME,   /* parent, bytes: it is gone */
	VFS__DATA,      /* ino, pos, bytes: of the file, not in the slot yet */
	VFS__SLOT,      /* slot, alias, digest, old_digest, bytes: the name of its file */
	VFS__CLEAN      /* all is in the slots, whose sizes are the files' */
};

typedef struct vfs__record {
	enum vfs__record_type type;
	bool applied; /* of an inode: no DATA before this is needed any more */
	uint64_t ino, parent, rdev, start, digest, old_digest;
	uint32_t mode, uid, gid, alias;
	int32_t slot;
	int64_t size, valid, pos;
	struct timespec times[4];
	const void *bytes;
	size_t len;
} vfs__record;

/* Adds the record to the frame and applies it. -ENOMEM: neither is done. */
int vfs__store_log(vfs__store *s, vfs__frame *f, const vfs__record *r);
/* A DATA record whose bytes the caller puts where the result points. NULL: no
 * memory. */
unsigned char *vfs__store_log_data(vfs__frame *f, uint64_t ino, int64_t pos, size_t len);
/* Applies a frame of records: vfs__journal_apply with a store. -EBADMSG: it is no
 * such frame, -ENOTSUP: it has a record unknown here. */
int vfs__store_read(void *store, const unsigned char *payload, size_t len);
/* Drops inodes that no name leads to, as a crash left them. */
void vfs__store_drop_unnamed(vfs__store *s);
/* The whole state, as records. */
int vfs__store_dump(const vfs__store *s, vfs__frame *f);

/* An INODE record of the inode as it stands. */
vfs__record vfs__inode_record(const vfs__inode *i);
vfs__inode *vfs__store_inode(const vfs__store *s, uint64_t ino);
/* The inode that the name leads to, or NULL. */
vfs__inode *vfs__store_find(const vfs__store *s, uint64_t parent, const char *name, size_t len);
/* One of the names that lead to the inode, or NULL. */
vfs__named *vfs__store_name(const vfs__store *s, vfs__inode *i);
/* Does the redo hold all of the file's bytes from `from` up to `to`? */
bool vfs__store_has_redo(const vfs__inode *i, int64_t from, int64_t to);
/* Forgets an inode without names; its slot has no owner then. */
void vfs__store_forget(vfs__store *s, vfs__inode *i);
void vfs__store_drop_redo(vfs__inode *i, int64_t from);
void vfs__store_free(vfs__store *s);

#endif
