/*
 * Mappings. There is no MMU: a shared mapping is the file's own memory, in one
 * piece, which the backend gives; a private one is a copy; an anonymous one is
 * zeros. What is kept here is which addresses are mapped, so that parts of
 * mappings can be unmapped and synced.
 */
#include "internal.h"
#include "pages.h"
#include <dirent.h>
#include <sys/mman.h>
#include <vfsfs/blocks.h>

/* What mmap made, whole until its last part is unmapped. */
typedef struct region {
	char *base;
	size_t len;
	FSNode *node;         /* held, and its mount busy; NULL: memory of our own */
	const StreamOps *ops; /* of node */
	off_t pos;
	unsigned parts;
	bool writable;
} region;

typedef struct mapping {
	struct mapping *next;
	uintptr_t start, end; /* on page boundaries */
	region *region;
} mapping;

static mapping *mappings;
static vfs__mutex lock = VFS__MUTEX_INIT; /* node locks are taken under it; nothing else is */

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Up to the next page; 0: too far. */
static size_t round_up(size_t len)
{
	size_t page = page_size();
	return (len + page - 1) & ~(page - 1);
}

static void end_region(region *r)
{
	FSNode *n = r->node;
	if (!n) {
		pages_free(r->base);
	} else {
		vfs__lock_node(n);
		if (r->writable)
			vfs_mark(n, VFS_MTIME | VFS_CTIME);
		if (r->ops->munmap)
			r->ops->munmap(n, r->base, r->len, r->pos);
		vfs__unlock_node(n);
		FSMount *m = n->mount;
		vfs_node_put(n);
		vfs__dec(&m->busy);
	}
	pages_free(r);
}

static int map_zeros(region *r)
{
	r->base = pages_aligned_alloc(page_size(), r->len);
	if (!r->base)
		return -ENOMEM;
	memset(r->base, 0, r->len);
	return 0;
}

/* The copy that a private mapping is; zeros where the file ends. */
static int copy_file(FSStream *s, region *r)
{
	char *copy = pages_aligned_alloc(page_size(), r->len);
	size_t got = 0;
	ssize_t n = copy ? 1 : -ENOMEM;
	while (n > 0 && got < r->len) {
		n = s->stream_ops->read(s, copy + got, r->len - got, r->pos + (off_t)got);
		got += n > 0 ? (size_t)n : 0;
	}
	if (n < 0) {
		pages_free(copy);
		return (int)n;
	}
	memset(copy + got, 0, r->len - got);
	r->base = copy;
	return 0;
}

static int share_file(FSStream *s, region *r, int prot)
{
	FSNode *n = s->shared->node;
	void *addr = NULL;
	int err = s->stream_ops->mmap(s, r->len, r->pos, prot, &addr);
	if (err)
		return err;
	if (!addr)
		return map_zeros(r);
	r->base = addr;
	r->node = n;
	r->ops = s->stream_ops;
	r->writable = prot & PROT_WRITE;
	vfs__get_node(n);
	vfs__inc(&n->mount->busy);
	return 0;
}

/* A device is mapped where its driver says so by its mmap, privately too. */
static int map_stream(FSStream *s, region *r, int prot, bool shared)
{
	const StreamOps *ops = s->stream_ops;
	FSNode *n = s->shared->node;
	bool regular = s->type == DT_REG;
	if (ops == &vfs__path_ops)
		return -EBADF;
	if (!s->readable || (shared && (prot & PROT_WRITE) && !s->writable))
		return -EACCES;
	if (!ops->mmap && (shared || !regular))
		return -ENODEV;
	if (!shared && !ops->read)
		return -ENODEV;
	if (!shared && !regular)
		return copy_file(s, r);
	vfs__lock_node(n);
	int err = shared ? share_file(s, r, prot) : copy_file(s, r);
	if (!err && regular)
		vfs__mark_read(s);
	vfs__unlock_node(n);
	return err;
}

static int map_file(int fd, region *r, int prot, bool shared)
{
	FSStream *s = vfs__get_stream(fd);
	if (!s)
		return -EBADF;
	int err = map_stream(s, r, prot, shared);
	vfs__put_stream(s);
	return err;
}

static bool is_open(int fd)
{
	FSStream *s = vfs__get_stream(fd);
	if (!s)
		return false;
	bool real = s->stream_ops != &vfs__path_ops;
	vfs__put_stream(s);
	return real;
}

static int map(size_t len, int prot, int flags, int fd, off_t pos, void **out)
{
	off_t end;
	size_t size = round_up(len);
	int type = flags & MAP_TYPE;
	bool anonymous = flags & MAP_ANONYMOUS;
	if ((size_t)pos % page_size())
		return -EINVAL;
	if (!anonymous && !is_open(fd))
		return -EBADF;
	if (!len)
		return -EINVAL;
	if (!size || size > PTRDIFF_MAX)
		return -ENOMEM;
	if (!anonymous && (pos < 0 || __builtin_add_overflow(pos, (off_t)size, &end)))
		return -EOVERFLOW;
	if ((type != MAP_SHARED && type != MAP_PRIVATE &&
	     (type != MAP_SHARED_VALIDATE || anonymous)) ||
	    (flags & MAP_FIXED))
		return -EINVAL;
	if (type == MAP_SHARED_VALIDATE && (flags & MAP_SYNC))
		return -EOPNOTSUPP;
	region *r = pages_malloc(sizeof *r);
	mapping *m = pages_malloc(sizeof *m);
	int err = r && m ? 0 : -ENOMEM;
	if (!err) {
		*r = (region){.len = size, .pos = pos, .parts = 1};
		err = anonymous ? map_zeros(r) : map_file(fd, r, prot, type != MAP_PRIVATE);
	}
	if (err) {
		pages_free(r);
		pages_free(m);
		return err;
	}
	*m = (mapping){NULL, (uintptr_t)r->base, (uintptr_t)r->base + size, r};
	*out = r->base;
	vfs__lock(&lock);
	m->next = mappings;
	mappings = m;
	vfs__unlock(&lock);
	return 0;
}

int vfs_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t pos, void **out)
{
	VFS__TRACE(mmap, (addr, len, prot, flags, fd, pos, out));
	/* referred to, so that it is linked */
	return vfs_blocks_map_linked ? map(len, prot, flags, fd, pos, out) : -ENODEV;
}

/* Takes [start, end), a part of *at, out of it. *spare serves for a split. */
static void cut(mapping **at, uintptr_t start, uintptr_t end, mapping **spare, region **dead)
{
	mapping *m = *at;
	if (m->start < start && m->end > end) {
		mapping *rest = *spare;
		assert(rest);
		*spare = NULL;
		*rest = (mapping){m->next, end, m->end, m->region};
		m->end = start;
		m->next = rest;
		m->region->parts++;
	} else if (m->start < start) {
		m->end = start;
	} else if (m->end > end) {
		m->start = end;
	} else {
		*at = m->next;
		if (--m->region->parts == 0)
			*dead = m->region;
		pages_free(m);
	}
}

static bool good_range(const void *addr, size_t *len)
{
	*len = round_up(*len);
	return (uintptr_t)addr % page_size() == 0 && (uintptr_t)addr + *len >= (uintptr_t)addr;
}

/*
 * Two mappings of one range have one address: munmap ends one of them, the one
 * of just this range where there is one, else the newest. NULL: nothing is
 * mapped at `at`, and *next is where something is.
 */
static mapping **covering(uintptr_t at, uintptr_t end, uintptr_t *next)
{
	mapping **found = NULL;
	*next = end;
	for (mapping **i = &mappings; *i; i = &(*i)->next) {
		const mapping *m = *i;
		if (m->start <= at && m->end > at) {
			if (!found || (m->start == at && m->end == end))
				found = i;
		} else if (m->start > at && m->start < *next) {
			*next = m->start;
		}
	}
	return found;
}

/* Does the range end within a mapping of which a part in front is left? */
static bool splits(uintptr_t at, uintptr_t end)
{
	for (uintptr_t next; at < end; at = next) {
		mapping **m = covering(at, end, &next);
		if (m && (*m)->end > end)
			return (*m)->start < at;
		if (m)
			next = (*m)->end;
	}
	return false;
}

int vfs_munmap(void *addr, size_t len)
{
	VFS__TRACE(munmap, (addr, len));
	uintptr_t at = (uintptr_t)addr, next;
	if (!len || !good_range(addr, &len) || !len)
		return -EINVAL;
	uintptr_t end = at + len;
	mapping *spare = NULL;
	int err = 0;
	vfs__lock(&lock);
	if (splits(at, end) && !(spare = pages_malloc(sizeof *spare)))
		err = -ENOMEM;
	while (!err && at < end) {
		mapping **m = covering(at, end, &next);
		region *dead = NULL;
		if (m) {
			next = (*m)->end < end ? (*m)->end : end;
			cut(m, at, next, &spare, &dead);
		}
		if (dead)
			end_region(dead);
		at = next;
	}
	vfs__unlock(&lock);
	pages_free(spare);
	vfs__settle();
	return err;
}

static int sync_part(const mapping *m, uintptr_t start, uintptr_t end, int flags)
{
	region *r = m->region;
	if (!r->node)
		return 0;
	vfs__lock_node(r->node);
	if (r->writable)
		vfs_mark(r->node, VFS_MTIME | VFS_CTIME);
	int err = 0;
	if (r->ops->msync)
		err = r->ops->msync(r->node, (void *)start, end - start,
				    r->pos + (off_t)(start - (uintptr_t)r->base), flags);
	vfs__unlock_node(r->node);
	return err;
}

int vfs_msync(void *addr, size_t len, int flags)
{
	VFS__TRACE(msync, (addr, len, flags));
	uintptr_t start = (uintptr_t)addr;
	if ((flags & ~(MS_ASYNC | MS_SYNC | MS_INVALIDATE)) ||
	    (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
		return -EINVAL;
	if ((uintptr_t)addr % page_size())
		return -EINVAL;
	if (!good_range(addr, &len))
		return -ENOMEM;
	uintptr_t end = start + len, next;
	bool hole = false;
	int err = 0;
	vfs__lock(&lock);
	for (; start < end && !err; start = next) {
		mapping **m = covering(start, end, &next);
		if (m) {
			next = (*m)->end < end ? (*m)->end : end;
			err = sync_part(*m, start, next, flags);
		} else {
			hole = true;
		}
	}
	vfs__unlock(&lock);
	vfs__settle();
	return err ? err : hole ? -ENOMEM : 0;
}
