/*
 * Start-up: the memory backend on "/", the devices, the directories that
 * Emscripten's programs expect, and descriptors 0, 1 and 2. It runs before the
 * program's constructors (wasm.h says how), or when JavaScript uses the files
 * before that, in Module.preRun.
 */
#include "wasm.h"
#include <emscripten.h>
#include <stdlib.h>
#include <vfsfs/dev.h>
#include <vfsfs/mem.h>
#include <vfsfs/vfsfs.h>
#if VFS_THREADS
#include <emscripten/threading.h>

EM_JS(void, vfs__wrong_archive, (void), {
	abort("libvfsfs-mt.a is for programs linked with -pthread: link this one with -lvfsfs");
})
#endif

/*
 * The threaded archive in a program without threads is told here. The other
 * way round wasm-ld refuses: the core's atomic operations, compiled without
 * threads, forbid shared memory.
 */
static void check_archive(void)
{
#if VFS_THREADS
	if (!emscripten_has_threading_support())
		vfs__wrong_archive();
#endif
}

static int make_tree(void)
{
	static const vfs_mem_options root = { .mode = 0755 };
	mode_t mask = vfs_umask(0);
	int err;

	if (!(err = vfs_mount(&vfs_mem, &root, "/", 0)) &&
	    !(err = vfs_mkdir("/dev", 0755)) &&
	    !(err = vfs_mount(&vfs_dev, NULL, "/dev", 0)) &&
	    !(err = vfs_mkdir("/tmp", 01777)) &&
	    !(err = vfs_mkdir("/home", 0755)) &&
	    !(err = vfs_mkdir("/home/web_user", 0755)))
		err = vfs__console_start();
	vfs_umask(mask);
	return err;
}

void vfs__start(void)
{
	static bool started;

	if (started)
		return;
	started = true;
	check_archive();
	if (make_tree())
		abort(); /* no memory */
}
