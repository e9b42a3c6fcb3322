/* What a large file costs in memory, and whether it is given back: a file of
 * argv[1] MiB (default 512) is written in 64 KiB calls, closed, removed, and
 * written and removed again. Prints "heap TAB bytes TAB bytes TAB bytes": the
 * wasm memory at start, with the first file, and with the second. What the
 * process as a whole took is read by whoever runs this (run.mjs); with 0 it is
 * the empty program to subtract. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char block[64 * 1024];

static double heap(void)
{
#ifdef __wasm__
	return __builtin_wasm_memory_size(0) * 65536.0;
#else
	return 0;
#endif
}

static int write_file(int blocks)
{
	int fd = open("/large", O_CREAT | O_EXCL | O_WRONLY, 0666);
	if (fd < 0)
		return -1;
	for (; blocks; blocks--)
		if (write(fd, block, sizeof block) != sizeof block)
			return -1;
	return close(fd);
}

int main(int argc, char **argv)
{
	int blocks = 16 * (argc > 1 ? atoi(argv[1]) : 512);
	double h[3] = {heap()};
	memset(block, 'x', sizeof block);
	for (int i = 1; i <= 2; i++) {
		if (write_file(blocks)) {
			perror("memory");
			return 1;
		}
		h[i] = heap();
		if (unlink("/large")) {
			perror("memory");
			return 1;
		}
	}
	printf("heap\t%.0f\t%.0f\t%.0f\n", h[0], h[1], h[2]);
	return 0;
}
