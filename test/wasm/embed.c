/* Embedded files, from main and from a constructor, the first that there may be. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void print(const char *path)
{
	char line[80];
	FILE *f = fopen(path, "r");

	if (!f || !fgets(line, sizeof line, f))
		abort();
	printf("%s", line);
	fclose(f);
}

__attribute__((constructor(101))) static void early(void)
{
	print("/lib/files/of/many/one.txt");
}

int main(void)
{
	struct stat st;

	print("/tmp/one");
	if (stat("/lib/files/empty", &st))
		abort();
	printf("%d\n", (int)st.st_size);
	return 0;
}
