/*
 * A constructor of the program, as early as one may be, finds the files.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int made;

__attribute__((constructor(101))) static void early(void)
{
	int fd = open("/tmp/early", O_CREAT | O_WRONLY, 0600);

	made = fd == 3 && write(fd, "x", 1) == 1 && !close(fd);
}

int main(void)
{
	char cwd[10];
	struct stat st;

	printf("constructor: %s, main: %s, cwd %s\n", made ? "made" : "not made",
	       stat("/tmp/early", &st) || st.st_size != 1 ? "not found" : "found",
	       getcwd(cwd, sizeof cwd));
	return 0;
}
