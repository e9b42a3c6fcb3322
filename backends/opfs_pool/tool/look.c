/*
 * Looking at a pool: what it holds, and whether it is sound. A mount of the overlay tells
 * what cannot be right; the journal and the slots' headers, read before it, tell how the
 * pool was left.
 */
#define _GNU_SOURCE
#include "../pool.h"
#include "overlay.h"
#include "tool.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vfsfs/vfsfs.h>

/* ---- The tree ---- */

/* Of a path below /pool. */
typedef int visit(const char *path, const struct stat *st, void *context);

static int walk(const char *path, visit *f, void *context);

static int walk_entries(int fd, const char *path, visit *f, void *context)
{
	enum { ROOM = 4096 };
	char *entries = malloc(ROOM);
	ssize_t n = 0;
	int err = entries ? 0 : -ENOMEM;
	while (!err && (n = vfs_getdents(fd, entries, ROOM)) > 0)
		for (ssize_t at = 0; at < n && !err;) {
			const struct dirent *e = (const void *)(entries + at);
			char *inner = NULL;
			at += e->d_reclen;
			if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
				continue;
			err = asprintf(&inner, "%s/%s", path, e->d_name) < 0
				      ? -ENOMEM
				      : walk(inner, f, context);
			free(inner);
		}
	free(entries);
	return err ? err : (int)n;
}

static int walk(const char *path, visit *f, void *context)
{
	struct stat st;
	int err = vfs_lstat(path, &st);
	if (!err)
		err = f(path, &st, context);
	if (err || !S_ISDIR(st.st_mode))
		return err;
	int fd = vfs_open(path, O_RDONLY | O_DIRECTORY | O_NOATIME, 0);
	if (fd < 0)
		return fd;
	err = walk_entries(fd, path, f, context);
	vfs_close(fd);
	return err;
}

/* ---- List ---- */

static void mode_text(mode_t mode, char text[11])
{
	static const char types[] = "?pc?d?b?-?l?s???";
	text[0] = types[(mode & S_IFMT) >> 12];
	for (int k = 0; k < 9; k++)
		text[1 + k] = mode >> (8 - k) & 1 ? "rwx"[k % 3] : '-';
	text[10] = 0;
}

static int list_one(const char *path, const struct stat *st, void *context)
{
	char mode[11], date[32] = "", target[4096];
	struct tm tm;
	ssize_t n = 0;
	(void)context;
	mode_text(st->st_mode, mode);
	if (gmtime_r(&st->st_mtim.tv_sec, &tm))
		strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (S_ISLNK(st->st_mode))
		n = vfs_readlink(path, target, sizeof target);
	path += strlen("/pool");
	printf("%s %u:%u %lld %s %s", mode, st->st_uid, st->st_gid, (long long)st->st_size, date,
	       *path ? path : "/");
	if (n > 0)
		printf(" -> %.*s", (int)n, target);
	putchar('\n');
	return 0;
}

int list_pool(vfs_opfs_port *overlay, char **paths)
{
	static char *all[] = {"", NULL};
	char path[4200];
	(void)overlay;
	for (char **p = *paths ? paths : all; *p; p++) {
		snprintf(path, sizeof path, "/pool%s%.4095s", **p && **p != '/' ? "/" : "", *p);
		size_t len = strlen(path);
		while (path[len - 1] == '/')
			path[--len] = 0;
		int err = walk(path, list_one, NULL);
		if (err)
			return trouble("%s: %s", *p, strerror(-err));
	}
	return SOUND;
}

/* ---- Check ---- */

typedef struct findings {
	unsigned damages, files, directories, others, slots, free;
	long long bytes;
	bool journal, clean;
	vfs__store store;
} findings;

static void keep_handle(void *context, int result)
{
	*(int *)context = result;
}

static int read_journal(vfs_opfs_port *port, findings *f)
{
	vfs__journal j = {.port = port};
	bool torn;
	port->names->open(port, "journal.0", true, keep_handle, &j.handle[0]);
	port->names->open(port, "journal.1", true, keep_handle, &j.handle[1]);
	if (j.handle[0] < 0 || j.handle[1] < 0)
		return -EIO;
	int err = vfs__journal_open(&j, vfs__store_read, &f->store, &torn);
	f->journal = j.current >= 0;
	f->clean = f->journal && f->store.clean && !torn;
	if (err)
		return err;
	printf(f->clean ? "closed cleanly\n"
	       : f->journal
		       ? "not closed cleanly: the journal tells what the slots lack\n"
		       : "no journal: names are from the slots' headers, as in SQLite's pools\n");
	if (torn && f->journal)
		printf("the end of the journal is not whole, as a crash leaves it\n");
	return 0;
}

static const vfs__slot *slot_of(const findings *f, const char *name)
{
	for (int32_t k = 0; k < f->store.slot_count; k++)
		if (!strcmp(f->store.slots[k].name, name))
			return &f->store.slots[k];
	return NULL;
}

static int look_at_slot(vfs_opfs_port *port, findings *f, const char *path)
{
	const char *name = path + strlen(".opaque/");
	vfs__slot_header header;
	int handle;
	port->names->open(port, path, false, keep_handle, &handle);
	int err = handle < 0 ? handle : vfs__slot_read(port, handle, &header);
	if (err)
		return err;
	const vfs__slot *slot = slot_of(f, name);
	int64_t size = port->handles->size(port, handle) - VFS__SLOT_HEADER;
	f->slots++;
	if (!slot || !slot->owner)
		f->free += header.kind == VFS__HEADER_FREE;
	if (header.kind == VFS__HEADER_TORN && f->journal) {
		printf("damaged: the header of slot %s; the journal knows whose it is\n", name);
		f->damages++;
	}
	if (f->clean && slot && slot->owner && slot->owner->size != size)
		printf("slot %s has %lld bytes, and the journal says %lld: SQLite has written it, "
		       "or it was cut\n",
		       name, (long long)size, (long long)slot->owner->size);
	return 0;
}

static int read_all(const char *path, const struct stat *st, void *context)
{
	static char buf[1 << 16];
	findings *f = context;
	ssize_t n = 0;
	if (S_ISDIR(st->st_mode))
		f->directories++;
	else if (!S_ISREG(st->st_mode))
		f->others++;
	if (!S_ISREG(st->st_mode))
		return 0;
	int fd = vfs_open(path, O_RDONLY | O_NOATIME, 0);
	while (fd >= 0 && (n = vfs_read(fd, buf, sizeof buf)) > 0)
		f->bytes += n;
	if (fd < 0 || n < 0) {
		printf("damaged: %s cannot be read: %s\n", path + strlen("/pool"),
		       strerror(fd < 0 ? -fd : (int)-n));
		f->damages++;
	}
	if (fd >= 0)
		vfs_close(fd);
	f->files++;
	return 0;
}

int check_pool(vfs_opfs_port *overlay)
{
	findings f = {0};
	const char *path, *host;
	int err = read_journal(overlay, &f);
	for (int k = 0; !err && (path = overlay_file(overlay, k, &host)) != NULL; k++)
		if (!strncmp(path, ".opaque/", 8))
			err = look_at_slot(overlay, &f, path);
	vfs__store_free(&f.store);
	if (err)
		return trouble("it cannot be read: %s",
			       err == -ENOTSUP ? "a later version has written it" : strerror(-err));
	int status = mount_pool(overlay, true);
	if (status)
		return status;
	f.damages += reports;
	err = walk("/pool", read_all, &f);
	status = unmount_pool();
	if (err)
		return trouble("it cannot be read: %s", strerror(-err));
	printf("%u files of %lld bytes, %u directories, %u others, in %u slots, %u of them free\n",
	       f.files, f.bytes, f.directories, f.others, f.slots, f.free);
	printf(f.damages ? "damaged\n" : "sound\n");
	return status ? status : f.damages ? DAMAGED : SOUND;
}
