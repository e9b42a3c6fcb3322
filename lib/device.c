/*
 * Character devices: which driver a number stands for. There are a dozen, so a
 * list is enough; only open looks here.
 */
#include "internal.h"
#include <vfsfs/device.h>

typedef struct driver {
	struct driver *next;
	dev_t dev;
	const char *name;
	const StreamOps *ops;
} driver;

static driver *drivers;
static vfs__mutex lock = VFS__MUTEX_INIT; /* a leaf */

static driver **find(dev_t dev)
{
	driver **at = &drivers;
	while (*at && (*at)->dev != dev)
		at = &(*at)->next;
	return at;
}

int vfs_register_device(dev_t dev, const char *name, const StreamOps *ops)
{
	if (!ops)
		return -EINVAL;
	driver *d = malloc(sizeof *d);
	if (!d)
		return -ENOMEM;
	*d = (driver){.dev = dev, .name = name, .ops = ops};
	int err = 0;
	vfs__lock(&lock);
	driver **at = find(dev);
	if (*at)
		err = -EBUSY;
	else
		*at = d;
	vfs__unlock(&lock);
	if (err)
		free(d);
	return err;
}

int vfs_unregister_device(dev_t dev)
{
	vfs__lock(&lock);
	driver **at = find(dev), *d = *at;
	if (d)
		*at = d->next;
	vfs__unlock(&lock);
	if (!d)
		return -ENXIO;
	free(d);
	return 0;
}

const StreamOps *vfs_get_device(dev_t dev, const char **name)
{
	const StreamOps *ops = NULL;
	vfs__lock(&lock);
	const driver *d = *find(dev);
	if (d) {
		ops = d->ops;
		if (name)
			*name = d->name;
	}
	vfs__unlock(&lock);
	return ops;
}

int vfs_free_major(void)
{
	vfs__lock(&lock);
	unsigned major = 64;
	for (const driver *d = drivers; d && major < 4096;)
		if (vfs_major(d->dev) == major) {
			major++;
			d = drivers;
		} else {
			d = d->next;
		}
	vfs__unlock(&lock);
	return major < 4096 ? (int)major : -ENFILE;
}
