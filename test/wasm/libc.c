/*
 * The functions that Emscripten's headers declare, or other systems' do, and
 * its libc lacks; one that the program brings itself is the program's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
int renameat2(int, const char *, int, const char *, unsigned);
#endif

static int failed;

static void check(int holds, const char *what)
{
	if (holds)
		return;
	printf("%s: errno %d\n", what, errno);
	failed = 1;
}

#ifdef OWN
static int mine;

int futimes(int fd, const struct timeval tv[2])
{
	(void)fd, (void)tv;
	return mine++;
}
#endif

int main(void)
{
	struct timeval tv[2] = {{1000, 250000}, {2000, 750000}}, bad[2] = {{0, 0}, {0, 1000000}};
	int fd = open("/tmp/a", O_CREAT | O_RDWR, 0600);
	struct stat st;

	check(!fallocate(fd, 0, 0, 100) && !fstat(fd, &st) && st.st_size == 100, "fallocate");
#ifdef OWN
	check(!futimes(fd, tv) && mine == 1, "the program's futimes");
	return failed;
#endif
	check(!syncfs(fd), "syncfs");
	check(!futimes(fd, tv) && !fstat(fd, &st), "futimes");
	check(st.st_atim.tv_sec == 1000 && st.st_atim.tv_nsec == 250000000 &&
		      st.st_mtim.tv_sec == 2000 && st.st_mtim.tv_nsec == 750000000,
	      "futimes set");
	check(futimes(fd, bad) == -1 && errno == EINVAL, "futimes, bad time");
	check(futimes(77, tv) == -1 && errno == EBADF, "futimes, bad descriptor");
	check(!futimes(fd, NULL) && !fstat(fd, &st) && st.st_mtim.tv_sec > 1000000, "futimes now");

	check(!symlink("a", "/tmp/s") && !lutimes("/tmp/s", tv) && !lstat("/tmp/s", &st),
	      "lutimes");
	check(st.st_mtim.tv_sec == 2000 && !stat("/tmp/s", &st) && st.st_mtim.tv_sec > 1000000,
	      "lutimes sets the link's");
	check(lutimes("/tmp/none", tv) == -1 && errno == ENOENT, "lutimes of a missing file");
	check(lutimes(NULL, tv) == -1 && errno == EFAULT, "lutimes of NULL");

	close(open("/tmp/b", O_CREAT | O_RDWR, 0600));
	int at = AT_FDCWD;
	check(renameat2(at, "/tmp/a", at, "/tmp/b", RENAME_NOREPLACE) == -1 && errno == EEXIST,
	      "renameat2");
	check(!renameat2(at, "/tmp/a", at, "/tmp/c", RENAME_NOREPLACE), "renameat2 to a new name");
	check(!renameat2(at, "/tmp/c", at, "/tmp/b", 0) && access("/tmp/c", F_OK), "renameat2, 0");
	return failed;
}
