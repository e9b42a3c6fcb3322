/*
 * Mounts: trees of one FSType each, on directories of others.
 */
#include "internal.h"
#include <stdio.h>
#include <sys/statfs.h>
#include <vfsfs/device.h>

static FSMount *mounts;   /* the newest first; namespace lock */
static unsigned last_dev; /* likewise */

static FSNode *nowhere; /* what was the root before the first mount */

static int mount_new(const FSType *type, const void *options, unsigned flags, FSMount **out)
{
	FSMount *m = calloc(1, sizeof *m);
	if (!m)
		return -ENOMEM;
	m->type = type;
	m->flags = flags;
	m->dev = vfs_makedev(0, ++last_dev);
	*out = m;
	return type->mount(m, options);
}

static void attach(FSMount *m, FSNode *on)
{
	m->next = mounts;
	mounts = m;
	if (!nowhere) {
		nowhere = on;
	} else {
		vfs__get_node(on);
		m->covered = on;
		on->u.dir.covered_by = m;
	}
	if (on == vfs__process.root) {
		vfs__process.root = m->root;
		if (vfs__process.cwd == on)
			vfs__set_cwd(m->root);
	}
}

int vfs_mount_on(const FSType *type, const void *options, FSNode *on, FSNode **root)
{
	FSMount *m;
	int err = mount_new(type, options, 0, &m);
	if (err)
		return err;
	attach(m, on ? on : vfs__process.root);
	*root = m->root;
	return 0;
}

static int mount_walked(const FSType *type, const void *options, const vfs__path *p, bool at_root,
			unsigned flags)
{
	FSNode *on = p->node;
	FSMount *m = NULL;
	if (!S_ISDIR(on->mode))
		return -ENOTDIR;
	if (!on->nlink)
		return -ENOENT;
	if (on == on->mount->root && !at_root)
		return -EBUSY;
	int err = mount_new(type, options, flags, &m);
	if (err) {
		if (m) {
			vfs__remove_all(m);
			vfs_node_put(m->root);
			if (type->unmount)
				type->unmount(m);
			free(m);
		}
		return err;
	}
	attach(m, on);
	return 0;
}

int vfs_mount(const FSType *type, const void *options, const char *path, unsigned flags)
{
	VFS__TRACE(mount, (type, options, path, flags));
	if (!type)
		return -EFAULT;
	if (flags & ~(unsigned)(VFS_RDONLY | VFS_NODEV | VFS_NOATIME))
		return -EINVAL;
	vfs__path p;
	int err = vfs__walk_to(AT_FDCWD, path, VFS__FOLLOW, &p);
	bool at_root = !err && p.node == vfs__process.root;
	if (!err && !vfs__capable(VFS_CAP_SYS_ADMIN))
		err = -EPERM;
	if (!err)
		err = mount_walked(type, options, &p, at_root, flags);
	vfs__end_walk(&p);
	return err;
}

static bool has_mounts_below(const FSMount *m)
{
	for (const FSMount *i = mounts; i; i = i->next)
		if (i->covered && i->covered->mount == m)
			return true;
	return false;
}

static int unmount(FSMount *m)
{
	FSNode *root = m->root, *below = m->covered ? m->covered : nowhere;
	bool was_root = root == vfs__process.root;
	bool was_cwd = was_root && root == vfs__process.cwd;
	if (has_mounts_below(m) || vfs__load(&m->busy) != (was_cwd ? 1 : 0))
		return -EBUSY;
	vfs__settle();
	int err = m->type->sync ? m->type->sync(m) : 0;
	if (err)
		return err;
	if (was_root)
		vfs__process.root = below;
	if (was_cwd)
		vfs__set_cwd(below);
	FSMount **at = &mounts;
	while (*at != m) {
		assert(*at);
		at = &(*at)->next;
	}
	*at = m->next;
	if (m->covered) {
		m->covered->u.dir.covered_by = NULL;
		vfs_node_put(m->covered);
	} else {
		nowhere = NULL;
	}
	vfs__remove_all(m);
	vfs_node_put(root);
	if (m->type->unmount)
		m->type->unmount(m);
	free(m);
	return 0;
}

int vfs_unmount(const char *path)
{
	VFS__TRACE(unmount, (path));
	vfs__path p;
	int err = vfs__walk_to(AT_FDCWD, path, VFS__FOLLOW, &p);
	if (!err && !vfs__capable(VFS_CAP_SYS_ADMIN))
		err = -EPERM;
	if (!err && (!p.node->mount->root || p.node != p.node->mount->root))
		err = -EINVAL;
	if (!err) {
		FSMount *m = p.node->mount;
		vfs__drop_found(&p); /* before its mount goes */
		err = unmount(m);
	}
	vfs__end_walk(&p);
	return err;
}

static int statfs_mount(FSMount *m, struct statfs *st)
{
	if (vfs__bad_address(st, sizeof *st))
		return -EFAULT;
	memset(st, 0, sizeof *st);
	st->f_bsize = 4096;
	st->f_frsize = 4096;
	st->f_namelen = VFS__NAME_MAX;
	st->f_type = (__typeof__(st->f_type))(m->type ? m->type->magic : 0);
	st->f_flags = (__typeof__(st->f_flags))m->flags;
	st->f_fsid.__val[0] = (int)m->dev;
	if (m->type && m->type->statfs)
		m->type->statfs(m, st);
	return 0;
}

int vfs_statfs(const char *path, struct statfs *st)
{
	VFS__TRACE(statfs, (path, st));
	vfs__path p;
	int err = vfs__walk_to(AT_FDCWD, path, VFS__FOLLOW, &p);
	if (!err)
		err = statfs_mount(p.node->mount, st);
	vfs__end_walk(&p);
	return err;
}

int vfs_fstatfs(int fd, struct statfs *st)
{
	VFS__TRACE(fstatfs, (fd, st));
	vfs__path p;
	int err = vfs__walk_fd(fd, &p);
	if (!err)
		err = statfs_mount(p.node->mount, st);
	vfs__end_walk(&p);
	return err;
}

int vfs_sync(void)
{
	VFS__TRACE(sync, ());
	int first = 0;
	vfs__lock_names();
	vfs__settle();
	for (FSMount *m = mounts; m; m = m->next) {
		int err = m->type->sync ? m->type->sync(m) : 0;
		if (!first)
			first = err;
	}
	vfs__unlock_names();
	return first;
}

int vfs_syncfs(int fd)
{
	VFS__TRACE(syncfs, (fd));
	vfs__path p;
	int err = vfs__walk_fd(fd, &p);
	if (!err && p.base->stream_ops == &vfs__path_ops)
		err = -EBADF;
	if (!err) {
		FSMount *m = p.node->mount;
		vfs__settle();
		err = m->type && m->type->sync ? m->type->sync(m) : 0;
	}
	vfs__end_walk(&p);
	return err;
}
