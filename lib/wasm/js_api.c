/*
 * The door through which libvfsfs.js comes in: one export, so that a program
 * pays for a single one. Numbers and addresses are doubles, with pointers of
 * 32 and of 64 bits alike. Linked only when libvfsfs.js is, which names it.
 */
#include "wasm.h"
#include <dirent.h>
#include <emscripten.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vfsfs/vfsfs.h>

/* The calls; libvfsfs.js has the same numbers. */
/* clang-format off */
enum { ALLOC, FREE, OPEN, CREATE, READ, WRITE, CLOSE, STAT, LSTAT, LIST, MKDIR, UNLINK, RMDIR, SYNC, STRERROR };
/* clang-format on */

static void *pointer(double address)
{
	return (void *)(uintptr_t)address;
}

static double address(const void *p)
{
	return (double)(uintptr_t)p;
}

static double stat_into(double *out, const struct stat *st)
{
	const double all[] = {(double)st->st_dev,
			      (double)st->st_ino,
			      (double)st->st_mode,
			      (double)st->st_nlink,
			      (double)st->st_uid,
			      (double)st->st_gid,
			      (double)st->st_rdev,
			      (double)st->st_size,
			      (double)st->st_blksize,
			      (double)st->st_blocks,
			      (double)st->st_atim.tv_sec * 1e3 + (double)st->st_atim.tv_nsec / 1e6,
			      (double)st->st_mtim.tv_sec * 1e3 + (double)st->st_mtim.tv_nsec / 1e6,
			      (double)st->st_ctim.tv_sec * 1e3 + (double)st->st_ctim.tv_nsec / 1e6};
	memcpy(out, all, sizeof all);
	return 0;
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* The names of a directory, each ended by NUL, and an empty one, in *out. */
static int list_names(int fd, FILE *out)
{
	char buf[2048];
	ssize_t n;

	while ((n = vfs_getdents(fd, buf, sizeof buf)) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct dirent *e = (const void *)(buf + at);
			if (!is_dots(e->d_name))
				fwrite(e->d_name, 1, strlen(e->d_name) + 1, out);
			at += e->d_reclen;
		}
	}
	return (int)n;
}

/* Memory that the caller frees, or -errno. */
static double list(const char *path)
{
	char *names = NULL;
	size_t size;
	int fd = vfs_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (fd < 0)
		return fd;
	FILE *out = open_memstream(&names, &size);
	int err = out ? list_names(fd, out) : -ENOMEM;
	if (out && (fputc(0, out) == EOF || fclose(out)) && !err)
		err = -ENOMEM;
	vfs_close(fd);
	if (!err)
		return address(names);
	free(names);
	return err;
}

EMSCRIPTEN_KEEPALIVE double vfs__js(int call, double a, double b, double c)
{
	void *p = pointer(a);
	struct stat st;
	int err;

	vfs__start();
	switch (call) {
	case ALLOC:
		return address(malloc((size_t)a));
	case FREE:
		free(p);
		return 0;
	case OPEN:
		return vfs_open(p, O_RDONLY | O_CLOEXEC, 0);
	case CREATE:
		return vfs_open(p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)b);
	case READ:
		return (double)vfs_read((int)a, pointer(b), (size_t)c);
	case WRITE:
		return (double)vfs_write((int)a, pointer(b), (size_t)c);
	case CLOSE:
		return vfs_close((int)a);
	case STAT:
	case LSTAT:
		err = vfs_fstatat(AT_FDCWD, p, &st, call == LSTAT ? AT_SYMLINK_NOFOLLOW : 0);
		return err ? err : stat_into(pointer(b), &st);
	case LIST:
		return list(p);
	case MKDIR:
		return vfs_mkdir(p, (mode_t)b);
	case UNLINK:
		return vfs_unlink(p);
	case RMDIR:
		return vfs_rmdir(p);
	case SYNC:
		return vfs_sync();
	case STRERROR:
		return address(strerror((int)a));
	}
	return -ENOSYS;
}
