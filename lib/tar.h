/*
 * tar.h - what the parts of tar share: the block that begins each entry, and how
 * entries are made. They stand on vfs_* calls only.
 */
#ifndef VFS_TAR_H
#define VFS_TAR_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdbool.h>
#include <vfsfs/tar.h>
#include <vfsfs/vfsfs.h>

enum { VFS__TAR_BLOCK = 512 };

/* POSIX ustar. Numbers are octal digits; GNU has larger ones in base 256, the first
 * byte's highest bit set. */
typedef struct vfs__tar_header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char mtime[12];
	char sum[8];
	char type;
	char link[100];
	char magic[8]; /* "ustar", 0, "00"; GNU: "ustar  ", 0; V7: nothing */
	char uname[32];
	char gname[32];
	char major[8];
	char minor[8];
	char prefix[155]; /* POSIX only: name is behind it and a '/' */
	char zeros[12];
} vfs__tar_header;

/* Bytes of a stream, from a first one that is not used yet. */
typedef struct vfs__tar_bytes {
	char *at;
	size_t used, len, room;
} vfs__tar_bytes;

/* len zeros at the end, to be filled in. NULL: no memory. */
char *vfs__tar_more(vfs__tar_bytes *b, size_t len);

/* ---- tar_header.c: entries as they are written ---- */

typedef struct vfs__tar_extent {
	off_t pos, len;
} vfs__tar_extent;

/* Appends the header of an entry, all of it that stands before the file's data. `link`:
 * where a hard link ('1') or a symbolic one ('2') leads, else NULL. size: of the data,
 * in n extents; NULL where it is all of the file. -ENOMEM. */
int vfs__tar_put_entry(vfs__tar_bytes *b, char type, const char *path, const char *link,
		       const struct stat *st, const vfs__tar_extent *extents, size_t n);

/* ---- tar_place.c: entries as they are made ---- */

typedef struct vfs__tar_member {
	char type;
	char *path, *link; /* allocated; link: NULL where there is none */
	mode_t mode;       /* permissions */
	uid_t uid;
	gid_t gid;
	dev_t rdev;
	struct timespec times[2];
} vfs__tar_member;

/* Where an entry goes: a name in a directory, held open without following a link. */
typedef struct vfs__tar_place {
	int dir;        /* or -1: nothing is held */
	char name[256]; /* "." for the target directory itself */
} vfs__tar_place;

/* make: with the directories that lead there. -EBADMSG: it leads elsewhere. */
int vfs__tar_find(int root, const char *path, bool make, vfs__tar_place *out);
void vfs__tar_leave(vfs__tar_place *place);
/* What has the name goes, but for a directory: -EISDIR. */
int vfs__tar_clear(const vfs__tar_place *place);
/* Makes anything but a regular file. A directory that is there stays. */
int vfs__tar_make(int root, const vfs__tar_place *place, const vfs__tar_member *m);
/* Owner, mode, times. */
int vfs__tar_attributes(const vfs__tar_place *place, const vfs__tar_member *m);

#endif
