/*
 * The model of what a crash may leave.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "model.h"
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <vfsfs/vfsfs.h>

/* A name at one moment. */
typedef struct entry {
	char path[MODEL_PATH];
	int file;
	mode_t mode;
} entry;

/* The tree after an operation. */
typedef struct moment {
	int count;
	entry names[MODEL_NAMES];
	int placed[MODEL_FILES]; /* how many versions the file had when it last took
				    another's place, 0: never */
} moment;

/* Contents of a file, one for each change of them. */
typedef struct version {
	unsigned char *data;
	off_t size;
	int op;              /* of which */
	bool atomic;         /* made by one atomic write */
	unsigned char *mine; /* of it: 1 for each byte that it wrote, up to size */
} version;

typedef struct file {
	version *versions;
	int count;
	char target[MODEL_PATH]; /* of a symbolic link */
	struct sync {
		int op, version; /* that operation made that version durable */
	} * syncs;
	int sync_count;
} file;

typedef struct op {
	moment after;
	size_t port_ops; /* when it had returned */
	bool names;      /* it made the names durable */
} op;

struct model {
	op *ops; /* ops[0]: the empty tree */
	int count;
	file files[MODEL_FILES];
	int file_count;
};

static moment *now(model *m)
{
	return &m->ops[m->count - 1].after;
}

static const moment *last(const model *m)
{
	return &m->ops[m->count - 1].after;
}

static void add_op(model *m)
{
	m->ops = realloc(m->ops, (size_t)(m->count + 1) * sizeof *m->ops);
	assert(m->ops);
	op *o = &m->ops[m->count];
	if (m->count)
		*o = m->ops[m->count - 1];
	else
		memset(o, 0, sizeof *o);
	o->names = false;
	o->port_ops = SIZE_MAX; /* it has not returned */
	m->count++;
}

model *model_new(void)
{
	model *m = calloc(1, sizeof *m);
	assert(m);
	add_op(m);
	m->ops[0].port_ops = 0;
	m->ops[0].names = true;
	return m;
}

static void drop_version(version *v)
{
	free(v->data);
	free(v->mine);
}

void model_free(model *m)
{
	for (int k = 0; k < m->file_count; k++) {
		for (int v = 0; v < m->files[k].count; v++)
			drop_version(&m->files[k].versions[v]);
		free(m->files[k].versions);
		free(m->files[k].syncs);
	}
	free(m->ops);
	free(m);
}

static entry *find(const moment *t, const char *path)
{
	for (int k = 0; k < t->count; k++)
		if (!strcmp(t->names[k].path, path))
			return (entry *)&t->names[k];
	return NULL;
}

static void remove_entry(moment *t, entry *e)
{
	*e = t->names[--t->count];
}

static void add_version(model *m, int k, const unsigned char *data, off_t size)
{
	file *f = &m->files[k];
	f->versions = realloc(f->versions, (size_t)(f->count + 1) * sizeof *f->versions);
	assert(f->versions);
	version *v = &f->versions[f->count++];
	*v = (version){malloc((size_t)size + 1), size, m->count - 1, false, NULL};
	assert(v->data);
	memcpy(v->data, data, (size_t)size);
}

static void sync_file(model *m, int k)
{
	file *f = &m->files[k];
	f->syncs = realloc(f->syncs, (size_t)(f->sync_count + 1) * sizeof *f->syncs);
	assert(f->syncs);
	f->syncs[f->sync_count++] = (struct sync){m->count - 1, f->count - 1};
}

void model_begin(model *m)
{
	add_op(m);
}

void model_end(model *m, size_t port_ops, enum model_synced synced, const char *path)
{
	op *o = &m->ops[m->count - 1];
	o->port_ops = port_ops;
	o->names = synced != MODEL_NOTHING;
	if (synced == MODEL_ONE)
		sync_file(m, find(&o->after, path)->file);
	for (int k = 0; synced == MODEL_ALL && k < m->file_count; k++)
		sync_file(m, k);
}

void model_cancel(model *m)
{
	m->count--;
	for (int k = 0; k < m->file_count; k++) {
		file *f = &m->files[k];
		while (f->count && f->versions[f->count - 1].op == m->count)
			drop_version(&f->versions[--f->count]);
	}
	while (m->file_count && !m->files[m->file_count - 1].count)
		free(m->files[--m->file_count].versions), m->files[m->file_count] = (file){0};
}

/* ---- Changes ---- */

static entry *add_entry(model *m, const char *path, int k, mode_t mode)
{
	moment *t = now(m);
	assert(t->count < MODEL_NAMES && !find(t, path) && strlen(path) < MODEL_PATH);
	entry *e = &t->names[t->count++];
	memset(e, 0, sizeof *e);
	strcpy(e->path, path);
	e->file = k;
	e->mode = mode;
	return e;
}

void model_make(model *m, const char *path, mode_t mode)
{
	assert(m->file_count < MODEL_FILES);
	add_version(m, m->file_count, (const unsigned char *)"", 0);
	add_entry(m, path, m->file_count++, mode);
}

void model_symlink(model *m, const char *target, const char *path)
{
	model_make(m, path, S_IFLNK | 0777);
	strcpy(m->files[m->file_count - 1].target, target);
}

void model_link(model *m, const char *from, const char *to)
{
	const entry e = *find(now(m), from);
	add_entry(m, to, e.file, e.mode);
}

void model_unlink(model *m, const char *path)
{
	remove_entry(now(m), find(now(m), path));
}

void model_rename(model *m, const char *from, const char *to)
{
	moment *t = now(m);
	entry *victim = find(t, to);
	size_t len = strlen(from);
	int k = find(t, from)->file;
	if (victim && victim->file == k)
		return;
	if (victim) {
		remove_entry(t, victim);
		t->placed[k] = m->files[k].count;
	}
	for (int i = 0; i < t->count; i++) {
		entry *e = &t->names[i];
		char rest[MODEL_PATH];
		if (strncmp(e->path, from, len) != 0 || (e->path[len] && e->path[len] != '/'))
			continue;
		strcpy(rest, e->path + len);
		assert(strlen(to) + strlen(rest) < MODEL_PATH);
		snprintf(e->path, sizeof e->path, "%s%s", to, rest);
	}
}

void model_chmod(model *m, const char *path, mode_t mode)
{
	moment *t = now(m);
	int k = find(t, path)->file;
	for (int i = 0; i < t->count; i++)
		if (t->names[i].file == k)
			t->names[i].mode = (t->names[i].mode & S_IFMT) | mode;
}

static void add_to_atomic(version *v, const unsigned char *data, off_t size, off_t pos, size_t len)
{
	v->data = realloc(v->data, (size_t)size + 1);
	v->mine = realloc(v->mine, (size_t)size + 1);
	assert(v->data && v->mine);
	memcpy(v->data, data, (size_t)size);
	memset(v->mine + v->size, 0, (size_t)(size - v->size));
	memset(v->mine + pos, 1, len);
	v->size = size;
}

void model_write(model *m, const char *path, const void *data, size_t len, off_t pos)
{
	int k = find(now(m), path)->file;
	const version *v = &m->files[k].versions[m->files[k].count - 1];
	off_t size = pos + (off_t)len > v->size ? pos + (off_t)len : v->size;
	unsigned char *copy = calloc(1, (size_t)size + 1);
	assert(copy);
	memcpy(copy, v->data, (size_t)v->size);
	memcpy(copy + pos, data, len);
	if (v->atomic && v->op == m->count - 1)
		add_to_atomic(&m->files[k].versions[m->files[k].count - 1], copy, size, pos, len);
	else
		add_version(m, k, copy, size);
	free(copy);
}

void model_atomic(model *m, const char *path)
{
	file *f = &m->files[find(now(m), path)->file];
	const version v = f->versions[f->count - 1];
	add_version(m, (int)(f - m->files), v.data, v.size);
	f->versions[f->count - 1].atomic = true;
	f->versions[f->count - 1].mine = calloc(1, (size_t)v.size + 1);
	assert(f->versions[f->count - 1].mine);
}

void model_truncate(model *m, const char *path, off_t size)
{
	int k = find(now(m), path)->file;
	const version *v = &m->files[k].versions[m->files[k].count - 1];
	unsigned char *copy = calloc(1, (size_t)size + 1);
	assert(copy);
	memcpy(copy, v->data, (size_t)(v->size < size ? v->size : size));
	add_version(m, k, copy, size);
	free(copy);
}

bool model_is(const model *m, const char *path)
{
	return find(last(m), path) != NULL;
}

off_t model_size(const model *m, const char *path)
{
	const file *f = &m->files[find(last(m), path)->file];
	return f->versions[f->count - 1].size;
}

/* ---- What was found ---- */

typedef struct found {
	char path[MODEL_PATH];
	mode_t mode;
	uint64_t ino;
	unsigned links;
	unsigned char *data; /* of a file, or a link's target */
	off_t size;
} found;

typedef struct tree {
	found all[2 * MODEL_NAMES];
	int count;
	char error[160];
} tree;

static void load(tree *t, found *f, const char *full)
{
	f->data = malloc((size_t)f->size + 1);
	assert(f->data);
	if (S_ISLNK(f->mode)) {
		ssize_t n = vfs_readlink(full, (char *)f->data, (size_t)f->size + 1);
		f->data[n < 0 ? 0 : n] = 0;
		return;
	}
	int fd = vfs_open(full, O_RDONLY, 0);
	ssize_t n = fd < 0 ? fd : vfs_read(fd, f->data, (size_t)f->size);
	if (n != f->size)
		snprintf(t->error, sizeof t->error, "reading %s gives %zd", f->path, n);
	if (fd >= 0)
		vfs_close(fd);
}

static void join(char *to, size_t room, const char *a, const char *b, const char *c)
{
	assert(strlen(a) + strlen(b) + strlen(c) < room);
	strcat(strcat(strcpy(to, a), b), c);
}

static void read_tree(tree *t, const char *dir, const char *prefix)
{
	char buf[8192], full[256];
	int fd = vfs_open(dir, O_RDONLY | O_DIRECTORY, 0);
	ssize_t n = fd;
	while (fd >= 0 && (n = vfs_getdents(fd, buf, sizeof buf)) > 0)
		for (char *p = buf; p < buf + n; p += ((struct dirent *)p)->d_reclen) {
			const char *name = ((struct dirent *)p)->d_name;
			struct stat st;
			if (!strcmp(name, ".") || !strcmp(name, ".."))
				continue;
			assert(t->count < 2 * MODEL_NAMES);
			found *f = &t->all[t->count++];
			join(full, sizeof full, dir, "/", name);
			int err = vfs_lstat(full, &st);
			if (err) {
				snprintf(t->error, sizeof t->error, "lstat %.48s: %s", full,
					 strerror(-err));
				continue;
			}
			*f = (found){.mode = st.st_mode,
				     .ino = st.st_ino,
				     .links = (unsigned)st.st_nlink,
				     .size = st.st_size};
			join(f->path, sizeof f->path, prefix, "", name);
			if (S_ISDIR(f->mode)) {
				char deeper[MODEL_PATH + 1];
				join(deeper, sizeof deeper, f->path, "/", "");
				read_tree(t, full, deeper);
			} else {
				load(t, f, full);
			}
		}
	if (n < 0)
		snprintf(t->error, sizeof t->error, "reading %s: %s", dir, strerror((int)-n));
	if (fd >= 0)
		vfs_close(fd);
}

static void free_tree(tree *t)
{
	for (int k = 0; k < t->count; k++)
		free(t->all[k].data);
}

/* ---- Comparing ---- */

/* Of file k, the oldest version that may be found where the names are those of
 * operation j, and no operation after `returned` had returned. */
static int oldest(const model *m, int k, int j, int returned)
{
	const file *f = &m->files[k];
	int v = m->ops[j].after.placed[k] ? m->ops[j].after.placed[k] - 1 : 0;
	for (int s = 0; s < f->sync_count; s++)
		if (f->syncs[s].op <= returned && f->syncs[s].version > v)
			v = f->syncs[s].version;
	return v;
}

/* Is byte p, or that there is none, what one of the versions from..to had? */
static bool was(const file *f, int from, int to, const found *is, off_t p)
{
	for (int v = from; v <= to; v++) {
		const version *x = &f->versions[v];
		if (p < is->size ? p < x->size && x->data[p] == is->data[p] : p >= x->size)
			return true;
	}
	return false;
}

/* All that the atomic write of version v wrote is older than it, or none of it. */
static bool is_whole(const file *f, int from, int v, int to, const found *is, char *why,
		     size_t size)
{
	const version *a = &f->versions[v];
	off_t old = -1, new = -1;
	for (off_t p = 0; p < a->size; p++) {
		if (!a->mine[p])
			continue;
		if (new < 0 && !was(f, from, v - 1, is, p))
			new = p;
		if (old < 0 && !was(f, v, to, is, p))
			old = p;
	}
	if (old >= 0 && new >= 0)
		snprintf(why, size,
			 "%s: of an atomic write (version %d) byte %lld is there, byte %lld not",
			 is->path, v, (long long)new, (long long)old);
	return old < 0 || new < 0;
}

static bool same_content(const model *m, int k, int from, int started, const found *is, char *why,
			 size_t size)
{
	const file *f = &m->files[k];
	int to = from;
	bool size_ok = false;
	while (to + 1 < f->count && f->versions[to + 1].op <= started)
		to++;
	for (int v = from; v <= to; v++) {
		const version *x = &f->versions[v];
		size_ok |= x->size == is->size;
		if (x->size == is->size && !memcmp(x->data, is->data, (size_t)is->size))
			return true;
	}
	if (!size_ok) {
		snprintf(why, size,
			 "%s has %lld bytes, which it never had since its sync (then %lld)",
			 is->path, (long long)is->size, (long long)f->versions[from].size);
		return false;
	}
	for (off_t p = 0; p < is->size; p++) {
		if (!was(f, from, to, is, p)) {
			snprintf(why, size,
				 "%s: byte %lld is %#x, which it never was since its sync "
				 "(version %d of %d)",
				 is->path, (long long)p, is->data[p], from, to);
			return false;
		}
	}
	for (int v = from + 1; v <= to; v++)
		if (f->versions[v].atomic && !is_whole(f, from, v, to, is, why, size))
			return false;
	return true;
}

static bool same_tree(const model *m, int j, int returned, int started, const tree *t, char *why,
		      size_t size)
{
	const moment *want = &m->ops[j].after;
	uint64_t ino[MODEL_FILES] = {0};
	for (int k = 0; k < want->count; k++) {
		bool there = false;
		for (int i = 0; i < t->count; i++)
			there |= !strcmp(t->all[i].path, want->names[k].path);
		if (!there) {
			snprintf(why, size, "%s is missing", want->names[k].path);
			return false;
		}
	}
	for (int i = 0; i < t->count; i++) {
		const found *f = &t->all[i];
		const entry *e = find(want, f->path);
		unsigned links = 0;
		if (!e || e->mode != f->mode) {
			snprintf(why, size, "%s: mode %o, expected %o", f->path, f->mode,
				 e ? e->mode : 0);
			return false;
		}
		for (int k = 0; k < want->count; k++)
			links += want->names[k].file == e->file;
		if (ino[e->file] && ino[e->file] != f->ino) {
			snprintf(why, size, "%s is no link any more", f->path);
			return false;
		}
		ino[e->file] = f->ino;
		if (S_ISLNK(f->mode) && strcmp((char *)f->data, m->files[e->file].target) != 0) {
			snprintf(why, size, "%s leads to %s", f->path, (char *)f->data);
			return false;
		}
		if (!S_ISREG(f->mode))
			continue;
		if (f->links != links) {
			snprintf(why, size, "%s has %u links, not %u", f->path, f->links, links);
			return false;
		}
		if (!same_content(m, e->file, oldest(m, e->file, j, returned), started, f, why,
				  size))
			return false;
	}
	return true;
}

bool model_check(const model *m, size_t port_ops, const char *dir, char *why, size_t size)
{
	tree t = {.count = 0};
	int returned = 0, started = 0, durable = 0;
	bool same = false;
	while (returned + 1 < m->count && m->ops[returned + 1].port_ops <= port_ops)
		returned++;
	started = returned + 1 < m->count ? returned + 1 : returned;
	for (int j = 0; j <= returned; j++)
		if (m->ops[j].names)
			durable = j;
	read_tree(&t, dir, "");
	if (t.error[0])
		snprintf(why, size, "%s", t.error);
	char older[240]; /* the newest tree's complaint is the one that is told */
	for (int j = started; j >= durable && !same && !t.error[0]; j--)
		same = same_tree(m, j, returned, started, &t, j == started ? why : older,
				 j == started ? size : sizeof older);
	free_tree(&t);
	return same;
}
