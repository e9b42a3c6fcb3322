/*
 * Functions that Emscripten's headers declare and its libc does not have, and
 * ttyname_r, whose own way is by /proc/self/fd. It is weak because of
 * -sMAIN_MODULE=1, which links the whole of libc.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vfsfs/vfsfs.h>

static int ret(int r)
{
	if (r >= 0)
		return r;
	errno = -r;
	return -1;
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
	return ret(vfs_fallocate(fd, mode, offset, len));
}

int syncfs(int fd)
{
	return ret(vfs_syncfs(fd));
}

/* The console's names, by device number. */
__attribute__((weak)) int ttyname_r(int fd, char *name, size_t size)
{
	static const char *const names[] = {"/dev/tty", "/dev/console", "/dev/tty1"};
	struct stat is, st;

	if (!isatty(fd))
		return errno;
	int err = -vfs_fstat(fd, &is);
	for (int k = 0; k < 3 && !err; k++)
		if (!vfs_stat(names[k], &st) && st.st_rdev == is.st_rdev)
			return strlen(names[k]) < size ? (strcpy(name, names[k]), 0) : ERANGE;
	return err ? err : ENODEV;
}
