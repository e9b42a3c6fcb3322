/*
 * sahpool.h - what sqlite-wasm's opfs-sahpool does to the slots of a pool, on the
 * simulated disk: for the tests in which it comes after a program was killed. What is
 * true of it itself the tests in a browser show (test/web/sahpool.sh).
 */
#ifndef SAHPOOL_H
#define SAHPOOL_H

#include <opfs_sim.h>

/* It opens the pool whose directory is "pool": slots without a file, or with a header
 * that is wrong, are freed, and cut to their header. */
void sahpool_open(sim *s);

#endif
