/*
 * The syscalls that take a path.
 */
#include "wasm.h"
#include <fcntl.h>
#include <stdarg.h>
#include <vfsfs/vfsfs.h>

VFS_WASM_START

int __syscall_openat(int dirfd, const char *path, int flags, ...)
{
	mode_t mode = 0;

	if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) {
		va_list ap;
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return vfs_openat(dirfd, path, flags, mode);
}

/* ---- Names ---- */

int __syscall_mkdirat(int dirfd, const char *path, mode_t mode)
{
	return vfs_mkdirat(dirfd, path, mode);
}

int __syscall_mknodat(int dirfd, const char *path, mode_t mode, dev_t dev)
{
	return vfs_mknodat(dirfd, path, mode, dev);
}

int __syscall_rmdir(const char *path)
{
	return vfs_rmdir(path);
}

int __syscall_unlinkat(int dirfd, const char *path, int flags)
{
	return vfs_unlinkat(dirfd, path, flags);
}

int __syscall_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	return vfs_renameat(from_fd, from, to_fd, to, 0);
}

int __syscall_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	return vfs_linkat(from_fd, from, to_fd, to, flags);
}

int __syscall_symlinkat(const char *target, int dirfd, const char *path)
{
	return vfs_symlinkat(target, dirfd, path);
}

int __syscall_readlinkat(int dirfd, const char *path, char *buf, size_t size)
{
	return (int)vfs_readlinkat(dirfd, path, buf, size);
}

/* ---- Attributes ---- */

int __syscall_stat64(const char *path, struct stat *st)
{
	return vfs_stat(path, st);
}

int __syscall_lstat64(const char *path, struct stat *st)
{
	return vfs_lstat(path, st);
}

int __syscall_newfstatat(int dirfd, const char *path, struct stat *st, int flags)
{
	return vfs_fstatat(dirfd, path, st, flags);
}

int __syscall_statfs64(const char *path, size_t size, struct statfs *st)
{
	(void)size;
	return vfs_statfs(path, st);
}

int __syscall_faccessat(int dirfd, const char *path, int mode, int flags)
{
	return vfs_faccessat(dirfd, path, mode, flags);
}

int __syscall_chmod(const char *path, mode_t mode)
{
	return vfs_chmod(path, mode);
}

int __syscall_fchmodat2(int dirfd, const char *path, mode_t mode, int flags)
{
	return vfs_fchmodat(dirfd, path, mode, flags);
}

int __syscall_fchownat(int dirfd, const char *path, uid_t uid, gid_t gid, int flags)
{
	return vfs_fchownat(dirfd, path, uid, gid, flags);
}

int __syscall_utimensat(int dirfd, const char *path, const struct timespec times[2], int flags)
{
	return vfs_utimensat(dirfd, path, times, flags);
}

int __syscall_truncate64(const char *path, off_t size)
{
	return vfs_truncate(path, size);
}
