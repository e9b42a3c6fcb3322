/*
 * The program that tar.js stands around: a tree that JavaScript exports. With POOL all
 * of it is in a pool, and tar.js ends the program.
 */
#include <emscripten.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vfsfs/opfs_pool.h>
#include <vfsfs/vfsfs.h>

#ifdef POOL
static int start(void)
{
	vfs_opfs_pool_options o = {.directory = "/tar"};
	int err = vfs_mount(&vfs_opfs_pool, &o, "/tmp", 0);
	if (err)
		printf("mount: %s\n", vfs_opfs_message());
	return err;
}

EMSCRIPTEN_KEEPALIVE void finish(int unmount)
{
	emscripten_force_exit(unmount && vfs_unmount("/tmp"));
}
#else
static int start(void)
{
	return 0;
}
#endif

int main(void)
{
	char name[300];
	FILE *f;

	if (start())
		return 1;
	if (mkdir("/tmp/tree", 0750) || mkdir("/tmp/tree/d", 0700))
		return 1;
	snprintf(name, sizeof name, "/tmp/tree/d/%0200d", 7);
	f = fopen(name, "w");
	for (int k = 0; f && k < 1000000; k++)
		fprintf(f, "%d\n", k);
	if (!f || fclose(f) || link(name, "/tmp/tree/same") || symlink("d", "/tmp/tree/link"))
		return 1;
	if (chmod(name, 0604))
		return 1;
#ifdef POOL
	emscripten_exit_with_live_runtime();
#endif
	return 0;
}
