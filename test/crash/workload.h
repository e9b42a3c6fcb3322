/*
 * workload.h - what is done to a pool on the simulated disk, for the crash test and
 * the fault test.
 */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include "model.h"
#include <opfs_sim.h>

extern sim *disk;    /* the pool's */
extern model *truth; /* of what is done */
extern uint64_t seed;
extern bool verbose;   /* each operation is printed */
extern bool faulty;    /* operations may fail with EIO and ENOSPC */
extern unsigned slots; /* that the mounts may grow to */
extern size_t cache;   /* bytes of the mounts' page caches */

extern const struct workload {
	const char *name; /* NULL: the last one */
	void (*run)(void);
	int times;
} workloads[];

uint64_t rnd(uint64_t below);
_Noreturn void die(const char *what, int err);
/* r, which is no error. */
long must(const char *what, long r);
/* Mounts the pool on the disk at /m. */
int mount_disk(sim *s);

#endif
