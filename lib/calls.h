/*
 * The traced calls, one a line: CALL(type, name, parameters, arguments, what
 * the event tells). internal.h makes declarations of it, trace.c functions.
 */
/* clang-format off */
CALL(int, mount, (const FSType *type, const void *options, const char *path, unsigned flags), (type, options, path, flags),
     .call = "mount", .fd = -1, .path = path, .args = {flags})
CALL(int, unmount, (const char *path), (path),
     .call = "umount", .fd = -1, .path = path)
CALL(int, statfs, (const char *path, struct statfs *st), (path, st),
     .call = "statfs", .fd = -1, .path = path)
CALL(int, fstatfs, (int fd, struct statfs *st), (fd, st),
     .call = "fstatfs", .fd = fd)
CALL(int, sync, (void), (),
     .call = "sync", .fd = -1)
CALL(int, syncfs, (int fd), (fd),
     .call = "syncfs", .fd = fd)
CALL(ssize_t, getdents, (int fd, void *buf, size_t size), (fd, buf, size),
     .call = "getdents64", .fd = fd, .args = {(int64_t)size})
CALL(int, chdir, (const char *path), (path),
     .call = "chdir", .fd = -1, .path = path)
CALL(int, fchdir, (int fd), (fd),
     .call = "fchdir", .fd = fd)
CALL(ssize_t, getcwd, (char *buf, size_t size), (buf, size),
     .call = "getcwd", .fd = -1, .args = {(int64_t)size})
CALL(int, openat, (int dirfd, const char *path, int flags, mode_t mode), (dirfd, path, flags, mode),
     .call = "openat", .fd = dirfd, .path = path, .args = {flags, (int64_t)mode})
CALL(int, close, (int fd), (fd),
     .call = "close", .fd = fd)
CALL(int, dup, (int fd), (fd),
     .call = "dup", .fd = fd)
CALL(int, dup3, (int fd, int to, int flags), (fd, to, flags),
     .call = "dup3", .fd = fd, .args = {to, flags})
CALL(int, dup2, (int fd, int to), (fd, to),
     .call = "dup2", .fd = fd, .args = {to})
CALL(int, fcntl, (int fd, int cmd, intptr_t arg), (fd, cmd, arg),
     .call = "fcntl", .fd = fd, .args = {cmd, arg})
CALL(int, flock, (int fd, int operation), (fd, operation),
     .call = "flock", .fd = fd, .args = {operation})
CALL(int, ioctl, (int fd, unsigned long request, void *arg), (fd, request, arg),
     .call = "ioctl", .fd = fd, .args = {(int64_t)request})
CALL(int, poll, (struct pollfd *fds, size_t n, int timeout), (fds, n, timeout),
     .call = "poll", .fd = -1, .args = {(int64_t)n, timeout})
CALL(ssize_t, readv, (int fd, const struct iovec *iov, int n), (fd, iov, n),
     .call = "readv", .fd = fd, .args = {n})
CALL(ssize_t, writev, (int fd, const struct iovec *iov, int n), (fd, iov, n),
     .call = "writev", .fd = fd, .args = {n})
CALL(ssize_t, preadv, (int fd, const struct iovec *iov, int n, off_t pos), (fd, iov, n, pos),
     .call = "preadv", .fd = fd, .args = {n, pos})
CALL(ssize_t, pwritev, (int fd, const struct iovec *iov, int n, off_t pos), (fd, iov, n, pos),
     .call = "pwritev", .fd = fd, .args = {n, pos})
CALL(ssize_t, read, (int fd, void *buf, size_t len), (fd, buf, len),
     .call = "read", .fd = fd, .args = {(int64_t)len})
CALL(ssize_t, write, (int fd, const void *buf, size_t len), (fd, buf, len),
     .call = "write", .fd = fd, .args = {(int64_t)len})
CALL(ssize_t, pread, (int fd, void *buf, size_t len, off_t pos), (fd, buf, len, pos),
     .call = "pread", .fd = fd, .args = {(int64_t)len, pos})
CALL(ssize_t, pwrite, (int fd, const void *buf, size_t len, off_t pos), (fd, buf, len, pos),
     .call = "pwrite", .fd = fd, .args = {(int64_t)len, pos})
CALL(off_t, lseek, (int fd, off_t offset, int whence), (fd, offset, whence),
     .call = "lseek", .fd = fd, .args = {offset, whence})
CALL(int, ftruncate, (int fd, off_t size), (fd, size),
     .call = "ftruncate", .fd = fd, .args = {size})
CALL(int, truncate, (const char *path, off_t size), (path, size),
     .call = "truncate", .fd = -1, .path = path, .args = {size})
CALL(int, fsync, (int fd), (fd),
     .call = "fsync", .fd = fd)
CALL(int, fdatasync, (int fd), (fd),
     .call = "fdatasync", .fd = fd)
CALL(int, fadvise, (int fd, off_t offset, off_t len, int advice), (fd, offset, len, advice),
     .call = "fadvise64", .fd = fd, .args = {offset, len, advice})
CALL(int, fallocate, (int fd, int mode, off_t offset, off_t len), (fd, mode, offset, len),
     .call = "fallocate", .fd = fd, .args = {mode, offset, len})
CALL(int, begin, (int fd), (fd),
     .call = "begin", .fd = fd)
CALL(int, commit, (int fd), (fd),
     .call = "commit", .fd = fd)
CALL(int, rollback, (int fd), (fd),
     .call = "rollback", .fd = fd)
CALL(int, mmap, (void *addr, size_t len, int prot, int flags, int fd, off_t pos, void **out), (addr, len, prot, flags, fd, pos, out),
     .call = "mmap", .fd = fd, .args = {(int64_t)len, flags, pos})
CALL(int, munmap, (void *addr, size_t len), (addr, len),
     .call = "munmap", .fd = -1, .args = {(int64_t)len})
CALL(int, msync, (void *addr, size_t len, int flags), (addr, len, flags),
     .call = "msync", .fd = -1, .args = {(int64_t)len, flags})
CALL(int, mkdirat, (int dirfd, const char *path, mode_t mode), (dirfd, path, mode),
     .call = "mkdirat", .fd = dirfd, .path = path, .args = {(int64_t)mode})
CALL(int, mknodat, (int dirfd, const char *path, mode_t mode, dev_t dev), (dirfd, path, mode, dev),
     .call = "mknodat", .fd = dirfd, .path = path, .args = {(int64_t)mode, (int64_t)dev})
CALL(int, symlinkat, (const char *target, int dirfd, const char *path), (target, dirfd, path),
     .call = "symlinkat", .fd = dirfd, .path = target, .path2 = path)
CALL(int, linkat, (int from_fd, const char *from, int to_fd, const char *to, int flags), (from_fd, from, to_fd, to, flags),
     .call = "linkat", .fd = from_fd, .path = from, .path2 = to, .args = {to_fd, flags})
CALL(int, unlinkat, (int dirfd, const char *path, int flags), (dirfd, path, flags),
     .call = "unlinkat", .fd = dirfd, .path = path, .args = {flags})
CALL(int, renameat, (int from_fd, const char *from, int to_fd, const char *to, unsigned flags), (from_fd, from, to_fd, to, flags),
     .call = "renameat", .fd = from_fd, .path = from, .path2 = to, .args = {to_fd, flags})
CALL(ssize_t, readlinkat, (int dirfd, const char *path, char *buf, size_t size), (dirfd, path, buf, size),
     .call = "readlinkat", .fd = dirfd, .path = path, .args = {(int64_t)size})
CALL(int, fstatat, (int dirfd, const char *path, struct stat *st, int flags), (dirfd, path, st, flags),
     .call = "fstatat", .fd = dirfd, .path = path, .args = {flags})
CALL(int, fstat, (int fd, struct stat *st), (fd, st),
     .call = "fstat", .fd = fd)
CALL(int, faccessat, (int dirfd, const char *path, int mode, int flags), (dirfd, path, mode, flags),
     .call = "faccessat", .fd = dirfd, .path = path, .args = {mode, flags})
CALL(int, fchmodat, (int dirfd, const char *path, mode_t mode, int flags), (dirfd, path, mode, flags),
     .call = "fchmodat", .fd = dirfd, .path = path, .args = {(int64_t)mode, flags})
CALL(int, fchmod, (int fd, mode_t mode), (fd, mode),
     .call = "fchmod", .fd = fd, .args = {(int64_t)mode})
CALL(int, fchownat, (int dirfd, const char *path, uid_t uid, gid_t gid, int flags), (dirfd, path, uid, gid, flags),
     .call = "fchownat", .fd = dirfd, .path = path, .args = {(int64_t)uid, (int64_t)gid, flags})
CALL(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid),
     .call = "fchown", .fd = fd, .args = {(int64_t)uid, (int64_t)gid})
CALL(int, utimensat, (int dirfd, const char *path, const struct timespec times[2], int flags), (dirfd, path, times, flags),
     .call = "utimensat", .fd = dirfd, .path = path, .args = {flags})
/* clang-format on */
