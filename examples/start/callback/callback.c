/*
 * The pool without JavaScript of one's own: C asks for it, returns to the event loop,
 * and goes on where it is called back. Counts its runs, as ../visits.c does.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vfsfs/opfs_pool.h>
#include <vfsfs/vfsfs.h>

static const vfs_opfs_pool_options pool = {.directory = "/callback", .capacity = 8};

static int count(void)
{
	int visits = 0;
	FILE *f = fopen("/data/visits", "r+");

	if (!f)
		f = fopen("/data/visits", "w+");
	else if (fscanf(f, "%d", &visits) == 1)
		rewind(f);
	if (!f || fprintf(f, "%d\n", ++visits) < 0 || fflush(f) || fsync(fileno(f)) || fclose(f))
		return -1;
	return visits;
}

static void prepared(void *context, int err)
{
	(void)context;
	mkdir("/data", 0777);
	if (err || vfs_mount(&vfs_opfs_pool, &pool, "/data", 0)) {
		printf("%s\n", vfs_opfs_message());
		return;
	}
	int visits = count();
	if (visits < 0)
		perror("/data/visits");
	else
		printf("This is visit %d.\n", visits);
}

int main(void)
{
	if (vfs_opfs_prepare(&pool, prepared, NULL))
		printf("%s\n", vfs_opfs_message());
	return 0;
}
