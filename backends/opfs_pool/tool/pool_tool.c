/*
 * vfsfs-pool: a pool that was copied out of a browser, on the host. Its options, and the
 * mount that all commands stand on.
 */
#define _GNU_SOURCE
#include "../../opfs_common/opfs_directory.h"
#include "overlay.h"
#include "tool.h"
#include <limits.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <vfsfs/mem.h>
#include <vfsfs/opfs_pool.h>
#include <vfsfs/vfsfs.h>

static const char usage[] =
	"usage: vfsfs-pool COMMAND POOL [ARGUMENT...]\n"
	"\n"
	"  list POOL [PATH...]            mode, owner, size, time and path of what it holds\n"
	"  check POOL                     ends with 0: sound, 1: damaged, with sentences\n"
	"  tar POOL >ARCHIVE              all of it as a tar archive\n"
	"  extract POOL [PATH...] -C DIR  the files themselves, by the host's tar\n"
	"  copy POOL DIR                  a pool in a directory of its own\n"
	"  repair POOL                    recovers it, sets damage aside in /.lost+found, and\n"
	"                                 closes it cleanly, so that SQLite may open it\n"
	"  import POOL [ARCHIVE] [-C PATH]  the files of a tar archive (- or none: stdin), into\n"
	"                                 a directory of the pool, which is made where it is "
	"missing\n"
	"\n"
	"POOL is a directory with .opaque and journal.0 and journal.1 in it, as scripts see it in\n"
	"OPFS; without journals, one of SQLite's opfs-sahpool. Only repair and import change it.\n"
	"To get one out of a browser: Module.vfs.exportTar in the page, which needs no tool.\n"
	"The exit status is 2 where something could not be done.\n";

int trouble(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fputs("vfsfs-pool: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	return TROUBLE;
}

/* ---- The mount ---- */

unsigned reports;

static void report(void *context, const char *sentence)
{
	reports++;
	if (*(const bool *)context)
		printf("damaged: %s\n", sentence);
}

static int make_root(void)
{
	static bool made;
	int err = made ? 0 : vfs_mount(&vfs_mem, NULL, "/", 0);
	if (!err && !made)
		err = vfs_mkdir("/pool", 0700);
	vfs_credential c;
	vfs_get_credential(&c); /* no file's mode hides it from this program */
	c.capabilities |= VFS_CAP_DAC_OVERRIDE;
	made = true;
	return err ? err : vfs_set_credential(&c);
}

int mount_pool(vfs_opfs_port *port, bool tell)
{
	static bool telling;
	vfs_opfs_pool_options o = {.directory = "",
				   .port = port,
				   .age = -1,
				   .report = report,
				   .report_context = &telling};
	int err = make_root();
	telling = tell;
	reports = 0;
	if (!err)
		err = vfs_mount(&vfs_opfs_pool, &o, "/pool", 0);
	vfs_umask(0);
	return err ? trouble("the pool cannot be mounted: %s", vfs_opfs_message()) : SOUND;
}

int unmount_pool(void)
{
	int err = vfs_unmount("/pool");
	return err ? trouble("the pool cannot be closed: %s", strerror(-err)) : SOUND;
}

/* ---- Commands ---- */

typedef struct arguments {
	const char *pool;
	char **rest; /* NULL at the end */
	const char *directory;
} arguments;

/* On a copy in memory: the pool stays as it is. */
static int with_overlay(const char *command, const arguments *a)
{
	vfs_opfs_port *port;
	if (overlay_new(&port))
		return trouble("%s", strerror(ENOMEM));
	int status = find_pool(a->pool, port);
	if (!status && !strcmp(command, "check")) {
		status = check_pool(port);
	} else if (!status && !strcmp(command, "copy")) {
		status = copy_pool(port, a->rest[0]);
	} else if (!status && !(status = mount_pool(port, false))) {
		if (reports)
			trouble("%u things are damaged: see check", reports);
		if (!strcmp(command, "list"))
			status = list_pool(port, a->rest);
		else if (!strcmp(command, "tar"))
			status = tar_pool();
		else
			status = extract_pool(a->directory, a->rest);
		int last = unmount_pool();
		status = status ? status : last;
	}
	overlay_free(port);
	return status;
}

/* Does nothing to what is no pool; `make`: or makes one. */
static int writable(const char *where, bool make, vfs_opfs_port **port)
{
	vfs_opfs_port *overlay;
	struct stat st;
	int err;
	if (!make || !stat(where, &st)) {
		err = overlay_new(&overlay);
		if (err)
			return trouble("%s", strerror(-err));
		int status = find_pool(where, overlay);
		overlay_free(overlay);
		if (status)
			return status;
		char slots[PATH_MAX];
		snprintf(slots, sizeof slots, "%s/.opaque", where);
		if (stat(slots, &st))
			return trouble(
				"%s is in a browser's profile: copy it out first (vfsfs-pool copy)",
				where);
	}
	err = vfs_opfs_directory_new(where, port);
	return err ? trouble("%s: %s", where, strerror(-err)) : SOUND;
}

static int repair(const char *command, const arguments *a)
{
	vfs_opfs_port *port = NULL;
	int status = writable(a->pool, false, &port);
	(void)command;
	if (status)
		return status;
	status = mount_pool(port, true);
	unsigned found = reports;
	if (!status)
		status = unmount_pool();
	if (!status) { /* is it well now? */
		status = mount_pool(port, true);
		if (!status)
			status = unmount_pool();
		if (!status && reports)
			status = DAMAGED;
	}
	vfs_opfs_directory_free(port);
	if (!status)
		printf(found ? "repaired; what was set aside is in /.lost+found\n"
			     : "nothing was damaged; it is closed cleanly\n");
	return status;
}

static int import(const char *command, const arguments *a)
{
	vfs_opfs_port *port = NULL;
	(void)command;
	int status = writable(a->pool, true, &port);
	if (status)
		return status;
	status = mount_pool(port, true);
	if (!status) {
		status = import_archive(a->rest[0] ? a->rest[0] : "-", a->directory);
		int last = unmount_pool();
		status = status ? status : last;
	}
	vfs_opfs_directory_free(port);
	return status;
}

static const struct command {
	const char *name;
	int (*run)(const char *command, const arguments *a);
	unsigned least, most; /* arguments behind the pool */
	bool may, must;       /* -C */
} commands[] = {
	{"list", with_overlay, 0, ~0u, false, false}, {"check", with_overlay, 0, 0, false, false},
	{"tar", with_overlay, 0, 0, false, false},    {"extract", with_overlay, 0, ~0u, true, true},
	{"copy", with_overlay, 1, 1, false, false},   {"repair", repair, 0, 0, false, false},
	{"import", import, 0, 1, true, false}};

int main(int argc, char **argv)
{
	arguments a = {.rest = argv};
	const char *command = argc > 1 ? argv[1] : "";
	unsigned n = 0;
	if (!strcmp(command, "--help") || !strcmp(command, "help")) {
		fputs(usage, stdout);
		return 0;
	}
	for (int k = 2; k < argc; k++) /* -C may stand anywhere */
		if (!strcmp(argv[k], "-C") && k + 1 < argc)
			a.directory = argv[++k];
		else if (!a.pool)
			a.pool = argv[k];
		else
			argv[n++] = argv[k];
	argv[n] = NULL;
	struct rlimit limit; /* a pool's files are all open */
	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	for (size_t k = 0; k < sizeof commands / sizeof *commands && a.pool; k++) {
		const struct command *c = &commands[k];
		if (!strcmp(command, c->name) && n >= c->least && n <= c->most &&
		    (a.directory ? c->may : !c->must))
			return c->run(command, &a);
	}
	fputs(usage, stderr);
	return TROUBLE;
}
