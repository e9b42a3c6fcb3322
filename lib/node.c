/*
 * Nodes: made by backends, counted, freed with the last reference. A node's
 * references are its names', its streams', its mappings' and, of a directory,
 * its children's.
 */
#include "internal.h"

static ssize_t dir_read(FSStream *s, void *buf, size_t len, off_t pos)
{
	(void)s, (void)buf, (void)len, (void)pos;
	return -EISDIR;
}
const StreamOps vfs__dir_ops = {.read = dir_read};

FSNode *vfs_node_new(FSMount *m, mode_t mode, uint64_t ino)
{
	FSNode *n = calloc(1, sizeof *n + m->type->node_size);
	if (!n)
		return NULL;
#if VFS_THREADS
	pthread_mutex_init(&n->lock, NULL);
#endif
	n->mount = m;
	n->mode = mode;
	n->nlink = S_ISDIR(mode) ? 2 : 1;
	n->uid = vfs__process.cred.euid;
	n->gid = vfs__process.cred.egid;
	n->ino = ino ? ino : ++m->next_ino;
	n->refs = 1;
	if (S_ISDIR(mode)) {
		n->u.dir.next_cookie = 2; /* 0 and 1 are "." and ".." */
		n->size = 2 * VFS__ENTRY_SIZE;
		n->stream_ops = &vfs__dir_ops;
	}
	vfs_mark(n, VFS_ATIME | VFS_MTIME | VFS_CTIME | VFS_BTIME);
	return n;
}

void vfs__tell_mode(FSNode *n)
{
	vfs_attr a = {.valid = VFS_MODE | VFS_GID, .mode = n->mode & 07777, .gid = n->gid};
	if (n->node_ops && n->node_ops->setattr)
		n->node_ops->setattr(n, &a);
}

FSNode *vfs_node_get(FSNode *node)
{
	vfs__get_node(node);
	return node;
}

void vfs_node_put(FSNode *node)
{
	while (node && vfs__dec(&node->refs) == 0) {
		FSNode *parent = S_ISDIR(node->mode) ? node->u.dir.parent : NULL;
		if (node->node_ops && node->node_ops->forget)
			node->node_ops->forget(node);
		if (S_ISLNK(node->mode))
			free(node->u.target);
		vfs__unmark(node);
#if VFS_THREADS
		pthread_mutex_destroy(&node->lock);
#endif
		free(node);
		node = parent;
	}
}
