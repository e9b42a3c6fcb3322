/*
 * fixture.c - scratch directories, and the assertions of fixture.h. Written in
 * the calls that it helps to test; vfs_posix.h maps those as in the tests.
 */
#include "fixture.h"

#ifndef FIXTURE_CAPS
#define FIXTURE_CAPS (~0u) /* what the filesystem below the scratch directory keeps */
#endif

#ifndef VFS_POSIX /* one filesystem, that is there already */
static int backend_count(void)
{
	return 1;
}
static const char *backend_select(int i)
{
	(void)i;
	return NULL;
}
static unsigned backend_caps(void)
{
	return FIXTURE_CAPS;
}
static int backend_mount(const char *dir)
{
	(void)dir;
	return 0;
}
static int backend_unmount(const char *dir)
{
	(void)dir;
	return 0;
}
#endif

#ifdef __EMSCRIPTEN__ /* its libc has the call, but no function for it */
int __syscall_fallocate(int fd, int mode, off_t offset, off_t len);

int fallocate_here(int fd, int mode, off_t offset, off_t len)
{
	int result = __syscall_fallocate(fd, mode, offset, len);

	if (result >= 0)
		return result;
	errno = -result;
	return -1;
}
#endif

char scratch[PATH_MAX];
void *volatile const nowhere = NULL;

static char base[PATH_MAX - 64]; /* where scratch directories are made */
static unsigned made;
static int first_fd; /* what a test opens is not below */
static struct rlimit descriptors;

static void find_base(void)
{
	const char *dirs[] = {getenv("TMPDIR"), "/dev/shm", "/tmp"};
	struct stat st;

	for (size_t i = 0; i < COUNT(dirs); i++) {
		if (!dirs[i] || stat(dirs[i], &st) || !S_ISDIR(st.st_mode))
			continue;
		if (chdir(dirs[i]) == 0 && getcwd(base, sizeof base))
			return;
	}
	mkdir("/tmp", 01777);
	strcpy(base, "/tmp");
}

/* Removes all below the working directory. Holds no descriptor of a directory
 * while it is in one below: trees may be deeper than descriptors reach. */
static int empty_directory(void)
{
	char deeper[NAME_MAX + 1];

	do {
		DIR *d = opendir(".");

		deeper[0] = 0;
		if (!d)
			return -1;
		for (struct dirent *e; (e = readdir(d));) {
			if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
				continue;
			if (unlink(e->d_name) == 0 || rmdir(e->d_name) == 0)
				continue;
			strcpy(deeper, e->d_name);
			break;
		}
		closedir(d);
		if (deeper[0] && (chmod(deeper, 0777) || chdir(deeper) || empty_directory() ||
				  chdir("..") || rmdir(deeper)))
			return -1;
	} while (deeper[0]);
	return 0;
}

int fresh(void **state)
{
	(void)state;
	umask(022);
	do {
		snprintf(scratch, sizeof scratch, "%s/t%u-%u", strcmp(base, "/") ? base : "",
			 (unsigned)getpid(), made++);
	} while (mkdir(scratch, 0755) && errno == EEXIST);
	if (backend_mount(scratch) || chdir(scratch) || chmod(".", 0755)) {
		print_error("no scratch directory at %s: %s\n", scratch, strerror(errno));
		return -1;
	}
	first_fd = open(".", O_RDONLY);
	if (first_fd < 0)
		return -1;
	close(first_fd);
	getrlimit(RLIMIT_NOFILE, &descriptors);
	return 0;
}

int cleanup(void **state)
{
	int result = 0;

	(void)state;
#if HAVE_SETEUID
	if (geteuid() != getuid())
		result |= seteuid(getuid()) | setegid(getgid());
#endif
	umask(022);
	for (int fd = first_fd; fd < first_fd + 64; fd++)
		close(fd); /* of a test that failed */
	setrlimit(RLIMIT_NOFILE, &descriptors);
	if (chmod(scratch, 0777) || chdir(scratch) || empty_directory() || chdir("/")) {
		print_error("cannot empty %s: %s\n", scratch, strerror(errno));
		result = -1;
	}
	if (backend_unmount(scratch)) {
		print_error("cannot unmount %s: %s\n", scratch, strerror(errno));
		return -1; /* the next test has another */
	}
	if (rmdir(scratch)) {
		print_error("cannot remove %s: %s\n", scratch, strerror(errno));
		result = -1;
	}
	return result;
}

int run_file(const char *file, const struct CMUnitTest *tests, size_t n)
{
	const char *slash = strrchr(file, '/');
	int failed = 0;

	for (int i = 0; i < backend_count(); i++) {
		const char *backend = backend_select(i);
		char name[128];

		snprintf(name, sizeof name, "%s%s%s", slash ? slash + 1 : file,
			 backend ? " on " : "", backend ? backend : "");
		find_base();
		failed += _cmocka_run_group_tests(name, tests, n, NULL, NULL);
	}
	return failed != 0;
}

long long ok_at(long long result, const char *call, const char *file, int line)
{
	if (result == -1) {
		print_error("%s: %s\n", call, strerror(errno));
		_fail(file, line);
	}
	return result;
}

void fails_at(int error, long long result, const char *call, const char *file, int line)
{
	int got = errno;

	if (result != -1) {
		print_error("%s: gave %lld, not \"%s\"\n", call, result, strerror(error));
		_fail(file, line);
	}
	if (got != error) {
		char wanted[80];

		snprintf(wanted, sizeof wanted, "%s", strerror(error));
		print_error("%s: \"%s\", not \"%s\"\n", call, strerror(got), wanted);
		_fail(file, line);
	}
}

void needs(unsigned caps)
{
	if ((backend_caps() & caps) != caps)
		skip();
}

void needs_root(void)
{
	if (geteuid() != 0)
		skip();
}

void needs_users(void)
{
	needs(VFS_CAP_MODES);
	needs_root();
	if (!HAVE_SETEUID)
		skip();
}

void become(uid_t uid, gid_t gid)
{
#if HAVE_SETEUID
	if (geteuid() != 0)
		ok(seteuid(0));
	ok(setgroups(0, NULL));
	ok(setegid(gid));
	if (uid)
		ok(seteuid(uid));
#else
	(void)uid, (void)gid;
#endif
}

void make(const char *path, const char *text)
{
	int fd = open_new(path);

	assert_int_equal(ok(write(fd, text, strlen(text))), strlen(text));
	ok(close(fd));
}

int open_new(const char *path)
{
	return ok(open(path, O_RDWR | O_CREAT | O_TRUNC, 0644));
}

int open_with(const char *path, const char *text, int flags)
{
	make(path, text);
	return ok(open(path, flags));
}

void assert_fd_text(int fd, const char *text)
{
	char buf[1024] = {0};
	size_t len = strlen(text);

	assert_true(len < sizeof buf);
	assert_int_equal(ok(pread(fd, buf, sizeof buf, 0)), len);
	assert_memory_equal(buf, text, len + 1);
}

void assert_text(const char *path, const char *text)
{
	int fd = ok(open(path, O_RDONLY));

	assert_fd_text(fd, text);
	ok(close(fd));
}

bool exists(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return true;
	assert_int_equal(errno, ENOENT);
	return false;
}

struct stat stat_of(const char *path)
{
	struct stat st;

	ok(lstat(path, &st));
	return st;
}

struct stat fstat_of(int fd)
{
	struct stat st;

	ok(fstat(fd, &st));
	return st;
}

mode_t mode_of(const char *path)
{
	return stat_of(path).st_mode & 07777;
}

int entries(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
	ok(closedir(d));
	return n;
}

int unlink_all(void)
{
	DIR *d = opendir(".");
	int n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) {
			ok(unlink(e->d_name));
			n++;
		}
	ok(closedir(d));
	return n;
}

void tick(void)
{
	struct timespec t = {0, 12000000}; /* a tick of Linux's clock is at most 10 ms */

	nanosleep(&t, NULL);
}

struct timespec now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t;
}

int compare_times(struct timespec a, struct timespec b)
{
	if (a.tv_sec != b.tv_sec)
		return a.tv_sec < b.tv_sec ? -1 : 1;
	return a.tv_nsec < b.tv_nsec ? -1 : a.tv_nsec > b.tv_nsec;
}
