/*
 * Writes until memory is full: an error, and the program goes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char block[65536];

int main(void)
{
	int fd = open("/tmp/big", O_CREAT | O_RDWR, 0600);
	long long sum = 0;
	ssize_t n;

	memset(block, 'x', sizeof block);
	while ((n = write(fd, block, sizeof block)) > 0)
		sum += n;
	printf("%s\n", errno == ENOMEM || errno == ENOSPC ? "full" : strerror(errno));
	if (sum < 8 << 20 || lseek(fd, 0, SEEK_END) != sum || pread(fd, block, 1, sum - 1) != 1)
		printf("%lld bytes, errno %d\n", sum, errno);
	if (ftruncate(fd, 0) || write(fd, block, sizeof block) != sizeof block)
		perror("write again");
	return 0;
}
