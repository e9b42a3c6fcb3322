/*
 * The bytes of a slot: its header is SQLite's opfs-sahpool format, byte for byte (FORMAT.md).
 * We write the flag of a main database for every file, so that SQLite keeps it.
 */
#include "../opfs_common/bytes.h"
#include "pool.h"
#include <errno.h>
#include <string.h>

enum { FLAGS = 512, DIGEST = 516, MAIN_DB = 0x100, READWRITE = 2, CREATE = 4, CHECKED = 0x80 };
enum { DELETEONCLOSE = 8, KEPT = 0x100 | 0x800 | 0x4000 | 0x80000 };

static void sqlite_digest(const unsigned char *p, unsigned char out[8])
{
	uint32_t h1 = 0xdeadbeef, h2 = 0x41c6ce57;
	for (int k = 0; k < DIGEST; k++) {
		h1 = (h1 ^ p[k]) * 2654435761u;
		h2 = (h2 ^ p[k]) * 104729u;
	}
	vfs__put32(out, h1);
	vfs__put32(out + 4, h2);
}

static uint32_t flags_of(const unsigned char *p)
{
	return (uint32_t)p[FLAGS] << 24 | (uint32_t)p[FLAGS + 1] << 16 |
	       (uint32_t)p[FLAGS + 2] << 8 | p[FLAGS + 3];
}

static void make(const char *path, unsigned char h[VFS__HEADER_USED])
{
	uint32_t flags = MAIN_DB | READWRITE | CREATE | CHECKED;
	memset(h, 0, VFS__HEADER_USED);
	if (!*path)
		return;
	memcpy(h, path, strlen(path));
	for (int k = 0; k < 4; k++)
		h[FLAGS + k] = (unsigned char)(flags >> (24 - 8 * k));
	sqlite_digest(h, h + DIGEST);
}

/* 0 for zeros. */
static uint32_t half_digest(const unsigned char *p, size_t len)
{
	uint64_t h = vfs__journal_hash(0, p, len);
	return (uint32_t)(h >> 32 ^ h);
}

/* A half for each of the two sectors, which a crash may leave of different age. */
static uint64_t digest_of(const unsigned char h[VFS__HEADER_USED])
{
	return half_digest(h, FLAGS) | (uint64_t)half_digest(h + FLAGS, VFS__HEADER_USED - FLAGS)
					       << 32;
}

bool vfs__slot_is_named_so(const vfs__slot *slot, uint64_t digest)
{
	return (uint32_t)digest && ((uint32_t)digest == (uint32_t)slot->digest ||
				    (uint32_t)digest == (uint32_t)slot->old_digest);
}

uint32_t vfs__slot_alias(const char *path)
{
	uint32_t h = half_digest((const unsigned char *)path, strlen(path));
	return h ? h : 1;
}

bool vfs__slot_is_ours(const vfs__slot *slot, uint64_t digest)
{
	uint64_t a = digest ^ slot->digest, b = digest ^ slot->old_digest;
	return (!(uint32_t)a || !(uint32_t)b) && (!(a >> 32) || !(b >> 32));
}

uint64_t vfs__slot_digest(const char *path)
{
	unsigned char h[VFS__HEADER_USED];
	make(path, h);
	return digest_of(h);
}

int vfs__slot_write(vfs_opfs_port *port, int handle, const char *path)
{
	unsigned char h[VFS__HEADER_USED];
	make(path, h);
	return port->handles->write(port, handle, h, sizeof h, 0);
}

int vfs__slot_read(vfs_opfs_port *port, int handle, vfs__slot_header *out)
{
	unsigned char h[VFS__HEADER_USED] = {0}, digest[8];
	int64_t got = port->handles->read(port, handle, h, sizeof h, 0);
	if (got < 0)
		return (int)got;
	memset(out, 0, sizeof *out);
	out->digest = digest_of(h);
	if (!out->digest)
		return 0; /* SQLite frees a slot with zeros */
	uint32_t flags = flags_of(h);
	if (flags & CHECKED)
		sqlite_digest(h, digest);
	else
		memset(digest, 0, sizeof digest);
	if (memcmp(digest, h + DIGEST, sizeof digest) != 0 || !h[0] || h[VFS__HEADER_PATH] ||
	    got < (int64_t)sizeof h) {
		out->kind = VFS__HEADER_TORN;
	} else if (flags & KEPT && !(flags & DELETEONCLOSE)) {
		out->kind = VFS__HEADER_FILE;
		memcpy(out->path, h, VFS__HEADER_PATH);
	}
	return 0;
}

/* ---- What the data begins with ---- */

uint64_t vfs__slot_start(const void *data, size_t len)
{
	uint64_t h = vfs__journal_hash(len, data, len);
	return h ? h : 1;
}

int vfs__slot_begin(vfs_opfs_port *port, int handle, unsigned char data[VFS__START])
{
	return (int)port->handles->read(port, handle, data, VFS__START, VFS__SLOT_HEADER);
}
