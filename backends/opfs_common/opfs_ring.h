/*
 * opfs_ring.h - the port in a browser for programs with threads. A sync access handle
 * belongs to the worker that opened it, so one worker, the proxy, has them all, and
 * every thread asks it: by a request in the program's memory, which is shared with it,
 * as are the bytes that are read and written. opfs_worker.js is the other side.
 *
 * A request is repeated as it is where the proxy dies before it has answered: all of
 * them may be done twice. So none is lost, and what the dead one wrote is in the files.
 *
 * Emscripten with -pthread only.
 */
#ifndef VFS_OPFS_RING_H
#define VFS_OPFS_RING_H

#include "opfs_port.h"
#include <stdatomic.h>

enum vfs__ring_op {
	VFS__RING_OPEN, /* of names, in opfs_ring_names.c */
	VFS__RING_CREATE,
	VFS__RING_REMOVE,
	VFS__RING_MKDIR,
	VFS__RING_LIST,
	VFS__RING_READ,
	VFS__RING_WRITE,
	VFS__RING_SIZE,
	VFS__RING_TRUNCATE,
	VFS__RING_FLUSH,
	VFS__RING_CLOSE,
	VFS__RING_SPACE
};

/* JavaScript (opfs_worker.js, opfs_ring_start.c) has these three by their offsets; addresses are doubles, for
 * memories of 32 and of 64 bits alike. */

/* An open file, or one that was; on a list, and never freed, so that a proxy may walk
 * the list at any time. */
typedef struct vfs__ring_file {
	double next;
	double path, path_len; /* of an open one */
	double end;            /* the proxy's: how long the file must be */
	atomic_int open;       /* the proxy's: it has its handle */
	int number;            /* the handle of opfs_port.h; -1: free */
	int next_free, spare;
} vfs__ring_file;

/* GIVEN_UP: nobody waits any more, and its place is not used again, as a proxy that is
 * only slow may yet write there. */
enum { VFS__RING_FREE, VFS__RING_ASKED, VFS__RING_DONE, VFS__RING_GIVEN_UP };

typedef struct vfs__ring_request {
	atomic_int state;
	int op;
	double result; /* below 0: -1 - an index into vfs__ring_errors */
	double file;
	double text, len; /* the path, or the bytes to move */
	double pos;       /* in the file, or its size; LIST: where the names go */
	double room;      /* LIST: bytes there */
	double spare;
} vfs__ring_request;

enum { VFS__RING_REQUESTS = 32 };

typedef struct vfs__ring {
	_Atomic unsigned pending; /* bits of requests that are new */
	atomic_int proxy;         /* the number of the one that serves; 0: none does */
	atomic_int beat;          /* changes while a proxy takes over */
	atomic_int help;          /* the number of a proxy that was found silent */
	atomic_int answers;       /* to names; changes with each */
	atomic_int none;          /* no proxy can be started */
	atomic_int reason;        /* why there will never be one: opfs_ring_start.c */
	int spare;
	double first;       /* vfs__ring_file */
	double total, used; /* bytes, as the browser estimates */
	double spares;
	_Alignas(64) vfs__ring_request request[VFS__RING_REQUESTS];
} vfs__ring;

extern vfs__ring vfs__the_ring;
extern const int vfs__ring_errors[6];

/* ---- opfs_ring.c: asking and waiting ---- */

/* Requests of names are the first half, those of handles the second. */
vfs__ring_request *vfs__ring_take(bool name);
/* The request is the proxy's until it is done. */
void vfs__ring_ask(vfs__ring_request *r);
void vfs__ring_give(vfs__ring_request *r);
/* False: it has an answer by now. */
bool vfs__ring_give_up(vfs__ring_request *r);

/*
 * How long a caller has waited. Silence is counted in slices that were slept through,
 * so that a machine that was suspended is one slice later; what a proxy does while it
 * takes over is no silence.
 */
typedef struct vfs__ring_patience {
	int proxy, beat, silent, lost;
} vfs__ring_patience;

enum { VFS__RING_SLICE = 100 }; /* milliseconds */

/* Slices before the proxy is taken for dead; 50. */
extern int vfs__ring_silence;

vfs__ring_patience vfs__ring_patient(void);
/* A slice is over without an answer. False: there will be none. */
bool vfs__ring_goes_on(vfs__ring_patience *p);
/* Waits a slice at most for a word to change. In the browser's main thread, where
 * waiting is not allowed, it looks again and again. */
void vfs__ring_sleep(atomic_int *word, int is);

/* The file of a handle that is in use, or NULL. */
vfs__ring_file *vfs__ring_file_of(int handle);
/* One for a path, which it keeps where there is memory; else NULL. */
vfs__ring_file *vfs__ring_new_file(char *path);
void vfs__ring_free_file(vfs__ring_file *f);

extern const vfs__handle_ops vfs__ring_handle_ops;

/* ---- opfs_ring_names.c ---- */

extern const vfs__name_ops vfs__ring_name_ops;

/* ---- opfs_ring_start.c ---- */

/* Is there a proxy? A thread other than the program's first waits for one that is being
 * started, in bounded time. */
bool vfs__ring_is_ready(void);

#endif
