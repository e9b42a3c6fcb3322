/*
 * opfs_sim.c - the simulated disk as a port: its files and handles, the log, the
 * faults and the counts. See opfs_sim.h; what a crash leaves is made in
 * opfs_sim_crash.c.
 */
#include "opfs_sim_inner.h"
#include <malloc.h>

/* ---- Files and names ---- */

static uint32_t hash_of(const char *path, size_t len)
{
	uint32_t h = 2166136261u;
	for (size_t k = 0; k < len; k++)
		h = (h ^ (unsigned char)path[k]) * 16777619u;
	return h;
}

sim_name *sim__name_new(const char *path, size_t len, bool directory)
{
	sim_name *n = sim__must(malloc(sizeof *n + len + 1));
	n->refs = 1;
	n->hash = hash_of(path, len);
	n->directory = directory;
	memcpy(n->path, path, len);
	n->path[len] = 0;
	return n;
}

/* Makes room in an array for one more. */
static void *one_more(void *array, size_t n, size_t *room, size_t each)
{
	if (n < *room)
		return array;
	*room = *room ? 2 * *room : 8;
	return sim__must(realloc(array, *room * each));
}

sim_file *sim__find(const sim *s, const char *path, size_t len)
{
	uint32_t hash = hash_of(path, len);
	for (size_t k = 0; k < s->n_live; k++) {
		sim_file *f = &s->files[s->live[k]];
		if (f->name->hash == hash && !strncmp(f->name->path, path, len) &&
		    !f->name->path[len])
			return f;
	}
	return NULL;
}

sim_file *sim__add(sim *s, sim_name *name, sim_bytes *origin)
{
	s->files = one_more(s->files, s->n_files, &s->file_room, sizeof *s->files);
	s->live = one_more(s->live, s->n_live, &s->live_room, sizeof *s->live);
	s->live[s->n_live++] = s->n_files;
	sim_file *f = &s->files[s->n_files++];
	*f = (sim_file){.name = name, .origin = origin, .made = s->n_log, .gone = SIZE_MAX};
	if (origin) {
		f->now = sim__bytes_ref(origin);
		s->used += origin->size;
	}
	return f;
}

sim_file *sim__create(sim *s, const char *path, size_t len, bool directory)
{
	sim__log(s, (sim_op){directory ? SIM_MKDIR : SIM_CREATE, .file = s->n_files});
	return sim__add(s, sim__name_new(path, len, directory),
			directory ? NULL : sim__bytes_new());
}

int sim__mkdirs(sim *s, const char *path, size_t len)
{
	for (size_t k = 1; k <= len; k++)
		if (k == len || path[k] == '/') {
			sim_file *f = sim__find(s, path, k);
			if (f && !f->name->directory)
				return -ENOTDIR;
			if (!f)
				sim__create(s, path, k, true);
		}
	return 0;
}

void sim__remove(sim *s, sim_file *f)
{
	size_t index = (size_t)(f - s->files), k = 0;
	sim__log(s, (sim_op){SIM_REMOVE, .file = index, .before = f->now->size});
	f->gone = s->n_log;
	s->used -= f->now->size;
	sim__bytes_drop(f->now);
	f->now = NULL;
	while (s->live[k] != index)
		k++;
	memmove(s->live + k, s->live + k + 1, (--s->n_live - k) * sizeof *s->live);
}

void sim__log(sim *s, sim_op op)
{
	s->log = one_more(s->log, s->n_log, &s->log_room, sizeof *s->log);
	s->log[s->n_log++] = op;
}

/* ---- Faults ---- */

enum { CHANGES = 1, TAKES_SPACE = 2, WRITES = 4 };

/* 0, or the error that sim_fail has in store for this call. */
static int fault(sim *s, unsigned call)
{
	if (!s->fault_in || ((s->fault_how & SIM_CHANGES) && !(call & CHANGES)) ||
	    ((s->fault_how & SIM_SHORT) && !(call & WRITES)) ||
	    (s->fault == -ENOSPC && !(call & TAKES_SPACE)))
		return 0;
	if (s->fault_in > 1) {
		s->fault_in--;
		return 0;
	}
	if (!(s->fault_how & SIM_ALWAYS))
		s->fault_in = 0;
	s->counts.faults++;
	return s->fault;
}

void sim_fail(sim *s, size_t nth, int error, unsigned how)
{
	assert(!nth || error < 0);
	s->fault_in = nth;
	s->fault = error;
	s->fault_how = how;
}

/* ---- Handles ---- */

static sim *sim_of(vfs_opfs_port *port)
{
	return (sim *)port;
}

static sim_file *file_of(sim *s, int handle)
{
	assert(handle >= 0 && (size_t)handle < s->n_handles);
	assert(s->handles[handle] != SIZE_MAX);
	return &s->files[s->handles[handle]];
}

static bool has_space(const sim *s, const sim_file *f, int64_t size)
{
	return size <= f->now->size || size - f->now->size <= s->quota - s->used;
}

static int64_t sim_read(vfs_opfs_port *port, int handle, void *buf, size_t len, int64_t pos)
{
	sim *s = sim_of(port);
	const sim_file *f = file_of(s, handle);
	assert(pos >= 0);
	s->counts.reads++;
	int err = fault(s, 0);
	if (err)
		return err;
	len = sim__bytes_read(f->now, buf, len, pos);
	s->counts.bytes_read += len;
	return (int64_t)len;
}

static int sim_write(vfs_opfs_port *port, int handle, const void *buf, size_t len, int64_t pos)
{
	sim *s = sim_of(port);
	sim_file *f = file_of(s, handle);
	assert(pos >= 0 && len <= (uint64_t)(INT64_MAX - pos));
	s->counts.writes++;
	int err = fault(s, CHANGES | TAKES_SPACE | WRITES);
	if (err && (s->fault_how & SIM_SHORT))
		len /= 2;
	else if (err)
		return err;
	if (!len)
		return err;
	int64_t end = pos + (int64_t)len, before = f->now->size;
	if (!has_space(s, f, end))
		return -ENOSPC;
	void *data = memcpy(sim__must(malloc(len)), buf, len);
	sim__log(s, (sim_op){SIM_WRITE, s->handles[handle], pos, before, len, data, NULL});
	sim__bytes_write(&f->now, buf, len, pos);
	s->used += f->now->size - before;
	s->counts.bytes_written += len;
	return err;
}

static int sim_truncate(vfs_opfs_port *port, int handle, int64_t size)
{
	sim *s = sim_of(port);
	sim_file *f = file_of(s, handle);
	int64_t before = f->now->size;
	assert(size >= 0);
	s->counts.truncates++;
	int err = fault(s, size > before ? CHANGES | TAKES_SPACE : CHANGES);
	if (!err && !has_space(s, f, size))
		err = -ENOSPC;
	if (err || size == before)
		return err;
	sim__log(s, (sim_op){SIM_TRUNCATE, s->handles[handle], size, before, 0, NULL, NULL});
	sim__bytes_resize(&f->now, size);
	s->used += size - before;
	return 0;
}

static int64_t sim_size(vfs_opfs_port *port, int handle)
{
	sim *s = sim_of(port);
	const sim_file *f = file_of(s, handle);
	s->counts.sizes++;
	int err = fault(s, 0);
	return err ? err : f->now->size;
}

static int sim_flush(vfs_opfs_port *port, int handle)
{
	sim *s = sim_of(port);
	sim_file *f = file_of(s, handle);
	s->counts.flushes++;
	int err = fault(s, CHANGES);
	if (!err)
		sim__log(s, (sim_op){SIM_FLUSH, s->handles[handle], .before = f->now->size,
				     .bytes = sim__bytes_ref(f->now)});
	return err;
}

static void sim_close(vfs_opfs_port *port, int handle)
{
	sim *s = sim_of(port);
	file_of(s, handle)->open = false;
	s->handles[handle] = SIZE_MAX;
	s->counts.closes++;
	s->counts.handles--;
}

static void sim_space(vfs_opfs_port *port, uint64_t *total, uint64_t *left)
{
	const sim *s = sim_of(port);
	if (s->quota == INT64_MAX)
		return;
	*total = (uint64_t)s->quota;
	*left = s->used < s->quota ? (uint64_t)(s->quota - s->used) : 0;
}

static const vfs__handle_ops handle_ops = {.read = sim_read,
					   .write = sim_write,
					   .truncate = sim_truncate,
					   .size = sim_size,
					   .flush = sim_flush,
					   .close = sim_close,
					   .space = sim_space};

/* ---- Names ---- */

static void check_shape(const char *path)
{
	size_t len = strlen(path);
	assert(!len || (path[0] != '/' && path[len - 1] != '/'));
	assert(!strstr(path, "//"));
}

/* 0, or why there can be no such name: its directory is missing, or is a file. */
static int check_parent(const sim *s, const char *path)
{
	const char *slash = strrchr(path, '/');
	sim_file *dir = slash ? sim__find(s, path, (size_t)(slash - path)) : NULL;
	if (!slash)
		return 0;
	return !dir ? -ENOENT : dir->name->directory ? 0 : -EIO;
}

static int open_handle(sim *s, sim_file *f)
{
	size_t k = 0;
	while (k < s->n_handles && s->handles[k] != SIZE_MAX)
		k++;
	if (k == s->n_handles)
		s->handles = sim__must(realloc(s->handles, ++s->n_handles * sizeof *s->handles));
	s->handles[k] = (size_t)(f - s->files);
	s->counts.handles++;
	f->open = true;
	return (int)k;
}

static int open_file(sim *s, const char *path, bool create)
{
	sim_file *f = sim__find(s, path, strlen(path));
	int err = check_parent(s, path);
	bool creates = create && !f && !err;
	int failed = fault(s, creates ? CHANGES | TAKES_SPACE : 0);
	if (failed || err)
		return failed ? failed : err;
	if (!f && !create)
		return -ENOENT;
	if (!f)
		f = sim__create(s, path, strlen(path), false);
	else if (f->name->directory)
		return -EIO;
	return f->open ? -EBUSY : open_handle(s, f);
}

static void sim_open(vfs_opfs_port *port, const char *path, bool create, vfs__port_done *done,
		     void *context)
{
	sim *s = sim_of(port);
	check_shape(path);
	s->counts.opens++;
	done(context, open_file(s, path, create));
}

static int remove_file(sim *s, const char *path)
{
	sim_file *f = sim__find(s, path, strlen(path));
	int err = fault(s, CHANGES);
	if (!err && !f)
		err = -ENOENT;
	else if (!err && f->name->directory)
		err = -EIO;
	else if (!err && f->open)
		err = -EBUSY;
	if (!err)
		sim__remove(s, f);
	return err;
}

static void sim_remove(vfs_opfs_port *port, const char *path, vfs__port_done *done, void *context)
{
	sim *s = sim_of(port);
	check_shape(path);
	s->counts.removes++;
	done(context, remove_file(s, path));
}

static void sim_mkdir(vfs_opfs_port *port, const char *path, vfs__port_done *done, void *context)
{
	sim *s = sim_of(port);
	check_shape(path);
	s->counts.mkdirs++;
	int err = fault(s, CHANGES | TAKES_SPACE);
	if (!err && sim__mkdirs(s, path, strlen(path)))
		err = -EIO;
	done(context, err);
}

static int list(sim *s, const char *path, vfs__port_entry *entry, void *context)
{
	size_t len = strlen(path);
	const sim_file *dir = sim__find(s, path, len);
	int err = fault(s, 0);
	if (err)
		return err;
	if (len && !dir)
		return -ENOENT;
	if (len && !dir->name->directory)
		return -EIO;
	for (size_t k = 0; k < s->n_live; k++) {
		const sim_name *n = s->files[s->live[k]].name;
		const char *name = n->path + (len ? len + 1 : 0);
		if (len && (strncmp(n->path, path, len) != 0 || n->path[len] != '/'))
			continue;
		if (!strchr(name, '/'))
			entry(context, name, n->directory);
	}
	return 0;
}

static void sim_list(vfs_opfs_port *port, const char *path, vfs__port_entry *entry,
		     vfs__port_done *done, void *context)
{
	sim *s = sim_of(port);
	check_shape(path);
	s->counts.lists++;
	done(context, list(s, path, entry, context));
}

static const vfs__name_ops name_ops = {
	.open = sim_open, .remove = sim_remove, .mkdir = sim_mkdir, .list = sim_list};

/* ---- The disk ---- */

sim *sim_new(void)
{
#ifdef __GLIBC__
	/* Or the pages of each crash state go back to the kernel with it, which takes
	 * most of the time. */
	static bool kept;
	kept = kept || mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
	sim *s = sim__must(malloc(sizeof *s));
	*s = (sim){.port = {&handle_ops, &name_ops, true}, .quota = INT64_MAX};
	return s;
}

void sim_free(sim *s)
{
	for (size_t k = 0; k < s->n_files; k++) {
		sim_file *f = &s->files[k];
		if (!--f->name->refs)
			free(f->name);
		sim__bytes_drop(f->origin);
		sim__bytes_drop(f->now);
	}
	for (size_t k = 0; k < s->n_log; k++) {
		free(s->log[k].data);
		sim__bytes_drop(s->log[k].bytes);
	}
	free(s->files);
	free(s->live);
	free(s->log);
	free(s->handles);
	free(s);
}

vfs_opfs_port *sim_port(sim *s)
{
	return &s->port;
}

size_t sim_ops(const sim *s)
{
	return s->n_log;
}

void sim_set_quota(sim *s, int64_t bytes)
{
	s->quota = bytes;
}

sim_counts sim_calls(const sim *s)
{
	return s->counts;
}
