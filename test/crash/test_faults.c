/*
 * Every failed call: workloads run while the nth call of the port fails, for every
 * n. An operation may fail with the error and must then have done nothing; what
 * follows must work; in the end all is there, in memory and after a remount.
 *
 *   faults [-l] [-v] [WORKLOAD...]
 *
 * Prints a line a workload, and the sums.
 */
#include "workload.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vfsfs/mem.h>
#include <vfsfs/vfsfs.h>

static const struct fault {
	const char *name;
	int error;
	unsigned how;
} faults[] = {{"EIO once", -EIO, SIM_ONCE},
	      {"EIO of changes", -EIO, SIM_ONCE | SIM_CHANGES},
	      {"ENOSPC once", -ENOSPC, SIM_ONCE},
	      {"a short write", -ENOSPC, SIM_ONCE | SIM_CHANGES | SIM_SHORT},
	      {"ENOSPC from then on", -ENOSPC, SIM_ALWAYS},
	      {"EIO of changes from then on", -EIO, SIM_ALWAYS | SIM_CHANGES}};

int vfs__broken_rule;

static bool complain(const char *name, const struct fault *f, size_t n, const char *what,
		     const char *why)
{
	printf("not ok %s, %s, call %zu, %s: %s\n", name, f->name, n, what, why);
	return false;
}

/* What is there when the faults have ended, in memory and on the disk. */
static bool sound(const char *name, const struct fault *f, size_t n)
{
	char why[240];
	if (!model_check(truth, SIZE_MAX, "/m", why, sizeof why))
		return complain(name, f, n, "in memory", why);
	vfs_sync(); /* may report a failed write-back, once */
	model_begin(truth);
	int err = vfs_sync();
	if (err)
		return complain(name, f, n, "sync", strerror(-err));
	model_end(truth, sim_ops(disk), MODEL_ALL, NULL);
	sim *killed = sim_kill(disk, sim_ops(disk));
	for (int k = 0; k < 3; k++) {
		err = vfs_unmount("/m");
		if (err)
			return complain(name, f, n, "unmount", strerror(-err));
		err = mount_disk(k == 1 ? killed : disk);
		if (err)
			return complain(name, f, n, k == 1 ? "after a kill" : "remount",
					strerror(-err));
		if (!model_check(truth, SIZE_MAX, "/m", why, sizeof why))
			return complain(name, f, n, k == 1 ? "after a kill" : "remounted", why);
	}
	must("unmount", vfs_unmount("/m"));
	sim_free(killed);
	return true;
}

/* False: a promise is broken. *reached: a call has failed. */
static bool run(const struct workload *w, const char *name, const struct fault *f, size_t n,
		bool *reached)
{
	disk = sim_new();
	truth = model_new();
	must("mount", mount_disk(disk));
	model_begin(truth);
	model_end(truth, sim_ops(disk), MODEL_ALL, NULL);
	faulty = true;
	sim_fail(disk, n, f->error, f->how);
	w->run();
	*reached = sim_calls(disk).faults != 0;
	sim_fail(disk, 0, 0, 0);
	faulty = false;
	bool good = sound(name, f, n);
	model_free(truth);
	sim_free(disk);
	return good;
}

int main(int argc, char **argv)
{
	int passed = 0, failed = 0, names_from = 1;
	size_t runs = 0;
	bool more = false;
	for (; names_from < argc && argv[names_from][0] == '-'; names_from++) {
		verbose |= !strcmp(argv[names_from], "-v");
		more |= !strcmp(argv[names_from], "-l");
	}
	must("root", vfs_mount(&vfs_mem, NULL, "/", 0));
	must("mkdir", vfs_mkdir("/m", 0755));
	for (const struct workload *w = workloads; w->name; w++) {
		bool wanted = names_from == argc;
		for (int i = names_from; i < argc; i++)
			wanted |= !strcmp(argv[i], w->name);
		for (int turn = 1; wanted && turn <= (more           ? w->times
						      : w->times > 2 ? 2
								     : w->times);
		     turn++) {
			char name[64];
			bool good = true, reached = true;
			uint64_t begin = seed + (uint64_t)turn * 77;
			snprintf(name, sizeof name, "%s%d", w->name, turn);
			cache = turn % 2 ? 128 << 10 : 16 << 20;
			slots = !strcmp(w->name, "growth") ? 40 : 8;
			for (size_t k = 0; k < sizeof faults / sizeof *faults && good; k++)
				for (size_t n = 1; good && (n == 1 || reached); n++, runs++) {
					seed = begin;
					good = run(w, name, &faults[k], n, &reached);
				}
			printf("%s %s\n", good ? "ok" : "not ok", name);
			fflush(stdout);
			*(good ? &passed : &failed) += 1;
			if (!good) { /* what is mounted stays */
				printf("%d passed, %d failed\n", passed, failed);
				return 1;
			}
		}
	}
	printf("%zu runs with a failed call\n%d passed, %d failed\n", runs, passed, failed);
	return failed != 0;
}
