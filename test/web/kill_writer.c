/*
 * Writes into a pool until it is killed, and says outside of the browser what fsync
 * has confirmed; after the kill, on the same profile, checks what is there (kill.mjs).
 *
 *   kill write SEED CACHE [claim]      never ends
 *   kill check SEED CONFIRMED [leave|say]
 *                                      leave: without unmounting; say: tells when
 *                                      mounting begins and ends
 *   kill prove SEED CONFIRMED          the check sees damage of each kind
 *
 * CACHE: bytes; a small one makes data go to the files before any fsync. claim: no
 * fsync is called after the beginning, but confirmed all the same. kill.js prepares the pool, and knows
 * further arguments.
 */
#include "kill_ops.h"
#include <dirent.h>
#include <emscripten.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vfsfs/opfs_pool.h>
#include <vfsfs/vfsfs.h>

static uint32_t seed;
static bool claim;
static int log_fd, data_fd;
static uint32_t unsynced[3]; /* bytes of log, data and the newest spool: at least these */

_Noreturn static void die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(2);
}

static void must(const char *what, bool good)
{
	if (!good)
		die(what);
}

/* Outside before this returns: the harness takes a line of standard output so. */
/* clang-format off */
EM_JS(void, say, (const char *text), {
	var request = new XMLHttpRequest();
	request.open("POST", "/vfsfs-report", false);
	request.send(JSON.stringify([["out", UTF8ToString(text)]]));
})
EM_JS_DEPS(say, "$UTF8ToString");
/* clang-format on */

static bool nothing_told = true; /* what is not synced was last said to be nothing */

static void tell(const char *what, uint32_t index)
{
	uint32_t bytes = unsynced[0] + unsynced[1] + unsynced[2];
	char text[64];
	snprintf(text, sizeof text, "%s %u %u", what, index, bytes);
	say(text);
	nothing_told = !bytes;
}

static void put(int fd, const op *o, off_t pos)
{
	static unsigned char bytes[OPS_LONGEST];
	ops_bytes(seed, o->index, 0, bytes, o->len);
	ssize_t n = pos < 0 ? write(fd, bytes, o->len) : pwrite(fd, bytes, o->len, pos);
	if (n >= 0 && n != (ssize_t)o->len)
		errno = EIO;
	must("write", n == (ssize_t)o->len);
}

/* Opens, writes what the operation says, and closes. */
static void put_file(const char *name, int flags, const op *o)
{
	int fd = open(name, flags | O_WRONLY, 0666);
	must(name, fd >= 0);
	put(fd, o, -1);
	must("close", !close(fd));
}

static void sync_file(const char *name)
{
	int fd = open(name, O_RDONLY);
	must(name, fd >= 0);
	must("fsync", !fsync(fd));
	must("close", !close(fd));
}

static const char *spool(uint32_t number)
{
	static char name[32];
	snprintf(name, sizeof name, "spool.%u", number);
	return name;
}

static void sync_what(const op *o)
{
	tell("sync", o->index);
	if (!claim || !o->index) {
		switch (o->kind) {
		case TMP_SYNC:
			sync_file(ops_tmp[o->what]);
			break;
		case SYNC_LOG:
			must("fsync", !fsync(log_fd));
			break;
		case SYNC_DATA:
			must("fsync", !fsync(data_fd));
			break;
		case SYNC_SPOOL:
			sync_file(spool(o->what));
			break;
		case SYNC_NAMES:
			sync_file(".");
			break;
		default:
			errno = -vfs_sync();
			must("sync", !errno);
		}
	}
	if (o->kind == SYNC_LOG || o->kind == SYNC_ALL)
		unsynced[0] = 0;
	if (o->kind == SYNC_DATA || o->kind == SYNC_ALL)
		unsynced[1] = 0;
	if (o->kind == SYNC_SPOOL || o->kind == SYNC_ALL)
		unsynced[2] = 0;
	tell("confirmed", o->index);
}

static void perform(const op *o)
{
	switch (o->kind) {
	case LOG_APPEND:
		put(log_fd, o, -1);
		unsynced[0] += o->len;
		break;
	case PAGE_WRITE:
		put(data_fd, o, (off_t)o->what * OPS_PAGE);
		unsynced[1] += o->len;
		break;
	case SPOOL_MAKE:
	case SPOOL_APPEND:
		put_file(spool(o->what), o->kind == SPOOL_MAKE ? O_CREAT | O_EXCL : O_APPEND, o);
		unsynced[2] = o->kind == SPOOL_MAKE ? 0 : unsynced[2] + o->len;
		break;
	case SPOOL_REMOVE:
		must("unlink", !unlink(spool(o->what)));
		unsynced[2] = 0;
		break;
	case TMP_WRITE:
		put_file(ops_tmp[o->what], O_CREAT | O_EXCL, o);
		break;
	case TMP_RENAME:
		must("rename", !rename(ops_tmp[o->what], ops_replaced[o->what]));
		break;
	default:
		sync_what(o);
	}
}

/* Operation 0: what an earlier round has left goes, and all files are there. */
static void begin(void)
{
	DIR *d = opendir(".");
	must("opendir", d);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (e->d_name[0] != '.')
			must("unlink", !unlink(e->d_name));
	closedir(d);
	log_fd = open("log", O_CREAT | O_EXCL | O_WRONLY | O_APPEND, 0666);
	data_fd = open("data", O_CREAT | O_EXCL | O_WRONLY, 0666);
	must("open", log_fd >= 0 && data_fd >= 0);
	op o = {.len = OPS_PAGE};
	for (uint32_t page = 0; page < OPS_PAGES; page++)
		put(data_fd, &o, (off_t)page * OPS_PAGE);
	o.len = OPS_FIRST;
	for (int k = 0; k < 2; k++)
		put_file(ops_replaced[k], O_CREAT | O_EXCL, &o);
	sync_what(&(op){.kind = SYNC_ALL});
}

static void write_forever(void)
{
	ops s;
	begin();
	ops_begin(&s, seed);
	for (;;) {
		op o = ops_next(&s);
		perform(&o);
		if (nothing_told && (unsynced[0] || unsynced[1] || unsynced[2]))
			tell("writing", o.index);
	}
}

static void mount_pool(const char *bytes, bool tells)
{
	vfs_opfs_pool_options o = {.directory = "/kill", .cache = (size_t)atoi(bytes)};
	must("mkdir", !mkdir("/pool", 0777));
	if (tells)
		tell("mounting", 0);
	int err = vfs_mount(&vfs_opfs_pool, &o, "/pool", 0);
	if (err) {
		printf("mount: %s, %s\n", strerror(-err), vfs_opfs_message());
		exit(2);
	}
	if (tells)
		tell("mounted", 0);
	must("chdir", !chdir("/pool"));
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "", *last = argc > 4 ? argv[4] : "";
	uint32_t number = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
	if (argc < 4)
		return 2;
	seed = (uint32_t)strtoul(argv[2], NULL, 10);
	claim = !strcmp(last, "claim");
	mount_pool(!strcmp(how, "write") ? argv[3] : "0", !strcmp(last, "say"));
	if (!strcmp(how, "write"))
		write_forever();
	bool good =
		!strcmp(how, "prove") ? kill_prove(seed, number) : kill_check(seed, number, false);
	must("chdir", !chdir("/"));
	int err = strcmp(last, "leave") ? vfs_unmount("/pool") : 0;
	if (err)
		printf("unmount: %s\n", strerror(-err));
	return err || !good;
}
