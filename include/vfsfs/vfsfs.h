/*
 * vfsfs.h - the filesystem's calls, for programs that use it without libc in
 * between: native tests, the FUSE example, a SQLite VFS. A program compiled to
 * wasm needs none of this: its libc calls the same functions.
 *
 * Each call answers what the Linux call of the same name answers on tmpfs,
 * with -errno in place of -1 and errno: 0, a count, a descriptor or an offset
 * where it succeeds. Structures and constants are libc's. What holds for all:
 *
 *  - A path is at most 4095 bytes (-ENAMETOOLONG), each name in it 255
 *    (-ENAMETOOLONG); -ENOENT for the empty path and for what is missing,
 *    -ENOTDIR for a component that is no directory, -EACCES for one that may
 *    not be searched, -ELOOP after 40 symbolic links.
 *  - `dirfd` is a directory's descriptor or AT_FDCWD, and is not looked at
 *    where the path begins with '/': -EBADF, -ENOTDIR.
 *  - -EFAULT for NULL or an address that cannot be memory, -EBADF for a
 *    descriptor that is not open or not open in the mode that the call needs,
 *    -EINVAL for unknown flags, -EROFS for a change on a read-only mount,
 *    -ENOMEM where memory is short; then nothing has changed.
 *  - Nothing blocks, but for the driver of a device that waits for its data.
 *  - Any thread may call. Strings and buffers are the caller's and are not
 *    kept.
 */
#ifndef VFSFS_H
#define VFSFS_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

/* lseek(2)'s, as on Linux; Emscripten's headers lack them. */
#ifndef SEEK_DATA
#define SEEK_DATA 3
#define SEEK_HOLE 4
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct pollfd;
struct statfs;
struct FSType;

/* ---- Mounts ---- */

/* Flags of vfs_mount. */
enum {
	VFS_RDONLY = 1,    /* -EROFS for every change */
	VFS_NODEV = 4,     /* opening a device node is -EACCES */
	VFS_NOATIME = 1024 /* reading leaves access times alone */
};

/*
 * Mounts a new filesystem of `type` on the directory `path`; the first mount
 * must be on "/". `options` is the type's own struct, or NULL; it is not kept.
 * What was below `path` is hidden until vfs_unmount. A mount on "/" when there
 * is one hides it and becomes the root; a working directory of "/" moves along.
 * -ENOENT: no root yet. -EPERM: not the superuser. -EBUSY: `path` is a mount's
 * root already, other than "/". And the backend's errors.
 */
int vfs_mount(const struct FSType *type, const void *options, const char *path, unsigned flags);

/*
 * Ends the mount whose root is `path`, after syncing it. -EINVAL: no mount's
 * root. -EBUSY: a file in it is open or mapped, is a working directory, or
 * something is mounted below it. And the errors of sync.
 */
int vfs_unmount(const char *path);

/* ---- The process ---- */

enum { VFS_NGROUPS_MAX = 32 };

/* What the superuser, euid 0, may do beside the owner's rights. */
enum {
	VFS_CAP_DAC_OVERRIDE = 1, /* pass permission bits */
	VFS_CAP_CHOWN = 2,        /* give files away */
	VFS_CAP_FOWNER = 4,       /* change modes and times of any file */
	VFS_CAP_MKNOD = 8,        /* make device nodes */
	VFS_CAP_SYS_ADMIN = 16,   /* mount and unmount */
	VFS_CAP_FSETID = 32       /* keep set-ID bits where others lose them */
};

/*
 * Who the process is, for permissions and for the owners of new files. It
 * starts as uid 0 and gid 0 with every capability but VFS_CAP_DAC_OVERRIDE: as
 * under Emscripten, getuid() is 0 and permission bits count all the same.
 */
typedef struct vfs_credential {
	uid_t uid, euid;
	gid_t gid, egid;
	unsigned capabilities; /* VFS_CAP_..., while euid is 0 */
	unsigned ngroups;      /* at most VFS_NGROUPS_MAX, else -EINVAL */
	gid_t groups[VFS_NGROUPS_MAX];
} vfs_credential;

void vfs_get_credential(vfs_credential *out);
int vfs_set_credential(const vfs_credential *credential);

/* The number of descriptors, RLIMIT_NOFILE: 4096 at first, at most 1048576
 * (-EINVAL). Descriptors beyond a lowered limit stay open. */
int vfs_set_max_open_fds(unsigned n);
unsigned vfs_max_open_fds(void);

mode_t vfs_umask(mode_t mask);
int vfs_chdir(const char *path);
int vfs_fchdir(int fd);
/* The length with its NUL. -ERANGE: size is too small. -ENOENT: it was removed. */
ssize_t vfs_getcwd(char *buf, size_t size);

/* ---- Descriptors ---- */

/* A descriptor, the lowest free one. -EMFILE: none is free. */
int vfs_open(const char *path, int flags, mode_t mode);
int vfs_openat(int dirfd, const char *path, int flags, mode_t mode);
int vfs_close(int fd);
int vfs_dup(int fd);
int vfs_dup2(int fd, int to);
int vfs_dup3(int fd, int to, int flags);
/* F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK,
 * F_SETLKW, F_GETOWN. `arg` is an int or a struct flock pointer. */
int vfs_fcntl(int fd, int cmd, intptr_t arg);
int vfs_flock(int fd, int operation);
int vfs_ioctl(int fd, unsigned long request, void *arg);
/* The number of entries whose revents is not 0. Never waits: `timeout`
 * (milliseconds) is for drivers to come. */
int vfs_poll(struct pollfd *fds, size_t n, int timeout);

/* ---- Data ---- */

ssize_t vfs_read(int fd, void *buf, size_t len);
ssize_t vfs_write(int fd, const void *buf, size_t len);
ssize_t vfs_pread(int fd, void *buf, size_t len, off_t pos);
ssize_t vfs_pwrite(int fd, const void *buf, size_t len, off_t pos);
ssize_t vfs_readv(int fd, const struct iovec *iov, int n);
ssize_t vfs_writev(int fd, const struct iovec *iov, int n);
ssize_t vfs_preadv(int fd, const struct iovec *iov, int n, off_t pos);
ssize_t vfs_pwritev(int fd, const struct iovec *iov, int n, off_t pos);
/* SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE. */
off_t vfs_lseek(int fd, off_t offset, int whence);
int vfs_truncate(const char *path, off_t size);
int vfs_ftruncate(int fd, off_t size);
int vfs_fallocate(int fd, int mode, off_t offset, off_t len);
int vfs_fadvise(int fd, off_t offset, off_t len, int advice);
int vfs_fsync(int fd);
int vfs_fdatasync(int fd);
/* The first error of a mount, after all have been tried. */
int vfs_sync(void);
int vfs_syncfs(int fd);

/*
 * An atomic write: what a description writes between vfs_begin and vfs_commit becomes
 * the file's at once, or not at all, after a crash too. Where the backend has
 * VFS_CAP_ATOMIC (vfs_opfs_pool), for a regular file that is open for writing.
 *
 * - Until the commit only this description's own reads see what it has written; other
 *   reads, mappings, the file's size and the disk do not. What others write meanwhile
 *   is theirs and happens at once; the commit goes on top of it.
 * - Only writes are kept: a truncation or fallocate, of this description too, happens
 *   at once.
 * - vfs_commit shows all of it in one step. It is durable after the next fsync, which
 *   is then one flush; what was written to the file before goes out before it or with
 *   it. Until then a crash shows all or nothing.
 * - vfs_rollback, and the last close of the description, forget it all.
 * - vfs_commit ends the atomic write whatever it returns. After an error of it nothing
 *   of the atomic write has happened; a write that failed or was refused makes it fail
 *   with that write's error.
 *
 * vfs_begin: -EBUSY: one is open on the file already. -EINVAL: no regular file, or
 * open with O_APPEND. -EOPNOTSUPP: the backend has none.
 * A write: -EFBIG: more than VFS_ATOMIC_MOST bytes. -EINVAL: O_APPEND was set.
 * vfs_commit, vfs_rollback: -EINVAL: the description has begun none. vfs_commit:
 * -ENOSPC, -EIO, -ENOMEM, and the first error of the writes.
 * All: -EBADF: not open for writing. vfs_commit may block as a write does.
 */
enum { VFS_ATOMIC_MOST = 4 << 20 };
int vfs_begin(int fd);
int vfs_commit(int fd);
int vfs_rollback(int fd);

/*
 * The address in *out. MAP_SHARED is the file's own memory: the mapping sees
 * every write and every write sees it, and it is never moved. `pos` and a
 * fixed address are multiples of the page size (64 KiB in wasm). -ENOMEM: the
 * range cannot lie where other mappings need it. -EINVAL: MAP_FIXED.
 */
int vfs_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t pos, void **out);
/* Ends mappings in a range, parts of them too; where there are none, 0. */
int vfs_munmap(void *addr, size_t len);
int vfs_msync(void *addr, size_t len, int flags);

/* ---- Names ---- */

int vfs_mkdir(const char *path, mode_t mode);
int vfs_mkdirat(int dirfd, const char *path, mode_t mode);
int vfs_mknod(const char *path, mode_t mode, dev_t dev);
int vfs_mknodat(int dirfd, const char *path, mode_t mode, dev_t dev);
int vfs_rmdir(const char *path);
int vfs_unlink(const char *path);
/* flags: 0 or AT_REMOVEDIR. */
int vfs_unlinkat(int dirfd, const char *path, int flags);
int vfs_rename(const char *from, const char *to);
/* flags: 0, RENAME_NOREPLACE (1) or RENAME_EXCHANGE (2, -EINVAL so far). */
int vfs_renameat(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int vfs_link(const char *from, const char *to);
/* flags: AT_SYMLINK_FOLLOW, AT_EMPTY_PATH. */
int vfs_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags);
int vfs_symlink(const char *target, const char *path);
int vfs_symlinkat(const char *target, int dirfd, const char *path);
/* The length, cut to size; no NUL is added. */
ssize_t vfs_readlink(const char *path, char *buf, size_t size);
ssize_t vfs_readlinkat(int dirfd, const char *path, char *buf, size_t size);
/* Linux's getdents64 records (libc's struct dirent, d_reclen bytes each, a
 * multiple of 8); bytes written, 0 at the end. -EINVAL: size is too small for
 * one. d_off is what lseek takes to go on behind the record. */
ssize_t vfs_getdents(int fd, void *buf, size_t size);

/* ---- Attributes ---- */

int vfs_stat(const char *path, struct stat *st);
int vfs_lstat(const char *path, struct stat *st);
int vfs_fstat(int fd, struct stat *st);
/* flags: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, AT_NO_AUTOMOUNT. */
int vfs_fstatat(int dirfd, const char *path, struct stat *st, int flags);
int vfs_access(const char *path, int mode);
/* flags: AT_EACCESS, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH. */
int vfs_faccessat(int dirfd, const char *path, int mode, int flags);
int vfs_chmod(const char *path, mode_t mode);
int vfs_fchmod(int fd, mode_t mode);
/* flags: AT_SYMLINK_NOFOLLOW (-EOPNOTSUPP for a link), AT_EMPTY_PATH. */
int vfs_fchmodat(int dirfd, const char *path, mode_t mode, int flags);
int vfs_chown(const char *path, uid_t uid, gid_t gid);
int vfs_lchown(const char *path, uid_t uid, gid_t gid);
int vfs_fchown(int fd, uid_t uid, gid_t gid);
/* flags: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH. */
int vfs_fchownat(int dirfd, const char *path, uid_t uid, gid_t gid, int flags);
/* times: access and modification, with UTIME_NOW and UTIME_OMIT; NULL: now. A
 * NULL path is the descriptor itself. flags: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH. */
int vfs_utimensat(int dirfd, const char *path, const struct timespec times[2], int flags);
int vfs_statfs(const char *path, struct statfs *st);
int vfs_fstatfs(int fd, struct statfs *st);

/* ---- Seeing inside ---- */

/* One call that has ended. Strings are valid during the callback only. */
typedef struct vfs_event {
	const char *call;  /* "openat" */
	const char *path;  /* or NULL */
	const char *path2; /* rename's, link's and symlink's second path, or NULL */
	int fd;            /* the descriptor or dirfd, or -1 */
	int64_t args[3];   /* the numbers among the arguments, in their order */
	int64_t result;    /* what the call returned */
	uint64_t duration; /* nanoseconds, as exact as the host's clock */
} vfs_event;

/*
 * From now on fn is called after every call, in the thread that made it, with
 * no lock held; NULL ends it, but for what another thread is just being told.
 * Calls that fn makes are not traced. Costs one predictable branch a call when
 * off.
 */
void vfs_trace(void (*fn)(const vfs_event *event, void *context), void *context);

#ifdef __cplusplus
}
#endif
#endif
