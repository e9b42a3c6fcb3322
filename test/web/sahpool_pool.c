/*
 * The program of the sahpool tests, in a worker: mounts a pool on /pool, and offers
 * the calls that Module.vfs has not. sahpool_calls.js calls them. Each returns 0 or
 * -errno.
 */
#include <emscripten.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vfsfs/opfs_pool.h>
#include <vfsfs/vfsfs.h>

static int result(int r)
{
	return r < 0 ? -errno : 0;
}

/* clang-format off */
EM_JS(void, reported, (void *context, const char *sentence), {
	reports.push(UTF8ToString(sentence));
})
/* clang-format on */
EM_JS_DEPS(sahpool, "$UTF8ToString");

EMSCRIPTEN_KEEPALIVE int pool_mount(const char *directory)
{
	vfs_opfs_pool_options o = {.directory = directory, .report = reported};
	int err = vfs_mkdir("/pool", 0777);
	return err && err != -EEXIST ? err : vfs_mount(&vfs_opfs_pool, &o, "/pool", 0);
}

EMSCRIPTEN_KEEPALIVE int pool_unmount(void)
{
	return vfs_unmount("/pool");
}

EMSCRIPTEN_KEEPALIVE const char *pool_message(int err)
{
	const char *why = vfs_opfs_message();
	return *why ? why : strerror(-err);
}

EMSCRIPTEN_KEEPALIVE int pool_rename(const char *from, const char *to)
{
	return result(rename(from, to));
}

EMSCRIPTEN_KEEPALIVE int pool_link(const char *from, const char *to)
{
	return result(link(from, to));
}

EMSCRIPTEN_KEEPALIVE int pool_symlink(const char *target, const char *path)
{
	return result(symlink(target, path));
}

EMSCRIPTEN_KEEPALIVE const char *pool_target(const char *path)
{
	static char target[256];
	ssize_t n = readlink(path, target, sizeof target - 1);
	target[n < 0 ? 0 : n] = 0;
	return target;
}

EMSCRIPTEN_KEEPALIVE int pool_chmod(const char *path, int mode)
{
	return result(chmod(path, (mode_t)mode));
}

EMSCRIPTEN_KEEPALIVE int pool_fsync(const char *path)
{
	int fd = open(path, O_RDONLY);
	int err = fd < 0 ? -errno : result(fsync(fd));
	if (fd >= 0)
		close(fd);
	return err;
}

/* `text` over what the file has at `pos`. */
EMSCRIPTEN_KEEPALIVE int pool_overwrite(const char *path, int pos, const char *text)
{
	int fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	ssize_t n = pwrite(fd, text, strlen(text), pos);
	int err = n < 0 ? -errno : 0;
	close(fd);
	return err;
}

int main(void)
{
	return 0;
}
