/*
 * fixture.h - what every test of this folder stands on: a new, empty working
 * directory for each test, and a few words to say what a call must answer.
 * The tests are plain POSIX; they are compiled against the host's libc (which
 * checks the tests: Linux's tmpfs is right), natively against the library
 * (vfs_posix.h), and to wasm.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <vfsfs/backend.h> /* the capability bits */

/* What Emscripten's libc has not, or names otherwise. MUSL: some calls do more
 * than ask the filesystem, as on Linux. */
#ifdef __EMSCRIPTEN__
#define MUSL 1
/* Its libc has no seteuid; with the library the credential is set directly. */
#ifdef FIXTURE_CAPS
#define HAVE_SETEUID 0
#else
#define HAVE_SETEUID 1
#include <vfsfs/vfsfs.h>
static inline int set_credential(const uid_t *uid, const gid_t *gid)
{
	vfs_credential c;
	vfs_get_credential(&c);
	if (uid)
		c.euid = *uid;
	if (gid)
		c.egid = *gid;
	c.capabilities = ~0u; /* as root's on the host */
	return vfs_set_credential(&c);
}
#define seteuid(u)         set_credential(&(uid_t){u}, NULL)
#define setegid(g)         set_credential(NULL, &(gid_t){g})
#define setgroups(n, list) 0
#endif
#define HAVE_RENAMEAT2 0
#define HAVE_SYNCFS    0
#undef getdents64
#define getdents64(fd, buf, size) getdents(fd, (struct dirent *)(buf), size)
#define fallocate                 fallocate_here
int fallocate_here(int fd, int mode, off_t offset, off_t len);
#else
#define MUSL           0
#define HAVE_SETEUID   1
#define HAVE_RENAMEAT2 1
#define HAVE_SYNCFS    1
#endif
#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif
#ifndef FALLOC_FL_KEEP_SIZE
#define FALLOC_FL_KEEP_SIZE  1
#define FALLOC_FL_PUNCH_HOLE 2
#endif
#ifndef FALLOC_FL_COLLAPSE_RANGE
#define FALLOC_FL_COLLAPSE_RANGE 8
#endif

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A file's main: runs the tests over every backend; main's result. */
#define TEST(function) cmocka_unit_test_setup_teardown(function, fresh, cleanup)
#define RUN(tests)     run_file(__FILE__, tests, COUNT(tests))
int run_file(const char *file, const struct CMUnitTest *tests, size_t n);
int fresh(void **state);
int cleanup(void **state);

/* The call must not return -1: its result. */
#define ok(call) ok_at((long long)(call), #call, __FILE__, __LINE__)
long long ok_at(long long result, const char *call, const char *file, int line);

/* The call must return -1 with this errno. */
#define fails(error, call) \
	fails_at(error, (errno = 0, (long long)(call)), #call, __FILE__, __LINE__)
void fails_at(int error, long long result, const char *call, const char *file, int line);

/* Likewise of a call that returns a pointer: NULL. */
#define fails_null(error, call) fails(error, (call) ? 0 : -1)

/* The test ends here, skipped, where the backend lacks one of VFS_CAP_..., or
 * the process is not root, or cannot change its effective user. */
void needs(unsigned caps);
void needs_root(void);
void needs_users(void);

/* From now on the process's effective user; cleanup undoes it. */
void become(uid_t uid, gid_t gid);

/* An address that is no memory, hidden from the compiler. */
extern void *volatile const nowhere;

/* The scratch directory's absolute path. */
extern char scratch[PATH_MAX];

/* Files. `make` makes one anew, of mode 0644. */
void make(const char *path, const char *text);
int open_new(const char *path);                               /* O_RDWR, empty, mode 0644 */
int open_with(const char *path, const char *text, int flags); /* make, then open */
void assert_text(const char *path, const char *text);
void assert_fd_text(int fd, const char *text); /* from the start, by pread */
bool exists(const char *path);                 /* as a name: lstat */
struct stat stat_of(const char *path);         /* lstat */
struct stat fstat_of(int fd);
mode_t mode_of(const char *path); /* permissions only */
int entries(const char *path);    /* without . and .. */
int unlink_all(void);             /* the working directory's files while it is read; how many */

/* Waits until a change gets a later time than one made before. */
void tick(void);
struct timespec now(void);
int compare_times(struct timespec a, struct timespec b);

#endif
