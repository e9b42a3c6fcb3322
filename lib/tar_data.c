/*
 * The content of a file in a tar stream: all of it, or, in GNU's sparse format 1.0, a
 * map of its extents and their data.
 */
#include "tar_import.h"
#include <errno.h>
#include <stdlib.h>

int vfs__tar_begin_map(vfs_tar_import *x, int64_t size)
{
	const vfs__tar_pax *p = &x->local;
	bool sparse = p->has & VFS__TAR_SPARSE;
	free(x->map);
	x->map = malloc(sizeof *x->map);
	if (!x->map)
		return -ENOMEM;
	x->map[0] = (vfs__tar_extent){0, size};
	x->numbers = sparse ? -1 : 2;
	x->got = sparse ? 0 : 2;
	x->number = x->taken = 0;
	x->digits = x->mapped = false;
	x->extent = 0;
	x->done = 0;
	x->real_size = p->has & VFS__TAR_REAL_SIZE ? p->real_size : size;
	return sparse && !(p->has & VFS__TAR_REAL_SIZE) ? -EBADMSG : 0;
}

static bool has_map(const vfs_tar_import *x)
{
	return x->got == x->numbers;
}

/* Offsets and lengths by turns. */
static int take_number(vfs_tar_import *x)
{
	int64_t n = x->number, k = x->got / 2;
	x->number = 0;
	x->digits = false;
	if (x->numbers < 0) {
		x->numbers = n > INT64_MAX / 2 ? INT64_MAX - 1 : 2 * n;
		return 0;
	}
	if (!(x->got & 1)) {
		off_t before = k ? x->map[k - 1].pos + x->map[k - 1].len : 0;
		if (!(k & (k - 1))) { /* it grows with what has come, whatever was announced */
			vfs__tar_extent *more =
				realloc(x->map, (size_t)(k ? 2 * k : 1) * sizeof *more);
			if (!more)
				return -ENOMEM;
			x->map = more;
		}
		x->map[k] = (vfs__tar_extent){n, 0};
		if (n < before || n > x->real_size)
			return -EBADMSG;
	} else {
		if (n > x->real_size - x->map[k].pos)
			return -EBADMSG;
		x->map[k].len = n;
	}
	x->got++;
	return 0;
}

static int take_map(vfs_tar_import *x, char c)
{
	if (c == '\n')
		return x->digits ? take_number(x) : -EBADMSG;
	x->digits = true;
	if (c < '0' || c > '9' || __builtin_mul_overflow(x->number, 10, &x->number) ||
	    __builtin_add_overflow(x->number, c - '0', &x->number))
		return -EBADMSG;
	return 0;
}

/* Data, to the extent that it belongs to. */
static ssize_t take_data(vfs_tar_import *x, const char *buf, size_t len)
{
	while ((int64_t)x->extent < x->numbers / 2 && x->done == x->map[x->extent].len) {
		x->extent++;
		x->done = 0;
	}
	if ((int64_t)x->extent == x->numbers / 2)
		return -EBADMSG;
	const vfs__tar_extent *e = &x->map[x->extent];
	if ((off_t)len > e->len - x->done)
		len = (size_t)(e->len - x->done);
	ssize_t n = vfs_pwrite(x->fd, buf, len, e->pos + x->done);
	x->done += n > 0 ? n : 0;
	return n ? n : -EIO;
}

int vfs__tar_take(vfs_tar_import *x, const char *buf, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = 1; /* a byte of the map, or behind it up to a whole block */
		int err = 0;
		x->mapped |= has_map(x) && x->taken % VFS__TAR_BLOCK == 0;
		if (x->mapped)
			n = take_data(x, buf + done, len - done);
		else if (!has_map(x))
			err = take_map(x, buf[done]);
		if (err || n < 0)
			return err ? err : (int)n;
		done += (size_t)n;
		x->taken += n;
	}
	return 0;
}

int vfs__tar_end_map(vfs_tar_import *x)
{
	off_t missing = 0;
	if (!has_map(x))
		return -EBADMSG;
	for (int64_t k = (int64_t)x->extent; k < x->numbers / 2; k++)
		missing += x->map[k].len;
	if (missing != x->done)
		return -EBADMSG;
	return vfs_ftruncate(x->fd, x->real_size);
}
