/*
 * What the core's files share. lib/README.md tells the layers and the order of
 * locks; a name that begins with vfs__ is declared here and nowhere public.
 */
#ifndef VFS_INTERNAL_H
#define VFS_INTERNAL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vfsfs/backend.h>
#include <vfsfs/vfsfs.h>

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

enum { VFS__NAME_MAX = 255, VFS__PATH_MAX = 4096, VFS__LINKS_MAX = 40 };
enum { VFS__ENTRY_SIZE = 20 }; /* a directory's st_size, for each name, as on tmpfs */

/* ---- Locks and counters: nothing in the single-threaded archive ---- */

#if VFS_THREADS
typedef pthread_mutex_t vfs__mutex;
#define VFS__MUTEX_INIT     PTHREAD_MUTEX_INITIALIZER
#define vfs__lock(m)        ((void)pthread_mutex_lock(m))
#define vfs__unlock(m)      ((void)pthread_mutex_unlock(m))
#define vfs__load(p)        __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define vfs__store(p, v)    __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define vfs__inc(p)         ((void)__atomic_fetch_add(p, 1, __ATOMIC_RELAXED))
#define vfs__dec(p)         (__atomic_sub_fetch(p, 1, __ATOMIC_ACQ_REL)) /* the new value */
#define vfs__lock_node(n)   vfs__lock(&(n)->lock)
#define vfs__unlock_node(n) vfs__unlock(&(n)->lock)
#else
typedef struct vfs__mutex {
	char none;
} vfs__mutex;
#define VFS__MUTEX_INIT \
	{               \
		0       \
	}
#define vfs__lock(m)        ((void)(m))
#define vfs__unlock(m)      ((void)(m))
#define vfs__load(p)        (*(p))
#define vfs__store(p, v)    (*(p) = (v))
#define vfs__inc(p)         ((void)++*(p))
#define vfs__dec(p)         (--*(p))
#define vfs__lock_node(n)   ((void)(n))
#define vfs__unlock_node(n) ((void)(n))
#endif

/* ---- Process: what fork would copy. namespace lock ---- */

struct vfs__process {
	FSNode *root;
	FSNode *cwd; /* holds a reference, and its mount busy */
	mode_t umask;
	vfs_credential cred;
};
extern struct vfs__process vfs__process;

/* The namespace lock: dentries, mounts, the process, and the attributes that
 * NodeOps change. */
extern vfs__mutex vfs__namespace;
#if VFS_THREADS
extern _Thread_local bool vfs__names_locked; /* by this thread */
static inline void vfs__lock_names(void)
{
	vfs__lock(&vfs__namespace);
	vfs__names_locked = true;
}
/* Releases, too, the streams whose last reference went while it was held. */
void vfs__unlock_names(void);
#else
#define vfs__lock_names()   ((void)0)
#define vfs__unlock_names() ((void)0)
#endif

/* ---- Addresses ---- */

/* True where [p, p + len) cannot be memory. */
static inline bool vfs__bad_address(const void *p, size_t len)
{
	uintptr_t at = (uintptr_t)p;
#ifdef __wasm__
	uintptr_t end = (uintptr_t)__builtin_wasm_memory_size(0) * 65536; /* 0: all 4 GiB */
	return UNLIKELY(at - 1 >= end - 1 || len > end - at) && len;
#else
	return UNLIKELY(!p || at + len < at || at >> (sizeof at * 8 - 1)) && len;
#endif
}
/* -EFAULT, -ENAMETOOLONG, or 0: a string that ends within PATH_MAX bytes. */
int vfs__check_string(const char *s);

/* ---- node.c, time.c ---- */

static inline void vfs__get_node(FSNode *node)
{
	vfs__inc(&node->refs);
}
/* The backend hears of a mode and a group that the core has changed. */
void vfs__tell_mode(FSNode *node);
/* Gives every mark its time, now; and tells it. */
void vfs__settle_slow(void);
void vfs__settle_at(struct timespec *t);
extern FSNode *vfs__marked;
static inline void vfs__settle(void)
{
	if (vfs__load(&vfs__marked))
		vfs__settle_slow();
}
/* Drops the marks of a node that is about to be freed. */
void vfs__unmark(FSNode *node);
/* Consistent copies of the times; settle first. */
void vfs__get_times(const FSNode *node, struct stat *st);
/* Those of attr, and the ctime. */
void vfs__set_times(FSNode *node, const vfs_attr *attr, struct timespec ctime);

/* ---- dentry.c: (parent, name) -> node. namespace lock ---- */

typedef struct vfs__name {
	const char *ptr;
	unsigned len;  /* 0: the path was "/" or "" */
	unsigned hash; /* vfs__hash of parent and name */
} vfs__name;

struct FSDentry;
unsigned vfs__hash(const FSNode *parent, const char *name, size_t len);
/* The hash, step by step: start with the parent, add each byte, finish. */
static inline unsigned vfs__hash_start(const FSNode *parent)
{
	return (unsigned)((uintptr_t)parent >> 3) * 0x9e3779b1u;
}
static inline unsigned vfs__hash_byte(unsigned h, unsigned char c)
{
	return (h ^ c) * 0x01000193u;
}
static inline unsigned vfs__hash_end(unsigned h)
{
	return h ^ h >> 15;
}

FSDentry *vfs__find(const FSNode *dir, const vfs__name *name);
FSNode *vfs__entry_node(const FSDentry *entry);
FSNode *vfs__entry_parent(const FSDentry *entry);
/* The name, ended by NUL. */
const char *vfs__entry_name(const FSDentry *entry);
unsigned vfs__entry_len(const FSDentry *entry);
uint64_t vfs__entry_cookie(const FSDentry *entry);
FSDentry *vfs__entry_next(const FSDentry *entry);

/*
 * Names are made in two steps, so that nothing can fail once the backend has
 * done its part: reserve, which allocates; then enter, or abandon.
 */
int vfs__reserve(FSNode *dir, const vfs__name *name, FSDentry **out);
void vfs__abandon(FSDentry *entry);
/* Puts it on the directory's list; takes a reference of node. */
void vfs__enter(FSDentry *entry, FSNode *node);
/* Takes the name away; drops the reference of its node. */
void vfs__remove(FSDentry *entry);
/* The entry names another node from now on. */
void vfs__replace(FSDentry *entry, FSNode *node);
/* `entry`, reserved in the same directory, takes the place of `old` in the
 * list, and its node; `old` is gone. */
void vfs__move_in_place(FSDentry *entry, FSDentry *old);
/* The first entry of cookie >= at. */
FSDentry *vfs__entry_at(const FSNode *dir, uint64_t at);
/* Removes every name of a mount. */
void vfs__remove_all(const FSMount *m);
/* Detaches a description from its directory. */
void vfs__drop_cursor(FSStreamShared *shared);

/* ---- cred.c: who may do what. namespace lock ---- */

int vfs__may_slow(const FSNode *node, unsigned want);
/* want: R_OK | W_OK | X_OK. 0 or -EACCES. */
static inline int vfs__may(const FSNode *node, unsigned want)
{
	unsigned all = want * 0111;
	return LIKELY((node->mode & all) == all) ? 0 : vfs__may_slow(node, want);
}
int vfs__may_as(const FSNode *node, unsigned want, uid_t uid, gid_t gid);
bool vfs__capable(unsigned cap);
bool vfs__in_group(gid_t gid);
bool vfs__owns(const FSNode *node);
/* Write and search permission in a directory of a writable mount. */
int vfs__may_change(const FSNode *dir);
/* The same, for taking away `node`'s name: with the sticky bit's rule. */
int vfs__may_delete(const FSNode *dir, const FSNode *node);

/* ---- path.c ---- */

typedef struct vfs__path {
	FSNode *node;     /* what the path names, or NULL */
	FSNode *dir;      /* where the last name is looked up */
	FSDentry *entry;  /* the last name's, or NULL: missing, ".", "..", "/" or a link */
	vfs__name name;   /* the last name; "." and ".." too; len 0 for "/" */
	bool slash;       /* slashes followed it */
	FSStream *base;   /* held for dirfd */
	FSNode *found[2]; /* held: what lookup or follow brought */
} vfs__path;

enum {
	VFS__FOLLOW = 1, /* the last name too, where it is a symbolic link */
	VFS__EMPTY = 2,  /* "" is dirfd itself, of any type */
	VFS__NAME = 4,   /* the last name itself: no link followed, no mount entered,
			    whatever slashes come behind */
	VFS__FILE = 8    /* -EISDIR where slashes come behind the last name */
};

/*
 * Takes the namespace lock and walks. 0 with node NULL where only the last name
 * is missing. Always to be ended by vfs__end_walk, after an error too.
 */
int vfs__walk(int dirfd, const char *path, unsigned flags, vfs__path *p);
void vfs__end_walk(vfs__path *p);
/* Lets go of what lookup and follow brought; p->node may be gone then. */
void vfs__drop_found(vfs__path *p);
/* Two walks under one lock, the first node there unless VFS__NAME is asked. */
int vfs__walk2(int fd1, const char *path1, unsigned flags1, vfs__path *p1, int fd2,
	       const char *path2, unsigned flags2, vfs__path *p2);
void vfs__end_walk2(vfs__path *p1, vfs__path *p2);
/* As vfs__walk, but searching with the real ids: access(2). */
int vfs__walk_real(int dirfd, const char *path, unsigned flags, vfs__path *p);
/* As vfs__walk; -ENOENT where the last name is missing. */
int vfs__walk_to(int dirfd, const char *path, unsigned flags, vfs__path *p);
/* What a descriptor names, in a vfs__path that vfs__end_walk ends; `path` may
 * be used with an O_PATH descriptor. */
int vfs__walk_fd(int fd, vfs__path *p);

static inline bool vfs__is_dot(const vfs__name *n)
{
	return n->len == 1 && n->ptr[0] == '.';
}
static inline bool vfs__is_dotdot(const vfs__name *n)
{
	return n->len == 2 && n->ptr[0] == '.' && n->ptr[1] == '.';
}

/* ---- name.c ---- */

/* The mode that what is asked for becomes in a directory. */
mode_t vfs__new_mode(const FSNode *dir, mode_t mode);
/* A new node of mode under a reserved name, or without one (O_TMPFILE: name
 * NULL). *out holds no reference beside the name's, one for O_TMPFILE. */
int vfs__create(FSNode *dir, const vfs__name *name, mode_t mode, dev_t rdev, FSNode **out);

/* ---- fd.c: the descriptor table ---- */

enum { VFS__FD_CHUNK = 4096, VFS__FD_CHUNKS = 256, VFS__FD_MAX = 1048576 };

typedef struct vfs__fds {
	FSStream *slot[VFS__FD_CHUNK];
	uint64_t used[VFS__FD_CHUNK / 64]; /* a bit set: taken */
} vfs__fds;
extern vfs__fds *vfs__fd_chunks[VFS__FD_CHUNKS];

/* The lowest free descriptor >= from, reserved. -EMFILE, -ENOMEM. */
int vfs__fd_reserve(unsigned from);
void vfs__fd_install(int fd, FSStream *s);
void vfs__fd_free(int fd);
/* Takes the stream out of the table; NULL: there is none. Its reference is the
 * caller's. */
FSStream *vfs__fd_take(int fd);
/* dup2's: s in one step takes the place of what fd names, which is the caller's
 * then; NULL: it was free. -EBUSY: it is being opened. -EMFILE, -ENOMEM. */
int vfs__fd_replace(int fd, FSStream *s, FSStream **old);

/* A stream on shared, of which it takes a reference; NULL: no memory. */
FSStream *vfs__stream_new(FSStreamShared *shared);
FSStreamShared *vfs__shared_new(FSNode *node, int flags);
void vfs__shared_free(FSStreamShared *shared);
/* F_DUPFD: a descriptor >= from. */
int vfs__dup_from(int fd, unsigned from, bool cloexec);
/* The last reference is gone. */
void vfs__stream_release(FSStream *s);
/* Back to the pool. */
void vfs__stream_free(FSStream *s);

/* What guards the position of a file or a directory, and the size. */
static inline void vfs__lock_position(const FSStream *s)
{
	if (s->type == DT_DIR)
		vfs__lock_names();
	else
		vfs__lock_node(s->shared->node);
}
static inline void vfs__unlock_position(const FSStream *s)
{
	if (s->type == DT_DIR)
		vfs__unlock_names();
	else
		vfs__unlock_node(s->shared->node);
}

static inline void vfs__put_stream(FSStream *s)
{
	if (vfs__dec(&s->refs) == 0)
		vfs__stream_release(s);
}

/* The stream of fd, held, or NULL. Takes no lock: streams are recycled, never
 * freed, so a stale pointer is still a stream, and the second look tells. */
static inline FSStream *vfs__get_stream(int fd)
{
	if (UNLIKELY((unsigned)fd >= VFS__FD_MAX))
		return NULL;
	vfs__fds *chunk = vfs__load(&vfs__fd_chunks[(unsigned)fd / VFS__FD_CHUNK]);
	if (UNLIKELY(!chunk))
		return NULL;
	FSStream **slot = &chunk->slot[(unsigned)fd % VFS__FD_CHUNK];
#if VFS_THREADS
	for (;;) {
		FSStream *s = vfs__load(slot);
		if (!s)
			return NULL;
		unsigned refs = __atomic_load_n(&s->refs, __ATOMIC_RELAXED);
		if (!refs || !__atomic_compare_exchange_n(&s->refs, &refs, refs + 1, false,
							  __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			continue;
		if (LIKELY(vfs__load(slot) == s))
			return s;
		vfs__put_stream(s);
	}
#else
	FSStream *s = *slot;
	if (LIKELY(s != NULL))
		s->refs++;
	return s;
#endif
}

/* ---- stream.c, open.c, dir.c, device.c ---- */

extern const StreamOps vfs__dir_ops, vfs__path_ops;
/* always: the times change even where the size does not. */
int vfs__truncate(FSNode *node, off_t size, bool always);
void vfs__stat(FSNode *node, struct stat *st);
void vfs__set_cwd(FSNode *dir);
/* Gives a flock up. node lock */
void vfs__drop_flock(FSStreamShared *shared);

/* A program that is written to loses its set-ID bits. */
static inline bool vfs__is_privileged(const FSNode *node)
{
	return UNLIKELY(node->mode & (S_ISUID | S_ISGID));
}
void vfs__drop_privileges(FSNode *node);

/* The access time, unless the mount or the stream does without. */
static inline void vfs__mark_access(FSNode *node)
{
	if (LIKELY(!(node->mount->flags & (VFS_NOATIME | VFS_RDONLY))))
		vfs_mark(node, VFS_ATIME);
}
static inline void vfs__mark_read(const FSStream *s)
{
	FSNode *node = s->shared->node;
	if (LIKELY(__atomic_load_n(&node->marks, __ATOMIC_RELAXED) & VFS_ATIME))
		return;
	if (LIKELY(!(vfs__load(&s->shared->flags) & O_NOATIME)))
		vfs__mark_access(node);
}

/* ---- trace.c ---- */

/* Weak: trace.c is linked only where the program calls vfs_trace. Elsewhere
 * vfs__traced is NULL, and the linker drops the branch. */
bool vfs__traced(void) __attribute__((weak));
#define CALL(type, name, params, args, ...) type vfs__trace_##name params __attribute__((weak));
#include "calls.h"
#undef CALL

/* At the head of a public call: traced, it goes through trace.c, which calls it
 * once more. */
#define VFS__TRACE(name, args)                              \
	do {                                                \
		if (UNLIKELY(vfs__traced && vfs__traced())) \
			return vfs__trace_##name args;      \
	} while (0)

#endif
