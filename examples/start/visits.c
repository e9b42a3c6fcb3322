/*
 * Counts its runs in a file. It does not know where its files are: linked with
 * -lvfsfs_pool.js, what is below /data stays.
 */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	int visits = 0;
	FILE *f = fopen("/data/visits", "r+");

	if (!f)
		f = fopen("/data/visits", "w+");
	else if (fscanf(f, "%d", &visits) == 1)
		rewind(f);
	if (!f || fprintf(f, "%d\n", ++visits) < 0 || fflush(f) || fsync(fileno(f)) || fclose(f)) {
		perror("/data/visits");
		return 1;
	}
	printf("This is visit %d.\n", visits);
	return 0;
}
