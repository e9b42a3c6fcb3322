/*
 * The syscalls on descriptors. Emscripten's libc makes those for data as WASI
 * calls, which answer a positive errno and the count through a pointer; the
 * others answer -errno.
 */
#define _GNU_SOURCE
#include "wasm.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <vfsfs/vfsfs.h>
#include <wasi/api.h>

VFS_WASM_START

/* ---- Data: WASI ---- */

/* WASI's pair of address and length is libc's own struct iovec, cast. */
_Static_assert(sizeof(__wasi_iovec_t) == sizeof(struct iovec), "iovec");
_Static_assert(sizeof(__wasi_ciovec_t) == sizeof(struct iovec), "ciovec");

/* WASI's answer for a count or -errno. */
static __wasi_errno_t counted(ssize_t n, __wasi_size_t *out)
{
	if (n < 0)
		return (__wasi_errno_t)-n;
	*out = (__wasi_size_t)n;
	return 0;
}

__wasi_errno_t __wasi_fd_read(__wasi_fd_t fd, const __wasi_iovec_t *iov, size_t n,
			      __wasi_size_t *out)
{
	return counted(vfs_readv((int)fd, (const struct iovec *)iov, (int)n), out);
}

__wasi_errno_t __wasi_fd_write(__wasi_fd_t fd, const __wasi_ciovec_t *iov, size_t n,
			       __wasi_size_t *out)
{
	return counted(vfs_writev((int)fd, (const struct iovec *)iov, (int)n), out);
}

__wasi_errno_t __wasi_fd_pread(__wasi_fd_t fd, const __wasi_iovec_t *iov, size_t n,
			       __wasi_filesize_t pos, __wasi_size_t *out)
{
	return counted(vfs_preadv((int)fd, (const struct iovec *)iov, (int)n, (off_t)pos), out);
}

__wasi_errno_t __wasi_fd_pwrite(__wasi_fd_t fd, const __wasi_ciovec_t *iov, size_t n,
				__wasi_filesize_t pos, __wasi_size_t *out)
{
	return counted(vfs_pwritev((int)fd, (const struct iovec *)iov, (int)n, (off_t)pos), out);
}

__wasi_errno_t __wasi_fd_seek(__wasi_fd_t fd, __wasi_filedelta_t offset, __wasi_whence_t whence,
			      __wasi_filesize_t *out)
{
	off_t pos = vfs_lseek((int)fd, offset, whence);
	if (pos < 0)
		return (__wasi_errno_t)-pos;
	*out = (__wasi_filesize_t)pos;
	return 0;
}

__wasi_errno_t __wasi_fd_close(__wasi_fd_t fd)
{
	return (__wasi_errno_t)-vfs_close((int)fd);
}

__wasi_errno_t __wasi_fd_sync(__wasi_fd_t fd)
{
	return (__wasi_errno_t)-vfs_fsync((int)fd);
}

/* libc's isatty takes CHARACTER_DEVICE for a terminal, so no other character
 * device may be one. */
static __wasi_filetype_t filetype(int fd, mode_t mode)
{
	struct winsize size;

	if (S_ISREG(mode))
		return __WASI_FILETYPE_REGULAR_FILE;
	if (S_ISDIR(mode))
		return __WASI_FILETYPE_DIRECTORY;
	if (!vfs_ioctl(fd, TIOCGWINSZ, &size))
		return __WASI_FILETYPE_CHARACTER_DEVICE;
	return __WASI_FILETYPE_UNKNOWN;
}

__wasi_errno_t __wasi_fd_fdstat_get(__wasi_fd_t fd, __wasi_fdstat_t *out)
{
	struct stat st;
	int flags = vfs_fcntl((int)fd, F_GETFL, 0);
	int err = flags < 0 ? flags : vfs_fstat((int)fd, &st);

	if (err)
		return (__wasi_errno_t)-err;
	*out = (__wasi_fdstat_t){
		.fs_filetype = filetype((int)fd, st.st_mode),
		.fs_flags = (__wasi_fdflags_t)((flags & O_APPEND ? __WASI_FDFLAGS_APPEND : 0) |
					       (flags & O_NONBLOCK ? __WASI_FDFLAGS_NONBLOCK : 0)),
		.fs_rights_base = UINT64_MAX,
		.fs_rights_inheriting = UINT64_MAX};
	return 0;
}

/* ---- The descriptor itself ---- */

int __syscall_dup(int fd)
{
	return vfs_dup(fd);
}

int __syscall_dup3(int fd, int to, int flags)
{
	return vfs_dup3(fd, to, flags);
}

/* The argument is read as what its command takes: libc gives none to some, and
 * a 64-bit pointer is wider than an int. */
int __syscall_fcntl64(int fd, int cmd, ...)
{
	intptr_t arg = 0;
	va_list ap;

	va_start(ap, cmd);
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
	case F_SETFD:
	case F_SETFL:
	case F_SETOWN:
		arg = va_arg(ap, int);
		break;
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
		arg = (intptr_t)va_arg(ap, void *);
		break;
	case F_GETOWN_EX: /* libc's F_GETOWN asks for it, and reads it whatever the answer is */
		arg = (intptr_t)va_arg(ap, void *);
		if (vfs__is_memory((void *)arg, sizeof(struct f_owner_ex)))
			*(struct f_owner_ex *)arg = (struct f_owner_ex){F_OWNER_PID, 0};
		cmd = F_GETOWN;
		break;
	}
	va_end(ap);
	return vfs_fcntl(fd, cmd, arg);
}

int __syscall_ioctl(int fd, int request, ...)
{
	va_list ap;

	va_start(ap, request);
	void *arg = va_arg(ap, void *);
	va_end(ap);
	return vfs_ioctl(fd, (unsigned)request, arg);
}

/* libc's stub of it says that every lock was had. */
int flock(int fd, int operation)
{
	int err = vfs_flock(fd, operation);
	if (!err)
		return 0;
	errno = -err;
	return -1;
}

/* ---- The open file ---- */

int __syscall_fstat64(int fd, struct stat *st)
{
	return vfs_fstat(fd, st);
}

int __syscall_fstatfs64(int fd, size_t size, struct statfs *st)
{
	(void)size;
	return vfs_fstatfs(fd, st);
}

int __syscall_fchmod(int fd, mode_t mode)
{
	return vfs_fchmod(fd, mode);
}

int __syscall_fchown32(int fd, uid_t uid, gid_t gid)
{
	return vfs_fchown(fd, uid, gid);
}

int __syscall_ftruncate64(int fd, off_t size)
{
	return vfs_ftruncate(fd, size);
}

int __syscall_fadvise64(int fd, off_t offset, off_t len, int advice)
{
	return vfs_fadvise(fd, offset, len, advice);
}

int __syscall_fdatasync(int fd)
{
	return vfs_fdatasync(fd);
}

int __syscall_getdents64(int fd, void *buf, size_t size)
{
	return (int)vfs_getdents(fd, buf, size);
}

/* ---- Not there yet ---- */

int __syscall_pipe2(int fd[2], int flags)
{
	(void)fd, (void)flags;
	return -ENOSYS;
}
