/*
 * A tar stream as it comes in, in pieces of any size: blocks are put together, what
 * comes before an entry is gathered, and file data goes straight to its file.
 */
#include "tar_import.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vfsfs/device.h>

/* ---- What stands before an entry ---- */

/* It may not be without bound: no name is as long as this. */
enum { MOST_AHEAD = 1 << 20 };

static int begin_ahead(vfs_tar_import *x, char type, int64_t size)
{
	if (size > MOST_AHEAD)
		return -EBADMSG;
	x->ahead = malloc((size_t)size + 1);
	if (!x->ahead)
		return -ENOMEM;
	x->ahead_type = type;
	x->ahead_len = 0;
	return 0;
}

static int end_ahead(vfs_tar_import *x)
{
	char *text = x->ahead;
	size_t len = x->ahead_len;
	int err = 0;
	x->ahead = NULL;
	text[len] = 0;
	switch (x->ahead_type) {
	case 'x':
	case 'g':
		err = vfs__tar_read_pax(x->ahead_type == 'x' ? &x->local : &x->global, text, len);
		break;
	case 'L':
		return vfs__tar_replace(&x->local.path, text);
	case 'K':
		return vfs__tar_replace(&x->local.link, text);
	}
	free(text);
	return err;
}

/* ---- Entries ---- */

static bool is_file(char type)
{
	return type == '0' || type == '7' || !type;
}

/* Header, records and defaults together. */
static int make_member(vfs_tar_import *x, const vfs__tar_header *h, int64_t *size)
{
	vfs__tar_pax *p = &x->local;
	vfs__tar_member *m = &x->member;
	int err = vfs__tar_read_header(h, m, size);
	if (err)
		return err;
	char **path = p->sparse_path ? &p->sparse_path : &p->path;
	if (*path)
		*path = vfs__tar_swap(&m->path, *path);
	if (p->link)
		p->link = vfs__tar_swap(&m->link, p->link);
	for (const vfs__tar_pax *from = &x->global;; from = p) {
		for (int k = 0; k < 2; k++)
			if (from->has & (VFS__TAR_ATIME << k))
				m->times[k] = from->times[k];
		m->uid = from->has & VFS__TAR_UID ? from->uid : m->uid;
		m->gid = from->has & VFS__TAR_GID ? from->gid : m->gid;
		if (from == p)
			break;
	}
	*size = p->has & VFS__TAR_SIZE ? p->size : *size;
	size_t len = strlen(m->path);
	if (is_file(m->type))
		m->type = len && m->path[len - 1] == '/' ? '5' : '0'; /* V7 has directories so */
	if (!len || *m->path == '/')
		return -EBADMSG;
	return (m->type == '1' || m->type == '2') && (!m->link || !*m->link) ? -EBADMSG : 0;
}

/* Its attributes come last, when nothing is put into it any more. */
static int note_directory(vfs_tar_import *x)
{
	size_t n = x->directory_count;
	if (!(n & (n - 1))) {
		vfs__tar_member *more = realloc(x->directories, (n ? 2 * n : 1) * sizeof *more);
		if (!more)
			return -ENOMEM;
		x->directories = more;
	}
	x->directories[n] = x->member;
	x->directory_count++;
	/* one copy of the path stays for progress */
	x->member = (vfs__tar_member){.path = strdup(x->directories[n].path)};
	return x->member.path ? 0 : -ENOMEM;
}

static int begin_file(vfs_tar_import *x, int64_t size)
{
	int err = vfs__tar_clear(&x->place);
	if (!err)
		err = vfs__tar_begin_map(x, size);
	if (err)
		return err;
	x->fd = vfs_openat(x->place.dir, x->place.name,
			   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return x->fd < 0 ? x->fd : 0;
}

/* All of its data has come. */
static int end_file(vfs_tar_import *x)
{
	int err = vfs__tar_end_map(x), fd = x->fd;
	if (err)
		return err; /* vfs_tar_import_end takes it away */
	x->fd = -1;         /* gone, whatever its close says */
	err = vfs_close(fd);
	if (err) {
		vfs_unlinkat(x->place.dir, x->place.name, 0);
		return err;
	}
	return vfs__tar_attributes(&x->place, &x->member);
}

static int begin_member(vfs_tar_import *x, const vfs__tar_header *h)
{
	int64_t size;
	int err = make_member(x, h, &size);
	vfs__tar_member *m = &x->member;
	x->count++;
	if (!err && m->type == 'V') /* a volume's label */
		return 0;
	if (!err && !strchr("012345", m->type) && m->type != '6')
		err = -ENOTSUP;
	if (!err)
		err = vfs__tar_find(x->root, m->path, true, &x->place);
	if (!err && m->type != '5' && !strcmp(x->place.name, "."))
		err = -EBADMSG;
	if (err)
		return err;
	if (m->type == '0') {
		err = begin_file(x, size);
		x->left = size;
		x->padding = (unsigned)(-size & (VFS__TAR_BLOCK - 1));
		return err || size ? err : end_file(x);
	}
	err = vfs__tar_make(x->root, &x->place, m);
	if (err || m->type == '1')
		return err;
	return m->type == '5' ? note_directory(x) : vfs__tar_attributes(&x->place, m);
}

static int take_block(vfs_tar_import *x)
{
	static const char zeros[VFS__TAR_BLOCK];
	const vfs__tar_header *h = (const void *)x->block;
	int64_t size;
	if (!memcmp(x->block, zeros, sizeof zeros)) {
		x->ended = true;
		return x->local.has || x->local.path || x->local.link ? -EBADMSG : 0;
	}
	int err = vfs__tar_check(h);
	if (!err)
		err = vfs__tar_number(h->size, sizeof h->size, &size);
	if (err)
		return err;
	vfs__tar_leave(&x->place);
	if (h->type && strchr("xgLK", h->type)) {
		err = begin_ahead(x, h->type, size);
		x->left = size;
		x->padding = (unsigned)(-size & (VFS__TAR_BLOCK - 1));
		return err || size ? err : end_ahead(x);
	}
	err = begin_member(x, h);
	vfs__tar_free_pax(&x->local);
	return err;
}

/* ---- The stream ---- */

static int take_content(vfs_tar_import *x, const char *buf, size_t len)
{
	if (x->ahead) {
		memcpy(x->ahead + x->ahead_len, buf, len);
		x->ahead_len += len;
	}
	int err = x->ahead ? 0 : vfs__tar_take(x, buf, len);
	x->left -= (int64_t)len;
	if (err || x->left)
		return err;
	return x->ahead ? end_ahead(x) : end_file(x);
}

/* One step: how much of buf it took, or -errno. */
static ssize_t take(vfs_tar_import *x, const char *buf, size_t len)
{
	if (x->ended)
		return (ssize_t)len; /* zeros, up to what a tape takes */
	if (x->left) {
		len = (int64_t)len < x->left ? len : (size_t)x->left;
		int err = take_content(x, buf, len);
		return err ? err : (ssize_t)len;
	}
	if (x->padding) {
		len = len < x->padding ? len : x->padding;
		x->padding -= (unsigned)len;
		return (ssize_t)len;
	}
	size_t room = sizeof x->block - x->have;
	len = len < room ? len : room;
	memcpy(x->block + x->have, buf, len);
	x->have += len;
	int err = 0;
	if (x->have == sizeof x->block) {
		x->have = 0;
		free(x->member.path);
		free(x->member.link);
		x->member = (vfs__tar_member){0};
		err = take_block(x);
	}
	return err ? err : (ssize_t)len;
}

int vfs_tar_import_write(vfs_tar_import *x, const void *buf, size_t len)
{
	for (size_t done = 0; done < len && !x->err;) {
		ssize_t n = take(x, (const char *)buf + done, len - done);
		if (n < 0)
			x->err = (int)n;
		else
			done += (size_t)n;
		x->bytes += n < 0 ? 0 : (uint64_t)n;
	}
	return x->err;
}

int vfs_tar_import_begin(const char *directory, vfs_tar_import **out)
{
	vfs_tar_import *x = calloc(1, sizeof *x);
	if (!x)
		return -ENOMEM;
	x->fd = x->place.dir = -1;
	x->root = vfs_open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (x->root < 0) {
		int err = x->root;
		free(x);
		return err;
	}
	*out = x;
	return 0;
}

void vfs_tar_import_progress(const vfs_tar_import *x, vfs_tar_progress *out)
{
	*out = (vfs_tar_progress){x->member.path ? x->member.path : "", x->count, x->bytes, 0};
}

/* ---- The end ---- */

/* What is deeper comes first: a directory that may not be entered any more is done. Of
 * two entries for one, the later comes later. */
static int deeper_first(const void *a, const void *b)
{
	const vfs__tar_member *x = a, *y = b;
	int order = strcmp(y->path, x->path);
	return order ? order : x->rdev < y->rdev ? -1 : x->rdev > y->rdev;
}

static int settle_directories(vfs_tar_import *x)
{
	int err = 0;
	for (size_t k = 0; k < x->directory_count; k++)
		x->directories[k].rdev = (dev_t)k;
	if (x->directory_count)
		qsort(x->directories, x->directory_count, sizeof *x->directories, deeper_first);
	for (size_t k = 0; k < x->directory_count && !err; k++) {
		const vfs__tar_member *m = &x->directories[k];
		err = vfs__tar_find(x->root, m->path, false, &x->place);
		if (!err)
			err = vfs__tar_attributes(&x->place, m);
		vfs__tar_leave(&x->place);
	}
	return err;
}

int vfs_tar_import_end(vfs_tar_import *x)
{
	int err = x->err;
	if (!err && !x->ended)
		err = -EBADMSG;
	if (x->fd >= 0) {
		vfs_close(x->fd);
		vfs_unlinkat(x->place.dir, x->place.name, 0);
	}
	vfs__tar_leave(&x->place);
	if (!err)
		err = settle_directories(x);
	for (size_t k = 0; k < x->directory_count; k++) {
		free(x->directories[k].path);
		free(x->directories[k].link);
	}
	vfs_close(x->root);
	free(x->directories);
	free(x->member.path);
	free(x->member.link);
	free(x->ahead);
	free(x->map);
	vfs__tar_free_pax(&x->local);
	vfs__tar_free_pax(&x->global);
	free(x);
	return err;
}
