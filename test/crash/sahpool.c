/*
 * What sqlite-wasm 3.54's opfs-sahpool does when it opens a pool: getAssociatedPath and
 * setAssociatedPath of its OpfsSAHPool.
 */
#include "sahpool.h"
#include <string.h>

enum { HEADER = 4096, USED = 524, FLAGS = 512, DIGEST = 516 };
enum { DELETEONCLOSE = 8, CHECKED = 0x80, KEPT = 0x100 | 0x800 | 0x4000 | 0x80000 };

static uint32_t flags_of(const unsigned char *h)
{
	return (uint32_t)h[FLAGS] << 24 | (uint32_t)h[FLAGS + 1] << 16 |
	       (uint32_t)h[FLAGS + 2] << 8 | h[FLAGS + 3];
}

static bool has_digest(const unsigned char *h)
{
	uint32_t word[2] = {0, 0};
	if (flags_of(h) & CHECKED) {
		word[0] = 0xdeadbeef;
		word[1] = 0x41c6ce57;
		for (int k = 0; k < DIGEST; k++) {
			word[0] = (word[0] ^ h[k]) * 2654435761u;
			word[1] = (word[1] ^ h[k]) * 104729u;
		}
	}
	for (int k = 0; k < 8; k++)
		if (h[DIGEST + k] != (unsigned char)(word[k / 4] >> 8 * (k % 4)))
			return false;
	return true;
}

static void open_slot(sim *s, const char *path)
{
	unsigned char h[USED] = {0};
	sim_get(s, path, h, sizeof h, 0);
	uint32_t flags = flags_of(h);
	bool kept = !h[0] || (flags & KEPT && !(flags & DELETEONCLOSE));
	if (kept && has_digest(h) && h[0])
		return;
	if (!kept || !has_digest(h)) {
		memset(h, 0, sizeof h);
		sim_put(s, path, h, sizeof h, 0);
	}
	if (sim_file_size(s, path) != HEADER)
		sim_resize(s, path, HEADER);
}

void sahpool_open(sim *s)
{
	static const char slots[] = "pool/.opaque/";
	const char *path;
	bool directory;
	for (size_t k = 0; (path = sim_path(s, k, &directory)) != NULL; k++)
		if (!directory && !strncmp(path, slots, sizeof slots - 1))
			open_slot(s, path);
}
