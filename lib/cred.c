/*
 * The process: its root and working directory, umask and credential; and what
 * the credential permits: the permission bits, and the capabilities that the
 * superuser has beside them.
 */
#include "internal.h"

/* Before the first mount: a directory in which there is nothing. */
static FSMount nowhere_mount = {.flags = VFS_RDONLY, .busy = 1};
static FSNode nowhere = {
	.mode = S_IFDIR | 0555,
	.nlink = 2,
	.refs = 2, /* the process's root and working directory */
	.mount = &nowhere_mount,
	.stream_ops = &vfs__dir_ops,
#if VFS_THREADS
	.lock = PTHREAD_MUTEX_INITIALIZER,
#endif
};

struct vfs__process vfs__process = {
	.root = &nowhere,
	.cwd = &nowhere,
	.umask = 022,
	.cred = {.capabilities = VFS_CAP_CHOWN | VFS_CAP_FOWNER | VFS_CAP_MKNOD |
				 VFS_CAP_SYS_ADMIN | VFS_CAP_FSETID},
};
vfs__mutex vfs__namespace = VFS__MUTEX_INIT;

bool vfs__capable(unsigned cap)
{
	const vfs_credential *c = &vfs__process.cred;
	return c->euid == 0 && (c->capabilities & cap);
}

static bool listed(gid_t gid)
{
	const vfs_credential *c = &vfs__process.cred;
	for (unsigned i = 0; i < c->ngroups; i++)
		if (c->groups[i] == gid)
			return true;
	return false;
}

bool vfs__in_group(gid_t gid)
{
	return gid == vfs__process.cred.egid || listed(gid);
}

bool vfs__owns(const FSNode *n)
{
	return n->uid == vfs__process.cred.euid || vfs__capable(VFS_CAP_FOWNER);
}

int vfs__may_as(const FSNode *n, unsigned want, uid_t uid, gid_t gid)
{
	const vfs_credential *c = &vfs__process.cred;
	unsigned bits = n->mode;
	if (uid == 0 && (c->capabilities & VFS_CAP_DAC_OVERRIDE)) {
		/* all but running what nobody may run */
		return !(want & X_OK) || S_ISDIR(n->mode) || (bits & 0111) ? 0 : -EACCES;
	}
	if (n->uid == uid)
		bits >>= 6;
	else if (n->gid == gid || listed(n->gid))
		bits >>= 3;
	return (bits & want) == want ? 0 : -EACCES;
}

int vfs__may_slow(const FSNode *n, unsigned want)
{
	return vfs__may_as(n, want, vfs__process.cred.euid, vfs__process.cred.egid);
}

int vfs__may_change(const FSNode *dir)
{
	if (dir->mount->flags & VFS_RDONLY)
		return -EROFS;
	return vfs__may(dir, W_OK | X_OK);
}

int vfs__may_delete(const FSNode *dir, const FSNode *n)
{
	int err = vfs__may_change(dir);
	if (err)
		return err;
	if ((dir->mode & S_ISVTX) && dir->uid != vfs__process.cred.euid && !vfs__owns(n))
		return -EPERM;
	return 0;
}

void vfs_get_credential(vfs_credential *out)
{
	vfs__lock(&vfs__namespace);
	*out = vfs__process.cred;
	vfs__unlock(&vfs__namespace);
}

int vfs_set_credential(const vfs_credential *c)
{
	if (!c)
		return -EFAULT;
	if (c->ngroups > VFS_NGROUPS_MAX)
		return -EINVAL;
	vfs__lock(&vfs__namespace);
	vfs__process.cred = *c;
	vfs__unlock(&vfs__namespace);
	return 0;
}

mode_t vfs_umask(mode_t mask)
{
	vfs__lock(&vfs__namespace);
	mode_t old = vfs__process.umask;
	vfs__process.umask = mask & 0777;
	vfs__unlock(&vfs__namespace);
	return old;
}
