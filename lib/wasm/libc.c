/*
 * Functions that Emscripten's headers declare and its libc does not have.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
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
