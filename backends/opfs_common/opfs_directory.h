/*
 * opfs_directory.h - a directory of the host as the place below an OPFS backend.
 * Native builds only.
 */
#ifndef VFS_OPFS_DIRECTORY_H
#define VFS_OPFS_DIRECTORY_H

#include "opfs_port.h"

/* Made, with mode 0777, where it is missing; its parent must be there. -ENOMEM,
 * or mkdir(2)'s and open(2)'s errors. */
int vfs_opfs_directory_new(const char *path, vfs_opfs_port **out);
/* After the mounts that use it are gone. */
void vfs_opfs_directory_free(vfs_opfs_port *port);

#endif
