/*
 * Where the worker's script comes from, as Module.vfs.prepare is told
 * (ring_script_pre.js); and browsers without Atomics.waitAsync.
 *
 *   ring_script.js                    from a Blob
 *   ring_script.js URL [no-wait-async]
 *   ring_script.js missing            from a URL where nothing is: says so
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vfsfs/opfs_pool.h>
#include <vfsfs/vfsfs.h>

static int write_some(void)
{
	char path[20];
	for (int k = 0; k < 20; k++) {
		snprintf(path, sizeof path, "/pool/%d", k);
		int fd = open(path, O_CREAT | O_RDWR, 0600);
		if (fd < 0 || write(fd, path, 5) != 5 || fsync(fd) || close(fd))
			return -1;
		if (k % 5 == 0)
			usleep(100000); /* the proxy falls asleep */
	}
	return 0;
}

int main(int argc, char **argv)
{
	vfs_opfs_pool_options o = {.directory = "/script"};
	mkdir("/pool", 0777);
	int err = vfs_mount(&vfs_opfs_pool, &o, "/pool", 0);
	printf("# mount: %s %s\n", strerror(-err), vfs_opfs_message());
	int failed = argc > 1 && !strcmp(argv[1], "missing")
			     ? err != -EOPNOTSUPP || !strstr(vfs_opfs_message(), "URL")
			     : err || write_some() || vfs_unmount("/pool");
	printf("%s script_from_%s%s\n", failed ? "not ok" : "ok", argc > 1 ? argv[1] : "Blob",
	       argc > 2 ? ", no waitAsync" : "");
	printf("%d passed, %d failed\n", !failed, failed);
	return failed;
}
