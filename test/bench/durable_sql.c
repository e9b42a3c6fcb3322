/* SQLite's own unix VFS on files that stay: the script that speedtest1 writes
 * (--script, size 25), and commits of one row, in each journal mode and in memory.
 * Prints rows as measure.h does: sql_MODE, nanoseconds for the script, and
 * commit_MODE, for a commit. The script is fetched from beside the program. */
#include "durable.h"
#include "measure.h"
#include <emscripten.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>

enum { SCRIPT = 16 << 20 }; /* bytes, at most */

/* clang-format off */
EM_JS(int, fetch_script, (char *to, int room), {
	var request = new XMLHttpRequest();
	request.open("GET", "durable.sql", false);
	request.send();
	return request.status == 200 && stringToUTF8(request.responseText, to, room) < room - 1;
})
EM_JS_DEPS(durable_sql, "$stringToUTF8");
/* clang-format on */

static void run(sqlite3 *db, const char *sql)
{
	char *message = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &message)) {
		printf("failed\t%.60s\t%s\n", sql, message);
		exit(1);
	}
}

static sqlite3 *open_new(const char *name, const char *mode)
{
	char file[256], sql[128];
	sqlite3 *db;
	path(file, name);
	remove(file);
	CHECK(!sqlite3_open(strcmp(mode, "memory") ? file : ":memory:", &db));
	snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s", mode);
	run(db, sql);
	return db;
}

static void measure_mode(const char *mode, const char *script)
{
	char name[32];
	double ns[MAX_SAMPLES], start;
	snprintf(name, sizeof name, "sql_%s", mode);
	for (int s = 0; s < samples && wanted(name); s++) {
		sqlite3 *db = open_new(name, mode);
		start = now();
		run(db, script);
		ns[s] = now() - start;
		CHECK(!sqlite3_close(db));
	}
	if (wanted(name))
		print_row(name, ns, (unsigned)samples);
	snprintf(name, sizeof name, "commit_%s", mode);
	if (!wanted(name))
		return;
	sqlite3 *db = open_new(name, mode);
	run(db, "CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
	for (int s = 0; s < samples; s++) {
		enum { COMMITS = 200 };
		start = now();
		for (int k = 0; k < COMMITS; k++)
			run(db,
			    "INSERT INTO t(b) VALUES('one row of forty-one bytes or there about')");
		ns[s] = (now() - start) / COMMITS;
	}
	CHECK(!sqlite3_close(db));
	print_row(name, ns, (unsigned)samples);
}

int main(int argc, char **argv)
{
	static const char *const modes[] = {"memory", "delete", "truncate", "persist", "wal"};
	if (!options(argc, argv))
		return 2;
	durable_mount(base);
	char *script = malloc(SCRIPT);
	CHECK(script && fetch_script(script, SCRIPT));
	for (size_t k = 0; k < sizeof modes / sizeof *modes; k++)
		measure_mode(modes[k], script);
	return 0;
}
