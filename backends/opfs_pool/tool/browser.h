/*
 * browser.h - what browsers keep of OPFS in a profile: a database of names, and files
 * under other names. Each reader gives all entries of one origin.
 */
#ifndef VFS_POOL_BROWSER_H
#define VFS_POOL_BROWSER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct entry {
	char id[72], parent[72]; /* of a directory; "" is the root's parent */
	char *name;              /* UTF-8 */
	char *host;              /* a file's path; NULL: a directory */
} entry;

typedef struct entries {
	entry *at;
	size_t count, room;
} entries;

/* A copy of each. -ENOMEM. */
int add_entry(entries *all, const char *id, const char *parent, const char *name, const char *host);

/* A new directory with copies of the files of `from` whose names begin with `prefix`:
 * its path, allocated, or NULL. For databases, which are changed when they are read. */
char *copy_aside(const char *from, const char *prefix);
void remove_aside(char *path);

/* Does the directory look like this browser's? */
bool is_firefox(const char *where);
bool is_chromium(const char *where);
/* 0, or TROUBLE with a sentence. */
int read_firefox(const char *where, entries *all);
int read_chromium(const char *where, entries *all);

#endif
