/*
 * Carrying files out of a pool, and into it: as tar archives, which the host's tar makes
 * files of.
 */
#define _GNU_SOURCE
#include "../pool.h"
#include "overlay.h"
#include "tool.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vfsfs/tar.h>
#include <vfsfs/vfsfs.h>

static bool write_all(int fd, const void *buf, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, (const char *)buf + done, len - done);
		if (n < 0 && errno != EINTR)
			return false;
		done += n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* ---- Out ---- */

static int export_to(int fd)
{
	static char buf[1 << 16];
	vfs_tar_export *x;
	vfs_tar_progress p;
	ssize_t n;
	int status = SOUND, err = vfs_tar_export_begin("/pool", &x);
	if (err)
		return trouble("the pool cannot be read: %s", strerror(-err));
	while (!status && (n = vfs_tar_export_read(x, buf, sizeof buf)) != 0)
		if (n < 0) {
			vfs_tar_export_progress(x, &p);
			status = trouble("%s: %s", p.path, strerror((int)-n));
		} else if (!write_all(fd, buf, (size_t)n)) {
			status = trouble("the archive cannot be written: %s", strerror(errno));
		}
	vfs_tar_export_end(x);
	return status;
}

int tar_pool(void)
{
	return isatty(STDOUT_FILENO) ? trouble("an archive is nothing for a terminal")
				     : export_to(STDOUT_FILENO);
}

/* tar -x; argv: where its words go. */
static void become_tar(int from, const char *to, char **paths)
{
	size_t n = 0;
	while (paths[n])
		n++;
	char **argv = calloc(n + 9, sizeof *argv), **at = argv;
	if (!argv || dup2(from, STDIN_FILENO) < 0)
		_exit(TROUBLE);
	*at++ = "tar";
	*at++ = "-xf";
	*at++ = "-";
	*at++ = "--no-overwrite-dir"; /* what is there keeps its own attributes */
	*at++ = "-C";
	*at++ = (char *)(uintptr_t)to;
	*at++ = "--";
	char **names = at;
	for (; *paths; paths++) {
		*at = *paths + strspn(*paths, "/");
		if (!**at++) { /* all of it: tar gets no names then */
			at = names;
			break;
		}
	}
	*at = NULL;
	execvp("tar", argv);
	_exit(127);
}

int extract_pool(const char *to, char **paths)
{
	int ends[2], how;
	mkdir(to, 0777); /* where it is not there */
	if (pipe2(ends, O_CLOEXEC))
		return trouble("%s", strerror(errno));
	signal(SIGPIPE, SIG_IGN);
	pid_t child = fork();
	if (!child) {
		signal(SIGPIPE, SIG_DFL);
		become_tar(ends[0], to, paths);
	}
	close(ends[0]);
	int status = child < 0 ? trouble("%s", strerror(errno)) : export_to(ends[1]);
	close(ends[1]);
	if (child > 0 && (waitpid(child, &how, 0) != child || !WIFEXITED(how) || WEXITSTATUS(how)))
		status = trouble("tar has not extracted all of it");
	return status;
}

int copy_pool(vfs_opfs_port *overlay, const char *to)
{
	static char buf[1 << 16];
	const char *path, *host;
	int status = SOUND, here;
	if (mkdir(to, 0777))
		return trouble("%s: %s", to, strerror(errno));
	here = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (here < 0 || mkdirat(here, ".opaque", 0777))
		status = trouble("%s: %s", to, strerror(errno));
	for (int k = 0; !status && (path = overlay_file(overlay, k, &host)) != NULL; k++) {
		int from = open(host, O_RDONLY | O_CLOEXEC);
		int out = openat(here, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		ssize_t n = 0;
		while (from >= 0 && out >= 0 && (n = read(from, buf, sizeof buf)) > 0)
			if (!write_all(out, buf, (size_t)n))
				break;
		if (from < 0 || out < 0 || n || close(out))
			status = trouble("%s: %s", path, strerror(errno));
		if (from >= 0)
			close(from);
	}
	if (here >= 0)
		close(here);
	return status;
}

/* ---- In ---- */

/* Of the pool, with its parents: its path below /pool. */
static int make_directory(const char *name, char *path, size_t room)
{
	int err = 0;
	snprintf(path, room, "/pool/%s", name ? name + strspn(name, "/") : "");
	for (char *at = path + strlen("/pool/"); !err && *at;) {
		at += strcspn(at, "/");
		char end = *at;
		*at = 0;
		if (!strcmp(strrchr(path, '/'), "/.."))
			return -EINVAL; /* out of the pool */
		err = vfs_mkdir(path, 0755);
		if (err == -EEXIST)
			err = 0;
		*at = end;
		at += strspn(at, "/");
	}
	return err;
}

static int import_from(int fd, const char *path)
{
	static char buf[1 << 16];
	vfs_tar_import *x;
	vfs_tar_progress p;
	ssize_t n = 0;
	char where[300];
	int err = vfs_tar_import_begin(path, &x);
	if (err)
		return trouble("%s: %s", path + strlen("/pool"), strerror(-err));
	while (!err && (n = read(fd, buf, sizeof buf)) > 0)
		err = vfs_tar_import_write(x, buf, (size_t)n);
	vfs_tar_import_progress(x, &p);
	snprintf(where, sizeof where, "%s", p.path);
	int last = vfs_tar_import_end(x);
	if (!err && n < 0)
		return trouble("the archive cannot be read: %s", strerror(errno));
	err = err ? err : last;
	return err ? trouble("the archive, at \"%s\": %s", where, strerror(-err)) : SOUND;
}

int import_archive(const char *archive, const char *to)
{
	char path[4200];
	bool standard = !strcmp(archive, "-");
	int err = make_directory(to, path, sizeof path);
	if (err)
		return trouble("%s: %s", to, strerror(-err));
	int fd = standard ? STDIN_FILENO : open(archive, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return trouble("%s: %s", archive, strerror(errno));
	int status = import_from(fd, path);
	if (!standard)
		close(fd);
	return status;
}
