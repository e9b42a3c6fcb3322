/*
 * That the check can fail: what a kill has left, and is right, is damaged in one way
 * after the other, and mended again; the check must see each.
 */
#include "kill_ops.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint32_t seed, confirmed;

/* ---- Damages: of an open file. false: there was nothing to damage ---- */

static bool put(int fd, const void *bytes, size_t len, off_t pos)
{
	return pwrite(fd, bytes, len, pos) == (ssize_t)len;
}

static bool flip(int fd, off_t pos)
{
	unsigned char byte;
	if (pread(fd, &byte, 1, pos) != 1)
		return false;
	byte ^= 4;
	return put(fd, &byte, 1, pos);
}

static bool flip_first(int fd)
{
	return flip(fd, 0);
}

static bool flip_last(int fd)
{
	struct stat st;
	return !fstat(fd, &st) && flip(fd, st.st_size - 1);
}

static bool flip_sure(int fd)
{
	return kill_sure_log() && flip(fd, (off_t)kill_sure_log() - 1);
}

static bool cut_sure(int fd)
{
	return kill_sure_log() && !ftruncate(fd, (off_t)kill_sure_log() - 1);
}

static bool empty_sure(int fd)
{
	static const char zeros[64];
	return kill_sure_log() > sizeof zeros &&
	       put(fd, zeros, sizeof zeros, (off_t)(kill_sure_log() / 2));
}

static bool append(int fd)
{
	static const char bytes[64] = "never written";
	struct stat st;
	return !fstat(fd, &st) && put(fd, bytes, sizeof bytes, st.st_size);
}

static bool cut_one(int fd)
{
	struct stat st;
	return !fstat(fd, &st) && st.st_size > 1 && !ftruncate(fd, st.st_size - 1);
}

static bool flip_middle(int fd)
{
	return flip(fd, (off_t)OPS_PAGES * OPS_PAGE / 2 + 2000);
}

/* A sector as operation `index` of the round `from` wrote it. */
static bool sector_of(int fd, uint32_t from, uint32_t index, uint32_t page)
{
	unsigned char bytes[OPS_SECTOR];
	ops_bytes(from, index, 0, bytes, sizeof bytes);
	return put(fd, bytes, sizeof bytes, (off_t)page * OPS_PAGE);
}

static bool older_sector(int fd)
{
	uint32_t page = 0;
	while (page < OPS_PAGES && !kill_sure_page(page))
		page++;
	return page < OPS_PAGES && sector_of(fd, seed, 0, page);
}

static bool sector_of_another_round(int fd)
{
	return sector_of(fd, seed + 1, 0, 7);
}

static bool sector_of_another_page(int fd)
{
	unsigned char page[OPS_PAGE];
	uint32_t k = 0;
	while (k < OPS_PAGES - 1 && !kill_sure_page(k))
		k++;
	return pread(fd, page, sizeof page, (off_t)k * OPS_PAGE) == sizeof page &&
	       put(fd, page, sizeof page, (off_t)(k + 1) * OPS_PAGE);
}

/* As it was at the beginning. */
static bool older(int fd)
{
	unsigned char is[OPS_FIRST], was[OPS_FIRST];
	ops_bytes(seed, 0, 0, was, sizeof was);
	return !(pread(fd, is, sizeof is, 0) == sizeof is && !memcmp(is, was, sizeof is)) &&
	       !ftruncate(fd, 0) && put(fd, was, sizeof was, 0);
}

static bool gone_log(int fd)
{
	return fd >= 0 && !unlink("log");
}

static bool gone_counter(int fd)
{
	return fd >= 0 && !unlink("counter");
}

static bool stray(int fd)
{
	fd = open("stray", O_CREAT | O_EXCL | O_WRONLY, 0666);
	return fd >= 0 && !close(fd);
}

static const struct damage {
	const char *name, *file;
	bool (*damage)(int fd);
} damages[] = {{"a bit of the last confirmed byte", "log", flip_sure},
	       {"the last confirmed byte is cut off", "log", cut_sure},
	       {"zeros over what is confirmed", "log", empty_sure},
	       {"bytes that were never written", "log", append},
	       {"a bit in a page", "data", flip_middle},
	       {"a sector older than confirmed", "data", older_sector},
	       {"a sector of another round", "data", sector_of_another_round},
	       {"a page at another's place", "data", sector_of_another_page},
	       {"it is longer", "data", append},
	       {"a bit of the first byte", "counter", flip_first},
	       {"a bit of the last byte", "counter", flip_last},
	       {"it lacks the last byte", "counter", cut_one},
	       {"older than confirmed", "counter", older},
	       {"a bit of the first byte", "state", flip_first},
	       {"it lacks the last byte", "state", cut_one},
	       {"it is gone", "log", gone_log},
	       {"it is gone", "counter", gone_counter},
	       {"it was never made", "stray", stray}};

/* ---- One after the other ---- */

/* What the file holds; NULL: there is none. */
static char *load(int fd, off_t *size)
{
	struct stat st;
	if (fd < 0 || fstat(fd, &st))
		return NULL;
	char *bytes = malloc((size_t)st.st_size + 1);
	*size = st.st_size;
	if (bytes && pread(fd, bytes, (size_t)st.st_size, 0) == st.st_size)
		return bytes;
	free(bytes);
	return NULL;
}

static bool restore(const char *file, char *was, off_t size)
{
	if (!was)
		return !unlink(file);
	int fd = open(file, O_CREAT | O_TRUNC | O_WRONLY, 0666);
	bool good = fd >= 0 && put(fd, was, (size_t)size, 0) && !close(fd);
	free(was);
	return good;
}

static bool seen(const struct damage *d)
{
	off_t size = 0;
	int fd = open(d->file, O_RDWR);
	char *was = load(fd, &size);
	bool damaged = d->damage(fd);
	bool good = damaged && !kill_check(seed, confirmed, true);
	if (fd >= 0)
		close(fd);
	printf("%s seen, %s: %s%s\n", good ? "ok" : "not ok", d->file, d->name,
	       damaged ? "" : " (there was nothing to damage)");
	return restore(d->file, was, size) && good;
}

bool kill_prove(uint32_t of, uint32_t number)
{
	bool good;
	seed = of;
	confirmed = number;
	good = kill_check(seed, confirmed, false);
	for (size_t k = 0; k < sizeof damages / sizeof *damages; k++)
		good &= seen(&damages[k]);
	return kill_check(seed, confirmed, false) && good;
}
