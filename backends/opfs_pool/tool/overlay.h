/*
 * overlay.h - files of the host as the place below a pool, never written: what a mount
 * writes stays in memory. So a pool can be looked at as it would be mounted, and is as
 * it was afterwards; and its files may lie anywhere, under any names.
 */
#ifndef VFS_POOL_OVERLAY_H
#define VFS_POOL_OVERLAY_H

#include "../../opfs_common/opfs_port.h"

/* -ENOMEM. */
int overlay_new(vfs_opfs_port **out);
/* `path`, as the pool names it ("journal.0", ".opaque/abc"), is the host's file. -ENOMEM. */
int overlay_add(vfs_opfs_port *port, const char *path, const char *host);
/* The k-th file's path, and where it is on the host; NULL: there are no more. */
const char *overlay_file(vfs_opfs_port *port, int k, const char **host);
void overlay_free(vfs_opfs_port *port);

#endif
