/*
 * tool.h - vfsfs-pool: what its parts share. Each command answers with the command's exit
 * status.
 */
#ifndef VFS_POOL_TOOL_H
#define VFS_POOL_TOOL_H

#include "../../opfs_common/opfs_port.h"
#include <stdbool.h>

enum { SOUND = 0, DAMAGED = 1, TROUBLE = 2 };

/* "vfsfs-pool: ..." to stderr; TROUBLE. */
__attribute__((format(printf, 1, 2))) int trouble(const char *format, ...);

/* ---- layout.c: where a pool's files are ---- */

/* Adds the files of the pool that is at `where`. Else a sentence, and TROUBLE. */
int find_pool(const char *where, vfs_opfs_port *overlay);

/* ---- pool_tool.c: a pool below /pool of a tree in memory ---- */

/* What vfs_mount found, a sentence each. */
extern unsigned reports;

/* Sentences about damage go to stdout where `tell`. */
int mount_pool(vfs_opfs_port *port, bool tell);
int unmount_pool(void);

/* ---- look.c ---- */

int list_pool(vfs_opfs_port *overlay, char **paths);
int check_pool(vfs_opfs_port *overlay);

/* ---- carry.c ---- */

/* As a tar archive, to stdout. */
int tar_pool(void);
/* With the host's tar; paths: NULL at the end, none: all. */
int extract_pool(const char *to, char **paths);
/* An archive, "-" for stdin, to a directory of the pool. */
int import_archive(const char *archive, const char *to);
/* The files of the pool, under the names that they have in the browser. */
int copy_pool(vfs_opfs_port *overlay, const char *to);

#endif
