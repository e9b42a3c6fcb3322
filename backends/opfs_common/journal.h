/*
 * journal.h - a log of frames in two files of a port. A frame is what became true
 * at once: after a crash it is there whole or not at all, and none without those
 * before it. The first frame of a file is a snapshot: all that was true then, so
 * that the other file is needed no more. JOURNAL.md tells the bytes.
 */
#ifndef VFS_JOURNAL_H
#define VFS_JOURNAL_H

#include "opfs_port.h"

/*
 * JOURNAL.md's rules of order, by number, where the code keeps them. The crash
 * test is built so that it can break one, to see that it is caught.
 */
#ifdef VFS_TEST_RULES
extern int vfs__broken_rule;
#define VFS__RULE(n) ((n) != vfs__broken_rule)
#else
#define VFS__RULE(n) true
#endif

/* Bytes for a frame, behind room for its header. All zero: empty. */
typedef struct vfs__frame {
	unsigned char *data;
	size_t len, room; /* len counts the header, 0 where nothing was added */
} vfs__frame;

enum { VFS__FRAME_HEADER = 40, VFS__JOURNAL_VERSION = 1 };
/* Bytes that the files have behind their frames, so that names can still change, and a
 * snapshot be written, where the host has no more room. */
enum { VFS__JOURNAL_RESERVE = 64 << 10 };

/* Room for n more bytes behind those there are; NULL: no memory. */
unsigned char *vfs__frame_add(vfs__frame *f, size_t n);
void vfs__frame_free(vfs__frame *f);

typedef struct vfs__journal {
	vfs_opfs_port *port;
	int handle[2];
	int current;         /* index in handle; -1: neither holds a snapshot */
	uint64_t generation; /* of the current file: grows by one each snapshot */
	uint64_t sequence;   /* of the last frame; the snapshot's is 0 */
	uint64_t hash;       /* of the last frame */
	int64_t end;         /* bytes: where the next frame goes */
	int64_t room;        /* bytes that the current file has, the frames and what follows */
	int64_t snapshot;    /* bytes that the snapshot takes */
	bool unflushed;
	bool spoiled; /* a snapshot failed: the other file may hold it all the same */
} vfs__journal;

/* What a frame holds, in the order in which they were written. An error ends the
 * reading. */
typedef int vfs__journal_apply(void *context, const unsigned char *payload, size_t len);

/*
 * Finds the newest snapshot of the files in j->handle and gives it and the frames
 * behind it to apply. *damaged: what was durable in these files cannot be read, wholly
 * or from j->end on. 0; with j->current -1 there is no snapshot; -ENOTSUP: a later
 * version wrote it; -EIO, -ENOMEM, and what apply returns.
 */
int vfs__journal_open(vfs__journal *j, vfs__journal_apply *apply, void *context, bool *damaged);
/* Is there room for n bytes more, without the reserve? */
bool vfs__journal_has_room(vfs__journal *j, size_t n);
/* Has half of the reserve been used? A snapshot gives it back. */
bool vfs__journal_is_low(const vfs__journal *j);

/* Writes the frame behind the others, and empties it. -ENOSPC, -EIO: all is as
 * before. */
int vfs__journal_append(vfs__journal *j, vfs__frame *f);
/* What was appended is durable when it returns 0. */
int vfs__journal_flush(vfs__journal *j);
/* Writes the frame as the snapshot of a new generation into the other file, and
 * flushes it. It is the current one then. Errors as append's. */
int vfs__journal_snapshot(vfs__journal *j, vfs__frame *f);

/* Of `len` bytes, going on from `h`. */
uint64_t vfs__journal_hash(uint64_t h, const void *data, size_t len);

#endif
