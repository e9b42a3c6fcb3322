/*
 * pool_fixture.h - what the pool's own tests stand on: a pool mounted on /m for each
 * test, over the simulated disk or over a directory of the host.
 */
#ifndef POOL_FIXTURE_H
#define POOL_FIXTURE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <opfs_sim.h>
#include <vfsfs/opfs_pool.h>
#include <vfsfs/vfsfs.h>

extern sim *disk;                /* NULL: the pool is in a directory */
extern vfs_opfs_pool_options at; /* of the mount: 1 MiB of cache, nothing goes out by age */

/* Runs over both; over one only. */
#define BOTH(name)                                                        \
	{#name "_simulated", name, setup_sim, teardown, NULL},            \
	{                                                                 \
#name "_directory", name, setup_directory, teardown, NULL \
	}
#define SIMULATED(name)                                \
	{                                              \
#name, name, setup_sim, teardown, NULL \
	}
#define DIRECTORY(name)                                      \
	{                                                    \
#name, name, setup_directory, teardown, NULL \
	}
int setup_sim(void **state);
int setup_directory(void **state);
int teardown(void **state);

/* No error: its result. */
#define ok(call) ok_at((call), #call, __LINE__)
/* -error. */
#define fails(error, call) fails_at(-(error), (call), #call, __LINE__)
int ok_at(long long result, const char *call, int line);
void fails_at(long long wanted, long long result, const char *call, int line);

int open_rw(const char *path); /* made where it is missing */
/* `len` bytes of this letter. */
void fill(int fd, char letter, size_t len, off_t pos);
/* The file: the letters at 0, 4096, 8192...; '.' a zero, '!' a page that is not of one
 * letter. Good until the next call. */
const char *letters(int fd);
vfs_opfs_counters counters(void);
void remount(void);
/* The simulated disk as it is if the program dies now; mounted on /m in place of the
 * other, whose files must be closed. */
sim *kill_now(void);
void mount_instead(sim *s);

/* test_pool_errors.c, test_pool_nomem.c: a group of tests, the number that failed. */
int errors_tests(void);
int nomem_tests(void);

#endif
