/*
 * opfs_counted.h - a port's handle operations, counted: it stands before another port.
 */
#ifndef VFS_OPFS_COUNTED_H
#define VFS_OPFS_COUNTED_H

#include "opfs_port.h"

/* Calls, failed ones too; bytes that were moved. */
typedef struct vfs__port_counts {
	uint64_t reads, bytes_read;
	uint64_t writes, bytes_written;
	uint64_t truncates, flushes;
} vfs__port_counts;

typedef struct vfs__counted_port {
	vfs_opfs_port port; /* without name operations */
	vfs_opfs_port *below;
	vfs__port_counts counts;
} vfs__counted_port;

void vfs__counted_open(vfs__counted_port *c, vfs_opfs_port *below);

#endif
