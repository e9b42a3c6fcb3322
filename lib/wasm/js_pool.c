/*
 * A pool that JavaScript mounts before main: libvfsfs_pool.js, which names this, so
 * that it is linked, and the pool backend with it.
 */
#include "wasm.h"
#include <emscripten.h>
#include <emscripten/console.h>
#include <string.h>
#include <vfsfs/opfs_pool.h>
#include <vfsfs/vfsfs.h>

static void tell(void *context, const char *damage)
{
	(void)context;
	emscripten_console_warn(damage);
}

/* names: of the directory to mount on, and behind its NUL of the pool. 0 or -errno;
 * without names the address of the sentence about that error. A double for the address,
 * as in js_api.c. */
EMSCRIPTEN_KEEPALIVE double vfs__js_mount(double names);
double vfs__js_mount(double names)
{
	const char *path = (const char *)(uintptr_t)names;
	if (!path)
		return (double)(uintptr_t)vfs_opfs_message();
	vfs_opfs_pool_options o = {.directory = path + strlen(path) + 1, .report = tell};
	vfs__start();
	return vfs_mount(&vfs_opfs_pool, &o, path, 0);
}
