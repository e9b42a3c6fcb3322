/*
 * The program that js_api.js stands around: reads what JavaScript wrote before
 * main, writes what JavaScript reads after.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
	char line[80];
	FILE *f = fopen("/in/a.txt", "r");

	if (!f || !fgets(line, sizeof line, f)) {
		perror("/in/a.txt");
		return 1;
	}
	fclose(f);
	printf("main read %s", line);
	fflush(stdout);
	f = fopen("/tmp/out", "w");
	fputs("from C", f);
	fclose(f);
	return symlink("/tmp/out", "/tmp/link");
}
