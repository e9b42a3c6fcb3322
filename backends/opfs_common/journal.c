/*
 * The log of frames; JOURNAL.md tells its format and its rules of order.
 */
#include "journal.h"
#include "bytes.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t MAGIC = 0x4a534656; /* "VFSJ" */

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
static int seal(vfs__frame *f, uint64_t generation, uint64_t sequence, uint64_t before)
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
	vfs__put64(f->data + 24, payload);
	uint64_t h = vfs__journal_hash(before, f->data, 32);
	vfs__put64(f->data + 32, vfs__journal_hash(h, f->data + VFS__FRAME_HEADER, payload));
	return 0;
}

static void wrote(vfs__journal *j, vfs__frame *f)
{
	j->hash = vfs__get64(f->data + 32);
	j->end += (int64_t)f->len;
	f->len = 0;
}

int vfs__journal_append(vfs__journal *j, vfs__frame *f)
{
	size_t len = f->len;
	int err = seal(f, j->generation, j->sequence + 1, j->hash);
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

int vfs__journal_snapshot(vfs__journal *j, vfs__frame *f)
{
	const vfs__handle_ops *ops = j->port->handles;
	int other = j->current == 0, old = j->current;
	if (!f->len && !vfs__frame_add(f, 0))
		return -ENOMEM;
	int err = seal(f, j->generation + 1, 0, 0);
	if (!err)
		err = ops->write(j->port, j->handle[other], f->data, f->len, 0);
	if (!err && VFS__RULE(4))
		err = ops->flush(j->port, j->handle[other]);
	if (err)
		return err;
	j->current = other;
	j->generation++;
	j->sequence = 0;
	j->end = 0;
	j->unflushed = false;
	wrote(j, f);
	j->snapshot = j->end;
	/* The other one is not needed; if this fails it is the older one still. */
	if (old >= 0)
		ops->truncate(j->port, j->handle[old], 0);
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
	uint64_t len = vfs__get64(h + 24), generation = vfs__get64(h + 8);
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

int vfs__journal_open(vfs__journal *j, vfs__journal_apply *apply, void *context, bool *torn)
{
	reader r[2];
	int none[2], err, k;

	j->current = -1;
	*torn = false;
	for (k = 0; k < 2; k++)
		none[k] = read_first(j, k, &r[k]);
	for (k = 0, err = 0; k < 2; k++)
		err = none[k] < 0 && !err ? none[k] : err;
	if (!err && !(none[0] && none[1])) {
		k = none[0] || (!none[1] && r[1].generation > r[0].generation);
		err = read_all(&r[k], apply, context);
		bool wrong = err == -EBADMSG; /* whole, but not what we write: it ends there */
		if (!err || wrong) {
			err = 0;
			j->current = k;
			j->generation = r[k].generation;
			j->sequence = r[k].sequence;
			j->hash = r[k].hash;
			j->end = r[k].pos;
			j->snapshot = r[k].pos;
			j->unflushed = true; /* for all we know */
			*torn = wrong || r[k].pos < r[k].size;
		}
	} else if (!err) {
		*torn = r[0].size || r[1].size;
	}
	free(r[0].payload);
	free(r[1].payload);
	return err;
}
