/*
 * Mappings. All three calls are here because libc has them in one object too:
 * it must not be linked for the sake of one of them. Where it is all the same
 * (-sMAIN_MODULE=1 links the whole of libc), ours give way, being weak, and
 * what libc's ask of JavaScript is answered here.
 */
#include "wasm.h"
#include <vfsfs/vfsfs.h>

VFS_WASM_START

#define WEAK __attribute__((weak))

enum { MMAP2_UNIT = 4096 }; /* musl's SYSCALL_MMAP2_UNIT: libc divides by it */

WEAK intptr_t __syscall_mmap2(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	void *at;
	int err = vfs_mmap(addr, len, prot, flags, fd, offset * MMAP2_UNIT, &at);
	return err ? err : (intptr_t)at;
}

WEAK int __syscall_munmap(void *addr, size_t len)
{
	return vfs_munmap(addr, len);
}

WEAK int __syscall_msync(void *addr, size_t len, int flags)
{
	return vfs_msync(addr, len, flags);
}

/* ---- For libc's own; what is mapped here is not libc's to free ---- */

int _mmap_js(size_t len, int prot, int flags, int fd, off_t offset, int *allocated, void **addr)
{
	*allocated = 0;
	return vfs_mmap(NULL, len, prot, flags, fd, offset, addr);
}

int _munmap_js(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	(void)prot, (void)flags, (void)fd, (void)offset;
	return vfs_munmap(addr, len);
}

int _msync_js(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
	(void)prot, (void)fd, (void)offset;
	return vfs_msync(addr, len, flags);
}
