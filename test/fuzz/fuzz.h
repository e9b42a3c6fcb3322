/*
 * fuzz.h - the differential fuzzer's parts: an input is decoded into calls
 * (fuzz_decode.c), the calls are executed on the library and, in a process of
 * its own that is chrooted into an empty tmpfs, on the host (fuzz_exec.c,
 * fuzz_tree.c, fuzz_host.c), and the two logs must be the same text
 * (fuzz_diff.c).
 */
#ifndef FUZZ_H
#define FUZZ_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* clang-format off */
#define FUZZ_OPS(X)                                                                                \
	X(open)                                                                                    \
	X(close)                                                                                   \
	X(read)                                                                                    \
	X(write) X(pread) X(pwrite) X(readv) X(writev) X(preadv) X(pwritev) X(lseek) X(            \
		seek_data) X(truncate) X(ftruncate) X(fallocate) X(fadvise) X(fsync) X(fdatasync)  \
		X(syncfs) X(stat) X(lstat) X(fstat) X(fstatat) X(statfs) X(fstatfs) X(getdents) X( \
			scan) X(walk_changing) X(mkdir) X(rmdir) X(unlink) X(unlinkat) X(rename)   \
			X(renameat) X(link) X(linkat) X(symlink) X(readlink) X(mknod) X(chmod) X(  \
				fchmod) X(fchmodat) X(chown) X(lchown) X(fchown) X(fchownat)       \
				X(utimensat) X(futimens) X(access) X(faccessat) X(chdir) X(fchdir) \
					X(getcwd) X(umask) X(dup) X(dup2) X(dup3) X(fcntl)         \
						X(record_lock) X(flock) X(ioctl) X(poll) X(mmap)   \
							X(munmap) X(msync) X(load) X(store)        \
								X(mmap_private) X(credential)      \
									X(snapshot)
/* clang-format on */

enum fuzz_op {
#define X(name) OP_##name,
	FUZZ_OPS(X)
#undef X
		OPS
};
extern const char *const fuzz_op_name[OPS];

enum {
	MAX_CALLS = 120,
	FEW_FDS = 24,          /* RLIMIT_NOFILE on both sides, */
	MANY_FDS = 9000,       /* or this */
	HIDDEN_FD = 900,       /* descriptors of the harness itself */
	MAX_DATA = 200 * 1024, /* bytes that one call moves */
	MAX_MAPS = 3,
	LOG_SIZE = 1 << 20,
	STRINGS_SIZE = 1 << 20
};

/* What a sequence runs on, from the input's first byte. */
enum {
	TRACED = 1,        /* vfs_trace is on */
	FAR_FDS = 2,       /* MANY_FDS, and some are far from the others */
	SECOND = 4,        /* a second file system on /h, with devices */
	SECOND_RDONLY = 8, /* ... that was made read-only */
	ALONE = 16         /* the library alone: little memory, its /dev on /h */
};

/* One call. What a field means depends on op; see fuzz_exec.c. */
struct call {
	int op;
	int fd, fd2;
	int flags;
	int64_t a, b;
	const char *path, *path2; /* in the shared memory, or a bad address */
};

/* What one side has seen. */
struct side {
	int64_t result[MAX_CALLS + 1]; /* the last one is of both trees in the end */
	uint32_t end[MAX_CALLS + 1];   /* of the call's text in the log */
	int done;                      /* calls executed */
	uint32_t at;
	char log[LOG_SIZE];
};

/* Shared by the two processes, at one address. */
struct fuzz {
	struct call calls[MAX_CALLS];
	int n;
	unsigned mode;
	struct side lib, host;
	size_t strings_used;
	char strings[STRINGS_SIZE];
};
extern struct fuzz *fuzz;

/* fuzz_decode.c */
void fuzz_decode(const uint8_t *data, size_t size);

/* fuzz_exec.c: on which side this process is at the moment. */
extern bool on_host;
extern struct side *me;
void fuzz_exec_all(void);
/* Credentials: 0 is root with all capabilities. */
enum { CREDENTIALS = 6 };
void set_credential(int which);
extern int credential;

/* -errno in place of -1. */
long fuzz_result(long r);
/* The library's call or the host's, by the side. */
#define CALL(lib, ...) (on_host ? fuzz_result(syscall(__VA_ARGS__)) : (long)(lib))

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
uint64_t hash_bytes(uint64_t h, const void *p, size_t len);

/* own: more descriptors than the program may have, for the harness's own. */
void limit_fds(bool own);
/* The next of the numbers that a sequence's descriptors may have; -1: no more. */
int next_possible_fd(int fd);
extern char buffer[MAX_DATA + 8192];

/* Parts of execute, here and below. index: of the call in fuzz->calls.
 * fuzz_data.c: */
void *bad(void *good, int flags);
long seek_to(int fd, off_t pos, int whence);
long transfer(const struct call *c, int index);
long transfer_vector(const struct call *c, int index);
long seek_data(const struct call *c);
long map_file(const struct call *c, int index);
long touch_map(const struct call *c, int index);
long map_private(const struct call *c);
void forget_maps(void);

/* fuzz_deviations.c: where the two may differ. */
bool may_differ(const struct call *c, int64_t host, int64_t lib);
/* A file's time is now, on both sides, where one of them would not say so. */
void forget_atime(int fd);
void forget_mtime(int fd);
long fionread(int fd, void *arg);
long truncate_path(const struct call *c);
long open_file(const struct call *c, int index);
long link_file(const struct call *c, int index);
long rename_file(const struct call *c);

/* fuzz_tree.c */
struct stat;
void say_stat(const struct stat *st);
void snapshot(void);
void clean_up(void);
/* All names of an open directory, sorted, into the log; 0 or the error. */
long scan(int fd, size_t size);
void new_sequence(void);
int node_number(dev_t dev, uint64_t ino);

/* fuzz_host.c: starts the helper once; runs fuzz->calls there. */
void host_start(void);
bool host_run(void);
void host_credential(int which);
/* Enters the root of fuzz->mode; the second file system's root. */
int host_enter(void);
void host_second_rdonly(bool on);

extern char pattern[MAX_DATA + 8192];
#endif
