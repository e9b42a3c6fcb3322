/*
 * mem.h - the memory backend: files in the program's memory, as Linux's tmpfs.
 */
#ifndef VFSFS_MEM_H
#define VFSFS_MEM_H

#include <vfsfs/backend.h>

#ifdef __cplusplus
extern "C" {
#endif

/* vfs_mount(&vfs_mem, NULL or options, "/tmp", 0) */
extern const FSType vfs_mem;

typedef struct vfs_mem_options {
	/* Bytes that file data may take, counted in the blocks that hold it; at
	 * the limit a write is ENOSPC. 0, the default: no limit but memory's. */
	uint64_t size;
	/* Permissions of the root directory, 07777 at most. 0, the default: 0777
	 * with the sticky bit. */
	mode_t mode;
} vfs_mem_options;

#ifdef __cplusplus
}
#endif
#endif
