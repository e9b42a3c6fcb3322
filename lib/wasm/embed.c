/*
 * The files of --embed-file. Emscripten's packager makes an object that has
 * their data, a table of it, and a constructor which calls this; only a program
 * with such an object has it.
 */
#include "wasm.h"
#include <emscripten/console.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vfsfs/vfsfs.h>

/* tools/file_packager.py's, in all versions and with 64-bit pointers too. */
struct embedded {
	const char *name; /* NULL behind the last */
	uint32_t size;
	const void *data;
};

static int make_parents(const char *name)
{
	for (const char *end = strchr(name + 1, '/'); end; end = strchr(end + 1, '/')) {
		char *dir = strndup(name, (size_t)(end - name));
		int err = dir ? vfs_mkdir(dir, 0777) : -ENOMEM;

		free(dir);
		if (err && err != -EEXIST)
			return err;
	}
	return 0;
}

static int make_file(const struct embedded *f)
{
	int err = make_parents(f->name);
	int fd = err ? err : vfs_open(f->name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return fd;
	ssize_t n = vfs_write(fd, f->data, f->size);
	err = vfs_close(fd);
	if (n != (ssize_t)f->size)
		return n < 0 ? (int)n : -ENOSPC;
	return err;
}

/* Its constructor has our priority, and may come before ours. */
void _emscripten_fs_load_embedded_files(const struct embedded *f)
{
	vfs__start();
	for (; f->name; f++)
		if (make_file(f)) {
			emscripten_console_error(
				"libvfsfs: there is no room for this embedded file:");
			emscripten_console_error(f->name);
			abort();
		}
}
