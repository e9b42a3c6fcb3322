/*
 * Every cut: workloads run on a pool over the simulated disk; then the power is
 * cut behind each operation of the port, with what was not flushed lost, kept or
 * torn in many ways; each disk that this leaves is mounted and compared with what
 * the model allows, and some are cut again while they recover. And where the program is
 * only killed there, sqlite-wasm may open the pool first.
 *
 *   crash [-l] [-s SEED] [-b RULE] [-v] [WORKLOAD...]
 *
 * -l: many more states of each cut. -b: with that rule of order broken, up to the end
 * of the run of a workload in which that is caught: the exit status is 0 then. Prints a line a workload, and the sums.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "sahpool.h"
#include "workload.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vfsfs/mem.h>
#include <vfsfs/vfsfs.h>

int vfs__broken_rule;
static bool more;

/* ---- Cuts ---- */

static size_t states, again, looks, failures;

/* The disk is mounted, and looked at twice: also after a clean end. */
static bool good(sim *s, size_t cut, char *why, size_t size)
{
	for (int k = 0; k < 2; k++) {
		int err = mount_disk(s);
		if (err) {
			snprintf(why, size, "mount %d: %s", k + 1, strerror(-err));
			return false;
		}
		bool same = model_check(truth, cut, "/m", why, size);
		err = vfs_unmount("/m");
		if (!same)
			return false;
		if (err) {
			snprintf(why, size, "unmount %d: %s", k + 1, strerror(-err));
			return false;
		}
	}
	return true;
}

static void report(const char *name, size_t cut, const char *label, const char *why)
{
	if (failures++ < 10 && !vfs__broken_rule)
		printf("not ok %s, cut %zu of %zu, %s: %s\n", name, cut, sim_ops(disk), label, why);
}

/* The recovered disk is cut while it recovers. */
static void cut_recovery(const char *name, sim *s, size_t cut, const char *label)
{
	char why[240], text[160], both[400];
	sim_limits limits = {.all = 2, .random = 2, .tears = 1, .mixed = 1};
	size_t ops = sim_ops(s);
	for (size_t k = 0; k < 3 && ops; k++) {
		size_t at = rnd(ops + 1);
		sim_states *it = sim_states_begin(s, at, rnd(1000) + 1, &limits);
		sim *state;
		while (sim_states_next(it, &state, text, sizeof text)) {
			again++;
			if (!good(state, cut, why, sizeof why)) {
				snprintf(both, sizeof both, "%s, then %zu of %zu, %s", label, at,
					 ops, text);
				report(name, cut, both, why);
			}
			sim_free(state);
		}
		sim_states_end(it);
	}
}

/* The program is killed, and sqlite-wasm opens the pool before the next mount. */
static void look_everywhere(const char *name, size_t start)
{
	char why[240];
	for (size_t cut = start; cut <= sim_ops(disk); cut++) {
		sim *state = sim_kill(disk, cut);
		sahpool_open(state);
		looks++;
		if (!good(state, cut, why, sizeof why))
			report(name, cut, "killed, and opened by sqlite-wasm", why);
		sim_free(state);
	}
}

static void cut_everywhere(const char *name, size_t start)
{
	char why[240], label[160];
	sim_limits few = {.all = 4, .random = 3, .tears = 1, .mixed = 2}, many = SIM_LIMITS;
	for (size_t cut = start; cut <= sim_ops(disk); cut++) {
		sim_states *it =
			sim_states_begin(disk, cut, rnd(1u << 30) + 1, more ? &many : &few);
		sim *state;
		while (sim_states_next(it, &state, label, sizeof label)) {
			if (!more && rnd(3)) {
				sim_free(state);
				continue;
			}
			states++;
			if (!good(state, cut, why, sizeof why))
				report(name, cut, label, why);
			else if (rnd(more ? 20 : 10) == 0)
				cut_recovery(name, state, cut, label);
			sim_free(state);
		}
		sim_states_end(it);
	}
}

static bool run(const struct workload *w, int turn)
{
	char name[64];
	size_t before = states + again, failed = failures;
	snprintf(name, sizeof name, "%s%.0d", w->name, turn);
	uint64_t begin = seed;
	cache = turn % 2 ? 128 << 10 : 16 << 20; /* the small one evicts all the time */
	slots = !strcmp(w->name, "growth") ? 40 : 8;
	disk = sim_new();
	truth = model_new();
	must("mount", mount_disk(disk));
	model_begin(truth);
	size_t start = sim_ops(disk);
	model_end(truth, start, MODEL_ALL, NULL);
	w->run();
	must("unmount", vfs_unmount("/m"));
	if (verbose)
		sim_print(disk, 0, sim_ops(disk), stdout);
	cut_everywhere(name, start);
	look_everywhere(name, start);
	if (!vfs__broken_rule)
		printf("%s %s: %zu operations, %zu states (seed %llu)\n",
		       failures > failed ? "not ok" : "ok", name, sim_ops(disk),
		       states + again - before, (unsigned long long)begin);
	fflush(stdout);
	model_free(truth);
	sim_free(disk);
	return failures == failed;
}

int main(int argc, char **argv)
{
	int passed = 0, failed = 0, names_from = 1;
	for (; names_from < argc && argv[names_from][0] == '-'; names_from++) {
		more |= !strcmp(argv[names_from], "-l");
		verbose |= !strcmp(argv[names_from], "-v");
		if (!strcmp(argv[names_from], "-b"))
			vfs__broken_rule = atoi(argv[++names_from]);
		else if (!strcmp(argv[names_from], "-s"))
			seed = strtoull(argv[++names_from], NULL, 10);
	}
	must("root", vfs_mount(&vfs_mem, NULL, "/", 0));
	must("mkdir", vfs_mkdir("/m", 0755));
	for (const struct workload *w = workloads; w->name; w++) {
		bool wanted = names_from == argc;
		for (int i = names_from; i < argc; i++)
			wanted |= !strcmp(argv[i], w->name);
		for (int turn = 1; wanted && turn <= w->times && !(vfs__broken_rule && failures);
		     turn++)
			*(run(w, w->times > 1 ? turn : 0) ? &passed : &failed) += 1;
	}
	if (vfs__broken_rule) {
		printf("%s rule_%d_is_needed: %zu of %zu states are wrong without it\n",
		       failures ? "ok" : "not ok", vfs__broken_rule, failures,
		       states + again + looks);
		return !failures;
	}
	printf("%zu states, %zu of recoveries cut again, %zu that sqlite-wasm opened\n", states,
	       again, looks);
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
