/*
 * Opening a pool's files: the one part that is asynchronous in a browser. Each
 * step starts what it can and goes on when the last answer is there. With threads
 * there is another worker to do it, and more of them can be had at once.
 */
#include "pool.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CAPACITY = 6, PATH_ROOM = 512 };

static void finish(vfs__pool_files *p)
{
	if (p->closed)
		vfs__pool_close(p);
	else
		p->done(p->context, p->err);
}

static char *path_of(const vfs__pool_files *p, const char *name, char *to)
{
	snprintf(to, PATH_ROOM, "%s%s%s", p->directory, *p->directory && *name ? "/" : "", name);
	return to;
}

/* An answer to one of several requests: keeps the handle, or the first error. */
typedef struct request {
	vfs__pool_files *pool;
	int *handle;
} request;

static void opened(void *context, int result)
{
	request *r = context;
	vfs__pool_files *p = r->pool;
	if (result >= 0)
		*r->handle = result;
	else if (!p->err)
		p->err = result;
	free(r);
	if (!--p->waiting)
		finish(p);
}

static void open_one(vfs__pool_files *p, const char *name, int *handle)
{
	char path[PATH_ROOM];
	request *r = malloc(sizeof *r);
	if (!r) {
		p->err = -ENOMEM;
		return;
	}
	*r = (request){p, handle};
	p->waiting++;
	p->port->names->open(p->port, path_of(p, name, path), true, opened, r);
}

/* Room for one more slot; its name is the caller's to set. */
static int add_slot(vfs__pool_files *p)
{
	if (p->count == p->room) {
		int room = p->room ? p->room * 2 : 16;
		void *name = realloc(p->name, (size_t)room * sizeof *p->name);
		if (name)
			p->name = name;
		int *handle = realloc(p->handle, (size_t)room * sizeof *handle);
		if (handle)
			p->handle = handle;
		if (!name || !handle)
			return -ENOMEM;
		p->room = room;
	}
	p->handle[p->count] = -1;
	return p->count++;
}

static void random_name(char *to)
{
	unsigned char bytes[16];
	if (getentropy(bytes, sizeof bytes))
		memset(bytes, 0, sizeof bytes);
	for (size_t k = 0; k < sizeof bytes; k++)
		to[k] = "0123456789abcdefghijklmnopqrstuvwxyz"[bytes[k] % 36];
	to[sizeof bytes] = 0;
}

static void listed_entry(void *context, const char *name, bool is_directory)
{
	vfs__pool_files *p = context;
	if (is_directory || strlen(name) > VFS__SLOT_NAME)
		return;
	int k = add_slot(p);
	if (k < 0)
		p->err = k;
	else
		strcpy(p->name[k], name);
}

static void listed(void *context, int result)
{
	vfs__pool_files *p = context;
	char name[VFS__SLOT_NAME + 16];
	if (result && !p->err)
		p->err = result;
	while (!p->err && (unsigned)p->count < p->capacity) {
		int k = add_slot(p);
		if (k < 0)
			p->err = k;
		else
			random_name(p->name[k]);
	}
	p->waiting++; /* for this function itself */
	open_one(p, "journal.0", &p->journal[0]);
	open_one(p, "journal.1", &p->journal[1]);
	for (int k = 0; k < p->count && !p->err; k++) {
		snprintf(name, sizeof name, ".opaque/%s", p->name[k]);
		open_one(p, name, &p->handle[k]);
	}
	if (!--p->waiting)
		finish(p);
}

static void made(void *context, int result)
{
	vfs__pool_files *p = context;
	char path[PATH_ROOM];
	p->err = result;
	if (result)
		finish(p);
	else
		p->port->names->list(p->port, path_of(p, ".opaque", path), listed_entry, listed, p);
}

int vfs__pool_new(vfs_opfs_port *port, const char *directory, unsigned capacity,
		  vfs__port_done *done, void *context, vfs__pool_files **out)
{
	size_t len = strlen(directory);
	while (len && *directory == '/')
		directory++, len--;
	while (len && directory[len - 1] == '/')
		len--;
	if (len > PATH_ROOM - VFS__SLOT_NAME - 16)
		return -ENAMETOOLONG;
	vfs__pool_files *p = calloc(1, sizeof *p);
	char *copy = p ? strndup(directory, len) : NULL;
	if (!copy) {
		free(p);
		return -ENOMEM;
	}
	*p = (vfs__pool_files){.port = port,
			       .directory = copy,
			       .journal = {-1, -1},
			       .capacity = capacity ? capacity : CAPACITY,
			       .done = done,
			       .context = context};
	*out = p;
	return 0;
}

void vfs__pool_open(vfs__pool_files *p)
{
	char path[PATH_ROOM];
	p->port->names->mkdir(p->port, path_of(p, ".opaque", path), made, p);
}

int vfs__pool_add(vfs__pool_files *p, int n, vfs__port_done *done, void *context)
{
	char name[VFS__SLOT_NAME + 16];
	int first = p->count, err = 0;
	for (int i = 0; i < n && !err; i++) {
		int k = add_slot(p);
		if (k < 0)
			err = k;
		else
			random_name(p->name[k]);
	}
	if (err) {
		p->count = first;
		return err;
	}
	const vfs__name_ops *names = p->port->names;
	bool at_once = names->begin && !names->begin(p->port);
	p->done = done;
	p->context = context;
	p->err = 0;
	p->waiting++; /* for this function itself */
	for (int k = first; k < p->count; k++) {
		snprintf(name, sizeof name, ".opaque/%s", p->name[k]);
		open_one(p, name, &p->handle[k]);
	}
	if (at_once)
		names->finish(p->port);
	if (!--p->waiting)
		finish(p);
	return 0;
}

void vfs__pool_close(vfs__pool_files *p)
{
	p->closed = true;
	if (p->waiting)
		return;
	for (int k = 0; k < p->count + 2; k++) {
		int handle = k < p->count ? p->handle[k] : p->journal[k - p->count];
		if (handle >= 0)
			p->port->handles->close(p->port, handle);
	}
	free(p->name);
	free(p->handle);
	free(p->directory);
	free(p);
}
