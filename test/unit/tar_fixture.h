/*
 * tar_fixture.h - trees in memory and in a pool, and what can be said of them: for the
 * tests of tar.
 */
#ifndef TAR_FIXTURE_H
#define TAR_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

/* No error: its result. */
#define ok(call) ok_at((call), #call, __LINE__)
/* -error. */
#define fails(error, call) fails_at(-(error), (call), #call, __LINE__)

long long ok_at(long long result, const char *call, int line);
void fails_at(long long wanted, long long result, const char *call, int line);

/* "/mem" and "/pool", with a directory t in each, that is made and removed. */
int start_memory(void **state);
int start_pool(void **state);
int finish(void **state);
/* The path of a name there; good for eight calls. */
const char *in(void **state, const char *name);

void make_file(const char *path, const void *bytes, size_t len);
/* Something of everything; devices: character and block nodes too. */
void make_tree(const char *root, bool devices);
/* All that a tree is, but for what no archive keeps: allocated. */
enum times { NO_TIMES, CHANGES, ALL_TIMES };
char *describe(const char *root, enum times times);
void assert_same_tree(const char *a, const char *b, enum times times);
void remove_tree(const char *root);

typedef struct bytes {
	unsigned char *at;
	size_t len;
} bytes;

/* In pieces of `piece` bytes. at: allocated. */
bytes export_tree(const char *root, size_t piece);
/* What the calls return: 0, or the first error. */
int import_tree(const char *root, const void *at, size_t len, size_t piece);

/* Of the host. */
bytes read_host(const char *path);
void write_host(const char *path, bytes b);
/* A command for the shell, which must succeed. */
__attribute__((format(printf, 1, 2))) void shell(const char *format, ...);
/* A directory of the host, removed at the end. */
const char *host(void);

#endif
