/*
 * What the tests of the block module stand on: memory that is counted and can
 * be refused, and for each test a new file. Linked with
 *   -Wl,--wrap=malloc,--wrap=calloc,--wrap=free,--wrap=aligned_alloc
 */
#ifndef BLOCKS_FIXTURE_H
#define BLOCKS_FIXTURE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <vfsfs/blocks.h>

extern size_t held;      /* bytes */
extern unsigned calls;   /* that allocate or free */
extern int refuse_after; /* that many allocations succeed, then none; -1: all do */

/* The file, and the room it is in. */
extern vfs_blocks_room room;
extern vfs_blocks b;
extern off_t size;

/* Each test ends with nothing left. */
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int setup(void **state);
int teardown(void **state);

void write_at(off_t pos, const void *data, size_t len);
void fill(off_t pos, char c, size_t len);
char byte_at(off_t pos);
bool all_zero(const void *p, size_t len);

/* test_blocks_random.c: its group of tests, the number that failed; and twenty
 * other random runs, of seeds from `first` on. */
int random_tests(void);
void random_runs(uint64_t first, int steps);

#endif
