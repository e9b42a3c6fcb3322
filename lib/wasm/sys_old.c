/*
 * Syscalls that only older libcs make, up to 5.0.
 */
#include "wasm.h"
#include <errno.h>
#include <vfsfs/vfsfs.h>

VFS_WASM_START

int __syscall_pipe(int fd[2])
{
	(void)fd;
	return -ENOSYS;
}

int __syscall_symlink(const char *target, const char *path)
{
	return vfs_symlinkat(target, AT_FDCWD, path);
}
