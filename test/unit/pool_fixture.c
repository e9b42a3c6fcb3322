/* pool_fixture.c - see pool_fixture.h. */
#include "pool_fixture.h"
#include <opfs_directory.h>
#include <unistd.h>
#include <vfsfs/mem.h>

enum { LONGEST = 64 };

sim *disk;
vfs_opfs_pool_options at;
static char folder[] = "/tmp/vfsfs-pool-XXXXXX";
static vfs_opfs_port *port;

int ok_at(long long result, const char *call, int line)
{
	if (result < 0) {
		print_error("%s: %s\n", call, strerror((int)-result));
		_fail(__FILE__, line);
	}
	return (int)result;
}

void fails_at(long long wanted, long long result, const char *call, int line)
{
	if (result != wanted) {
		print_error("%s: %lld, not %lld (%s)\n", call, result, wanted,
			    strerror((int)-wanted));
		_fail(__FILE__, line);
	}
}

static int mount_on_port(void)
{
	static bool rooted;
	if (!rooted && (vfs_mount(&vfs_mem, NULL, "/", 0) || vfs_mkdir("/m", 0755)))
		return -1;
	rooted = true;
	at = (vfs_opfs_pool_options){
		.directory = "pool", .capacity = 8, .age = -1, .cache = 1 << 20, .port = port};
	return vfs_mount(&vfs_opfs_pool, &at, "/m", 0);
}

int setup_sim(void **state)
{
	(void)state;
	disk = sim_new();
	port = sim_port(disk);
	return mount_on_port();
}

int setup_directory(void **state)
{
	(void)state;
	disk = NULL;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	return !mkdtemp(folder) || vfs_opfs_directory_new(folder, &port) ? -1 : mount_on_port();
}

/* Fails where a test has left anything that holds the mount. */
int teardown(void **state)
{
	char command[80];
	(void)state;
	int err = vfs_unmount("/m");
	if (disk) {
		sim_free(disk);
	} else {
		vfs_opfs_directory_free(port);
		snprintf(command, sizeof command, "rm -r %s", folder);
		err |= system(command);
	}
	return err ? -1 : 0;
}

int open_rw(const char *path)
{
	return ok(vfs_open(path, O_CREAT | O_RDWR, 0644));
}

void fill(int fd, char letter, size_t len, off_t pos)
{
	char *bytes = malloc(len);
	assert_non_null(bytes);
	memset(bytes, letter, len);
	assert_int_equal(vfs_pwrite(fd, bytes, len, pos), len);
	free(bytes);
}

const char *letters(int fd)
{
	static char text[LONGEST + 1];
	char page[4096];
	ssize_t n;
	int k = 0;
	for (; (n = ok(vfs_pread(fd, page, sizeof page, 4096 * (off_t)k))) > 0; k++) {
		assert_in_range(k, 0, LONGEST - 1);
		text[k] = page[0] ? page[0] : '.';
		for (ssize_t i = 0; i < n; i++)
			if (page[i] != page[0])
				text[k] = '!';
	}
	text[k] = 0;
	return text;
}

vfs_opfs_counters counters(void)
{
	vfs_opfs_counters c;
	ok(vfs_opfs_get_counters("/m", &c));
	return c;
}

void remount(void)
{
	ok(vfs_unmount("/m"));
	ok(vfs_mount(&vfs_opfs_pool, &at, "/m", 0));
}

sim *kill_now(void)
{
	return sim_kill(disk, sim_ops(disk));
}

void mount_instead(sim *s)
{
	ok(vfs_unmount("/m"));
	sim_free(disk);
	disk = s;
	port = at.port = sim_port(disk);
	ok(vfs_mount(&vfs_opfs_pool, &at, "/m", 0));
}
