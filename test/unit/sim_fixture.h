/*
 * What the tests of the simulated disk stand on: a new disk for each test, calls
 * of its port that must succeed, and files as strings, a letter for each sector.
 */
#ifndef SIM_FIXTURE_H
#define SIM_FIXTURE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
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

extern sim *disk;
extern vfs_opfs_port *port; /* its port */

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int setup(void **state);
int teardown(void **state);

/* The names' operations of any port, with their results returned. */
int try_open(vfs_opfs_port *p, const char *path, bool create);
int try_remove(vfs_opfs_port *p, const char *path);
int try_mkdir(vfs_opfs_port *p, const char *path);
/* The names, sorted and joined by spaces, a directory's with a slash; good until
 * the next call. Or *err. */
const char *list(vfs_opfs_port *p, const char *path, int *err);

int file(const char *path); /* a handle of the disk; the file is made */
void shut(int handle);
void flush(int handle);
void resize(int handle, int64_t size);
/* Writes each letter as a sector full of it, from the sector `first` on. */
void put(int handle, const char *letters, int64_t first);
void fill(int handle, char letter, size_t len, int64_t pos);

/* A letter for each sector: '0' zeros, '?' not all the same; the last one in lower
 * case, or 'o', if the file ends within the sector. "-": there is no such file.
 * Good until the fifth next call. */
const char *sectors(const sim *s, const char *path);
/* A number for all names and contents. */
uint64_t digest(const sim *s);
uint64_t rnd(uint64_t below);

/* ---- States ---- */

extern const sim_limits subsets_only;
/* sectors() of the file after a crash of the disk: of any; now, with a mask; now,
 * the last unflushed operation torn and all before it kept. */
const char *after(size_t cut, const char *path, sim_choice c);
const char *masked(const char *path, uint64_t mask);
const char *torn(const char *path, uint64_t arriving, size_t size);

/* Among all states of the cut: how many, how many different, how many in which the
 * file is `text`. */
typedef struct tally {
	size_t states, different, holding;
} tally;
tally look(size_t cut, const sim_limits *limits, const char *path, const char *text);

/* test_sim_states.c, test_sim_port.c: a group of tests, the number that failed. */
int states_tests(void);
int port_tests(void);

#endif
