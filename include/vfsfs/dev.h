/*
 * dev.h - the filesystem of /dev: the standard devices, and /dev/fd.
 */
#ifndef VFSFS_DEV_H
#define VFSFS_DEV_H

#include <vfsfs/backend.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * vfs_mount(&vfs_dev, NULL, "/dev", 0). The tree begins with null, zero, full,
 * random, urandom, tty, console, stdin, stdout, stderr and fd, the directory of
 * the open descriptors; names can be added and removed, but no regular file.
 *
 * The first mount registers the drivers of null, zero, full, random and
 * urandom, where the program has registered none of its own; those of tty
 * (5:0) and console (5:1) are the program's, or its start-up code's.
 */
extern const FSType vfs_dev;

#ifdef __cplusplus
}
#endif
#endif
