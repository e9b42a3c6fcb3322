/*
 * Functions on files that Emscripten's headers declare and its libc lacks, those
 * that programs use most; and ttyname_r, whose own way is by /proc/self/fd. They
 * are weak: a program may bring its own, and -sMAIN_MODULE=1 links the whole of
 * libc.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include <vfsfs/vfsfs.h>

static int ret(int r)
{
	if (r >= 0)
		return r;
	errno = -r;
	return -1;
}

#define WEAK __attribute__((weak))

WEAK int fallocate(int fd, int mode, off_t offset, off_t len)
{
	return ret(vfs_fallocate(fd, mode, offset, len));
}

WEAK int syncfs(int fd)
{
	return ret(vfs_syncfs(fd));
}

WEAK int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	return ret(vfs_renameat(from_fd, from, to_fd, to, flags));
}

static int set_times(int dirfd, const char *path, const struct timeval tv[2], int flags)
{
	struct timespec ts[2];

	for (int k = 0; tv && k < 2; k++) {
		if (tv[k].tv_usec < 0 || tv[k].tv_usec >= 1000000)
			return ret(-EINVAL);
		ts[k] = (struct timespec){tv[k].tv_sec, (long)tv[k].tv_usec * 1000};
	}
	return ret(vfs_utimensat(dirfd, path, tv ? ts : NULL, flags));
}

WEAK int futimes(int fd, const struct timeval tv[2])
{
	return set_times(fd, NULL, tv, 0);
}

WEAK int lutimes(const char *path, const struct timeval tv[2])
{
	if (!path)
		return ret(-EFAULT);
	return set_times(AT_FDCWD, path, tv, AT_SYMLINK_NOFOLLOW);
}

/* The console's names, by device number. */
WEAK int ttyname_r(int fd, char *name, size_t size)
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
