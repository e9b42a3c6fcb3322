/*
 * backends.h - the backends that the tests of this folder run over, one line
 * each: the name, the type, the options (of the type's own struct, or NULL).
 */
#include <vfsfs/mem.h>
#include <vfsfs/opfs_pool.h>

static const void *pool_options(void);

static const struct backend {
	const char *name;
	const FSType *type;
	const void *(*options)(void); /* NULL: none */
} backends[] = {
	{"mem", &vfs_mem, NULL},
	{"opfs_pool", &vfs_opfs_pool, pool_options},
};
