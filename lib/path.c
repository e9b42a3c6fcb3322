/*
 * The path walk: from a string to a node, or to the directory and the name
 * under which it would be made. It copies nothing and allocates nothing: a name
 * is hashed where it stands, and a symbolic link's target is walked where it
 * stands, while a small stack keeps what is left of the paths around it.
 */
#include "internal.h"

int vfs__check_string(const char *s)
{
	size_t most = VFS__PATH_MAX;
	int err = -ENAMETOOLONG;
	if (vfs__bad_address(s, 1))
		return -EFAULT;
#ifdef __wasm__
	size_t left = (size_t)__builtin_wasm_memory_size(0) * 65536 - (size_t)s;
	if (left < most) {
		most = left;
		err = -EFAULT;
	}
#endif
	while (most--)
		if (!*s++)
			return 0;
	return err;
}

/* The same, at the cost of a comparison: the walk itself finds the end. */
static inline int check_start(const char *s)
{
	return vfs__bad_address(s, VFS__PATH_MAX) ? vfs__check_string(s) : 0;
}

static inline FSNode *into_mounts(FSNode *n)
{
	while (UNLIKELY(n->u.dir.covered_by != NULL))
		n = n->u.dir.covered_by->root;
	return n;
}

static FSNode *parent_of(FSNode *n)
{
	while (n != vfs__process.root && n == n->mount->root && n->mount->covered)
		n = n->mount->covered;
	if (n == vfs__process.root || !n->u.dir.parent)
		return n;
	return into_mounts(n->u.dir.parent);
}

/* Nodes that no name holds: the last two stay until the walk ends. */
static FSNode *hold(vfs__path *p, FSNode *n)
{
	FSNode *old = p->found[1];
	p->found[1] = p->found[0];
	p->found[0] = n;
	if (old)
		vfs_node_put(old);
	return n;
}

/* The name's node, or NULL with *err set. */
static FSNode *look(FSNode *dir, vfs__path *p, int *err)
{
	FSNode *n;
	p->entry = vfs__find(dir, &p->name);
	if (LIKELY(p->entry != NULL))
		return vfs__entry_node(p->entry);
	*err = -ENOENT;
	if (!dir->node_ops || !dir->node_ops->lookup)
		return NULL;
	*err = dir->node_ops->lookup(dir, p->name.ptr, p->name.len, &n);
	if (*err)
		return NULL;
	hold(p, n);
	/* nothing would hold what lies below it, or its text */
	if (S_ISDIR(n->mode) || (S_ISLNK(n->mode) && !n->node_ops->follow)) {
		*err = -EOPNOTSUPP;
		return NULL;
	}
	return n;
}

/*
 * `left` is what remains of the paths around the link whose target is being
 * walked. The walk is at the last name of all when nothing remains anywhere.
 */
static int walk(FSNode *at, const char *path, unsigned flags, vfs__path *p)
{
	const char *left[VFS__LINKS_MAX];
	int depth = 0, links = 0, err = 0;
	const char *c = path;

	for (;;) {
		while (*c == '/')
			c++;
		if (!*c) { /* only "/", or slashes that a link's target ends in */
			if (depth) {
				c = left[--depth];
				continue;
			}
			p->node = p->dir = at;
			p->name.ptr = c;
			p->name.len = 0;
			return UNLIKELY(!links && c - path >= VFS__PATH_MAX) ? -ENAMETOOLONG : 0;
		}
		if (UNLIKELY((err = vfs__may(at, X_OK)) != 0))
			return err;

		const char *name = c;
		unsigned hash = vfs__hash_start(at);
		do
			hash = vfs__hash_byte(hash, (unsigned char)*c);
		while (*++c && *c != '/' && c - name <= VFS__NAME_MAX);
		p->dir = at;
		p->entry = NULL;
		p->name.ptr = name;
		p->name.len = (unsigned)(c - name);
		p->name.hash = vfs__hash_end(hash);
		if (UNLIKELY(p->name.len > VFS__NAME_MAX))
			return -ENAMETOOLONG;

		bool slash = *c == '/';
		while (*c == '/')
			c++;
		while (UNLIKELY(!*c && depth))
			for (c = left[--depth]; *c == '/'; c++)
				slash = true;
		bool last = !*c;
		if (last) {
			p->slash = slash;
			if (UNLIKELY(links || c - path >= VFS__PATH_MAX) &&
			    (err = vfs__check_string(path)) != 0)
				return err;
		}

		FSNode *n;
		if (UNLIKELY(name[0] == '.' && vfs__is_dot(&p->name)))
			n = at;
		else if (UNLIKELY(name[0] == '.' && vfs__is_dotdot(&p->name)))
			n = parent_of(at);
		else if (UNLIKELY(last && slash && (flags & VFS__FILE)))
			return -EISDIR;
		else
			n = look(at, p, &err);
		if (last && (UNLIKELY(!n) || (flags & VFS__NAME))) {
			p->node = n;
			return n || err == -ENOENT ? 0 : err;
		}
		if (UNLIKELY(!n))
			return err;

		if (UNLIKELY(S_ISLNK(n->mode)) && (!last || slash || (flags & VFS__FOLLOW))) {
			if (++links > VFS__LINKS_MAX)
				return -ELOOP;
			if (!n->node_ops || !n->node_ops->follow) {
				vfs__mark_access(n);
				/* what follows the link: its slashes say "a directory" */
				left[depth] = last ? (slash ? "/" : "") : c;
				if (*left[depth])
					depth++;
				c = n->u.target;
				if (*c == '/')
					at = vfs__process.root;
				continue;
			}
			if ((err = n->node_ops->follow(n, &n)) != 0)
				return err;
			p->entry = NULL;
			hold(p, n);
		} else if (LIKELY(S_ISDIR(n->mode)) && LIKELY(n != at)) {
			n = into_mounts(n); /* "." stays below what covers it */
		}
		if (last && !(slash && !S_ISDIR(n->mode))) {
			p->node = n;
			return 0;
		}
		if (!S_ISDIR(n->mode))
			return -ENOTDIR;
		at = n;
	}
}

/* -ENAMETOOLONG goes before what else is wrong with a path. */
static int check_length(const char *path, int err)
{
	int long_err = vfs__check_string(path);
	return long_err ? long_err : err;
}

static int walk_locked(int dirfd, const char *path, unsigned flags, vfs__path *p)
{
	p->base = NULL;
	p->found[0] = p->found[1] = NULL;
	p->entry = NULL;
	p->slash = false;
	int err = check_start(path);
	if (UNLIKELY(err))
		return err;
	FSNode *at = vfs__process.root;
	if (*path != '/') {
		if (LIKELY(dirfd == AT_FDCWD)) {
			at = vfs__process.cwd;
		} else {
			if (!*path && !(flags & VFS__EMPTY))
				return -ENOENT;
			p->base = vfs__get_stream(dirfd);
			if (!p->base)
				return check_length(path, -EBADF);
			at = p->base->shared->node;
		}
		if (!*path) {
			p->node = p->dir = at;
			p->name.len = 0;
			return flags & VFS__EMPTY ? 0 : -ENOENT;
		}
		if (UNLIKELY(!S_ISDIR(at->mode)))
			return check_length(path, -ENOTDIR);
	}
	err = walk(at, path, flags, p);
	return UNLIKELY(err) ? check_length(path, err) : 0;
}

int vfs__walk(int dirfd, const char *path, unsigned flags, vfs__path *p)
{
	vfs__lock_names();
	return walk_locked(dirfd, path, flags, p);
}

int vfs__walk_real(int dirfd, const char *path, unsigned flags, vfs__path *p)
{
	vfs_credential *c = &vfs__process.cred;
	vfs__lock_names();
	uid_t euid = c->euid;
	gid_t egid = c->egid;
	c->euid = c->uid;
	c->egid = c->gid;
	int err = walk_locked(dirfd, path, flags, p);
	c->euid = euid;
	c->egid = egid;
	return err;
}

int vfs__walk_to(int dirfd, const char *path, unsigned flags, vfs__path *p)
{
	int err = vfs__walk(dirfd, path, flags, p);
	return err ? err : p->node ? 0 : -ENOENT;
}

int vfs__walk_fd(int fd, vfs__path *p)
{
	vfs__lock_names();
	p->found[0] = p->found[1] = NULL;
	p->entry = NULL;
	p->base = vfs__get_stream(fd);
	if (!p->base)
		return -EBADF;
	p->node = p->base->shared->node;
	return 0;
}

void vfs__drop_found(vfs__path *p)
{
	vfs_node_put(p->found[0]);
	vfs_node_put(p->found[1]);
	p->found[0] = p->found[1] = NULL;
}

/* Before the lock goes: a node that only the walk holds does not keep its mount. */
static void let_go(vfs__path *p)
{
	if (UNLIKELY(p->base != NULL))
		vfs__put_stream(p->base);
	if (UNLIKELY(p->found[0] != NULL))
		vfs__drop_found(p);
}

void vfs__end_walk(vfs__path *p)
{
	let_go(p);
	vfs__unlock_names();
}

int vfs__walk2(int fd1, const char *path1, unsigned flags1, vfs__path *p1, int fd2,
	       const char *path2, unsigned flags2, vfs__path *p2)
{
	vfs__lock_names();
	p2->base = NULL;
	p2->found[0] = p2->found[1] = NULL;
	int err = walk_locked(fd1, path1, flags1, p1);
	if (!err && !p1->node && !(flags1 & VFS__NAME))
		err = -ENOENT;
	return err ? err : walk_locked(fd2, path2, flags2, p2);
}

void vfs__end_walk2(vfs__path *p1, vfs__path *p2)
{
	let_go(p1);
	let_go(p2);
	vfs__unlock_names();
}
