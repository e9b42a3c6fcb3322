/*
 * The log of frames; JOURNAL.md tells its format and its rules of order.
 */
#include "journal.h"
#include "bytes.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t MAGIC = 0x4a534656; /* "VFSJ" */

/* With a frame's length: those before it were durable when it was written. */
enum { ORDERED = 1 };

uint64_t vfs__journal_hash(uint64_t h, const void *data, size_t len)
{
	const unsigned char *p = data;
	for (; len; p += 8) {
		uint64_t word = 0;
		if (len >= 8) {
			word = vfs__get64(p);
			len -= 8;
		} else {
			while (len)
				word = word << 8 | p[--len];
		}
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return h;
}

/* ---- Frames in memory ---- */

unsigned char *vfs__frame_add(vfs__frame *f, size_t n)
{
	size_t at = f->len ? f->len : VFS__FRAME_HEADER;
	if (n > PTRDIFF_MAX / 2 - at)
		return NULL;
	if (at + n > f->room) {
		size_t room = f->room ? f->room : 512;
		while (room < at + n)
			room *= 2;
		unsigned char *data = realloc(f->data, room);
		if (!data)
			return NULL;
		f->data = data;
		f->room = room;
	}
	f->len = at + n;
	return f->data + at;
}

void vfs__frame_free(vfs__frame *f)
{
	free(f->data);
	*f = (vfs__frame){NULL, 0, 0};
}

/* ---- Writing ---- */

/* Whole words: the header and what it says are the frame. */
static int seal(vfs__frame *f, uint64_t generation, uint64_t sequence, uint64_t before,
		bool ordered)
{
	size_t payload = f->len - VFS__FRAME_HEADER;
	unsigned char *pad = vfs__frame_add(f, -payload & 7);
	if (!pad)
		return -ENOMEM;
	memset(pad, 0, -payload & 7);
	payload = f->len - VFS__FRAME_HEADER;
	vfs__put32(f->data, MAGIC);
	vfs__put32(f->data + 4, VFS__JOURNAL_VERSION);
	vfs__put64(f->data + 8, generation);
	vfs__put64(f->data + 16, sequence);
	vfs__put64(f->data + 24, payload | (ordered ? ORDERED : 0));
	uint64_t h = vfs__journal_hash(before, f->data, 32);
	vfs__put64(f->data + 32, vfs__journal_hash(h, f->data + VFS__FRAME_HEADER, payload));
	return 0;
}

static void wrote(vfs__journal *j, vfs__frame *f)
{
	j->hash = vfs__get64(f->data + 32);
	j->end += (int64_t)f->len;
	if (j->room < j->end)
		j->room = j->end;
	f->len = 0;
}

/* The current file gets so many bytes, and some more, or at least these. */
static bool make_room(vfs__journal *j, int64_t need)
{
	const vfs__handle_ops *ops = j->port->handles;
	int handle = j->handle[j->current];
	if (j->room < need && !ops->truncate(j->port, handle, need + VFS__JOURNAL_RESERVE))
		j->room = need + VFS__JOURNAL_RESERVE;
	if (j->room < need && !ops->truncate(j->port, handle, need))
		j->room = need;
	return j->room >= need;
}

bool vfs__journal_has_room(vfs__journal *j, size_t n)
{
	return j->current >= 0 && make_room(j, j->end + (int64_t)n + VFS__JOURNAL_RESERVE);
}

bool vfs__journal_is_low(const vfs__journal *j)
{
	return j->room - j->end < VFS__JOURNAL_RESERVE / 2;
}

static const unsigned char no_frame[VFS__FRAME_HEADER];

/* A snapshot that could not be written must not be found, newer than frames that follow
 * here. */
static int clear_other(vfs__journal *j)
{
	const vfs__handle_ops *ops = j->port->handles;
	int other = j->handle[!j->current];
	int err = ops->write(j->port, other, no_frame, sizeof no_frame, 0);
	if (!err)
		err = ops->flush(j->port, other);
	if (!err)
		j->spoiled = false;
	return err;
}

int vfs__journal_append(vfs__journal *j, vfs__frame *f)
{
	size_t len = f->len;
	int err = j->spoiled ? clear_other(j) : 0;
	if (!err)
		err = seal(f, j->generation, j->sequence + 1, j->hash, !j->unflushed);
	if (!err)
		make_room(j, j->end + (int64_t)f->len + VFS__JOURNAL_RESERVE);
	if (!err)
		err = j->port->handles->write(j->port, j->handle[j->current], f->data, f->len,
					      j->end);
	if (err) {
		f->len = len; /* without its padding */
		return err;
	}
	j->sequence++;
	j->unflushed = true;
	wrote(j, f);
	return 0;
}

int vfs__journal_flush(vfs__journal *j)
{
	if (!j->unflushed || !VFS__RULE(2))
		return 0;
	int err = j->port->handles->flush(j->port, j->handle[j->current]);
	if (!err)
		j->unflushed = false;
	return err;
}

/* The other file holds no snapshot from now on, and has room for the next one. If this
 * fails it is the older one still. */
static void give_up(vfs__journal *j, bool had_one)
{
	const vfs__handle_ops *ops = j->port->handles;
	int other = j->handle[!j->current];
	int64_t want = 2 * (j->snapshot + VFS__JOURNAL_RESERVE), size = ops->size(j->port, other);
	if (had_one)
		ops->write(j->port, other, no_frame, sizeof no_frame, 0);
	if (size >= 0 && (size < want || size > 2 * want))
		ops->truncate(j->port, other, want);
}

int vfs__journal_snapshot(vfs__journal *j, vfs__frame *f)
{
	const vfs__handle_ops *ops = j->port->handles;
	int other = j->current == 0, old = j->current;
	if (!f->len && !vfs__frame_add(f, 0))
		return -ENOMEM;
	int64_t size = ops->size(j->port, j->handle[other]);
	int err = size < 0 ? (int)size : seal(f, j->generation + 1, 0, 0, false);
	if (!err)
		err = ops->write(j->port, j->handle[other], f->data, f->len, 0);
	if (!err && VFS__RULE(4))
		err = ops->flush(j->port, j->handle[other]);
	j->spoiled = err && old >= 0;
	if (err)
		return err;
	j->current = other;
	j->generation++;
	j->sequence = 0;
	j->end = 0;
	j->room = size;
	j->unflushed = false;
	wrote(j, f);
	j->snapshot = j->end;
	give_up(j, old >= 0);
	make_room(j, j->end + VFS__JOURNAL_RESERVE);
	return 0;
}

/* ---- Reading ---- */

typedef struct reader {
	vfs__journal *j;
	int handle;
	int64_t size, pos;
	uint64_t generation, sequence, hash; /* of the last frame */
	unsigned char *payload;
	size_t len;
} reader;

/* The frame at r->pos. 1: there is none; its payload is the caller's to free. */
static int read_frame(reader *r, bool first)
{
	vfs_opfs_port *port = r->j->port;
	unsigned char h[VFS__FRAME_HEADER];
	if (r->size - r->pos < VFS__FRAME_HEADER)
		return 1;
	int64_t got = port->handles->read(port, r->handle, h, sizeof h, r->pos);
	if (got != sizeof h)
		return got < 0 ? (int)got : 1;
	uint64_t len = vfs__get64(h + 24) & ~(uint64_t)ORDERED, generation = vfs__get64(h + 8);
	if (vfs__get32(h) != MAGIC || vfs__get64(h + 16) != (first ? 0 : r->sequence + 1) ||
	    (!first && generation != r->generation) ||
	    len > (uint64_t)(r->size - r->pos - VFS__FRAME_HEADER) || len % 8 || len > SIZE_MAX / 2)
		return 1;
	unsigned char *payload = malloc(len ? (size_t)len : 1);
	if (!payload)
		return -ENOMEM;
	got = port->handles->read(port, r->handle, payload, (size_t)len,
				  r->pos + VFS__FRAME_HEADER);
	uint64_t hash = vfs__journal_hash(first ? 0 : r->hash, h, 32);
	if (got != (int64_t)len ||
	    (VFS__RULE(1) && vfs__journal_hash(hash, payload, (size_t)len) != vfs__get64(h + 32))) {
		free(payload);
		return got < 0 ? (int)got : 1;
	}
	if (vfs__get32(h + 4) != VFS__JOURNAL_VERSION) {
		free(payload);
		return -ENOTSUP;
	}
	r->generation = generation;
	r->sequence = vfs__get64(h + 16);
	r->hash = vfs__get64(h + 32);
	r->pos += VFS__FRAME_HEADER + (int64_t)len;
	r->payload = payload;
	r->len = (size_t)len;
	return 0;
}

/* The snapshot of one of the files. */
static int read_first(vfs__journal *j, int k, reader *r)
{
	*r = (reader){.j = j, .handle = j->handle[k]};
	r->size = j->port->handles->size(j->port, r->handle);
	return r->size < 0 ? (int)r->size : read_frame(r, true);
}

static int read_all(reader *r, vfs__journal_apply *apply, void *context)
{
	int err = 0;
	while (!err) {
		err = apply(context, r->payload, r->len);
		free(r->payload);
		r->payload = NULL;
		if (!err)
			err = read_frame(r, false);
	}
	return err < 0 ? err : 0;
}

/* A frame's header, by its numbers, with ORDERED: what was before it was durable. */
static bool is_later(const unsigned char *h, uint64_t generation, uint64_t sequence, int64_t rest)
{
	uint64_t len = vfs__get64(h + 24);
	return vfs__get32(h) == MAGIC && vfs__get64(h + 8) == generation &&
	       vfs__get64(h + 16) > sequence && len % 8 == ORDERED &&
	       len <= (uint64_t)rest - VFS__FRAME_HEADER;
}

/* Is there a frame of the generation behind r->pos, later than `sequence`, though none
 * can be read there? Then what is between was damaged: a crash leaves no frame with
 * ORDERED behind one that is torn. 1: there is. */
static int find_later(const reader *r, uint64_t generation, uint64_t sequence)
{
	enum { PIECE = 1 << 16 };
	vfs_opfs_port *port = r->j->port;
	unsigned char *piece = malloc(PIECE);
	int64_t pos = r->pos, got = 1;
	int found = piece ? 0 : -ENOMEM;
	while (!found && got > 0 && r->size - pos >= VFS__FRAME_HEADER) {
		got = port->handles->read(port, r->handle, piece, PIECE, pos);
		for (int64_t at = 0; at + VFS__FRAME_HEADER <= got && !found; at += 8)
			found = is_later(piece + at, generation, sequence, r->size - pos - at);
		pos += PIECE - VFS__FRAME_HEADER;
	}
	free(piece);
	return got < 0 ? (int)got : found;
}

/* No snapshot is to be read: was there one? Zeros are room only. 1: there was. *newest is
 * at least the generation of each frame that is left, so that none of them is taken for
 * one of the next. */
static int find_any(const reader *r, uint64_t *newest)
{
	enum { PIECE = 1 << 16 };
	unsigned char *piece = malloc(PIECE);
	int64_t got = 1;
	int found = piece ? 0 : -ENOMEM;
	for (int64_t pos = 0; piece && got > 0 && pos < r->size; pos += PIECE - VFS__FRAME_HEADER) {
		got = r->j->port->handles->read(r->j->port, r->handle, piece, PIECE, pos);
		for (int64_t at = 0; at < got; at++) {
			bool header =
				at % 8 == 0 && at + 16 <= got && vfs__get32(piece + at) == MAGIC;
			uint64_t generation = header ? vfs__get64(piece + at + 8) : 0;
			found |= piece[at] != 0;
			if (generation > *newest && generation < UINT64_MAX / 2)
				*newest = generation;
		}
	}
	free(piece);
	return got < 0 ? (int)got : found;
}

/* Reads all of the file whose snapshot is the newest. */
static int read_newest(vfs__journal *j, reader *r, vfs__journal_apply *apply, void *context)
{
	int err = read_all(r, apply, context);
	bool wrong = err == -EBADMSG; /* whole, but not what we write: it ends there */
	if (err && !wrong)
		return err;
	j->current = r->handle == j->handle[1];
	j->generation = r->generation;
	j->sequence = r->sequence;
	j->hash = r->hash;
	j->end = r->pos;
	j->room = r->size;
	j->snapshot = r->pos;
	j->unflushed = true; /* for all we know */
	return wrong ? 1 : find_later(r, r->generation, r->sequence + 1);
}

int vfs__journal_open(vfs__journal *j, vfs__journal_apply *apply, void *context, bool *damaged)
{
	reader r[2];
	int none[2], err, k;

	j->current = -1;
	for (k = 0; k < 2; k++)
		none[k] = read_first(j, k, &r[k]);
	for (k = 0, err = 0; k < 2; k++)
		err = none[k] < 0 && !err ? none[k] : err;
	k = none[0] || (!none[1] && r[1].generation > r[0].generation);
	if (!err && !(none[0] && none[1])) {
		/* A newer one that was durable is damaged: the slots are as that said. */
		err = none[!k] ? find_later(&r[!k], r[k].generation + 1, 0) : 0;
		if (!err)
			err = read_newest(j, &r[k], apply, context);
	}
	for (k = 0; k < 2 && j->current < 0 && err >= 0; k++) {
		int any = find_any(&r[k], &j->generation);
		err = any ? any : err;
	}
	*damaged = err > 0;
	free(r[0].payload);
	free(r[1].payload);
	return err < 0 ? err : 0;
}
