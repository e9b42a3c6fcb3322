/*
 * backends.h - the backends that the tests of this folder run over, one line
 * each: the name, the type, the options (of the type's own struct, or NULL).
 */
#include <vfsfs/mem.h>

static const struct backend {
	const char *name;
	const FSType *type;
	const void *options;
} backends[] = {
	{"mem", &vfs_mem, NULL},
};
