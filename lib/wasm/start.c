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
#include <vfsfs/device.h>
#include <vfsfs/mem.h>
#include <vfsfs/vfsfs.h>
#if VFS_THREADS
#include <emscripten/threading.h>

/* clang-format off */
EM_JS(void, vfs__wrong_archive, (void), {
	abort("libvfsfs-mt.a is for programs linked with -pthread: link this one with -lvfsfs");
})
/* clang-format on */
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
	static const vfs_mem_options options = {.mode = 0755};
	FSNode *root, *dir, *node;

	return vfs_mount_on(&vfs_mem, &options, NULL, &root) ||
	       vfs_make_name(root, "tmp", S_IFDIR | 01777, 0, &dir) ||
	       vfs_make_name(root, "home", S_IFDIR | 0755, 0, &dir) ||
	       vfs_make_name(dir, "web_user", S_IFDIR | 0755, 0, &dir) ||
	       vfs_make_name(root, "dev", S_IFDIR | 0755, 0, &dir) ||
	       vfs_mount_on(&vfs_dev, NULL, dir, &dir) ||
	       vfs_make_name(dir, "tty1", S_IFCHR | 0666, vfs_makedev(6, 0), &node) ||
	       vfs_make_name(dir, "shm", S_IFDIR | 0755, 0, &node) ||
	       vfs_mount_on(&vfs_mem, NULL, node, &node) || vfs__console_start();
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

/*
 * Some calls of this folder are in Emscripten's libstubs too, weakly, and a
 * program that takes another from there (getpid, getpwuid) would have those,
 * were the files that have ours not linked. So they come with this one, by
 * names that libstubs has not. Nothing uses the table: the linker leaves it out,
 * with all of the files that the program does not call.
 */
int __syscall_chdir(const char *);
int __syscall_openat(int, const char *, int, ...);
int __syscall_dup(int);
int __syscall_socket(int, int, int, int, int, int);

extern void *const vfs__linked[];
void *const vfs__linked[] = {
	__syscall_chdir,
	__syscall_openat,
	__syscall_dup,
	__syscall_socket,
};
