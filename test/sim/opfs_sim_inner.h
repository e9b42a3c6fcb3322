/*
 * opfs_sim_inner.h - what the files of the simulated disk share: contents that are
 * copied page by page when they are written, and the disk itself.
 */
#ifndef OPFS_SIM_INNER_H
#define OPFS_SIM_INNER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "opfs_sim.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- Contents (opfs_sim_bytes.c) ---- */

enum { SIM_PAGE = 4096 };

typedef struct sim_page {
	unsigned refs;
	unsigned char bytes[SIM_PAGE];
} sim_page;

/* Writable with one reference only. Bytes past `size` are zeros in a page that is
 * there; a page that is NULL, or past `room`, is zeros. */
typedef struct sim_bytes {
	unsigned refs;
	int64_t size;
	size_t room;
	sim_page *pages[];
} sim_bytes;

void *sim__must(void *p); /* aborts for NULL */
sim_bytes *sim__bytes_new(void);
void sim__bytes_drop(sim_bytes *b); /* NULL: nothing */
size_t sim__bytes_read(const sim_bytes *b, void *buf, size_t len, int64_t pos);
/* These give up the caller's reference for one to what they make. */
void sim__bytes_write(sim_bytes **b, const void *data, size_t len, int64_t pos);
void sim__bytes_resize(sim_bytes **b, int64_t size);

static inline sim_bytes *sim__bytes_ref(sim_bytes *b)
{
	b->refs++;
	return b;
}

/* ---- The disk (opfs_sim.c) ---- */

/* Shared by all disks that have the file. */
typedef struct sim_name {
	unsigned refs;
	uint32_t hash;
	bool directory;
	char path[];
} sim_name;

enum { SIM_NEVER = -1 };

/* Once made it stays, so that the log can name it by its index. */
typedef struct sim_file {
	sim_name *name;
	sim_bytes *origin; /* when it was made, or the log began; NULL: a directory */
	sim_bytes *now;    /* NULL: a directory, or gone */
	size_t made, gone; /* it exists at cuts from `made` up to `gone`, or SIZE_MAX */
	bool open;
} sim_file;

enum sim_kind { SIM_CREATE, SIM_REMOVE, SIM_MKDIR, SIM_WRITE, SIM_TRUNCATE, SIM_FLUSH, SIM_SET };

typedef struct sim_op {
	enum sim_kind kind;
	size_t file;
	int64_t pos;      /* of a write; the new size of a truncation */
	int64_t before;   /* the file's size */
	size_t len;       /* of a write */
	void *data;       /* of a write; owned */
	sim_bytes *bytes; /* after a flush or a change by hand; a reference */
} sim_op;

struct sim {
	vfs_opfs_port port;
	sim_file *files;
	size_t *live; /* the indices of those that are not gone */
	sim_op *log;
	size_t *handles; /* the index of a file; SIZE_MAX: free */
	size_t n_files, n_live, n_log, n_handles;
	size_t file_room, live_room, log_room;
	int64_t used, quota;
	sim_counts counts;
	size_t fault_in; /* 0: no fault is due */
	int fault;
	unsigned fault_how;
};

/* NULL: missing. `path` ends after `len` bytes. */
sim_file *sim__find(const sim *s, const char *path, size_t len);
/* Takes over the references to `name` and `origin`; does not log. */
sim_file *sim__add(sim *s, sim_name *name, sim_bytes *origin);
sim_name *sim__name_new(const char *path, size_t len, bool directory);
void sim__log(sim *s, sim_op op);
sim_file *sim__create(sim *s, const char *path, size_t len, bool directory);
/* Directories up to the one of `len` bytes. -ENOTDIR. */
int sim__mkdirs(sim *s, const char *path, size_t len);
void sim__remove(sim *s, sim_file *f);
/* A line about an operation, as snprintf. */
int sim__describe_op(const sim *s, const sim_op *op, char *buf, size_t size);

#endif
