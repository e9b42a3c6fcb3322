/*
 * Damage: a pool is unmounted, or killed, and then bytes of its files are changed, cut
 * off or removed. Each mount must succeed; every file that was not touched must be
 * what it was; what was touched must be told.
 *
 *   damage [-l] [-s SEED]
 */
#include "workload.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vfsfs/mem.h>
#include <vfsfs/opfs_pool.h>
#include <vfsfs/vfsfs.h>

int vfs__broken_rule;

enum { FILES = 5, LONGEST = 120000 };
static const char *const paths[FILES] = {"/m/a", "/m/d/b", "/m/d/deep/c", "/m/e", "/m/f"};
static const int sizes[FILES] = {100, 5000, 70000, 0, LONGEST};
static unsigned char bytes[FILES][LONGEST];
static unsigned reports;

static void count(void *context, const char *sentence)
{
	(void)context;
	if (verbose)
		printf("  %s\n", sentence);
	reports++;
}

static int mount_it(void)
{
	vfs_opfs_pool_options o = {.directory = "pool",
				   .capacity = 8,
				   .age = -1,
				   .port = sim_port(disk),
				   .report = count};
	return vfs_mount(&vfs_opfs_pool, &o, "/m", 0);
}

/* A disk with the five files; killed: with a journal that says more than the slots. */
static sim *make_disk(bool killed)
{
	disk = sim_new();
	must("mount", mount_it());
	must("mkdir", vfs_mkdir("/m/d", 0755));
	must("mkdir", vfs_mkdir("/m/d/deep", 0755));
	for (int k = 0; k < FILES; k++) {
		int fd = (int)must("open", vfs_open(paths[k], O_CREAT | O_WRONLY, 0644));
		for (int i = 0; i < sizes[k]; i++)
			bytes[k][i] = (unsigned char)(1 + (i / 7 + k * 50) % 250);
		must("write", vfs_write(fd, bytes[k], (size_t)sizes[k]));
		must("fsync", vfs_fsync(fd));
		vfs_close(fd);
	}
	sim *left = killed ? sim_kill(disk, sim_ops(disk)) : NULL;
	must("unmount", vfs_unmount("/m"));
	if (!left)
		left = sim_copy(disk);
	sim_free(disk);
	return disk = left;
}

/* Is the file's content somewhere? At its path, or only its bytes below .lost+found. */
static bool is_whole(int k)
{
	static unsigned char found[LONGEST + 1];
	int fd = vfs_open(paths[k], O_RDONLY, 0);
	if (fd < 0)
		return false;
	long n = vfs_read(fd, found, sizeof found);
	vfs_close(fd);
	return n == sizes[k] && !memcmp(found, bytes[k], (size_t)n);
}

/* The index of the file whose data the slot has, or -1. */
static int file_of(const char *slot)
{
	unsigned char start[8];
	if (sim_get(disk, slot, start, sizeof start, 4096) != sizeof start)
		return -1;
	for (int k = 0; k < FILES; k++)
		if (sizes[k] >= 8 && !memcmp(start, bytes[k], 8))
			return k;
	return -1;
}

enum kind {
	FLIP_HEADER,
	FLIP_JOURNAL,
	FLIP_BEFORE_LAST,
	CUT_SLOT,
	CUT_JOURNAL,
	REMOVE_SLOT,
	JUNK_JOURNAL,
	KINDS
};
static const char *const kinds[] = {
	"a bit of a header", "a bit of the journal", "a bit of the journal before its last frame",
	"a shorter slot",    "a shorter journal",    "a slot removed",
	"a journal of junk"};

/* A damaged journal, which must be kept. */
static unsigned char journal[1 << 19];
static int64_t journal_size;

/* Where the last frame of the file begins: 0, it has one or none. */
static int64_t last_frame(const char *path)
{
	int64_t last = 0;
	uint64_t sequence = 0;
	journal_size = sim_get(disk, path, journal, sizeof journal, 0);
	if (memcmp(journal, "VFSJ", 4) != 0)
		return 0;
	for (int64_t at = 0; at + 40 <= journal_size; at += 8) {
		uint64_t n;
		memcpy(&n, journal + at + 16, sizeof n);
		if (!memcmp(journal + at, journal, 16) && n > sequence) {
			sequence = n;
			last = at;
		}
	}
	return last;
}

/* Is it below .lost+found, byte for byte? */
static bool is_kept(void)
{
	static unsigned char found[sizeof journal];
	char buf[4096], path[300];
	int dir = vfs_open("/m/.lost+found", O_RDONLY | O_DIRECTORY, 0);
	ssize_t n;
	bool kept = false;
	while (dir >= 0 && (n = vfs_getdents(dir, buf, sizeof buf)) > 0)
		for (char *p = buf; p < buf + n; p += ((struct dirent *)p)->d_reclen) {
			snprintf(path, sizeof path, "/m/.lost+found/%s",
				 ((struct dirent *)p)->d_name);
			int fd = vfs_open(path, O_RDONLY, 0);
			kept |= fd >= 0 && vfs_read(fd, found, sizeof found) == journal_size &&
				!memcmp(found, journal, (size_t)journal_size);
			if (fd >= 0)
				vfs_close(fd);
		}
	if (dir >= 0)
		vfs_close(dir);
	return kept;
}

static const char *pick(const char *prefix)
{
	const char *all[32], *path;
	bool directory;
	int n = 0;
	for (size_t k = 0; (path = sim_path(disk, k, &directory)) != NULL; k++)
		if (!directory && !strncmp(path, prefix, strlen(prefix)) && n < 32 &&
		    sim_file_size(disk, path) > 0)
			all[n++] = path;
	return n ? all[rnd((uint64_t)n)] : NULL;
}

/* Of the two, the one with frames behind a snapshot. */
static const char *current_journal(void)
{
	return last_frame("pool/journal.0") ? "pool/journal.0" : "pool/journal.1";
}

/* Does the damage; the file that it hits, -1: none or all. */
static int harm(enum kind kind)
{
	unsigned char junk[3000];
	bool slot = kind == FLIP_HEADER || kind == CUT_SLOT || kind == REMOVE_SLOT;
	const char *path = kind == FLIP_BEFORE_LAST ? current_journal()
						    : pick(slot ? "pool/.opaque/" : "pool/journal");
	if (!path)
		return -1;
	int file = slot ? file_of(path) : -1;
	int64_t size = sim_file_size(disk, path);
	switch (kind) {
	case FLIP_HEADER:
		/* of the path or of what follows; a first byte of zero is a free slot */
		sim_flip(disk, path, (int64_t)(8 + rnd(8 * 515)));
		return -1;
	case FLIP_JOURNAL:
		sim_flip(disk, path, (int64_t)rnd((uint64_t)size * 8));
		break;
	case FLIP_BEFORE_LAST:
		sim_flip(disk, path, (int64_t)rnd((uint64_t)last_frame(path) * 8));
		sim_get(disk, path, journal, sizeof journal, 0);
		break;
	case CUT_SLOT:
	case CUT_JOURNAL:
		sim_resize(disk, path, (int64_t)rnd((uint64_t)size));
		break;
	case REMOVE_SLOT:
		sim_delete(disk, path);
		break;
	default:
		for (size_t k = 0; k < sizeof junk; k++)
			junk[k] = (unsigned char)rnd(256);
		sim_put(disk, path, junk, sizeof junk, 0);
	}
	return file;
}

static bool survives(enum kind kind, bool killed)
{
	bool slot = kind == FLIP_HEADER || kind == CUT_SLOT || kind == REMOVE_SLOT;
	make_disk(killed);
	reports = 0;
	int file = harm(kind), whole = 0;
	int err = mount_it();
	if (err) {
		printf("not ok mount: %s\n", strerror(-err));
		sim_free(disk);
		return false;
	}
	for (int k = 0; k < FILES; k++)
		whole += is_whole(k);
	/* A killed pool's journal is all that knows the names; else every file that was
	 * not hit is there, and so is a file of no bytes, whose slot may be any. */
	bool good = (slot || !killed) ? whole >= FILES - (file >= 0) -
							 (slot && file < 0 && kind != FLIP_HEADER)
				      : true;
	if (good && slot && file >= 0 && !is_whole(file) && !reports)
		good = !killed && kind == CUT_SLOT; /* SQLite might have cut it */
	if (good && kind == FLIP_BEFORE_LAST && !(reports && is_kept())) {
		printf("  the journal is not kept\n");
		good = false;
	}
	if (!good)
		printf("  %d of %d files are whole, %u reports\n", whole, FILES, reports);
	must("unmount", vfs_unmount("/m"));
	err = mount_it();
	if (err)
		printf("  second mount: %s\n", strerror(-err));
	else
		must("unmount", vfs_unmount("/m"));
	sim_free(disk);
	return good && !err;
}

int main(int argc, char **argv)
{
	int passed = 0, failed = 0, times = 60;
	for (int k = 1; k < argc; k++) {
		times = !strcmp(argv[k], "-l") ? 2000 : times;
		verbose |= !strcmp(argv[k], "-v");
		if (!strcmp(argv[k], "-s"))
			seed = strtoull(argv[++k], NULL, 10);
	}
	must("root", vfs_mount(&vfs_mem, NULL, "/", 0));
	must("mkdir", vfs_mkdir("/m", 0755));
	for (int k = 0; k < KINDS; k++)
		for (int killed = 0; killed < 2; killed++) {
			bool good = true;
			for (int i = 0; i < times && good; i++)
				good = survives((enum kind)k, killed);
			printf("%s %s, %s\n", good ? "ok" : "not ok", kinds[k],
			       killed ? "after a kill" : "after an unmount");
			*(good ? &passed : &failed) += 1;
		}
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
