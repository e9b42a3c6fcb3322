/*
 * For the posix tests: before main, a pool in OPFS is where their scratch
 * directories are made. mount_pool.js has prepared it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vfsfs/opfs_pool.h>
#include <vfsfs/vfsfs.h>

__attribute__((constructor)) static void mount_pool(void)
{
	vfs_opfs_pool_options o = {.directory = "/posix"};
	int err = vfs_mkdir("/pool", 0777);
	if (!err)
		err = vfs_mount(&vfs_opfs_pool, &o, "/pool", 0);
	if (err) {
		printf("not ok mount: %s, %s\n", strerror(-err), vfs_opfs_message());
		exit(1);
	}
	setenv("TMPDIR", "/pool", 1);
}
