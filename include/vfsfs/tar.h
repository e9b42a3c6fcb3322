/*
 * tar.h - a directory and all below it as a stream of bytes in the format tar, and
 * back: for backups, downloads and uploads. Nothing is buffered but a header: the
 * caller asks for the next bytes, or gives them, in pieces of any size.
 *
 * What is written is POSIX's pax format, with GNU's records for sparse files (1.0);
 * GNU tar and bsdtar read it. Names and links of any length, sizes, owners, modes,
 * nanosecond times of access and modification, hard and symbolic links, devices,
 * FIFOs and holes survive. What is read: ustar, pax, GNU's long names and large
 * numbers, V7.
 *
 * An export or import is one thread's at a time.
 */
#ifndef VFSFS_TAR_H
#define VFSFS_TAR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vfs_tar_progress {
	const char *path; /* of the entry that is on its way, "" before the first; good until
			    * the next call for the same export or import */
	uint64_t entries; /* begun */
	uint64_t bytes;   /* of the stream */
	uint64_t changed; /* export: files that went, or became shorter (zeros stand for what is
			    * missing), while they were read */
} vfs_tar_progress;

typedef struct vfs_tar_export vfs_tar_export;
typedef struct vfs_tar_import vfs_tar_import;

/*
 * Begins to read a directory: its own attributes are the entry "./". What is mounted
 * below comes along. Access times stay as they are where the process owns the file.
 * -ENOTDIR, and what vfs_open returns.
 */
int vfs_tar_export_begin(const char *directory, vfs_tar_export **out);

/*
 * The next bytes: as many as `len` but at the end, then 0. -EMFILE: the tree is deeper
 * than there are descriptors. -EACCES: a file may not be read (progress tells which;
 * VFS_CAP_DAC_OVERRIDE passes that). And what reading returns. After an error there is
 * nothing but the same error.
 */
ssize_t vfs_tar_export_read(vfs_tar_export *x, void *buf, size_t len);
void vfs_tar_export_progress(const vfs_tar_export *x, vfs_tar_progress *out);
/* Frees it, at whatever point it is. */
void vfs_tar_export_end(vfs_tar_export *x);

/* Begins to make what a stream tells below a directory. What vfs_open returns. */
int vfs_tar_import_begin(const char *directory, vfs_tar_import **out);

/*
 * Takes the next bytes. Entries replace files of their names; directories stay and get
 * the archive's attributes at the end. Owners are set where the process may, and where
 * it may not, set-ID bits are not set either.
 *
 * Nothing outside the directory is touched: a name that is absolute, has a ".." or leads
 * through a symbolic link is -EBADMSG, and so is what is no archive or a damaged one.
 * -ENOTSUP: an entry of a kind that is not known (an older sparse file, a part of a
 * volume). -EISDIR: a file is to replace a directory. -EPERM: a device, and the process
 * may not make one. And what writing returns. After an error there is nothing but the
 * same error; what was made until then stays, but for a file that is not complete, and
 * directories are the owner's alone.
 */
int vfs_tar_import_write(vfs_tar_import *x, const void *buf, size_t len);
void vfs_tar_import_progress(const vfs_tar_import *x, vfs_tar_progress *out);
/* Sets the directories' attributes, and frees it. Its errors are vfs_tar_import_write's;
 * -EBADMSG also where the end of the archive is missing. Does not sync. */
int vfs_tar_import_end(vfs_tar_import *x);

#ifdef __cplusplus
}
#endif
#endif
