/*
 * vfs_posix.h - included before all else (-include) in the native build of the
 * tests: gives the names of libc's calls to functions that make the library's
 * call and turn -errno into -1 and errno. Function-like macros, so that
 * `struct stat` and `struct flock` stay what they are.
 */
#ifndef VFS_POSIX
#define VFS_POSIX

#include "fixture.h"

/* clang-format off */

/* The list of backends, for fixture.c. */
int backend_count(void);
const char *backend_select(int i); /* its name; later calls mean this one */
unsigned backend_caps(void);
int backend_mount(const char *dir);
int backend_unmount(const char *dir);

int posix_open(const char *path, int flags, ...);
int posix_openat(int dirfd, const char *path, int flags, ...);
int posix_fcntl(int fd, int cmd, ...);
int posix_ioctl(int fd, unsigned long request, void *arg);
int posix_poll(struct pollfd *fds, nfds_t n, int timeout);
void *posix_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t pos);
char *posix_getcwd(char *buf, size_t size);
DIR *posix_opendir(const char *path);
DIR *posix_fdopendir(int fd);
struct dirent *posix_readdir(DIR *dir);
int posix_closedir(DIR *dir);
void posix_rewinddir(DIR *dir);
long posix_telldir(DIR *dir);
void posix_seekdir(DIR *dir, long pos);
int posix_dirfd(DIR *dir);
int posix_setrlimit(int resource, const struct rlimit *limit);
int posix_getrlimit(int resource, struct rlimit *limit);
int posix_seteuid(uid_t uid);
int posix_setegid(gid_t gid);
int posix_setgroups(size_t n, const gid_t *groups);
uid_t posix_getuid(void);
uid_t posix_geteuid(void);
gid_t posix_getgid(void);
gid_t posix_getegid(void);
long long posix_result(long long result); /* -errno to -1 and errno */

static inline int posix_int(long long result)
{
	return (int)posix_result(result);
}

#include <vfsfs/vfsfs.h>

#define open posix_open
#define openat posix_openat
#define creat(path, mode) posix_open(path, O_CREAT | O_WRONLY | O_TRUNC, mode)
#define close(fd) posix_int(vfs_close(fd))
#define dup(fd) posix_int(vfs_dup(fd))
#define dup2(fd, to) posix_int(vfs_dup2(fd, to))
#define dup3(fd, to, flags) posix_int(vfs_dup3(fd, to, flags))
#define fcntl posix_fcntl
#define flock(fd, operation) posix_int(vfs_flock(fd, operation))
#define ioctl posix_ioctl
#define isatty(fd) (posix_ioctl(fd, TIOCGWINSZ, &(struct winsize){ 0 }) == 0)
#define poll posix_poll

#define read(fd, buf, len) posix_result(vfs_read(fd, buf, len))
#define write(fd, buf, len) posix_result(vfs_write(fd, buf, len))
#define pread(fd, buf, len, pos) posix_result(vfs_pread(fd, buf, len, pos))
#define pwrite(fd, buf, len, pos) posix_result(vfs_pwrite(fd, buf, len, pos))
#define readv(fd, iov, n) posix_result(vfs_readv(fd, iov, n))
#define writev(fd, iov, n) posix_result(vfs_writev(fd, iov, n))
#define preadv(fd, iov, n, pos) posix_result(vfs_preadv(fd, iov, n, pos))
#define pwritev(fd, iov, n, pos) posix_result(vfs_pwritev(fd, iov, n, pos))
#define lseek(fd, offset, whence) posix_result(vfs_lseek(fd, offset, whence))
#define truncate(path, size) posix_int(vfs_truncate(path, size))
#define ftruncate(fd, size) posix_int(vfs_ftruncate(fd, size))
#define fallocate(fd, mode, offset, len) posix_int(vfs_fallocate(fd, mode, offset, len))
#define posix_fadvise(fd, offset, len, advice) (-vfs_fadvise(fd, offset, len, advice))
#define fsync(fd) posix_int(vfs_fsync(fd))
#define fdatasync(fd) posix_int(vfs_fdatasync(fd))
#define sync() ((void)vfs_sync())
#define syncfs(fd) posix_int(vfs_syncfs(fd))
#define mmap posix_mmap
#define munmap(addr, len) posix_int(vfs_munmap(addr, len))
#define msync(addr, len, flags) posix_int(vfs_msync(addr, len, flags))

#define mkdir(path, mode) posix_int(vfs_mkdir(path, mode))
#define mkdirat(dirfd, path, mode) posix_int(vfs_mkdirat(dirfd, path, mode))
#undef mknod
#undef mknodat
#define mknod(path, mode, dev) posix_int(vfs_mknod(path, mode, dev))
#define mknodat(dirfd, path, mode, dev) posix_int(vfs_mknodat(dirfd, path, mode, dev))
#define rmdir(path) posix_int(vfs_rmdir(path))
#define unlink(path) posix_int(vfs_unlink(path))
#define unlinkat(dirfd, path, flags) posix_int(vfs_unlinkat(dirfd, path, flags))
#define rename(from, to) posix_int(vfs_rename(from, to))
#define renameat(a, from, b, to) posix_int(vfs_renameat(a, from, b, to, 0))
#define renameat2(a, from, b, to, flags) posix_int(vfs_renameat(a, from, b, to, flags))
#define link(from, to) posix_int(vfs_link(from, to))
#define linkat(a, from, b, to, flags) posix_int(vfs_linkat(a, from, b, to, flags))
#define symlink(target, path) posix_int(vfs_symlink(target, path))
#define symlinkat(target, dirfd, path) posix_int(vfs_symlinkat(target, dirfd, path))
#define readlink(path, buf, size) posix_result(vfs_readlink(path, buf, size))
#define readlinkat(dirfd, path, buf, size) posix_result(vfs_readlinkat(dirfd, path, buf, size))
#define getdents64(fd, buf, size) posix_result(vfs_getdents(fd, buf, size))
#define opendir posix_opendir
#define fdopendir posix_fdopendir
#define readdir posix_readdir
#define closedir posix_closedir
#define rewinddir posix_rewinddir
#define telldir posix_telldir
#define seekdir posix_seekdir
#define dirfd(dir) posix_dirfd(dir)

#define stat(path, st) posix_int(vfs_stat(path, st))
#define lstat(path, st) posix_int(vfs_lstat(path, st))
#define fstat(fd, st) posix_int(vfs_fstat(fd, st))
#define fstatat(dirfd, path, st, flags) posix_int(vfs_fstatat(dirfd, path, st, flags))
#define access(path, mode) posix_int(vfs_access(path, mode))
#define faccessat(dirfd, path, mode, flags) posix_int(vfs_faccessat(dirfd, path, mode, flags))
#define chmod(path, mode) posix_int(vfs_chmod(path, mode))
#define fchmod(fd, mode) posix_int(vfs_fchmod(fd, mode))
#define fchmodat(dirfd, path, mode, flags) posix_int(vfs_fchmodat(dirfd, path, mode, flags))
#define chown(path, uid, gid) posix_int(vfs_chown(path, uid, gid))
#define lchown(path, uid, gid) posix_int(vfs_lchown(path, uid, gid))
#define fchown(fd, uid, gid) posix_int(vfs_fchown(fd, uid, gid))
#define fchownat(d, path, uid, gid, flags) posix_int(vfs_fchownat(d, path, uid, gid, flags))
#define utimensat(d, path, times, flags) posix_int(vfs_utimensat(d, path, times, flags))
#define futimens(fd, times) posix_int(vfs_utimensat(fd, NULL, times, 0))
#define statfs(path, st) posix_int(vfs_statfs(path, st))
#define fstatfs(fd, st) posix_int(vfs_fstatfs(fd, st))

#define umask(mask) vfs_umask(mask)
#define chdir(path) posix_int(vfs_chdir(path))
#define fchdir(fd) posix_int(vfs_fchdir(fd))
#define getcwd posix_getcwd
#define setrlimit posix_setrlimit
#define getrlimit posix_getrlimit
#define seteuid posix_seteuid
#define setegid posix_setegid
#define setgroups posix_setgroups
#define getuid posix_getuid
#define geteuid posix_geteuid
#define getgid posix_getgid
#define getegid posix_getegid

/* clang-format on */
#endif
