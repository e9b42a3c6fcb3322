/*
 * Where the files of a pool are on the host: in a directory as scripts see it, or as a
 * browser keeps OPFS in its profile. There a pool is named by the browser's folder of the
 * origin with the pool's path in OPFS behind it.
 */
#define _GNU_SOURCE
#include "browser.h"
#include "overlay.h"
#include "tool.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_file(const char *path)
{
	struct stat st;
	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* ---- A directory ---- */

/* .opaque and the journals, under their own names. */
static int find_plain(const char *where, vfs_opfs_port *overlay, bool *found)
{
	static const char *const journals[] = {"journal.0", "journal.1"};
	char host[PATH_MAX], path[300];
	int err = 0;
	snprintf(host, sizeof host, "%s/.opaque", where);
	DIR *slots = opendir(host);
	*found = slots != NULL;
	if (!slots)
		return 0;
	for (struct dirent *e; !err && (e = readdir(slots)) != NULL;) {
		snprintf(path, sizeof path, ".opaque/%s", e->d_name);
		if (snprintf(host, sizeof host, "%s/%s", where, path) < (int)sizeof host &&
		    is_file(host))
			err = overlay_add(overlay, path, host);
	}
	closedir(slots);
	for (int k = 0; k < 2 && !err; k++)
		if (snprintf(host, sizeof host, "%s/%s", where, journals[k]) < (int)sizeof host &&
		    is_file(host))
			err = overlay_add(overlay, journals[k], host);
	return err;
}

/* ---- A browser's ---- */

int add_entry(entries *all, const char *id, const char *parent, const char *name, const char *host)
{
	if (all->count == all->room) {
		size_t room = all->room ? 2 * all->room : 64;
		entry *at = realloc(all->at, room * sizeof *at);
		if (!at)
			return -ENOMEM;
		all->at = at;
		all->room = room;
	}
	entry *e = &all->at[all->count++];
	*e = (entry){.name = strdup(name), .host = host ? strdup(host) : NULL};
	snprintf(e->id, sizeof e->id, "%s", id);
	snprintf(e->parent, sizeof e->parent, "%s", parent);
	return e->name && (e->host || !host) ? 0 : -ENOMEM;
}

static void free_entries(entries *all)
{
	while (all->count) {
		free(all->at[--all->count].name);
		free(all->at[all->count].host);
	}
	free(all->at);
}

static const entry *child(const entries *all, const char *parent, const char *name, size_t len)
{
	for (const entry *e = all->at; e < all->at + all->count; e++)
		if (!strcmp(e->parent, parent) &&
		    (!name || (strlen(e->name) == len && !memcmp(e->name, name, len))))
			return e;
	return NULL;
}

/* The pools that there are, for a person who did not name one. */
static void tell_pools(const entries *all, const char *where)
{
	char path[PATH_MAX];
	for (const entry *e = all->at; e < all->at + all->count; e++) {
		if (e->host || strcmp(e->name, ".opaque") != 0)
			continue;
		*path = 0;
		for (const entry *d = e; *d->parent;) { /* upwards, to the root */
			const entry *up = all->at;
			while (up < all->at + all->count && strcmp(up->id, d->parent) != 0)
				up++;
			if (up == all->at + all->count || !*up->parent)
				break;
			char rest[PATH_MAX];
			snprintf(rest, sizeof rest, "/%.1000s%.2000s", up->name, path);
			strcpy(path, rest);
			d = up;
		}
		fprintf(stderr, "  %s%s\n", where, path);
	}
}

static int add_files(const entries *all, const entry *dir, vfs_opfs_port *overlay)
{
	const entry *slots = child(all, dir->id, ".opaque", 7);
	char path[1100];
	int err = 0;
	for (const entry *e = all->at; e < all->at + all->count && !err; e++) {
		bool slot = slots && !strcmp(e->parent, slots->id);
		bool journal = !strcmp(e->parent, dir->id) && !strncmp(e->name, "journal.", 8);
		snprintf(path, sizeof path, "%s%.1000s", slot ? ".opaque/" : "", e->name);
		if (e->host && (slot || journal) && is_file(e->host))
			err = overlay_add(overlay, path, e->host);
	}
	return err;
}

/* `where` is the browser's folder, `path` what is behind it. */
static int find_in(const char *where, const char *path, const entries *all, vfs_opfs_port *overlay)
{
	const entry *dir = child(all, "", NULL, 0);
	while (dir && *(path += strspn(path, "/"))) {
		size_t len = strcspn(path, "/");
		dir = child(all, dir->id, path, len);
		path += len;
	}
	if (dir && child(all, dir->id, ".opaque", 7)) {
		int err = add_files(all, dir, overlay);
		return err ? trouble("%s", strerror(-err)) : SOUND;
	}
	trouble("%s: that is no pool; there are:", where);
	tell_pools(all, where);
	return TROUBLE;
}

int find_pool(const char *where, vfs_opfs_port *overlay)
{
	char base[PATH_MAX];
	bool found;
	int err = find_plain(where, overlay, &found);
	if (err)
		return trouble("%s: %s", where, strerror(-err));
	for (size_t len = strlen(where); !found && len && len < sizeof base; len--) {
		if (where[len] && where[len] != '/')
			continue;
		memcpy(base, where, len);
		base[len] = 0;
		if (!is_firefox(base) && !is_chromium(base))
			continue;
		entries all = {0};
		int status =
			is_firefox(base) ? read_firefox(base, &all) : read_chromium(base, &all);
		if (!status)
			status = find_in(base, where + len, &all, overlay);
		free_entries(&all);
		return status;
	}
	return found ? SOUND : trouble("%s: there is no pool: it has no directory .opaque", where);
}

/* ---- Copies ---- */

static int copy_file(const char *from, const char *to)
{
	char buf[1 << 14];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t n = in < 0 || out < 0 ? -1 : 0;
	while (!n && (n = read(in, buf, sizeof buf)) > 0)
		n = write(out, buf, (size_t)n) == n ? 0 : -1;
	if (in >= 0)
		close(in);
	if (out >= 0 && close(out))
		n = -1;
	return (int)n;
}

/* Of each file: with `to` NULL it is removed. */
static int each_file(const char *from, const char *prefix, const char *to)
{
	char path[PATH_MAX], copy[PATH_MAX];
	DIR *dir = opendir(from);
	int err = dir ? 0 : -1;
	for (struct dirent *e; !err && (e = readdir(dir)) != NULL;) {
		if (strncmp(e->d_name, prefix, strlen(prefix)) != 0 || e->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof path, "%s/%s", from, e->d_name) >= (int)sizeof path)
			err = -1;
		else if (!to)
			err = unlink(path);
		else if (snprintf(copy, sizeof copy, "%s/%s", to, e->d_name) >= (int)sizeof copy)
			err = -1;
		else if (is_file(path))
			err = copy_file(path, copy);
	}
	if (dir)
		closedir(dir);
	return err;
}

char *copy_aside(const char *from, const char *prefix)
{
	const char *tmp = getenv("TMPDIR");
	char *to = NULL;
	if (asprintf(&to, "%s/vfsfs-pool-XXXXXX", tmp ? tmp : "/tmp") < 0)
		return NULL;
	if (mkdtemp(to) && !each_file(from, prefix, to))
		return to;
	remove_aside(to);
	return NULL;
}

void remove_aside(char *path)
{
	each_file(path, "", NULL);
	rmdir(path);
	free(path);
}
