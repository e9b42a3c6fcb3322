/*
 * test_nomem.c - memory runs out. A script makes every call of vfsfs.h; it is
 * run again and again, each time with one more allocation failing than the
 * time before: the nth of all that the calls make. The call in which it fails
 * must answer -ENOMEM (or do its work without), must leave everything as it
 * was, and must succeed when it is made again.
 *
 * Each run is a process of its own, so that the library begins with nothing;
 * the dumps that are compared are made by a process forked off for it, so that
 * looking changes nothing. Linked with
 * -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc,
 * --wrap=posix_memalign,--wrap=strdup,--wrap=strndup.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dump.h"
#include <vfsfs/dev.h>
#include <vfsfs/device.h>
#include <vfsfs/mem.h>
#include <vfsfs/vfsfs.h>

/* ---- The allocators ---- */

static bool armed;         /* a call of the script is under way */
static unsigned countdown; /* to the failure; 0: none */
static size_t threshold;   /* smaller allocations do not count */
static bool failed;        /* it has come */
static bool exhausted;     /* every allocation fails */

enum { STEPS = 4096 };
static struct {
	unsigned allocations, step_of[STEPS]; /* in which step each was made */
	char dump[1 << 20];
} * shared;
static unsigned step;

static bool fail_now(size_t size)
{
	if (exhausted)
		return true;
	if (!armed || size < threshold)
		return false;
	if (shared->allocations < STEPS)
		shared->step_of[shared->allocations++] = step;
	if (!countdown || --countdown)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **out, size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

void *__wrap_malloc(size_t size)
{
	return fail_now(size) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fail_now(n * size) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fail_now(size) ? NULL : __real_realloc(p, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return fail_now(size) ? NULL : __real_aligned_alloc(alignment, size);
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t size)
{
	return fail_now(size) ? ENOMEM : __real_posix_memalign(out, alignment, size);
}

char *__wrap_strdup(const char *s)
{
	return __wrap_strndup(s, strlen(s));
}

char *__wrap_strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = __wrap_malloc(len + 1);

	if (copy) {
		memcpy(copy, s, len);
		copy[len] = 0;
	}
	return copy;
}

/* ---- Steps ---- */

static unsigned nth;     /* of all allocations, fails in this run; 0: none */
static unsigned dump_at; /* the step in which it will */
static char *before, *after;

_Noreturn static void wrong(const char *call, const char *what, long long result)
{
	printf("allocation %u failing, in step %u, %s: %s (%lld: %s)\n", nth, step, call, what,
	       result, result < 0 ? strerror((int)-result) : "");
	fflush(stdout);
	_exit(2);
}

/* A dump, made by a process of its own. */
static char *look(bool exact)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		dump_tree("/", shared->dump, sizeof shared->dump, exact);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (status)
		wrong("look", "cannot dump", status);
	return strdup(shared->dump);
}

/* What a call may answer when memory is short. */
enum { PLAIN, SHORT_COUNT };

static void begin(void)
{
	step++;
	if (nth && step == dump_at) {
		struct stat st;

		vfs_stat("/", &st); /* the times of what came before are given now */
		before = look(true);
		failed = false;
	}
	armed = true;
}

/* True where the call is to be made again. */
static bool again(const char *call, long long result, int kind)
{
	armed = false;
	if (!failed)
		return false;
	failed = false;
	if (result >= 0 && kind == PLAIN)
		return false; /* it could do without */
	if (result >= 0)
		return true; /* a part was written: what was is no more */
	if (result != -ENOMEM)
		wrong(call, "not -ENOMEM", result);
	after = look(true);
	if (strcmp(before, after)) {
		print_difference(before, after);
		wrong(call, "has changed something", result);
	}
	return true;
}

/* `wanted` negative: anything that is no error. */
#define STEP_(kind, wanted, call)                                              \
	do {                                                                   \
		long long result_;                                             \
		begin();                                                       \
		result_ = (call);                                              \
		if (again(#call, result_, kind))                               \
			result_ = (call);                                      \
		if (result_ < 0 || ((wanted) >= 0 && result_ != (wanted)))     \
			wrong(#call, "does not answer as it should", result_); \
	} while (0)
#define STEP(wanted, call) STEP_(PLAIN, wanted, call)
#define ANY                (-1)

enum { PAGE = 65536 };
static char big[5 * PAGE], got[5 * PAGE];

static void names(void)
{
	STEP(0, vfs_mkdir("/t/d", 0755));
	STEP(0, vfs_mkdir("/t/d/e", 0755));
	int dir = vfs_open("/t/d", O_RDONLY | O_DIRECTORY, 0);
	STEP(0, vfs_mkdirat(dir, "f", 0755));
	STEP(0, vfs_mknod("/t/d/reg", S_IFREG | 0644, 0));
	STEP(0, vfs_mknod("/t/d/chr", S_IFCHR | 0644, vfs_makedev(99, 1)));
	STEP(0, vfs_mknodat(dir, "reg2", S_IFREG | 0600, 0));
	STEP(0, vfs_symlink("d/e/some/where", "/t/sym"));
	STEP(0, vfs_symlinkat("reg", dir, "sym"));
	STEP(0, vfs_link("/t/d/reg", "/t/d/hard"));
	STEP(0, vfs_linkat(dir, "sym", dir, "hard2", AT_SYMLINK_FOLLOW));
	STEP(0, vfs_rename("/t/d/hard", "/t/d/a-much-longer-name-than-before"));
	STEP(0, vfs_rename("/t/d/f", "/t/f"));
	STEP(0, vfs_rename("/t/f", "/t/d/e"));
	STEP(0, vfs_renameat(dir, "reg2", dir, "hard2", 0));
	STEP(0, vfs_renameat(dir, "hard2", dir, "hard3", 1));
	STEP(3, vfs_readlink("/t/d/sym", got, sizeof got));
	STEP(3, vfs_readlinkat(dir, "sym", got, sizeof got));
	STEP(ANY, vfs_getdents(dir, got, 4096));
	STEP(0, vfs_unlink("/t/d/hard3"));
	STEP(0, vfs_unlinkat(dir, "e", AT_REMOVEDIR));
	STEP(0, vfs_mkdir("/t/gone", 0755));
	STEP(0, vfs_rmdir("/t/gone"));
	STEP(0, vfs_chdir("/t/d"));
	STEP(0, vfs_fchdir(dir));
	STEP(5, vfs_getcwd(got, sizeof got));
	STEP(0, vfs_chdir("/"));
	STEP(0, vfs_close(dir));
}

static void attributes(void)
{
	struct stat st;
	struct statfs fs;
	struct timespec times[2] = {{1, 2}, {3, 4}};
	vfs_credential cred;
	int fd = vfs_open("/t/d/reg", O_RDWR, 0), root = vfs_open("/t", O_RDONLY, 0);

	STEP(0, vfs_stat("/t/d/reg", &st));
	STEP(0, vfs_lstat("/t/sym", &st));
	STEP(0, vfs_fstat(fd, &st));
	STEP(0, vfs_fstatat(root, "d/reg", &st, 0));
	STEP(0, vfs_access("/t/d/reg", R_OK));
	STEP(0, vfs_faccessat(root, "d", X_OK, AT_EACCESS));
	STEP(0, vfs_chmod("/t/d/reg", 0640));
	STEP(0, vfs_fchmod(fd, 0604));
	STEP(0, vfs_fchmodat(root, "d/reg", 0600, 0));
	STEP(0, vfs_chown("/t/d/reg", 1, 2));
	STEP(0, vfs_lchown("/t/sym", 3, 4));
	STEP(0, vfs_fchown(fd, 5, 6));
	STEP(0, vfs_fchownat(root, "d/reg", 0, 0, 0));
	STEP(0, vfs_utimensat(root, "d/reg", times, 0));
	STEP(0, vfs_statfs("/t", &fs));
	STEP(0, vfs_fstatfs(fd, &fs));
	STEP(022, vfs_umask(027));
	vfs_get_credential(&cred);
	STEP(0, vfs_set_credential(&cred));
	STEP(0, vfs_close(fd));
	STEP(0, vfs_close(root));
}

static void descriptors(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10};
	static const StreamOps ops;
	struct pollfd fds;
	int fd, n;

	STEP(0, vfs_set_max_open_fds(20000));
	STEP(ANY, fd = vfs_open("/t/file", O_RDWR | O_CREAT | O_EXCL, 0644));
	STEP(5000, vfs_dup2(fd, 5000));
	STEP(9000, vfs_dup3(fd, 9000, O_CLOEXEC));
	STEP(13000, vfs_fcntl(fd, F_DUPFD, 13000));
	STEP(ANY, vfs_dup(fd));
	STEP(0, vfs_fcntl(fd, F_SETFL, O_APPEND));
	STEP(0, vfs_fcntl(fd, F_SETFD, FD_CLOEXEC));
	STEP(0, vfs_fcntl(fd, F_SETLK, (intptr_t)&lock));
	STEP(0, vfs_fcntl(fd, F_GETLK, (intptr_t)&lock));
	STEP(0, vfs_flock(fd, LOCK_EX));
	STEP(0, vfs_ioctl(fd, FIONREAD, &n));
	fds = (struct pollfd){fd, POLLIN, 0};
	STEP(1, vfs_poll(&fds, 1, 0));
	STEP(ANY, n = vfs_openat(AT_FDCWD, "t", O_TMPFILE | O_RDWR, 0600));
	STEP(3, vfs_write(n, "tmp", 3));
	STEP(0, vfs_linkat(n, "", AT_FDCWD, "/t/from-tmp", AT_EMPTY_PATH));
	STEP(0, vfs_close(n));
	STEP(0, vfs_close(5000));
	STEP(0, vfs_register_device(vfs_makedev(99, 1), "none", &ops));
	STEP(ANY, n = vfs_open("/t/d/chr", O_RDWR, 0));
	STEP(0, vfs_unregister_device(vfs_makedev(99, 1)));
	STEP(0, vfs_close(n));
	STEP(ANY, n = vfs_open("/t/file", O_WRONLY | O_TRUNC, 0));
	STEP(0, vfs_close(n));
	STEP(0, vfs_close(9000));
	STEP(0, vfs_close(13000));
	STEP(0, vfs_close(fd + 1));
	STEP(0, vfs_close(fd));
}

static void data(void)
{
	struct iovec iov[2] = {{big, 100}, {big + 100, 3000}};
	struct iovec into[2] = {{got, 100}, {got + 100, 3000}};
	int fd = vfs_open("/t/data", O_RDWR | O_CREAT, 0644);

	STEP(10, vfs_write(fd, big, 10));
	STEP(300, vfs_write(fd, big, 300));
	STEP_(SHORT_COUNT, 3100, (vfs_lseek(fd, 310, SEEK_SET), vfs_writev(fd, iov, 2)));
	STEP_(SHORT_COUNT, PAGE, vfs_pwrite(fd, big, PAGE, 1000));
	STEP_(SHORT_COUNT, sizeof big, vfs_pwrite(fd, big, sizeof big, 3 * PAGE + 5));
	STEP_(SHORT_COUNT, 3100, vfs_pwritev(fd, iov, 2, 20 * PAGE));
	STEP(1, vfs_pwrite(fd, "x", 1, (off_t)1 << 33)); /* deep in the tree */
	STEP(0, vfs_lseek(fd, 0, SEEK_SET));
	STEP(1000, vfs_read(fd, got, 1000));
	STEP(1000, vfs_pread(fd, got, 1000, PAGE));
	STEP(3100, vfs_readv(fd, into, 2));
	STEP(3100, vfs_preadv(fd, into, 2, 7));
	STEP(0, vfs_lseek(fd, 0, SEEK_DATA));
	STEP(ANY, vfs_lseek(fd, 0, SEEK_HOLE));
	STEP(0, vfs_truncate("/t/data", (off_t)1 << 34));
	STEP(0, vfs_ftruncate(fd, 4 * PAGE + 123));
	STEP(0, vfs_fallocate(fd, 0, 6 * PAGE, 3 * PAGE + 17));
	STEP(0, vfs_fallocate(fd, 1, 30 * PAGE, 2 * PAGE)); /* keep the size */
	STEP(0, vfs_fallocate(fd, 3, PAGE + 10, PAGE));     /* a hole */
	STEP(0, vfs_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED));
	STEP(0, vfs_fsync(fd));
	STEP(0, vfs_fdatasync(fd));
	STEP(0, vfs_sync());
	STEP(0, vfs_syncfs(fd));
	STEP(0, vfs_close(fd));
}

static void mappings(void)
{
	void *a, *b, *c;
	int fd = vfs_open("/t/mapped", O_RDWR | O_CREAT, 0644);

	STEP_(SHORT_COUNT, sizeof big, vfs_pwrite(fd, big, sizeof big, 0));
	STEP(0, vfs_mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE, &a));
	dump_memory(0, a, 3 * PAGE);
	STEP(0, vfs_mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE, &b));
	STEP(0, vfs_mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0, &c));
	dump_memory(1, c, 3 * PAGE);
	STEP(0, vfs_msync(a, 3 * PAGE, MS_SYNC));
	STEP(10, vfs_pwrite(fd, "0123456789", 10, 2 * PAGE));
	dump_memory(0, NULL, 0);
	STEP(0, vfs_munmap((char *)a + PAGE, PAGE)); /* from the middle */
	STEP(0, vfs_munmap(a, PAGE));
	STEP(0, vfs_munmap((char *)a + 2 * PAGE, PAGE));
	STEP(0, vfs_munmap(b, PAGE));
	STEP(0, vfs_ftruncate(fd, PAGE));
	dump_memory(1, NULL, 0);
	STEP(0, vfs_munmap((char *)c + PAGE, PAGE));
	STEP(0, vfs_munmap(c, 3 * PAGE));
	STEP(0, vfs_close(fd));
}

static void mounts(void)
{
	vfs_mem_options options = {.size = 64 << 20};

	STEP(0, vfs_mkdir("/t/mnt", 0755));
	STEP(0, vfs_mount(&vfs_mem, &options, "/t/mnt", VFS_NODEV));
	STEP(0, vfs_mkdir("/t/mnt/d", 0755));
	STEP(0, vfs_mkdir("/t/dev", 0755));
	STEP(0, vfs_mount(&vfs_dev, NULL, "/t/dev", 0));
	STEP(0, vfs_unmount("/t/dev"));
	STEP(0, vfs_unmount("/t/mnt"));
}

static void start(void)
{
	/* A limit, so that statfs tells what data takes. */
	vfs_mem_options options = {.size = 64 << 20};

	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (char)(i * 7 + (i >> 8));
	for (int err = -ENOMEM; err;) { /* the first mount: nothing there to look at */
		step = 1;
		armed = true;
		err = vfs_mount(&vfs_mem, &options, "/", 0);
		armed = false;
		if (err && (!failed || err != -ENOMEM))
			wrong("the first vfs_mount", "has failed", err);
		failed = false;
	}
	STEP(0, vfs_mkdir("/t", 0755));
}

static void script(void)
{
	start();
	names();
	attributes();
	descriptors();
	data();
	mappings();
	mounts();
	dump_tree("/", shared->dump, sizeof shared->dump, false);
}

/* ---- Runs ---- */

static void many_names(void)
{
	enum { N = 3000 };
	struct stat st;
	char path[32];

	start();
	for (int i = 0; i < N; i++) {
		snprintf(path, sizeof path, "/t/%d", i);
		armed = true;
		int err = vfs_mknod(path, S_IFREG | 0644, 0);
		armed = false;
		if (err && (!failed || err != -ENOMEM || vfs_stat(path, &st) != -ENOENT))
			wrong("vfs_mknod", path, err);
		failed = false;
		if (err && (err = vfs_mknod(path, S_IFREG | 0644, 0)))
			wrong("vfs_mknod again", path, err);
	}
	for (int i = 0; i < N; i++) {
		snprintf(path, sizeof path, "/t/%d", i);
		if (vfs_stat(path, &st) || vfs_unlink(path))
			wrong("vfs_stat", path, 0);
	}
	shared->dump[0] = 0;
}

/* Only a mapping that falls in two needs memory. */
static void unmappings(void)
{
	int fd, middle, end, start_of_it;
	void *at;

	start();
	fd = vfs_open("/t/mapped", O_RDWR | O_CREAT, 0644);
	STEP(sizeof big, vfs_pwrite(fd, big, sizeof big, 0));
	for (int k = 0; k < 2; k++) {
		int how = k ? MAP_PRIVATE : MAP_SHARED;

		STEP(0, vfs_mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, how, fd, 0, &at));
		char *p = at;

		exhausted = true;
		middle = vfs_munmap(p + PAGE, PAGE);
		bool whole = !memcmp(p, big, 4 * PAGE);
		end = vfs_munmap(p + 2 * PAGE, 2 * PAGE);
		start_of_it = vfs_munmap(p, 2 * PAGE);
		exhausted = false;
		if (middle != -ENOMEM || !whole)
			wrong("vfs_munmap", "of the middle", middle);
		if (end || start_of_it)
			wrong("vfs_munmap", "of all that is left", end ? end : start_of_it);
	}
	STEP(0, vfs_close(fd));
}

/* Runs the script with its nth allocation failing, 0: none, in a new process;
 * true where all was well. */
static bool run(void (*what)(void), unsigned n, size_t size)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		nth = countdown = n;
		threshold = size;
		dump_at = n ? shared->step_of[n - 1] : 0;
		shared->allocations = n ? STEPS : 0; /* written down in the first run only */
		what();
		free(before);
		free(after);
		exit(0);
	}
	waitpid(pid, &status, 0);
	return status == 0;
}

static void fail_each(void (*what)(void), size_t size)
{
	char *wanted;
	unsigned n, bad = 0;

	assert_true(run(what, 0, size));
	n = shared->allocations;
	wanted = strdup(shared->dump);
	print_message("%u allocations\n", n);
	assert_in_range(n, 1, STEPS - 1);
	for (unsigned i = 1; i <= n; i++) {
		if (!run(what, i, size)) {
			bad++;
		} else if (strcmp(shared->dump, wanted)) {
			print_difference(wanted, shared->dump);
			print_error("with allocation %u failing, the tree ends otherwise\n", i);
			bad++;
		}
	}
	free(wanted);
	assert_int_equal(bad, 0);
}

static void failed_allocation_is_enomem_and_changes_nothing(void **state)
{
	(void)state;
	fail_each(script, 0);
}

/* Only large ones: when the table of names grows. */
static void failed_growth_of_a_table_changes_nothing(void **state)
{
	(void)state;
	fail_each(many_names, 1000);
}

static void unmapping_needs_no_memory(void **state)
{
	(void)state;
	assert_true(run(unmappings, 0, 0));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(failed_allocation_is_enomem_and_changes_nothing),
		cmocka_unit_test(failed_growth_of_a_table_changes_nothing),
		cmocka_unit_test(unmapping_needs_no_memory),
	};

	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	return shared == MAP_FAILED ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
