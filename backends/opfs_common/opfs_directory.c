/*
 * The port on a directory of the host: what the native tests, the FUSE mount and
 * vfsfs-pool stand on. A handle is a file descriptor; flock makes it exclusive.
 */
#ifndef __EMSCRIPTEN__
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "opfs_directory.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

typedef struct directory {
	vfs_opfs_port port;
	int fd; /* the root */
} directory;

static int fail(void)
{
	return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? -ENOSPC : -EIO;
}

static int64_t dir_read(vfs_opfs_port *port, int h, void *buf, size_t len, int64_t pos)
{
	size_t done = 0;
	(void)port;
	while (done < len) {
		ssize_t n = pread(h, (char *)buf + done, len - done, pos + (off_t)done);
		if (n < 0)
			return fail();
		if (!n)
			break;
		done += (size_t)n;
	}
	return (int64_t)done;
}

static int dir_write(vfs_opfs_port *port, int h, const void *buf, size_t len, int64_t pos)
{
	(void)port;
	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(h, (const char *)buf + done, len - done, pos + (off_t)done);
		if (n < 0)
			return fail();
		done += (size_t)n;
	}
	return 0;
}

static int dir_truncate(vfs_opfs_port *port, int h, int64_t size)
{
	(void)port;
	return ftruncate(h, size) ? fail() : 0;
}

static int64_t dir_size(vfs_opfs_port *port, int h)
{
	struct stat st;
	(void)port;
	return fstat(h, &st) ? -EIO : st.st_size;
}

static int dir_flush(vfs_opfs_port *port, int h)
{
	(void)port;
	return fdatasync(h) ? fail() : 0;
}

static void dir_close(vfs_opfs_port *port, int h)
{
	(void)port;
	close(h);
}

static int root_of(vfs_opfs_port *port)
{
	return ((directory *)port)->fd;
}

static void dir_space(vfs_opfs_port *port, uint64_t *total, uint64_t *left)
{
	struct statvfs st;
	if (fstatvfs(root_of(port), &st))
		return;
	*total = (uint64_t)st.f_blocks * st.f_frsize;
	*left = (uint64_t)st.f_bavail * st.f_frsize;
}

static const vfs__handle_ops handle_ops = {.read = dir_read,
					   .write = dir_write,
					   .truncate = dir_truncate,
					   .size = dir_size,
					   .flush = dir_flush,
					   .close = dir_close,
					   .space = dir_space};

/* ---- Names ---- */

/* A name is durable when its directory is synced. */
static void sync_parent(int root, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
	int fd = dir ? openat(root, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(dir);
}

static void dir_open(vfs_opfs_port *port, const char *path, bool create, vfs__port_done *done,
		     void *context)
{
	int root = root_of(port);
	int fd = openat(root, path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0666);
	if (fd < 0) {
		done(context, errno == ENOENT ? -ENOENT : fail());
	} else if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		done(context, -EBUSY);
	} else {
		if (create)
			sync_parent(root, path);
		done(context, fd);
	}
}

static void dir_remove(vfs_opfs_port *port, const char *path, vfs__port_done *done, void *context)
{
	int root = root_of(port), err = unlinkat(root, path, 0);
	if (err)
		err = errno == ENOENT ? -ENOENT : -EIO;
	else
		sync_parent(root, path);
	done(context, err);
}

static void dir_mkdir(vfs_opfs_port *port, const char *path, vfs__port_done *done, void *context)
{
	char part[PATH_MAX];
	int root = root_of(port);
	size_t len = strlen(path);
	if (len >= sizeof part) {
		done(context, -EIO);
		return;
	}
	for (size_t k = 1; k <= len; k++)
		if (path[k] == '/' || !path[k]) {
			memcpy(part, path, k);
			part[k] = 0;
			if (!mkdirat(root, part, 0777)) {
				sync_parent(root, part);
			} else if (errno != EEXIST) {
				done(context, fail());
				return;
			}
		}
	done(context, 0);
}

static void dir_list(vfs_opfs_port *port, const char *path, vfs__port_entry *entry,
		     vfs__port_done *done, void *context)
{
	int fd = openat(root_of(port), *path ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		done(context, errno == ENOENT ? -ENOENT : -EIO);
		return;
	}
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		struct stat st;
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    !fstatat(fd, e->d_name, &st, 0))
			entry(context, e->d_name, S_ISDIR(st.st_mode));
	}
	closedir(dir);
	done(context, 0);
}

static const vfs__name_ops name_ops = {
	.open = dir_open, .remove = dir_remove, .mkdir = dir_mkdir, .list = dir_list};

int vfs_opfs_directory_new(const char *path, vfs_opfs_port **out)
{
	directory *d = malloc(sizeof *d);
	if (!d)
		return -ENOMEM;
	mkdir(path, 0777);
	*d = (directory){{&handle_ops, &name_ops, true},
			 open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	if (d->fd < 0) {
		int err = -errno;
		free(d);
		return err;
	}
	*out = &d->port;
	return 0;
}

void vfs_opfs_directory_free(vfs_opfs_port *port)
{
	close(root_of(port));
	free(port);
}
#endif
