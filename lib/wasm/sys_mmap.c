/*
 * Mappings. All three are here because libc has them in one object too: it
 * must not be linked for the sake of one of them.
 */
#include "wasm.h"
#include <vfsfs/vfsfs.h>

VFS_WASM_START

enum { MMAP2_UNIT = 4096 }; /* musl's SYSCALL_MMAP2_UNIT: libc divides by it */

intptr_t __syscall_mmap2(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	void *at;
	int err = vfs_mmap(addr, len, prot, flags, fd, offset * MMAP2_UNIT, &at);
	return err ? err : (intptr_t)at;
}

int __syscall_munmap(void *addr, size_t len)
{
	return vfs_munmap(addr, len);
}

int __syscall_msync(void *addr, size_t len, int flags)
{
	return vfs_msync(addr, len, flags);
}
