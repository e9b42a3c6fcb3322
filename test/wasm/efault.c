/*
 * Addresses that cannot be memory are EFAULT, and the program goes on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>
#include <vfsfs/vfsfs.h>

static int failed;

static void is_efault(const char *what, long result)
{
	if (result == -1 && errno == EFAULT)
		return;
	printf("%s: %ld, errno %d\n", what, result, errno);
	failed = 1;
}

int main(void)
{
	int fd = open("/tmp/f", O_CREAT | O_RDWR, 0600);
	char *const bad[] = {NULL, (char *)(uintptr_t)0xffffff00u, (char *)(uintptr_t)-16};

	write(fd, "0123456789", 10);
	vfs_set_credential(&(vfs_credential){.ngroups = 2});
	for (int k = 0; k < 3; k++) {
		char *volatile p = bad[k];
		struct iovec iov = {p, 100};

		lseek(fd, 0, SEEK_SET);
		is_efault("open", open(p, O_RDONLY));
		is_efault("stat", stat(p, &(struct stat){0}));
		is_efault("stat into", stat("/tmp/f", (struct stat *)p));
		is_efault("fstat into", fstat(fd, (struct stat *)p));
		is_efault("rename", rename("/tmp/f", p));
		is_efault("read", read(fd, p, 100));
		is_efault("write", write(fd, p, 100));
		is_efault("write to the console", write(1, p, 100));
		is_efault("readv", readv(fd, &iov, 1));
		is_efault("readlink", readlink("/dev/stdin", p, 100));
		is_efault("chdir", chdir(p));
		/* standard output is the page's: a terminal of 80 columns */
		is_efault("TIOCGWINSZ", ioctl(1, TIOCGWINSZ, p));
		is_efault("TCGETS", ioctl(1, TCGETS, p));
		is_efault("TCSETS", ioctl(1, TCSETS, p));
		is_efault("FIONBIO", ioctl(1, FIONBIO, p));
		is_efault("getresuid", getresuid((uid_t *)p, &(uid_t){0}, &(uid_t){0}));
		is_efault("getresgid", getresgid(&(gid_t){0}, &(gid_t){0}, (gid_t *)p));
		is_efault("getgroups", getgroups(2, (gid_t *)p));
		is_efault("fcntl", fcntl(fd, F_GETLK, (struct flock *)p));
		is_efault("poll", poll((struct pollfd *)p, 3, 0));
		if (!p)
			continue; /* NULL asks for nothing */
		is_efault("getrlimit", getrlimit(RLIMIT_NOFILE, (struct rlimit *)p));
		is_efault("setrlimit", setrlimit(RLIMIT_NOFILE, (struct rlimit *)p));
	}
	/* A length that runs past the end. */
	is_efault("read", read(fd, (char *)&failed, (size_t)0x7ffffff0));
	return failed;
}
