/*
 * Addresses that cannot be memory are EFAULT, and the program goes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

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
	}
	/* A length that runs past the end. */
	is_efault("read", read(fd, (char *)&failed, (size_t)0x7ffffff0));
	return failed;
}
