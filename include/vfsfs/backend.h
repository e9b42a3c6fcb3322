/*
 * backend.h - what a backend or a device driver sees of the core: the
 * objects, the op tables, and the few calls that backends make.
 *
 * A backend is one FSType. It makes FSNodes and gives them their tables; the
 * core does everything that can be done once for all of them: paths,
 * permissions, open flags, offsets, iovecs, link counts, times. A slot that
 * is NULL has the default told beside it.
 *
 * Locks. NodeOps and the slots of FSType are called with the namespace lock
 * held: one at a time; but truncate and forget as told there. StreamOps of a
 * regular file are called with its node's lock held, but open, close and flush;
 * those of a device with no lock, by several threads at once, but mmap and
 * munmap.
 */
#ifndef VFSFS_BACKEND_H
#define VFSFS_BACKEND_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

/* lseek(2)'s, as on Linux; Emscripten's headers lack them. */
#ifndef SEEK_DATA
#define SEEK_DATA 3
#define SEEK_HOLE 4
#endif

/* Threads: always natively; in wasm, where the program is built -pthread. */
#if !defined __EMSCRIPTEN__ || defined __EMSCRIPTEN_PTHREADS__
#define VFS_THREADS 1
#include <pthread.h>
#else
#define VFS_THREADS 0
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct statfs;
struct pollfd;

typedef struct FSNode FSNode;
typedef struct FSDentry FSDentry;
typedef struct FSMount FSMount;
typedef struct FSStream FSStream;
typedef struct FSStreamShared FSStreamShared;
typedef struct FSType FSType;
typedef struct NodeOps NodeOps;
typedef struct StreamOps StreamOps;

/* ---- Objects ---- */

/*
 * One file: an inode. It lives while a name, a stream, a mapping or a working
 * directory holds it; then the backend's forget is called and it is freed.
 * The backend's own part (FSType.node_size bytes, zero at first) follows it:
 * vfs_node_data().
 */
struct FSNode {
	const NodeOps *node_ops;
	const StreamOps *stream_ops; /* NULL for a device: the driver's are used */
	FSMount *mount;
	mode_t mode;    /* type and permissions; namespace and node lock */
	uint32_t nlink; /* namespace lock */
	uid_t uid;      /* namespace lock */
	gid_t gid;      /* namespace lock */
	off_t size;     /* bytes; node lock, a directory's namespace lock */
	uint64_t ino;   /* constant, unique in the mount */
	dev_t rdev;     /* of a device node, else 0; constant */
	unsigned refs;  /* atomic */
	bool linkable;  /* O_TMPFILE's: may get its first name; namespace lock */
	int flocks;     /* holders of a shared flock, -1: an exclusive one; node lock */
	unsigned marks; /* VFS_ATIME... not yet given a time; the time lock */
	FSNode *mark_next, **mark_at; /* the list of marked nodes; the time lock */
	struct timespec times[4];     /* atime, mtime, ctime, btime, as the bits of marks;
					 the time lock */
	union {
		struct {                        /* a directory; namespace lock */
			FSNode *parent;         /* held; NULL: a root */
			FSDentry *entry;        /* its own name; NULL: a root, or removed */
			FSDentry *first, *last; /* its names, by growing cookie */
			FSMount *covered_by;    /* the mount on it, or NULL */
			uint64_t next_cookie;
			FSStreamShared *cursors; /* open descriptions that read it */
		} dir;
		char *target; /* of a symbolic link: ends in NUL, constant,
					 malloc'ed, freed by the core */
	} u;
#if VFS_THREADS
	pthread_mutex_t lock;
#endif
};

/* The open file description, shared by the descriptors that dup makes. */
struct FSStreamShared {
	FSNode *node;         /* holds a reference */
	off_t pos;            /* bytes, or a directory's cookie; node lock */
	int flags;            /* O_ flags of open and F_SETFL; atomic */
	int flock;            /* LOCK_SH, LOCK_EX or 0; node lock */
	unsigned refs;        /* streams; atomic */
	FSDentry *next_entry; /* where readdir goes on; namespace lock */
	uint64_t end;         /* its entries are those before this cookie, 0: not yet
					 read; namespace lock */
	FSStreamShared *next_cursor, **cursor_at; /* FSNode.u.dir.cursors */
	unsigned errors_seen; /* the backend's, 0 at first: which of the file's write-back
				 errors it was told */
};

/* What a descriptor names. */
struct FSStream {
	FSStreamShared *shared;
	FSStream *next; /* of those that wait for their release; the core's */
	const StreamOps *stream_ops;
	void *data; /* the backend's or driver's, copied by dup */
	int fd;
	unsigned refs;           /* the table's, and calls under way; atomic */
	unsigned char type;      /* DT_REG, DT_DIR, DT_CHR...; constant after open */
	bool cloexec;            /* atomic */
	bool seekable;           /* constant after open */
	bool readable, writable; /* constant after open */
};

/* A tree of one FSType on a directory. */
struct FSMount {
	const FSType *type;
	FSNode *root;      /* set by FSType.mount; the mount owns it */
	FSNode *covered;   /* the directory below; NULL for the first root */
	FSMount *next;     /* all mounts; namespace lock */
	void *data;        /* the backend's */
	unsigned flags;    /* VFS_RDONLY... */
	unsigned busy;     /* streams, mappings, working directories; atomic */
	dev_t dev;         /* st_dev, unique */
	uint64_t next_ino; /* namespace lock */
};

/* The backend's own part of a node. */
static inline void *vfs_node_data(FSNode *node)
{
	return node + 1;
}

/* ---- Op tables ---- */

/*
 * What an open file does. Errors are returned as -errno. `pos` is always
 * given; the core has checked access mode, lengths, addresses and overflow,
 * and has turned O_APPEND into a position.
 */
struct StreamOps {
	unsigned version; /* 0, this one. New slots are added at the end. */

	/* After the stream is made, before a descriptor names it. An error makes
	 * open fail. NULL: nothing to do. */
	int (*open)(FSStream *s);
	/* Once, when the last descriptor of the description is closed. */
	void (*close)(FSStream *s);
	/* At each close of a descriptor; its error is close's. NULL: 0. */
	int (*flush)(FSStream *s);
	/* The new position, for SEEK_DATA and SEEK_HOLE of a regular file and for
	 * every whence of a device. NULL: a file without holes; a device cannot
	 * seek (ESPIPE). */
	off_t (*llseek)(FSStream *s, off_t offset, int whence);
	/* Bytes moved, fewer at the end of the file. NULL: EINVAL. A regular
	 * file's write raises FSNode.size where it ends past it. */
	ssize_t (*read)(FSStream *s, void *buf, size_t len, off_t pos);
	ssize_t (*write)(FSStream *s, const void *buf, size_t len, off_t pos);
	/* As read and write. NULL: one call for each iovec. */
	ssize_t (*readv)(FSStream *s, const struct iovec *iov, int n, off_t pos);
	ssize_t (*writev)(FSStream *s, const struct iovec *iov, int n, off_t pos);
	/* fallocate(2) with its mode bits; sets FSNode.size. NULL: EOPNOTSUPP. */
	int (*allocate)(FSStream *s, int mode, off_t offset, off_t len);
	/* Shared mappings: makes [pos, pos + len) of the file appear at *addr,
	 * its own memory; where *addr stays NULL the core gives zeros, which are
	 * the mapping's alone. A private mapping is a copy, which the core makes
	 * by read. NULL: ENODEV, but for private mappings of regular files. */
	int (*mmap)(FSStream *s, size_t len, off_t pos, int prot, void **addr);
	/* Ends a mapping that mmap made, all of it. */
	void (*munmap)(FSNode *node, void *addr, size_t len, off_t pos);
	/* Writes a shared mapping's range out. NULL: 0. */
	int (*msync)(FSNode *node, void *addr, size_t len, off_t pos, int flags);
	/* NULL: 0 for regular files and directories, EINVAL for devices. */
	int (*fsync)(FSStream *s, bool data_only);
	/* NULL: ENOTTY. */
	int (*ioctl)(FSStream *s, unsigned long request, void *arg);
	/* The subset of `events` (POLLIN...) that would not block now. NULL: all
	 * of POLLIN and POLLOUT. */
	int (*poll)(FSStream *s, int events);
	/* After dup made `s`; an error makes dup fail. NULL: nothing to do. */
	int (*dup)(FSStream *s);
	/* An atomic write of a regular file, as vfs_begin, vfs_commit and vfs_rollback
	 * tell; for a stream that is open for writing. What is open at the description's
	 * end is the backend's `close` to roll back. All three or none, with
	 * VFS_CAP_ATOMIC; NULL: EOPNOTSUPP. */
	int (*begin)(FSStream *s);
	int (*commit)(FSStream *s);
	int (*rollback)(FSStream *s);
};

/* Which fields of vfs_attr count; VFS_ATIME... also name marks. */
enum {
	VFS_ATIME = 1,
	VFS_MTIME = 2,
	VFS_CTIME = 4,
	VFS_BTIME = 8,
	VFS_MODE = 16,
	VFS_UID = 32,
	VFS_GID = 64
};

typedef struct vfs_attr {
	unsigned valid;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct timespec atime, mtime;
} vfs_attr;

/* What readdir gives. */
typedef struct vfs_entry {
	uint64_t ino;
	unsigned char type; /* DT_REG... */
	char name[256];     /* ends in NUL */
} vfs_entry;

/*
 * What a node does. Called before the core changes its own state, which it
 * does only when 0 is returned: a backend that keeps nothing beside the core's
 * objects leaves most slots NULL. A name is `len` bytes, 1 to 255, without NUL
 * and '/', not ended by NUL.
 */
struct NodeOps {
	unsigned version; /* 0, this one */

	/* A name that the core does not hold. A new reference in *out, or -ENOENT.
	 * The core keeps neither: it asks each time; so it is no directory, and a
	 * symbolic link only with `follow` (-EOPNOTSUPP). NULL: the core's table is
	 * the truth, what is not in it does not exist. */
	int (*lookup)(FSNode *dir, const char *name, size_t len, FSNode **out);
	/* Fills what the core cannot know: st_blocks, st_blksize. NULL: from size.
	 * Called with the node's lock held. */
	void (*getattr)(FSNode *node, struct stat *st);
	/* chmod, chown, utimens (UTIME_NOW: the present time); the change time is
	 * the core's. And with attr->valid of VFS_MODE and VFS_GID only, where the core changes these by itself (set-ID bits, a directory's group):
	 * its result is not looked at then. NULL: 0. */
	int (*setattr)(FSNode *node, const vfs_attr *attr);
	/* truncate: sets FSNode.size. Called with the node's lock held, without
	 * the namespace's. NULL: EINVAL. */
	int (*truncate)(FSNode *node, off_t size);
	/* A new file, directory, device... by the type in mode: a new node in *out
	 * (vfs_node_new). `name` is NULL for O_TMPFILE and for a symbolic link, which
	 * `symlink` then names. NULL: EPERM. */
	int (*mknod)(FSNode *dir, const char *name, size_t len, mode_t mode, dev_t rdev,
		     FSNode **out);
	/* The core has stored the target in node->u.target. NULL: 0. */
	int (*symlink)(FSNode *dir, const char *name, size_t len, FSNode *node);
	/* NULL: 0; without VFS_CAP_LINKS the core answers EPERM itself. */
	int (*link)(FSNode *dir, const char *name, size_t len, FSNode *node);
	int (*unlink)(FSNode *dir, const char *name, size_t len, FSNode *node);
	int (*rmdir)(FSNode *dir, const char *name, size_t len, FSNode *node);
	/* `victim`, or NULL, is what the new name stood for until now. NULL: 0. */
	int (*rename)(FSNode *from, const char *name, size_t len, FSNode *node, FSNode *to,
		      const char *new_name, size_t new_len, FSNode *victim);
	/* The node that a symbolic link leads to without a path (/dev/fd/N), a
	 * new reference. Such a link gets no second name (EXDEV). NULL: the path in
	 * u.target. */
	int (*follow)(FSNode *node, FSNode **out);
	/* The first entry at or after *cookie (0 at first) in *out; moves *cookie
	 * to where to go on. Neither "." nor "..". 1, at the end 0, or -errno.
	 * NULL: the names in the core's table are all there are. */
	int (*readdir)(FSNode *dir, uint64_t *cookie, vfs_entry *out);
	/* The last reference is gone: free what the backend's part owns. By any
	 * thread, with or without the namespace lock: it must take none that is held
	 * around a call of vfs_node_put. */
	void (*forget)(FSNode *node);
};

/* Capabilities: what a backend keeps. Tests skip by these bits only. */
enum {
	VFS_CAP_MODES = 1, /* modes and owners */
	VFS_CAP_LINKS = 2, /* hard links */
	VFS_CAP_SYMLINKS = 4,
	VFS_CAP_SPARSE = 8,  /* holes take no room */
	VFS_CAP_ATOMIC = 16, /* atomic writes */
	VFS_CAP_TIMES = 32,  /* exact times */
	VFS_CAP_MMAP = 64,   /* shared mappings */
	VFS_CAP_FILES = 128  /* as many files as there is room for */
};

struct FSType {
	unsigned version; /* 0, this one */
	const char *name; /* "mem" */
	uint32_t magic;   /* statfs's f_type */
	unsigned caps;    /* VFS_CAP_ */
	size_t node_size; /* bytes of the backend's part of a node */
	/* Sets m->root. `options` is what vfs_mount got, the type's own struct. */
	int (*mount)(FSMount *m, const void *options);
	/* All is synced, and every node of the tree, the root too, has been
	 * forgotten. Called after a mount that failed as well. NULL: nothing to do. */
	void (*unmount)(FSMount *m);
	/* Fills sizes and counts; the core fills the rest. NULL: all zero. */
	void (*statfs)(FSMount *m, struct statfs *st);
	/* NULL: 0. */
	int (*sync)(FSMount *m);
	/* Of names only, for fsync of a directory. NULL: sync. */
	int (*sync_names)(FSMount *m);
};

/* ---- What backends call ---- */

/*
 * A node of m with one reference, which the caller owns, no name, nlink 1 (2
 * for a directory), owned by the process's credential. ino 0: the next free
 * one. NULL: no memory. The backend sets node_ops and stream_ops.
 */
FSNode *vfs_node_new(FSMount *m, mode_t mode, uint64_t ino);
FSNode *vfs_node_get(FSNode *node);
void vfs_node_put(FSNode *node);

/* Enters a name that the backend found (mount); takes a reference of its
 * own. -EEXIST, -ENOMEM. */
int vfs_add_name(FSNode *dir, const char *name, size_t len, FSNode *node);

/*
 * A new file, directory, device... in dir, as mknod makes it, but without
 * looking at rights or at the umask, or whether the name is there. The node in
 * *out, held by its name. -ENOMEM, and mknod's errors.
 */
int vfs_make_name(FSNode *dir, const char *name, mode_t mode, dev_t rdev, FSNode **out);

/*
 * For start-up code: mounts on a directory, or where it is NULL as the first on
 * "/", without looking at a path or at rights. The mount's root in *root. After
 * an error the program ends: nothing is undone. -ENOMEM, and mount's errors.
 */
int vfs_mount_on(const FSType *type, const void *options, FSNode *on, FSNode **root);

/* The node that an open descriptor names, a new reference. -EBADF. It keeps the
 * node, not its mount: for use and release under the namespace lock (follow), or
 * while the descriptor is sure to stay open. */
int vfs_fd_node(int fd, FSNode **out);
/* The lowest open descriptor >= from, or -EBADF. */
int vfs_next_fd(int from);

/*
 * Marks times as changed: all marks get the time of the next moment at which
 * somebody could see them. Costs no clock. Needs no lock.
 */
void vfs_mark_slow(FSNode *node, unsigned which);
static inline void vfs_mark(FSNode *node, unsigned which)
{
	if ((__atomic_load_n(&node->marks, __ATOMIC_RELAXED) & which) != which)
		vfs_mark_slow(node, which);
}

/* A node's times, in the order of the bits of marks; none is a mark any more. */
void vfs_node_times(FSNode *node, struct timespec times[4]);
/* Those that a backend has kept. The node's marks are gone. */
void vfs_node_set_times(FSNode *node, const struct timespec times[4]);

#ifdef __cplusplus
}
#endif
#endif
