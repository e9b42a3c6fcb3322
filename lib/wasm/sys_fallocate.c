/*
 * posix_fallocate's syscall, in an object of its own: vfs_fallocate brings in
 * parts of the backends that programs without it are spared (blocks.h).
 */
#include "wasm.h"
#include <vfsfs/vfsfs.h>

VFS_WASM_START

int __syscall_fallocate(int fd, int mode, off_t offset, off_t len)
{
	return vfs_fallocate(fd, mode, offset, len);
}
