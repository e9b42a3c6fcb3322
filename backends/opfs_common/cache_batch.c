/*
 * The page cache's part in an atomic write: all that can fail is done before the frame
 * is written, the bytes are stored behind it.
 */
#include "cache_block.h"
#include <assert.h>

/* Bytes of the block at pos, at most len. */
static size_t part(off_t pos, size_t len)
{
	size_t n = VFS_BLOCK - (pos & (VFS_BLOCK - 1));
	return n < len ? n : len;
}

int vfs__cache_ready(vfs__cached *f, size_t len, off_t pos, off_t size)
{
	for (size_t done = 0, n; done < len; done += n) {
		off_t from = pos + (off_t)done;
		size_t at = from & (VFS_BLOCK - 1);
		vfs__block *b;
		n = part(from, len - done);
		int err = vfs__block_prepare(f, (uint64_t)from >> VFS_BLOCK_SHIFT, at, at + n, size,
					     &b);
		if (err) {
			vfs__cache_unready(f, done, pos);
			return err;
		}
		b->pins++;
	}
	return 0;
}

void vfs__cache_unready(vfs__cached *f, size_t len, off_t pos)
{
	for (size_t n; len; len -= n, pos += (off_t)n) {
		vfs__block *b = vfs__block_find(f, (uint64_t)pos >> VFS_BLOCK_SHIFT);
		n = part(pos, len);
		b->pins--;
		if (!b->pins && !vfs__block_len(b))
			vfs__block_drop(b); /* behind the end, after all */
	}
}

void vfs__cache_store(vfs__cached *f, const void *buf, size_t len, off_t pos)
{
	const char *from = buf;
	for (size_t n; len; len -= n, from += n, pos += (off_t)n) {
		size_t at = pos & (VFS_BLOCK - 1);
		n = part(pos, len);
		ssize_t put = vfs_blocks_write(&f->blocks, &f->size, from, n, pos);
		assert(put == (ssize_t)n); /* it was made ready */
		(void)put;
		vfs__block_soil(vfs__block_find(f, (uint64_t)pos >> VFS_BLOCK_SHIFT),
				vfs__pages(at, at + n));
	}
}
