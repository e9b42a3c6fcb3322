/*
 * opfs_sim_hand.c - the simulated disk by hand: to look at files, to change and
 * damage them, to print the log, and to keep a disk in a folder of the host.
 */
#include "opfs_sim_inner.h"
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Files ---- */

static int find(const sim *s, const char *path, sim_file **f)
{
	*f = sim__find(s, path, strlen(path));
	return !*f ? -ENOENT : (*f)->name->directory ? -EISDIR : 0;
}

static int make(sim *s, const char *path, sim_file **f)
{
	const char *slash = strrchr(path, '/');
	int err = find(s, path, f);
	if (err != -ENOENT)
		return err;
	err = slash ? sim__mkdirs(s, path, (size_t)(slash - path)) : 0;
	if (!err)
		*f = sim__create(s, path, strlen(path), false);
	return err;
}

/* Takes the caller's reference to `bytes` as what the file holds. */
static void set(sim *s, sim_file *f, sim_bytes *bytes)
{
	sim__log(s, (sim_op){SIM_SET, (size_t)(f - s->files), .before = f->now->size,
			     .bytes = sim__bytes_ref(bytes)});
	s->used += bytes->size - f->now->size;
	sim__bytes_drop(f->now);
	f->now = bytes;
}

int64_t sim_file_size(const sim *s, const char *path)
{
	sim_file *f;
	int err = find(s, path, &f);
	return err ? err : f->now->size;
}

int64_t sim_get(const sim *s, const char *path, void *buf, size_t len, int64_t pos)
{
	sim_file *f;
	int err = find(s, path, &f);
	return err ? err : (int64_t)sim__bytes_read(f->now, buf, len, pos);
}

int sim_put(sim *s, const char *path, const void *buf, size_t len, int64_t pos)
{
	sim_file *f;
	int err = make(s, path, &f);
	if (!err) {
		sim_bytes *b = sim__bytes_ref(f->now);
		sim__bytes_write(&b, buf, len, pos);
		set(s, f, b);
	}
	return err;
}

int sim_resize(sim *s, const char *path, int64_t size)
{
	sim_file *f;
	int err = find(s, path, &f);
	if (!err) {
		sim_bytes *b = sim__bytes_ref(f->now);
		sim__bytes_resize(&b, size);
		set(s, f, b);
	}
	return err;
}

int sim_delete(sim *s, const char *path)
{
	sim_file *f;
	int err = find(s, path, &f);
	if (!err && f->open)
		err = -EBUSY;
	if (!err)
		sim__remove(s, f);
	return err;
}

int sim_flip(sim *s, const char *path, int64_t bit)
{
	unsigned char c;
	int64_t n = sim_get(s, path, &c, 1, bit / 8);
	if (n <= 0)
		return n ? (int)n : -EINVAL;
	c ^= (unsigned char)(1 << bit % 8);
	return sim_put(s, path, &c, 1, bit / 8);
}

const char *sim_path(const sim *s, size_t index, bool *is_directory)
{
	if (index >= s->n_live)
		return NULL;
	const sim_name *n = s->files[s->live[index]].name;
	if (is_directory)
		*is_directory = n->directory;
	return n->path;
}

/* ---- The log ---- */

int sim__describe_op(const sim *s, const sim_op *op, char *buf, size_t size)
{
	static const char *const kinds[] = {"create",   "remove", "mkdir", "write",
					    "truncate", "flush",  "set"};
	const char *kind = kinds[op->kind], *path = s->files[op->file].name->path;
	switch (op->kind) {
	case SIM_WRITE:
		return snprintf(buf, size, "%s %s: %zu at %" PRId64 ", size was %" PRId64, kind,
				path, op->len, op->pos, op->before);
	case SIM_TRUNCATE:
		return snprintf(buf, size, "%s %s: %" PRId64 " to %" PRId64, kind, path, op->before,
				op->pos);
	default:
		return snprintf(buf, size, "%s %s", kind, path);
	}
}

void sim_print(const sim *s, size_t from, size_t to, FILE *to_file)
{
	char line[PATH_MAX + 80];
	for (size_t k = from; k < to && k < s->n_log; k++) {
		sim__describe_op(s, &s->log[k], line, sizeof line);
		fprintf(to_file, "%zu %s\n", k, line);
	}
}

/* ---- Folders of the host ---- */

enum { CHUNK = 1 << 16 };

static int dump_file(const sim *s, const char *path, const char *to)
{
	char buf[CHUNK];
	int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), err = 0;
	int64_t pos = 0, n;
	if (fd < 0)
		return -errno;
	while (!err && (n = sim_get(s, path, buf, sizeof buf, pos)) > 0) {
		ssize_t done = write(fd, buf, (size_t)n);
		if (done < 0)
			err = -errno;
		pos += done;
	}
	return close(fd) && !err ? -errno : err;
}

int sim_dump(const sim *s, const char *folder)
{
	int err = mkdir(folder, 0777) && errno != EEXIST ? -errno : 0;
	const char *path;
	bool directory;
	/* Directories come before what is in them. */
	for (size_t k = 0; !err && (path = sim_path(s, k, &directory)); k++) {
		char to[PATH_MAX];
		if ((size_t)snprintf(to, sizeof to, "%s/%s", folder, path) >= sizeof to)
			err = -ENAMETOOLONG;
		else if (!directory)
			err = dump_file(s, path, to);
		else if (mkdir(to, 0777) && errno != EEXIST)
			err = -errno;
	}
	return err;
}

static int load_file(sim *s, const char *path, const char *from)
{
	char buf[CHUNK];
	int fd = open(from, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;
	sim_file *f;
	int err = fd < 0 ? -errno : make(s, path, &f);
	if (!err) {
		sim_bytes *b = sim__bytes_new();
		while ((n = read(fd, buf, sizeof buf)) > 0)
			sim__bytes_write(&b, buf, (size_t)n, b->size);
		err = n ? -errno : 0;
		set(s, f, b);
	}
	if (fd >= 0)
		close(fd);
	return err;
}

/* `path` is the folder's on the disk, "" its root. */
static int load_folder(sim *s, const char *path, const char *from)
{
	DIR *dir = opendir(from);
	int err = dir ? sim__mkdirs(s, path, strlen(path)) : -errno;
	for (struct dirent *e; !err && (e = readdir(dir));) {
		char to[PATH_MAX], inner[PATH_MAX];
		struct stat st;
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		int a = snprintf(to, sizeof to, "%s%s%s", path, *path ? "/" : "", e->d_name);
		int b = snprintf(inner, sizeof inner, "%s/%s", from, e->d_name);
		if (a >= PATH_MAX || b >= PATH_MAX)
			err = -ENAMETOOLONG;
		else if (stat(inner, &st))
			err = -errno;
		else
			err = (S_ISDIR(st.st_mode) ? load_folder : load_file)(s, to, inner);
	}
	if (dir)
		closedir(dir);
	return err;
}

int sim_load(sim *s, const char *folder)
{
	return load_folder(s, "", folder);
}
