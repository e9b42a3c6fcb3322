/* What the two files of the toy filesystem share (bare.c tells what it is):
 * nodes and open files, and what is so short that calling it would show. */
#ifndef BARE_H
#define BARE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define INLINE static inline __attribute__((always_inline))

enum { BLOCK = 65536, MAX_FDS = 4096, NAME_LEN = 31 };

/* A name and its file in one. Bytes past `size` in a block that is there are
 * undefined; a block that is not there is zeros. */
struct node {
	struct node *chain; /* hash bucket */
	struct node *parent;
	uint32_t hash, seed; /* seed: of the names inside */
	uint8_t len;
	char name[NAME_LEN + 1];
	struct node *prev, *next, *first, *last; /* siblings; children */
	mode_t mode;
	unsigned opens;
	bool linked;
	char **blocks;
	size_t block_slots;
	off_t size;
};

struct file {
	struct node *node;   /* NULL: the console */
	struct node *cursor; /* readdir's next entry */
	off_t pos;
	int flags;
	unsigned refs;
	struct file *next_free;
};

extern struct node root;
extern struct file *fds[MAX_FDS];

INLINE struct file *get(int fd)
{
	return fd >= 0 && fd < MAX_FDS ? fds[fd] : NULL;
}

/* Where a path ends: its directory, its last name, and the node if it exists.
 * Returns 0 or -errno; a missing last name is no error here. */
struct place {
	struct node *dir, *node;
	const char *name;
	size_t len;
	uint32_t hash;
};

int walk(int dirfd, const char *p, struct place *at);
int make(const struct place *at, mode_t mode, struct node **out);
void release(struct node *n); /* and its data */

INLINE void drop(struct node *n)
{
	if (!n->linked && !n->opens)
		release(n);
}

/* What musl calls, in both files. */

#ifdef __EMSCRIPTEN_PTHREADS__
extern pthread_mutex_t mutex;
#define LOCK   pthread_mutex_lock(&mutex)
#define UNLOCK pthread_mutex_unlock(&mutex)
#else
#define LOCK   (void)0
#define UNLOCK (void)0
#endif
#define LOCKED(call)    \
	LOCK;           \
	int r = (call); \
	UNLOCK;         \
	return r
#define SYSCALL(name, arguments, call) \
	int __syscall_##name arguments \
	{                              \
		LOCKED(call);          \
	}

#endif
