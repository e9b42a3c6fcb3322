/*
 * tar_import.h - what the parts of reading a tar stream share.
 */
#ifndef VFS_TAR_IMPORT_H
#define VFS_TAR_IMPORT_H

#include "tar.h"

/* Which fields of vfs__tar_pax are there. */
enum {
	VFS__TAR_ATIME = 1,
	VFS__TAR_MTIME = 2,
	VFS__TAR_UID = 4,
	VFS__TAR_GID = 8,
	VFS__TAR_SIZE = 16,
	VFS__TAR_REAL_SIZE = 32,
	VFS__TAR_SPARSE = 64 /* GNU's, of version 1.0 */
};

/* What pax records say of the next entry, or of all. Strings are allocated. */
typedef struct vfs__tar_pax {
	unsigned has;
	char *path, *sparse_path, *link;
	struct timespec times[2];
	uid_t uid;
	gid_t gid;
	int64_t size, real_size;
} vfs__tar_pax;

struct vfs_tar_import {
	int root;
	char block[VFS__TAR_BLOCK]; /* a header, of which `have` bytes are there */
	size_t have;
	int64_t left;     /* bytes of content to come */
	unsigned padding; /* and then these, up to a whole block */
	char *ahead;      /* what stands before an entry, or NULL */
	char ahead_type;
	size_t ahead_len;
	vfs__tar_pax local, global;
	vfs__tar_member member;
	vfs__tar_place place;
	int fd; /* the file that is being written, or -1 */
	/* of that file: where its data goes, as offsets and lengths by turns */
	vfs__tar_extent *map;
	int64_t numbers;     /* of the map; -1: that comes first */
	int64_t number, got; /* the one that is being read; those that are there */
	bool digits;         /* of it have come */
	bool mapped;         /* data comes now */
	size_t extent;
	off_t done; /* of the extent */
	int64_t taken, real_size;
	vfs__tar_member *directories; /* whose attributes are not set yet */
	size_t directory_count;
	bool ended;
	int err;
	uint64_t count, bytes;
};

/* ---- tar_parse.c ---- */

/* -EBADMSG: its sum is not right. */
int vfs__tar_check(const vfs__tar_header *h);
/* A number that is not negative. -EBADMSG. */
int vfs__tar_number(const char *field, size_t size, int64_t *out);
/* All that a header says. */
int vfs__tar_read_header(const vfs__tar_header *h, vfs__tar_member *m, int64_t *size);
/* text: len bytes and a NUL. -EBADMSG, -ENOTSUP: another version of sparse files. */
int vfs__tar_read_pax(vfs__tar_pax *p, char *text, size_t len);
void vfs__tar_free_pax(vfs__tar_pax *p);
/* Frees what *at was. */
int vfs__tar_replace(char **at, char *text);
/* Returns what *at was. */
char *vfs__tar_swap(char **at, char *text);

/* ---- tar_data.c: the content of a file ---- */

/* size: bytes in the stream. */
int vfs__tar_begin_map(vfs_tar_import *x, int64_t size);
int vfs__tar_take(vfs_tar_import *x, const char *buf, size_t len);
/* -EBADMSG: map and size do not agree. */
int vfs__tar_end_map(vfs_tar_import *x);

#endif
