/*
 * The door through which libvfsfs_tar.js comes in, as js_api.c's: one export. Numbers
 * and addresses are doubles. Linked only when libvfsfs_tar.js is, which names it.
 */
#include "wasm.h"
#include <emscripten.h>
#include <errno.h>
#include <vfsfs/tar.h>

/* The calls; libvfsfs_tar.js has the same numbers. */
/* clang-format off */
enum { EXPORT, EXPORT_READ, EXPORT_TELL, EXPORT_END, IMPORT, IMPORT_WRITE, IMPORT_TELL, IMPORT_END };
/* clang-format on */

static void *pointer(double address)
{
	return (void *)(uintptr_t)address;
}

static double begun(int err, const void *p)
{
	return err ? err : (double)(uintptr_t)p;
}

/* Three numbers into `out`, and the address of the path. */
static double told(double *out, const vfs_tar_progress *p)
{
	out[0] = (double)p->entries;
	out[1] = (double)p->bytes;
	out[2] = (double)p->changed;
	return begun(0, p->path);
}

EMSCRIPTEN_KEEPALIVE double vfs__tar_js(int call, double a, double b, double c)
{
	vfs_tar_export *x = NULL;
	vfs_tar_import *i = NULL;
	vfs_tar_progress p;
	int err;

	vfs__start();
	switch (call) {
	case EXPORT:
		err = vfs_tar_export_begin(pointer(a), &x);
		return begun(err, x);
	case EXPORT_READ:
		return (double)vfs_tar_export_read(pointer(a), pointer(b), (size_t)c);
	case EXPORT_TELL:
		vfs_tar_export_progress(pointer(a), &p);
		return told(pointer(b), &p);
	case EXPORT_END:
		vfs_tar_export_end(pointer(a));
		return 0;
	case IMPORT:
		err = vfs_tar_import_begin(pointer(a), &i);
		return begun(err, i);
	case IMPORT_WRITE:
		return vfs_tar_import_write(pointer(a), pointer(b), (size_t)c);
	case IMPORT_TELL:
		vfs_tar_import_progress(pointer(a), &p);
		return told(pointer(b), &p);
	case IMPORT_END:
		return vfs_tar_import_end(pointer(a));
	}
	return -ENOSYS;
}
