/*
 * overlay.c - see overlay.h. A handle is a file's number. Pages that were written hide
 * those of the host's file, of which only the first `base` bytes count.
 */
#define _GNU_SOURCE
#include "overlay.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

enum { PAGE = 4096 };

typedef struct page {
	UT_hash_handle hh;
	int64_t number;
	unsigned char bytes[PAGE];
} page;

typedef struct file {
	char *path, *host; /* host: NULL where it was made here */
	int fd;            /* or -1 */
	int64_t size, base;
	page *pages;
} file;

typedef struct overlay {
	vfs_opfs_port port;
	file **files;
	int count;
	int next; /* the one that is looked for next, mostly */
} overlay;

static file *file_of(vfs_opfs_port *port, int handle)
{
	return ((overlay *)port)->files[handle];
}

/* ---- Data ---- */

static page *find_page(file *f, int64_t number)
{
	page *p;
	HASH_FIND(hh, f->pages, &number, sizeof number, p);
	return p;
}

/* Of the host's file; zeros behind it. */
static int read_base(const file *f, unsigned char *to, size_t len, int64_t pos)
{
	size_t done = 0;
	while (done < len && pos + (int64_t)done < f->base) {
		size_t most = (size_t)(f->base - pos) - done;
		ssize_t n = pread(f->fd, to + done, len - done < most ? len - done : most,
				  pos + (off_t)done);
		if (n < 0)
			return -EIO;
		if (!n)
			break;
		done += (size_t)n;
	}
	memset(to + done, 0, len - done);
	return 0;
}

static page *make_page(file *f, int64_t number)
{
	page *p = find_page(f, number);
	if (p)
		return p;
	p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->number = number;
	if (read_base(f, p->bytes, PAGE, number * PAGE)) {
		free(p);
		return NULL;
	}
	/* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
	HASH_ADD(hh, f->pages, number, sizeof p->number, p);
	if (p->hh.tbl)
		return p;
	free(p);
	return NULL;
}

static int64_t overlay_read(vfs_opfs_port *port, int h, void *buf, size_t len, int64_t pos)
{
	file *f = file_of(port, h);
	if (pos >= f->size)
		return 0;
	if ((int64_t)len > f->size - pos)
		len = (size_t)(f->size - pos);
	for (size_t done = 0; done < len;) {
		int64_t at = pos + (int64_t)done;
		size_t in = (size_t)(at % PAGE),
		       n = PAGE - in < len - done ? PAGE - in : len - done;
		const page *p = find_page(f, at / PAGE);
		unsigned char *to = (unsigned char *)buf + done;
		if (p)
			memcpy(to, p->bytes + in, n);
		else if (read_base(f, to, n, at))
			return -EIO;
		done += n;
	}
	return (int64_t)len;
}

static int overlay_write(vfs_opfs_port *port, int h, const void *buf, size_t len, int64_t pos)
{
	file *f = file_of(port, h);
	for (size_t done = 0; done < len;) {
		int64_t at = pos + (int64_t)done;
		size_t in = (size_t)(at % PAGE),
		       n = PAGE - in < len - done ? PAGE - in : len - done;
		page *p = make_page(f, at / PAGE);
		if (!p)
			return -EIO;
		memcpy(p->bytes + in, (const unsigned char *)buf + done, n);
		done += n;
	}
	if (pos + (int64_t)len > f->size)
		f->size = pos + (int64_t)len;
	return 0;
}

static int overlay_truncate(vfs_opfs_port *port, int h, int64_t size)
{
	file *f = file_of(port, h);
	for (page *p = f->pages, *next; p; p = next) {
		next = p->hh.next;
		int64_t in = size - p->number * PAGE;
		if (in <= 0) {
			HASH_DELETE(hh, f->pages, p); /* NOLINT(clang-analyzer-unix.Malloc) */
			free(p);
		} else if (in < PAGE) {
			memset(p->bytes + in, 0, (size_t)(PAGE - in));
		}
	}
	if (size < f->base)
		f->base = size;
	f->size = size;
	return 0;
}

static int64_t overlay_size(vfs_opfs_port *port, int h)
{
	return file_of(port, h)->size;
}

static int overlay_flush(vfs_opfs_port *port, int h)
{
	(void)port, (void)h;
	return 0;
}

static void overlay_close(vfs_opfs_port *port, int h)
{
	(void)port, (void)h; /* what was written stays, for the next mount */
}

/* ---- Names ---- */

static int find(overlay *o, const char *path)
{
	for (int n = 0; n < o->count; n++) {
		int k = (o->next + n) % o->count;
		if (!strcmp(o->files[k]->path, path)) {
			o->next = k + 1;
			return k;
		}
	}
	return -ENOENT;
}

static void overlay_open(vfs_opfs_port *port, const char *path, bool create, vfs__port_done *done,
			 void *context)
{
	overlay *o = (overlay *)port;
	int k = find(o, path), err = k < 0 && create ? overlay_add(port, path, NULL) : 0;
	if (!err && k < 0)
		k = find(o, path);
	if (!err && k >= 0 && o->files[k]->host && o->files[k]->fd < 0) {
		file *f = o->files[k];
		struct stat st;
		f->fd = open(f->host, O_RDONLY | O_CLOEXEC);
		if (f->fd < 0 || fstat(f->fd, &st))
			err = -EIO;
		else
			f->size = f->base = st.st_size;
	}
	done(context, err ? err : k);
}

static void overlay_remove(vfs_opfs_port *port, const char *path, vfs__port_done *done,
			   void *context)
{
	(void)port, (void)path;
	done(context, -EIO); /* a pool removes nothing */
}

static void overlay_mkdir(vfs_opfs_port *port, const char *path, vfs__port_done *done,
			  void *context)
{
	(void)port, (void)path;
	done(context, 0);
}

static void overlay_list(vfs_opfs_port *port, const char *path, vfs__port_entry *entry,
			 vfs__port_done *done, void *context)
{
	const overlay *o = (overlay *)port;
	size_t len = strlen(path);
	for (int k = 0; k < o->count; k++) {
		const char *name = o->files[k]->path;
		if (!strncmp(name, path, len) && name[len] == '/')
			entry(context, name + len + 1, false);
	}
	done(context, 0);
}

static const vfs__handle_ops handle_ops = {.read = overlay_read,
					   .write = overlay_write,
					   .truncate = overlay_truncate,
					   .size = overlay_size,
					   .flush = overlay_flush,
					   .close = overlay_close};
static const vfs__name_ops name_ops = {.open = overlay_open,
				       .remove = overlay_remove,
				       .mkdir = overlay_mkdir,
				       .list = overlay_list};

/* ---- The port ---- */

int overlay_new(vfs_opfs_port **out)
{
	overlay *o = calloc(1, sizeof *o);
	if (!o)
		return -ENOMEM;
	o->port = (vfs_opfs_port){&handle_ops, &name_ops, true};
	*out = &o->port;
	return 0;
}

int overlay_add(vfs_opfs_port *port, const char *path, const char *host)
{
	overlay *o = (overlay *)port;
	file *f = calloc(1, sizeof *f);
	file **files = realloc(o->files, ((size_t)o->count + 1) * sizeof(file *));
	if (files)
		o->files = files;
	if (f) {
		f->fd = -1;
		f->path = strdup(path);
		f->host = host ? strdup(host) : NULL;
	}
	if (!files || !f || !f->path || (host && !f->host)) {
		if (f) {
			free(f->path);
			free(f->host);
		}
		free(f);
		return -ENOMEM;
	}
	o->files[o->count++] = f;
	return 0;
}

const char *overlay_file(vfs_opfs_port *port, int k, const char **host)
{
	const overlay *o = (overlay *)port;
	if (k >= o->count)
		return NULL;
	*host = o->files[k]->host;
	return o->files[k]->path;
}

void overlay_free(vfs_opfs_port *port)
{
	overlay *o = (overlay *)port;
	while (o->count) {
		file *f = o->files[--o->count];
		page *p = f->pages, *next;
		HASH_CLEAR(hh, f->pages);
		for (; p; p = next) {
			next = p->hh.next;
			free(p);
		}
		if (f->fd >= 0)
			close(f->fd);
		free(f->path);
		free(f->host);
		free(f);
	}
	free(o->files);
	free(o);
}
