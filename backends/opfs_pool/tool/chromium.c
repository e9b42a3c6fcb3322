/*
 * Chromium's "File System/NNN/t": names in a LevelDB in Paths, files in folders beside it.
 */
#define _GNU_SOURCE
#include "browser.h"
#include "tool.h"
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

bool is_chromium(const char *where)
{
	char path[PATH_MAX];
	struct stat st;
	return snprintf(path, sizeof path, "%s/Paths/CURRENT", where) < (int)sizeof path &&
	       !stat(path, &st);
}

#ifdef TOOL_LEVELDB
#include <leveldb/c.h>

/* A value: four bytes of length, and then numbers of the machine and strings, each behind
 * its length and filled up to four bytes. */
typedef struct pickle {
	const char *at, *end;
} pickle;

static bool take(pickle *p, void *to, size_t len)
{
	if ((size_t)(p->end - p->at) < len)
		return false;
	memcpy(to, p->at, len);
	p->at += len;
	return true;
}

static bool take_string(pickle *p, char *to, size_t room)
{
	int32_t len;
	if (!take(p, &len, sizeof len) || len < 0 || (size_t)len >= room ||
	    !take(p, to, (size_t)len))
		return false;
	to[len] = 0;
	size_t fill = -(size_t)len & 3;
	p->at += fill < (size_t)(p->end - p->at) ? fill : (size_t)(p->end - p->at);
	return true;
}

/* The key of an entry is its number; others have other letters. */
static int read_value(const char *key, size_t key_len, const char *value, size_t len,
		      const char *where, entries *all)
{
	char id[72] = "", parent[72] = "", file[256], name[1024], host[PATH_MAX];
	pickle p = {value, value + len};
	uint32_t size;
	int64_t number;
	if (!key_len || key_len > 20 || strspn(key, "0123456789") < key_len)
		return 0;
	memcpy(id, key, key_len);
	if (!take(&p, &size, sizeof size) || !take(&p, &number, sizeof number) ||
	    !take_string(&p, file, sizeof file) || !take_string(&p, name, sizeof name))
		return -1;
	if (strcmp(id, "0") != 0) /* the root is its own parent */
		snprintf(parent, sizeof parent, "%lld", (long long)number);
	snprintf(host, sizeof host, "%s/%s", where, file);
	return add_entry(all, id, parent, name, *file ? host : NULL);
}

static int read_values(leveldb_t *db, const char *where, entries *all)
{
	leveldb_readoptions_t *options = leveldb_readoptions_create();
	leveldb_iterator_t *it = leveldb_create_iterator(db, options);
	char key[64];
	int err = add_entry(all, "0", "", "", NULL);
	for (leveldb_iter_seek_to_first(it); !err && leveldb_iter_valid(it);
	     leveldb_iter_next(it)) {
		size_t key_len, len;
		const char *k = leveldb_iter_key(it, &key_len), *v = leveldb_iter_value(it, &len);
		if (key_len >= sizeof key || !strncmp(k, "0", key_len))
			continue;
		memcpy(key, k, key_len);
		key[key_len] = 0;
		err = read_value(key, key_len, v, len, where, all);
	}
	leveldb_iter_destroy(it);
	leveldb_readoptions_destroy(options);
	return err;
}

int read_chromium(const char *where, entries *all)
{
	char path[PATH_MAX];
	char *error = NULL;
	int err = -1;
	snprintf(path, sizeof path, "%s/Paths", where);
	char *aside = copy_aside(path, "");
	if (!aside)
		return trouble("%s: its names cannot be copied", where);
	leveldb_options_t *options = leveldb_options_create();
	leveldb_t *db = leveldb_open(options, aside, &error);
	if (!error)
		err = read_values(db, where, all);
	if (err)
		trouble("%s/Paths: %s", where, error ? error : "it has an entry unknown here");
	if (!error)
		leveldb_close(db);
	leveldb_free(error);
	leveldb_options_destroy(options);
	remove_aside(aside);
	return err ? TROUBLE : SOUND;
}
#else
int read_chromium(const char *where, entries *all)
{
	(void)all;
	return trouble("%s is Chromium's: this vfsfs-pool was built without libleveldb-dev", where);
}
#endif
