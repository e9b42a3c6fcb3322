/*
 * The syscalls on the process: working directory, umask, who it is, how many
 * files it may open; and sync.
 */
#include "wasm.h"
#include <emscripten/stack.h>
#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vfsfs/vfsfs.h>

VFS_WASM_START

int __syscall_chdir(const char *path)
{
	return vfs_chdir(path);
}

int __syscall_fchdir(int fd)
{
	return vfs_fchdir(fd);
}

int __syscall_getcwd(char *buf, size_t size)
{
	return (int)vfs_getcwd(buf, size);
}

mode_t __syscall_umask(mode_t mask)
{
	return vfs_umask(mask);
}

int __syscall_sync(void)
{
	return vfs_sync();
}

/* ---- Who it is ---- */

static vfs_credential credential(void)
{
	vfs_credential c;
	vfs_get_credential(&c);
	return c;
}

uid_t __syscall_getuid32(void)
{
	return credential().uid;
}

uid_t __syscall_geteuid32(void)
{
	return credential().euid;
}

gid_t __syscall_getgid32(void)
{
	return credential().gid;
}

gid_t __syscall_getegid32(void)
{
	return credential().egid;
}

/* Nothing changes the effective ids alone for a while, so the saved ones are
 * the same. */
static int put_ids(unsigned id, unsigned effective_id, unsigned *real, unsigned *effective,
		   unsigned *saved)
{
	if (!vfs__is_memory(real, sizeof *real) || !vfs__is_memory(effective, sizeof *effective) ||
	    !vfs__is_memory(saved, sizeof *saved))
		return -EFAULT;
	*real = id;
	*effective = *saved = effective_id;
	return 0;
}

int __syscall_getresuid32(uid_t *real, uid_t *effective, uid_t *saved)
{
	vfs_credential c = credential();
	return put_ids(c.uid, c.euid, real, effective, saved);
}

int __syscall_getresgid32(gid_t *real, gid_t *effective, gid_t *saved)
{
	vfs_credential c = credential();
	return put_ids(c.gid, c.egid, real, effective, saved);
}

int __syscall_getgroups32(int count, gid_t list[])
{
	vfs_credential c = credential();

	if (count && count < (int)c.ngroups)
		return -EINVAL;
	if (count && c.ngroups && !vfs__is_memory(list, c.ngroups * sizeof *list))
		return -EFAULT;
	for (unsigned k = 0; count && k < c.ngroups; k++)
		list[k] = c.groups[k];
	return (int)c.ngroups;
}

/* ---- Limits ---- */

enum { NOFILE_MAX = 1048576 }; /* vfs_set_max_open_fds's */

static rlim_t nofile_hard = NOFILE_MAX;

static int set_nofile(const struct rlimit *limit)
{
	if (limit->rlim_cur > limit->rlim_max)
		return -EINVAL;
	if (limit->rlim_max > NOFILE_MAX)
		return -EPERM;
	int err = vfs_set_max_open_fds((unsigned)limit->rlim_cur);
	if (!err)
		nofile_hard = limit->rlim_max;
	return err;
}

/* For limits other than RLIMIT_NOFILE what Emscripten's libc (6.0) says: none
 * can be set, and there is none but the stack's size. */
int __syscall_prlimit64(pid_t pid, int resource, const struct rlimit *set, struct rlimit *old)
{
	struct rlimit was = {RLIM_INFINITY, RLIM_INFINITY};
	int err = 0;

	if (pid && pid != getpid())
		return -ESRCH;
	if (resource < 0 || resource >= RLIM_NLIMITS)
		return -EINVAL;
	if ((set && !vfs__is_memory(set, sizeof *set)) ||
	    (old && !vfs__is_memory(old, sizeof *old)))
		return -EFAULT;
	if (resource == RLIMIT_NOFILE)
		was = (struct rlimit){vfs_max_open_fds(), nofile_hard};
	else if (resource == RLIMIT_STACK)
		was.rlim_cur = was.rlim_max =
			emscripten_stack_get_base() - emscripten_stack_get_end();
	if (set)
		err = resource == RLIMIT_NOFILE ? set_nofile(set) : -EPERM;
	if (old && !err)
		*old = was;
	return err;
}
