/*
 * blocks.h - a file's data in memory, for backends that keep it there.
 *
 * Data lies in blocks of VFS_BLOCK bytes, found through a tree of pointers; a
 * block stays where it is however the file grows, and what was never written
 * takes no memory. Only the first block of a small file is smaller, a power
 * of two from VFS_BLOCK_MIN on, and is copied when it grows.
 *
 * The size of the file is its owner's (FSNode.size) and is passed in. The
 * caller keeps calls for one file apart (the node's lock), and has checked that
 * positions and lengths are not negative and that their sum is no overflow.
 * Nothing here blocks.
 */
#ifndef VFSFS_BLOCKS_H
#define VFSFS_BLOCKS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { VFS_BLOCK_SHIFT = 16, VFS_BLOCK = 1 << VFS_BLOCK_SHIFT, VFS_BLOCK_MIN = 64 };

/* What the blocks of several files may take together: those of a mount. */
typedef struct vfs_blocks_room {
	size_t limit; /* bytes; constant. SIZE_MAX: no limit */
	size_t used;  /* bytes, at most limit; atomic */
} vfs_blocks_room;

/* The blocks of one file. All zero but for `room`: no blocks. */
typedef struct vfs_blocks {
	void *root;                 /* the first block, or the tree's root node */
	vfs_blocks_room *room;      /* outlives the file */
	struct vfs_extent *extents; /* memory that mappings need in one piece */
	size_t used;                /* bytes that the blocks take */
	uint32_t first_size;        /* bytes of the first block: 0 when there is none */
	uint32_t height;            /* levels of tree nodes */
} vfs_blocks;

/* Bytes read, fewer at the end of the file. */
ssize_t vfs_blocks_read(const vfs_blocks *b, off_t size, void *buf, size_t len, off_t pos);

/*
 * Bytes written, fewer where room or memory ends on the way. Raises *size
 * where it ends past it; what lies between reads as zeros. When nothing could
 * be written, -ENOSPC (the room's limit) or -ENOMEM, and size and contents are
 * as before.
 */
ssize_t vfs_blocks_write(vfs_blocks *b, off_t *size, const void *buf, size_t len, off_t pos);

/*
 * Sets *size. Blocks past the new end are freed, but for those under a mapping,
 * which become zeros and stay. What the file grows by reads as zeros. Needs no
 * memory, and constant time where there are no blocks to free.
 */
void vfs_blocks_truncate(vfs_blocks *b, off_t *size, off_t to);

/*
 * SEEK_DATA and SEEK_HOLE, as lseek(2): data is what lies in blocks. -ENXIO: pos
 * is at or past the end, or only a hole follows. -EINVAL: another whence.
 */
off_t vfs_blocks_seek(const vfs_blocks *b, off_t size, off_t pos, int whence);

/*
 * For a cache, whose blocks hold what is also elsewhere. The memory of block i
 * (bytes from i * VFS_BLOCK on), at least `need` of them, at most VFS_BLOCK. What a
 * block grows by is zeros; a new block's bytes are indeterminate. NULL: no room or
 * no memory.
 */
char *vfs_blocks_at(vfs_blocks *b, uint64_t i, size_t need);
/* Frees block i, unless it lies under a mapping. */
void vfs_blocks_drop(vfs_blocks *b, uint64_t i);

/* Frees all. No mapping may be left. */
void vfs_blocks_free(vfs_blocks *b);

/*
 * The two parts below are objects of their own, which a program that calls
 * neither mmap nor fallocate need not link: a table of ops refers to them
 * weakly (#pragma weak vfs_blocks_map) and answers as if its slot were NULL
 * where they are NULL. The core's file that implements the call refers to
 * vfs_blocks_map_linked or vfs_blocks_allocate_linked, which brings the object
 * in wherever the call is used.
 */
extern const char vfs_blocks_map_linked, vfs_blocks_allocate_linked;

/*
 * fallocate(2): mode 0 or FALLOC_FL_KEEP_SIZE, blocks for the range, zeros where
 * there were none; FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, zeros, and the
 * blocks freed that lie wholly in the range and under no mapping. Other
 * modes: -EOPNOTSUPP. -ENOSPC, -ENOMEM: all is as before.
 */
int vfs_blocks_allocate(vfs_blocks *b, off_t *size, int mode, off_t pos, off_t len);

/*
 * Makes [pos, pos + len) appear at *addr, zeros past the end of the file. A
 * block's alignment is kept: a `pos` on a page boundary gives such an address.
 *
 * It is the file's own memory until vfs_blocks_unmap: its blocks are moved into
 * one extent, or are in one already. -ENOMEM: no memory, no room, or another mapping holds some of the
 * blocks in an extent that does not hold them all.
 *
 * What a program stores past the end of the file is no data: it is zeros once
 * the file grows over it, and gone with the mapping.
 */
int vfs_blocks_map(vfs_blocks *b, off_t size, size_t len, off_t pos, void **addr);
/* Ends one shared mapping. Blocks past the end of the file go with the last. */
void vfs_blocks_unmap(vfs_blocks *b, off_t size, void *addr);

#ifdef __cplusplus
}
#endif
#endif
