/*
 * opfs_sim.h - the third opfs_port: a disk in memory whose power can be cut. It
 * logs what changes it and what flushes it, and makes from the log the disks that
 * a machine may wake up with. It can also fail any call, count the calls, and be
 * damaged by hand. Native, for one thread (all disks made from one another share
 * memory); it aborts where memory ends.
 *
 * Life of a test: sim_new, mount on sim_port, work, and then for every cut from 0
 * to sim_ops: sim_states_begin, and each disk that sim_states_next hands out is
 * mounted, looked at and freed.
 */
#ifndef OPFS_SIM_H
#define OPFS_SIM_H

#include <opfs_port.h>
#include <stdio.h>

enum { SIM_SECTOR = 512 };

typedef struct sim sim;

/* An empty disk, with no quota. The caller frees it, when its mounts are gone;
 * disks made from it stay. */
sim *sim_new(void);
void sim_free(sim *s);
/* Valid as long as the disk. Its calls answer at once. A call of the wrong shape
 * (a handle that is not open, a path with a slash at an end) fails an assertion. */
vfs_opfs_port *sim_port(sim *s);

/* ---- The log ---- */

/*
 * The number of operations logged: creations, removals and new directories (one
 * for each level), writes and truncations that change something, flushes, and
 * changes made by the calls under "By hand" below. A cut is a number from 0 to
 * this: how many of them came before the crash.
 */
size_t sim_ops(const sim *s);
/* Prints the operations from `from` up to `to`, a line each. */
void sim_print(const sim *s, size_t from, size_t to, FILE *to_file);

/* What is there now, as a disk of its own: all of it flushed, its log empty. */
sim *sim_copy(const sim *s);
/* The disk after the first `cut` operations, had the process only been killed:
 * nothing is lost but the handles. */
sim *sim_kill(const sim *s, size_t cut);

/* ---- Crashes ---- */

/*
 * After a crash names are as they were at the cut, and of each file all that came
 * before its last flush is there. The writes and truncations after it, of files
 * that exist at the cut, are the unflushed operations, numbered from 0 in the
 * order in which they were made, over all files; each may be there or not.
 */
size_t sim_unflushed(const sim *s, size_t cut);

enum sim_kept {
	SIM_MASK,    /* those whose bit in `which` is set; the 65th and later as bit 63 */
	SIM_FIRST,   /* the first `which` */
	SIM_ALL_BUT, /* all but number `which` */
	SIM_RANDOM,  /* by lot, of seed `which` */
};

#define SIM_NO_TEAR  SIZE_MAX       /* for sim_choice.torn */
#define SIM_ANY_TEAR (SIZE_MAX - 1) /* half of the writes, by lot */
#define SIM_FULL     SIZE_MAX       /* for sim_choice.size */

/*
 * Which of the unflushed operations are there. Kept ones are applied to their file
 * in order. Of a torn write, kept or not, only some of the sectors that it touches
 * arrive (sectors of the file, not of the write: the first and last may be touched
 * in part). Where it grows the file, the new size may stop short, and what has not
 * arrived up to there is zeros.
 */
typedef struct sim_choice {
	enum sim_kept kept;
	uint64_t which;
	size_t torn;      /* the number of a write */
	uint64_t sectors; /* bit k: sector k arrives; of a write of more than 64 sectors
			   * each bit stands for an equal run of them */
	uint64_t seed;    /* not 0: instead of `sectors`, each by lot */
	size_t size;      /* sectors of the write that the grown file reaches; 0: the
			   * size stays; SIM_FULL */
} sim_choice;

/* A disk that the crash may leave; its log is empty and nothing is open on it. */
sim *sim_crash(const sim *s, size_t cut, const sim_choice *choice);

/* How many states of one cut are looked at. */
typedef struct sim_limits {
	unsigned all;    /* every subset for so many unflushed operations or fewer,
			  * below 32; for more: every prefix, every one dropped alone,
			  * and: */
	unsigned random; /* ... so many random subsets */
	unsigned tears;  /* for each write at most so many ways to tear it (fewer where
			  * it has fewer), each with the rest all there, and with all
			  * later operations lost */
	unsigned mixed;  /* for two unflushed operations or more: so many random subsets
			  * in which any write may be torn */
} sim_limits;

#define SIM_LIMITS ((sim_limits){.all = 8, .random = 200, .tears = 6, .mixed = 20})

typedef struct sim_states sim_states;

/* The states of one cut, the same for the same seed. NULL: SIM_LIMITS. The disk
 * must stay; it may be written to. */
sim_states *sim_states_begin(const sim *s, size_t cut, uint64_t seed, const sim_limits *limits);
/* False: there are no more. `out` is the caller's to free; `label`, which may be
 * NULL, is told what it is, for the message of a test that fails. */
bool sim_states_next(sim_states *it, sim **out, char *label, size_t label_size);
/* The choice of the last one, to make it again. */
sim_choice sim_states_choice(const sim_states *it);
void sim_states_end(sim_states *it);

/* ---- Faults and counts ---- */

enum sim_how {
	SIM_ONCE = 0,
	SIM_ALWAYS = 1,  /* that call and all later ones */
	SIM_CHANGES = 2, /* counted and failed are only what the log records: write,
			  * truncate, flush, remove, mkdir, an open that creates */
	SIM_SHORT = 4,   /* only writes; the first half of the data arrives */
};

/*
 * The nth call from now (1: the next) fails with `error`, -EIO or -ENOSPC. Calls are
 * those of the port, but for close. With -ENOSPC only those are counted and fail
 * which may lack space: write, a growing truncate, an open that creates, mkdir. 0: no more
 * faults. A failed call, other than a short write, does nothing.
 */
void sim_fail(sim *s, size_t nth, int error, unsigned how);

/* The sizes of all files together stay below; what would exceed it is -ENOSPC and
 * does nothing. Bytes; INT64_MAX: none, and then the port tells no space. */
void sim_set_quota(sim *s, int64_t bytes);

/* Calls since the disk was made, failed ones too; `handles` is how many are open
 * now, `faults` how many calls sim_fail has failed. */
typedef struct sim_counts {
	size_t reads, writes, truncates, sizes, flushes, closes;
	size_t opens, removes, mkdirs, lists;
	size_t faults, handles;
	uint64_t bytes_read, bytes_written;
} sim_counts;

sim_counts sim_calls(const sim *s);

/* ---- By hand: outside the port's calls, counts, faults and quota ---- */

/*
 * Changes are logged, one operation each, and durable at once, with what was
 * unflushed in that file. They may be made under an open handle, but for deletion:
 * -EBUSY. All: -ENOENT where the file is missing, -EISDIR for a directory.
 */
int64_t sim_file_size(const sim *s, const char *path);
/* Bytes read, fewer where the file ends. */
int64_t sim_get(const sim *s, const char *path, void *buf, size_t len, int64_t pos);
/* Makes the file, and directories for it, where they are missing. -ENOTDIR. */
int sim_put(sim *s, const char *path, const void *buf, size_t len, int64_t pos);
int sim_resize(sim *s, const char *path, int64_t size);
int sim_delete(sim *s, const char *path);
/* Bit 0 is the lowest of byte 0. -EINVAL: past the end. */
int sim_flip(sim *s, const char *path, int64_t bit);
/* The path of the index-th file or directory, oldest first; NULL past the last. It
 * is good until the next change of a name. */
const char *sim_path(const sim *s, size_t index, bool *is_directory);

/* To and from a folder of the host, which dump makes where it is missing and both
 * leave otherwise as it is. -errno. */
int sim_dump(const sim *s, const char *folder);
int sim_load(sim *s, const char *folder);

#endif
