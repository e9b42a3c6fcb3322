/*
 * Shared memory objects: files of /dev/shm, a filesystem of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	int fd = shm_open("/object", O_CREAT | O_EXCL | O_RDWR, 0600);
	struct stat st;
	char text[6] = "";

	if (fd < 0 || ftruncate(fd, 65536)) {
		perror("shm_open");
		return 1;
	}
	char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	strcpy(p, "hello");
	int other = shm_open("/object", O_RDONLY, 0);
	if (read(other, text, sizeof text) != sizeof text || stat("/dev/shm", &st))
		perror("read");
	printf("%s %o\n", text, st.st_mode & 07777);
	if (shm_unlink("/object") || shm_open("/object", O_RDONLY, 0) >= 0 || errno != ENOENT)
		perror("shm_unlink");
	return 0;
}
