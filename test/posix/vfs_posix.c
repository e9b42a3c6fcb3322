/*
 * vfs_posix.c - what vfs_posix.h's macros cannot say: variable arguments, DIR
 * over vfs_getdents, the credential, and the choice of a backend. Compiled as
 * the tests are, with vfs_posix.h included first.
 */
#include "backends.h"
#include <opfs_directory.h>
#include <vfsfs/dev.h>

#undef fcntl
#undef ioctl

static const struct backend *backend = backends;

long long posix_result(long long result)
{
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

/* ---- Backends ---- */

int backend_count(void)
{
	return COUNT(backends);
}

/* The root is in memory whatever is tested; that is mounted below it. */
const char *backend_select(int i)
{
	static bool started;
	int err = 0;

	if (!started) {
		err = vfs_mount(&vfs_mem, NULL, "/", 0);
		if (!err)
			err = vfs_mkdir("/tmp", 01777);
		if (!err)
			err = vfs_mkdir("/dev", 0755);
		if (!err)
			err = vfs_mount(&vfs_dev, NULL, "/dev", 0);
		if (err) {
			print_error("no root filesystem: %s\n", strerror(-err));
			exit(1);
		}
		started = true;
	}
	backend = &backends[i];
	return backend->name;
}

unsigned backend_caps(void)
{
	return backend->type->caps;
}

/* A pool in a directory of the host, removed at the end. */
static char pool_directory[] = "/dev/shm/vfsfs-pool-XXXXXX";

static void remove_pool(void)
{
	char command[64];
	snprintf(command, sizeof command, "rm -rf %s", pool_directory);
	if (system(command))
		print_error("%s is left\n", pool_directory);
}

static const void *pool_options(void)
{
	static vfs_opfs_pool_options options = {.capacity = 1200, .limit = 1200};
	if (!options.port) {
		if (!mkdtemp(pool_directory) ||
		    vfs_opfs_directory_new(pool_directory, &options.port)) {
			print_error("no directory for a pool\n");
			exit(1);
		}
		atexit(remove_pool);
	}
	return &options;
}

int backend_mount(const char *dir)
{
	const void *options = backend->options ? backend->options() : NULL;
	return posix_int(vfs_mount(backend->type, options, dir, 0));
}

int backend_unmount(const char *dir)
{
	return posix_int(vfs_unmount(dir));
}

/* ---- Calls with variable arguments or another form of result ---- */

int posix_open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	return posix_int(vfs_open(path, flags, mode));
}

int posix_openat(int dirfd, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	return posix_int(vfs_openat(dirfd, path, flags, mode));
}

int posix_fcntl(int fd, int cmd, ...)
{
	va_list args;
	intptr_t arg = 0;

	va_start(args, cmd);
	switch (cmd) {
	case F_GETFD:
	case F_GETFL:
	case F_GETOWN:
		break;
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
		arg = (intptr_t)va_arg(args, struct flock *);
		break;
	default:
		arg = va_arg(args, int);
	}
	va_end(args);
	return posix_int(vfs_fcntl(fd, cmd, arg));
}

int posix_ioctl(int fd, unsigned long request, void *arg)
{
	return posix_int(vfs_ioctl(fd, request, arg));
}

int posix_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	return posix_int(vfs_poll(fds, n, timeout));
}

void *posix_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t pos)
{
	void *out = MAP_FAILED;
	int err = vfs_mmap(addr, len, prot, flags, fd, pos, &out);

	return posix_result(err) == 0 ? out : MAP_FAILED;
}

char *posix_getcwd(char *buf, size_t size)
{
	if (buf && !size) { /* libc's own check */
		errno = EINVAL;
		return NULL;
	}
	return posix_result(vfs_getcwd(buf, size)) < 0 ? NULL : buf;
}

/* ---- Directory streams ---- */

struct directory {
	int fd;
	int at, end; /* in bytes */
	off_t pos;   /* of the record to come */
	union {
		struct dirent align;
		char bytes[2048];
	} buf;
};

static struct directory *directory_of(DIR *dir)
{
	return (struct directory *)(void *)dir;
}

DIR *posix_fdopendir(int fd)
{
	struct stat st;
	struct directory *d;

	if (fstat(fd, &st))
		return NULL;
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return NULL;
	}
	d = calloc(1, sizeof *d);
	if (d) {
		d->fd = fd;
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	return (DIR *)(void *)d;
}

DIR *posix_opendir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir;

	if (fd < 0)
		return NULL;
	dir = posix_fdopendir(fd);
	if (!dir)
		close(fd);
	return dir;
}

struct dirent *posix_readdir(DIR *dir)
{
	struct directory *d = directory_of(dir);
	struct dirent *e;

	if (d->at == d->end) {
		ssize_t got = vfs_getdents(d->fd, d->buf.bytes, sizeof d->buf);

		if (got <= 0) {
			if (got < 0 && got != -ENOENT)
				posix_result(got);
			return NULL;
		}
		d->at = 0;
		d->end = (int)got;
	}
	e = (struct dirent *)(void *)(d->buf.bytes + d->at);
	d->at += e->d_reclen;
	d->pos = e->d_off;
	return e;
}

int posix_closedir(DIR *dir)
{
	int result = close(directory_of(dir)->fd);

	free(dir);
	return result;
}

void posix_seekdir(DIR *dir, long pos)
{
	struct directory *d = directory_of(dir);

	d->pos = lseek(d->fd, pos, SEEK_SET);
	d->at = d->end = 0;
}

void posix_rewinddir(DIR *dir)
{
	posix_seekdir(dir, 0);
}

long posix_telldir(DIR *dir)
{
	return (long)directory_of(dir)->pos;
}

int posix_dirfd(DIR *dir)
{
	return directory_of(dir)->fd;
}

/* ---- The process ---- */

int posix_getrlimit(int resource, struct rlimit *limit)
{
	(void)resource; /* RLIMIT_NOFILE is the only one asked for */
	limit->rlim_cur = vfs_max_open_fds();
	limit->rlim_max = 1048576;
	return 0;
}

int posix_setrlimit(int resource, const struct rlimit *limit)
{
	(void)resource;
	return posix_int(vfs_set_max_open_fds((unsigned)limit->rlim_cur));
}

static vfs_credential credential(void)
{
	vfs_credential c;

	vfs_get_credential(&c);
	return c;
}

int posix_seteuid(uid_t uid)
{
	vfs_credential c = credential();

	c.euid = uid;
	return posix_int(vfs_set_credential(&c));
}

int posix_setegid(gid_t gid)
{
	vfs_credential c = credential();

	c.egid = gid;
	return posix_int(vfs_set_credential(&c));
}

int posix_setgroups(size_t n, const gid_t *groups)
{
	vfs_credential c = credential();

	c.ngroups = (unsigned)n;
	if (n)
		memcpy(c.groups, groups, n * sizeof *groups);
	return posix_int(vfs_set_credential(&c));
}

uid_t posix_getuid(void)
{
	return credential().uid;
}

uid_t posix_geteuid(void)
{
	return credential().euid;
}

gid_t posix_getgid(void)
{
	return credential().gid;
}

gid_t posix_getegid(void)
{
	return credential().egid;
}
