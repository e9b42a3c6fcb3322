/*
 * The descriptor table, and the pools of what it points to. Descriptors are
 * found by bitmap, from the lowest that may be free. Chunks are never freed and
 * streams only recycled, so that a reader needs no lock (vfs__get_stream).
 */
#include "internal.h"
#include <dirent.h>
#include <sys/file.h>

/* O_PATH: a descriptor that names a file and does nothing with it. */
const StreamOps vfs__path_ops = {0};

static vfs__fds first;
vfs__fds *vfs__fd_chunks[VFS__FD_CHUNKS] = {&first};
static unsigned lowest; /* no descriptor below it is free */
static unsigned max_fds = VFS__FD_CHUNK;
static FSStream *free_streams;            /* linked through data */
static FSStreamShared *free_shareds;      /* linked through next_cursor */
static vfs__mutex lock = VFS__MUTEX_INIT; /* all of the above; a leaf */

static int reserve(unsigned from)
{
	unsigned fd = from > lowest ? from : lowest;
	for (; fd < max_fds; fd = (fd | 63) + 1) {
		vfs__fds *c = vfs__fd_chunks[fd / VFS__FD_CHUNK];
		if (!c) {
			if (!(c = calloc(1, sizeof *c)))
				return -ENOMEM;
			vfs__store(&vfs__fd_chunks[fd / VFS__FD_CHUNK], c);
		}
		uint64_t *word = &c->used[fd % VFS__FD_CHUNK / 64];
		uint64_t free = ~*word >> fd % 64;
		if (!free)
			continue;
		fd += (unsigned)__builtin_ctzll(free);
		if (fd >= max_fds)
			break;
		*word |= (uint64_t)1 << fd % 64;
		if (from <= lowest)
			lowest = fd + 1;
		return (int)fd;
	}
	return -EMFILE;
}

static void release(int fd)
{
	unsigned bit = (unsigned)fd % VFS__FD_CHUNK;
	vfs__fd_chunks[(unsigned)fd / VFS__FD_CHUNK]->used[bit / 64] &= ~((uint64_t)1 << bit % 64);
	if ((unsigned)fd < lowest)
		lowest = (unsigned)fd;
}

int vfs__fd_reserve(unsigned from)
{
	vfs__lock(&lock);
	int fd = reserve(from);
	vfs__unlock(&lock);
	return fd;
}

static FSStream **slot(int fd)
{
	return &vfs__fd_chunks[(unsigned)fd / VFS__FD_CHUNK]->slot[(unsigned)fd % VFS__FD_CHUNK];
}

void vfs__fd_install(int fd, FSStream *s)
{
	s->fd = fd;
	vfs__store(slot(fd), s);
}

void vfs__fd_free(int fd)
{
	vfs__lock(&lock);
	release(fd);
	vfs__unlock(&lock);
}

FSStream *vfs__fd_take(int fd)
{
	FSStream *s = NULL;
	if ((unsigned)fd >= VFS__FD_MAX)
		return NULL;
	vfs__lock(&lock);
	if (vfs__fd_chunks[(unsigned)fd / VFS__FD_CHUNK] && (s = vfs__load(slot(fd))) != NULL) {
		vfs__store(slot(fd), NULL);
		release(fd);
	}
	vfs__unlock(&lock);
	return s;
}

int vfs__fd_replace(int fd, FSStream *s, FSStream **old)
{
	int err = 0;
	*old = NULL;
	vfs__lock(&lock);
	vfs__fds *c = vfs__fd_chunks[fd / VFS__FD_CHUNK];
	if (c && (c->used[fd % VFS__FD_CHUNK / 64] >> fd % 64 & 1)) {
		*old = vfs__load(slot(fd));
		if (!*old)
			err = -EBUSY; /* another thread is about to fill it */
	} else {
		/* the lowest free one from fd on is fd */
		int got = reserve((unsigned)fd);
		err = got < 0 ? got : 0;
	}
	if (!err)
		vfs__fd_install(fd, s);
	vfs__unlock(&lock);
	return err;
}

int vfs_next_fd(int from)
{
	for (unsigned fd = from < 0 ? 0 : (unsigned)from; fd < VFS__FD_MAX; fd++) {
		vfs__fds *c = vfs__load(&vfs__fd_chunks[fd / VFS__FD_CHUNK]);
		if (!c)
			fd |= VFS__FD_CHUNK - 1;
		else if (vfs__load(&c->slot[fd % VFS__FD_CHUNK]))
			return (int)fd;
	}
	return -EBADF;
}

unsigned vfs_max_open_fds(void)
{
	return __atomic_load_n(&max_fds, __ATOMIC_RELAXED);
}

int vfs_set_max_open_fds(unsigned n)
{
	if (n > VFS__FD_MAX)
		return -EINVAL;
	vfs__lock(&lock);
	__atomic_store_n(&max_fds, n, __ATOMIC_RELAXED);
	vfs__unlock(&lock);
	return 0;
}

FSStreamShared *vfs__shared_new(FSNode *node, int flags)
{
	vfs__lock(&lock);
	FSStreamShared *shared = free_shareds;
	if (shared)
		free_shareds = shared->next_cursor;
	vfs__unlock(&lock);
	if (!shared && !(shared = malloc(sizeof *shared)))
		return NULL;
	vfs__get_node(node);
	vfs__inc(&node->mount->busy);
	shared->node = node;
	shared->pos = 0;
	shared->flags = flags;
	shared->flock = 0;
	shared->refs = 0;
	shared->next_entry = NULL;
	shared->end = 0;
	shared->cursor_at = NULL;
	shared->errors_seen = 0;
	return shared;
}

void vfs__shared_free(FSStreamShared *shared)
{
	FSNode *node = shared->node;
	vfs__lock(&lock);
	shared->next_cursor = free_shareds;
	free_shareds = shared;
	vfs__unlock(&lock);
	FSMount *m = node->mount;
	vfs_node_put(node); /* before the mount may go */
	vfs__dec(&m->busy);
}

FSStream *vfs__stream_new(FSStreamShared *shared)
{
	vfs__lock(&lock);
	FSStream *s = free_streams;
	if (s)
		free_streams = s->data;
	vfs__unlock(&lock);
	if (!s) {
		if (!(s = malloc(sizeof *s)))
			return NULL;
		s->refs = 0;
	}
	s->shared = shared;
	s->stream_ops = NULL;
	s->data = NULL;
	s->fd = -1;
	s->type = 0;
	s->cloexec = s->seekable = s->readable = s->writable = false;
	vfs__inc(&shared->refs);
	vfs__store(&s->refs, 1);
	return s;
}

void vfs__stream_free(FSStream *s)
{
	vfs__lock(&lock);
	s->data = free_streams;
	free_streams = s;
	vfs__unlock(&lock);
}

/* n->flocks counts the holders of a shared lock; -1: an exclusive one. */
void vfs__drop_flock(FSStreamShared *shared)
{
	if (shared->flock == LOCK_EX)
		shared->node->flocks = 0;
	else if (shared->flock == LOCK_SH)
		shared->node->flocks--;
	shared->flock = 0;
}

static void release_stream(FSStream *s)
{
	FSStreamShared *shared = s->shared;
	if (vfs__dec(&shared->refs) == 0) {
		if (s->stream_ops->close)
			s->stream_ops->close(s);
		if (UNLIKELY(shared->flock)) {
			vfs__lock_node(shared->node);
			vfs__drop_flock(shared);
			vfs__unlock_node(shared->node);
		}
		if (UNLIKELY(s->type == DT_DIR)) {
			vfs__lock_names();
			vfs__drop_cursor(shared);
			vfs__unlock_names();
		}
		if (s->writable)
			vfs__settle();
		vfs__shared_free(shared);
	}
	vfs__stream_free(s);
}

#if VFS_THREADS
/*
 * A walk may hold the last reference of a stream that another thread closes
 * meanwhile. Releasing it calls drivers and takes the namespace lock, so it
 * waits until the walk has given that up.
 */
_Thread_local bool vfs__names_locked;
static _Thread_local FSStream *waiting; /* linked through next */

void vfs__stream_release(FSStream *s)
{
	if (vfs__names_locked) {
		s->next = waiting;
		waiting = s;
	} else {
		release_stream(s);
	}
}

void vfs__unlock_names(void)
{
	vfs__names_locked = false;
	vfs__unlock(&vfs__namespace);
	while (UNLIKELY(waiting != NULL)) {
		FSStream *s = waiting;
		waiting = s->next;
		release_stream(s);
	}
}
#else
void vfs__stream_release(FSStream *s)
{
	release_stream(s);
}
#endif
