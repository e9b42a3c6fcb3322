/*
 * Firefox's storage/default/ORIGIN/fs: names in metadata.sqlite, and each file under the
 * base32 of its id.
 */
#define _GNU_SOURCE
#include "browser.h"
#include "tool.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool is_firefox(const char *where)
{
	char path[PATH_MAX];
	struct stat st;
	return snprintf(path, sizeof path, "%s/metadata.sqlite", where) < (int)sizeof path &&
	       !stat(path, &st);
}

#ifdef TOOL_SQLITE
#include <sqlite3.h>

static const char query[] =
	"SELECT handle, parent, name, NULL FROM Directories JOIN Entries USING (handle)"
	" UNION ALL SELECT handle, parent, name, fileId FROM Files JOIN Entries USING (handle)"
	" JOIN MainFiles USING (handle)";

/* RFC 4648, without what fills it up. */
static void base32(const unsigned char *id, size_t len, char *to)
{
	unsigned bits = 0, n = 0;
	for (size_t k = 0; k < len; k++) {
		bits = bits << 8 | id[k];
		for (n += 8; n >= 5; n -= 5)
			*to++ = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[bits >> (n - 5) & 31];
	}
	if (n)
		*to++ = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[bits << (5 - n) & 31];
	*to = 0;
}

static void hex(sqlite3_stmt *s, int column, char to[72])
{
	const unsigned char *id = sqlite3_column_blob(s, column);
	int len = sqlite3_column_bytes(s, column);
	*to = 0;
	for (int k = 0; k < len && k < 32; k++)
		sprintf(to + 2 * k, "%02x", id[k]);
}

/* Of UTF-16; SQLite has the conversion. */
static char *name_of(sqlite3 *db, sqlite3_stmt *s)
{
	sqlite3_stmt *text = NULL;
	char *name = NULL;
	if (sqlite3_prepare_v2(db, "SELECT ?", -1, &text, NULL) == SQLITE_OK &&
	    sqlite3_bind_text16(text, 1, sqlite3_column_blob(s, 2), sqlite3_column_bytes(s, 2),
				SQLITE_TRANSIENT) == SQLITE_OK &&
	    sqlite3_step(text) == SQLITE_ROW)
		name = strdup((const char *)sqlite3_column_text(text, 0));
	sqlite3_finalize(text);
	return name;
}

static int read_row(sqlite3 *db, sqlite3_stmt *s, const char *where, entries *all)
{
	char id[72], parent[72], file[72], host[PATH_MAX];
	const void *bytes = sqlite3_column_blob(s, 3);
	int len = sqlite3_column_bytes(s, 3);
	hex(s, 0, id);
	hex(s, 1, parent);
	if (bytes && len <= 32) {
		base32(bytes, (size_t)len, file);
		snprintf(host, sizeof host, "%s/%.2s/%s", where, file, file);
	}
	char *name = name_of(db, s);
	int err = name ? add_entry(all, id, parent, name, bytes ? host : NULL) : -1;
	free(name);
	return err;
}

int read_firefox(const char *where, entries *all)
{
	char path[PATH_MAX];
	sqlite3 *db = NULL;
	sqlite3_stmt *s = NULL;
	char *aside = copy_aside(where, "metadata.sqlite");
	int err = 0, row;
	if (!aside)
		return trouble("%s: its names cannot be copied", where);
	snprintf(path, sizeof path, "%s/metadata.sqlite", aside);
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, query, -1, &s, NULL) != SQLITE_OK)
		err = -1;
	while (!err && (row = sqlite3_step(s)) != SQLITE_DONE)
		err = row == SQLITE_ROW ? read_row(db, s, where, all) : -1;
	if (err)
		trouble("%s/metadata.sqlite: %s", where, sqlite3_errmsg(db));
	sqlite3_finalize(s);
	sqlite3_close(db);
	remove_aside(aside);
	return err ? TROUBLE : SOUND;
}
#else
int read_firefox(const char *where, entries *all)
{
	(void)all;
	return trouble("%s is Firefox's: this vfsfs-pool was built without libsqlite3-dev", where);
}
#endif
