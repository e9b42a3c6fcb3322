/*
 * fallocate on a file's blocks. It stands on blocks.c, which does not need it,
 * so a program that never calls fallocate does not link it.
 */
#include "blocks_tree.h"
#include <fcntl.h>

const char vfs_blocks_allocate_linked = 1;

static void punch(vfs_blocks *b, off_t size, off_t pos, off_t end)
{
	uint64_t from = ((uint64_t)pos + VFS_BLOCK - 1) >> VFS_BLOCK_SHIFT;
	uint64_t to = (uint64_t)end >> VFS_BLOCK_SHIFT;

	/* What follows the end of the file in its block is no data to keep. */
	if (end >= size && to << VFS_BLOCK_SHIFT < (uint64_t)size)
		to++;
	if (pos & (VFS_BLOCK - 1))
		vfs__block_clear(b, pos, end);
	if (to >= from) {
		vfs__block_clear(b, (off_t)(to << VFS_BLOCK_SHIFT), end);
		if (to > from)
			vfs__blocks_drop(b, from, to - 1);
	}
	if (vfs__has_extents(b))
		vfs__extents_clear(b, (uint64_t)pos, (uint64_t)end);
}

/* Blocks for first..last; of block 0 no more than what lies below `end`. All
 * that can fail comes before the first change. */
static int add_blocks(vfs_blocks *b, uint64_t first, uint64_t last, off_t end)
{
	uint64_t i, missing = last - first + 1;
	void *list, *next;
	size_t bytes;

	/* Before the walk, which is as long as the range. */
	if (last - first > b->room->limit >> VFS_BLOCK_SHIFT)
		return -ENOSPC;
	for (i = first; i <= last; i++)
		if (!i || vfs__block_find(b, i))
			missing--;
	if (missing > b->room->limit >> VFS_BLOCK_SHIFT)
		return -ENOSPC;
	bytes = (size_t)missing << VFS_BLOCK_SHIFT;
	if (!vfs__blocks_take(b, bytes))
		return -ENOSPC;
	int err = vfs__blocks_make(&list, (size_t)missing) ? 0 : -ENOMEM;
	for (i = first; !err && i <= last; i++)
		if (!vfs__block_slot(b, i))
			err = -ENOMEM;
	if (!err && !first) {
		size_t to = vfs__block_fill(end, 0);
		if (to > b->first_size)
			err = vfs__block_grow(b, 0, VFS_BLOCK, to, 0);
	}
	if (err) {
		vfs__blocks_unmake(list);
		vfs__blocks_give(b, bytes);
		return err;
	}
	for (i = first; list; i++) {
		char **slot = vfs__block_slot(b, i);
		if (*slot)
			continue;
		next = *(void **)list;
		*slot = memset(list, 0, VFS_BLOCK);
		list = next;
	}
	return 0;
}

int vfs_blocks_allocate(vfs_blocks *b, off_t *size, int mode, off_t pos, off_t len)
{
	off_t end = pos + len;
	uint64_t first = (uint64_t)pos >> VFS_BLOCK_SHIFT;
	uint64_t last = ((uint64_t)end - 1) >> VFS_BLOCK_SHIFT;

	if (mode == (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)) {
		punch(b, *size, pos, end);
		return 0;
	}
	if (mode & ~FALLOC_FL_KEEP_SIZE)
		return -EOPNOTSUPP;
	int err = add_blocks(b, first, last, end);
	if (!err && !mode && end > *size)
		vfs_blocks_truncate(b, size, end);
	return err;
}
