/*
 * device.h - character devices: numbers, and the drivers behind them.
 *
 * A driver is one StreamOps table, registered under a number; a node of that
 * number, made by vfs_mknod, is its name. Opening the node swaps the stream's
 * ops for the driver's and calls their open; the driver finds its minor number
 * in s->shared->node->rdev and keeps what is its own in s->data.
 */
#ifndef VFSFS_DEVICE_H
#define VFSFS_DEVICE_H

#include <vfsfs/backend.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Numbers: (major << 8) | minor below 256:256, as Emscripten has them; wider
 * ones as Linux encodes them in 32 bits: 12 bits of major, 20 of minor.
 */
static inline dev_t vfs_makedev(unsigned major, unsigned minor)
{
	return (dev_t)((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12));
}
static inline unsigned vfs_major(dev_t dev)
{
	return (unsigned)(dev >> 8) & 0xfff;
}
static inline unsigned vfs_minor(dev_t dev)
{
	return ((unsigned)dev & 0xff) | ((unsigned)(dev >> 12) & 0xfff00);
}

/*
 * Registers a driver for one device. `ops` must live until it is unregistered
 * and all its streams and mappings have been closed; `name` is for people
 * (vfs_get_device) and must live until it is unregistered. -EBUSY: the number
 * is taken. -EINVAL: no ops. -ENOMEM. Does not block.
 */
int vfs_register_device(dev_t dev, const char *name, const StreamOps *ops);

/* Opening it is ENXIO from now on; streams that are open go on. -ENXIO: there
 * is none. */
int vfs_unregister_device(dev_t dev);

/* The driver of dev, or NULL; its name in *name where name is not NULL. */
const StreamOps *vfs_get_device(dev_t dev, const char **name);

/* A major number, from 64 on, under which nothing is registered, for drivers
 * that have none of their own. It stays free until one registers. -ENFILE:
 * none is left. */
int vfs_free_major(void);

#ifdef __cplusplus
}
#endif
#endif
