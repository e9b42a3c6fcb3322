/*
 * Directories as they are read, and the working directory.
 */
#include "internal.h"
#include <dirent.h>

/* Where a listing is written. */
typedef struct sink {
	char *at, *end;
} sink;

/* One record; false where there is no room. `next` is the cookie behind it. */
static bool put(sink *to, const char *name, size_t len, uint64_t ino, unsigned type, uint64_t next)
{
	size_t head = offsetof(struct dirent, d_name);
	size_t size = (head + len + 1 + 7) & ~(size_t)7;
	if ((size_t)(to->end - to->at) < size)
		return false;
	struct dirent d; /* the buffer need not be aligned */
	d.d_ino = ino;
	d.d_off = (off_t)next;
	d.d_reclen = (unsigned short)size;
	d.d_type = (unsigned char)type;
	assert(to->at);
	memcpy(to->at, &d, head);
	memcpy(to->at + head, name, len);
	memset(to->at + head + len, 0, size - head - len);
	to->at += size;
	return true;
}

static unsigned type_of(const FSNode *n)
{
	return (n->mode & S_IFMT) >> 12; /* DT_ are S_IF >> 12 */
}

static const FSNode *dotdot(const FSNode *dir)
{
	if (dir == vfs__process.root)
		return dir;
	while (dir == dir->mount->root && dir->mount->covered)
		dir = dir->mount->covered;
	return dir->u.dir.parent ? dir->u.dir.parent : dir;
}

/* From the core's own table. */
static void list(FSStreamShared *shared, FSNode *dir, sink *to)
{
	FSDentry *d = shared->next_entry;
	if (!shared->cursor_at || !d)
		d = vfs__entry_at(dir, (uint64_t)shared->pos);
	for (; d; d = vfs__entry_next(d)) {
		const FSNode *n = vfs__entry_node(d);
		uint64_t next = vfs__entry_cookie(d) + 1;
		if (next > shared->end) {
			d = NULL;
			break;
		}
		if (!put(to, vfs__entry_name(d), vfs__entry_len(d), n->ino, type_of(n), next))
			break;
		shared->pos = (off_t)next;
	}
	shared->next_entry = d;
	if (!shared->cursor_at) {
		shared->cursor_at = &dir->u.dir.cursors;
		shared->next_cursor = dir->u.dir.cursors;
		if (shared->next_cursor)
			shared->next_cursor->cursor_at = &shared->next_cursor;
		dir->u.dir.cursors = shared;
	}
}

/* From a backend that lists for itself. */
static int ask(FSStreamShared *shared, FSNode *dir, sink *to)
{
	struct vfs_entry e;
	for (;;) {
		uint64_t next = (uint64_t)shared->pos - 2; /* behind "." and ".." */
		int got = dir->node_ops->readdir(dir, &next, &e);
		if (got <= 0)
			return got;
		if (!put(to, e.name, strlen(e.name), e.ino, e.type, next + 2))
			return -EINVAL; /* where nothing else fitted either */
		shared->pos = (off_t)next + 2;
	}
}

static ssize_t read_entries(FSStream *s, void *buf, size_t size)
{
	FSStreamShared *shared = s->shared;
	FSNode *dir = shared->node;
	uint64_t start = (uint64_t)shared->pos;
	int err = 0;
	if (!dir->nlink)
		return -ENOENT;
	if (vfs__bad_address(buf, size))
		return -EFAULT;
	sink to = {buf, (char *)buf + size};
	/* what is made from now on is not listed: a program that makes an entry for
	 * each that it reads comes to an end, as on Linux */
	if (shared->pos == 0 || !shared->end)
		shared->end = dir->u.dir.next_cookie;
	if (shared->pos == 0 && put(&to, ".", 1, dir->ino, DT_DIR, 1))
		shared->pos = 1;
	if (shared->pos == 1 && put(&to, "..", 2, dotdot(dir)->ino, DT_DIR, 2))
		shared->pos = 2;
	if (shared->pos >= 2) {
		if (dir->node_ops && dir->node_ops->readdir)
			err = ask(shared, dir, &to);
		else
			list(shared, dir, &to);
	}
	vfs__mark_read(s);
	if (to.at != (char *)buf)
		return to.at - (char *)buf;
	/* nothing fitted, or nothing is left? */
	if (start < 2 || (!(dir->node_ops && dir->node_ops->readdir) && shared->next_entry))
		return -EINVAL;
	return err;
}

ssize_t vfs_getdents(int fd, void *buf, size_t size)
{
	VFS__TRACE(getdents, (fd, buf, size));
	FSStream *s = vfs__get_stream(fd);
	if (!s)
		return -EBADF;
	ssize_t r;
	if (s->stream_ops == &vfs__path_ops)
		r = -EBADF;
	else if (s->type != DT_DIR)
		r = -ENOTDIR;
	else {
		vfs__lock_names();
		r = read_entries(s, buf, size);
		vfs__unlock_names();
	}
	vfs__put_stream(s);
	return r;
}

static int change_dir(FSNode *n)
{
	if (!S_ISDIR(n->mode))
		return -ENOTDIR;
	int err = vfs__may(n, X_OK);
	if (err)
		return err;
	vfs__set_cwd(n);
	return 0;
}

void vfs__set_cwd(FSNode *n)
{
	FSNode *old = vfs__process.cwd;
	vfs__get_node(n);
	vfs__inc(&n->mount->busy);
	vfs__process.cwd = n;
	vfs__dec(&old->mount->busy);
	vfs_node_put(old);
}

int vfs_chdir(const char *path)
{
	VFS__TRACE(chdir, (path));
	vfs__path p;
	int err = vfs__walk_to(AT_FDCWD, path, VFS__FOLLOW, &p);
	if (!err)
		err = change_dir(p.node);
	vfs__end_walk(&p);
	return err;
}

int vfs_fchdir(int fd)
{
	VFS__TRACE(fchdir, (fd));
	vfs__path p;
	int err = vfs__walk_fd(fd, &p);
	if (!err)
		err = change_dir(p.node);
	vfs__end_walk(&p);
	return err;
}

/* Writes the path in front of `at`, backwards; NULL: no room. */
static char *write_path(char *at, const char *start, const FSNode *n)
{
	while (n != vfs__process.root) {
		if (n == n->mount->root) {
			if (!n->mount->covered)
				break;
			n = n->mount->covered;
			continue;
		}
		if (!n->u.dir.entry)
			break; /* a directory that was removed, with a mount on it */
		unsigned len = vfs__entry_len(n->u.dir.entry);
		if ((size_t)(at - start) < len + 1)
			return NULL;
		at -= len;
		memcpy(at, vfs__entry_name(n->u.dir.entry), len);
		*--at = '/';
		n = n->u.dir.parent;
	}
	return at;
}

ssize_t vfs_getcwd(char *buf, size_t size)
{
	VFS__TRACE(getcwd, (buf, size));
	ssize_t r = -ERANGE;
	if (vfs__bad_address(buf, size))
		return -EFAULT;
	vfs__lock_names();
	if (!vfs__process.cwd->nlink) {
		r = -ENOENT;
	} else if (size >= 2) {
		char *end = buf + size - 1;
		char *at = write_path(end, buf, vfs__process.cwd);
		if (at == end) {
			memcpy(buf, "/", r = 2);
		} else if (at) {
			r = end - at + 1;
			memmove(buf, at, (size_t)r - 1);
			buf[r - 1] = 0;
		}
	}
	vfs__unlock_names();
	return r;
}
