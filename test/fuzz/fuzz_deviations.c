/*
 * Where the library may differ from tmpfs: all of it, here. Every other
 * difference is a fault of one side.
 *
 * 1. Which of two errors: where two apply POSIX leaves their order open ("the
 *    order in which errors are detected is unspecified"). The table below tells
 *    which pairs are known. Both sides have failed then, and the snapshots show
 *    that neither has changed anything but access times of links (walk_again).
 * 2. Memory that is not there is EFAULT, or ends a transfer, where Linux has
 *    nothing to copy and does not find out: reads at the end of the file, where
 *    it answers 0, and what is written to /dev/null (unseen_memory). Such a
 *    read leaves the access time alone (forget_atime).
 * 3. 0 bytes (of_nothing). readv and preadv: on a directory the library answers
 *    EISDIR, Linux 0 before it looks; on a file Linux leaves the access time
 *    alone, which read of 0 bytes sets (forget_atime).
 *    A write of 0 bytes to /dev/full: ENOSPC on Linux, 0 here; POSIX leaves it
 *    open.
 * 4. FIONREAD where the answer is no int: Linux cuts off its upper bits (fionread).
 * 5. FIFOs cannot be opened yet: ENXIO, after all other checks (open_file).
 * 6. Protected links: in sticky directories Linux may keep the links, FIFOs and
 *    devices of others from O_CREAT, and link from the files of others. That is
 *    a policy (fs.protected_*), not tmpfs (open_file, link_file).
 * 7. AT_EMPTY_PATH in linkat asks that the very credential which opened the
 *    descriptor is still in place, or a capability (link_file).
 * 8. fstatat with AT_EMPTY_PATH takes NULL for "" since Linux 6.11, and looks at
 *    no other flag then (never asked for: fuzz_decode).
 * 9. access(2) gives root its permitted capabilities back, which the library
 *    does not know (check_access).
 * 10. mmap may be ENOMEM where mappings overlap in part: without an MMU they
 *    must lie in one piece (map_file).
 * 11. What is stored through a mapping is a change that mtime shows after msync
 *    or munmap, as POSIX says; on tmpfs when a page is first stored to, or never
 *    (forget_mtime).
 *    And truncate to the size that there is: tmpfs sets the times where the file
 *    has memory, the library does not; POSIX asks for it where the size changes
 *    (truncate_path).
 * 12. Close below 2^63 tmpfs's SEEK_DATA and SEEK_HOLE fail or overflow; they are
 *    not compared there (seek_data, snapshot).
 * 13. fallocate has the modes 0, KEEP_SIZE and PUNCH_HOLE | KEEP_SIZE; Linux's
 *    others are not asked for (fuzz_decode).
 * 14. Now and then a path with more than 20 symbolic links is ELOOP on the host,
 *    and is not when the same calls are repeated: most likely a walk without
 *    locks that is begun again with them and goes on counting. A difference that
 *    does not come again, while the library answers the same both times, is
 *    printed, counted and passed over (comes_again in fuzz_diff.c).
 */
#include "fuzz.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vfsfs/vfsfs.h>

/* ---- Which of two errors ---- */

static bool is_long(const char *p)
{
	if (!p || p == (const char *)-1)
		return false;
	if (strlen(p) > 4095)
		return true;
	for (size_t len; *p; p += len + (p[len] == '/'))
		if ((len = strcspn(p, "/")) > 255)
			return true;
	return false;
}

/* A name over 255 bytes or a path over 4095 goes before everything else, what
 * is wrong with the other path too; in a symbolic link's target as well. */
static bool long_name(const struct call *c)
{
	for (const struct call *i = fuzz->calls; i < c; i++)
		if (i->op == OP_symlink && is_long(i->path))
			return true;
	return is_long(c->path) || is_long(c->path2);
}

static bool is_read(const struct call *c)
{
	return c->op == OP_read || c->op == OP_pread || c->op == OP_readv || c->op == OP_preadv;
}

static bool is_write(const struct call *c)
{
	return c->op == OP_write || c->op == OP_pwrite || c->op == OP_writev || c->op == OP_pwritev;
}

static bool is_vector(const struct call *c)
{
	return c->op == OP_readv || c->op == OP_preadv || c->op == OP_writev || c->op == OP_pwritev;
}

static bool bad_buffer(const struct call *c)
{
	return is_vector(c) ? c->flags == 62 : c->flags == 31;
}

/* The range begins before the first offset, or ends past the last. */
static bool too_far(const struct call *c)
{
	return c->b < 0 || c->b > INT64_MAX - c->a - 4096;
}

static bool any(const struct call *c)
{
	(void)c;
	return true;
}

/* Each of the calls, where the host fails with one of its errnos and the library
 * with one of its own; each was seen with one of the calls of its line. */
static const struct deviation {
	int op[5];            /* ends in OPS; none: every call */
	int host[11], lib[5]; /* end in 0 */
	bool (*when)(const struct call *c);
} deviations[] = {
	{{OP_rename, OP_renameat, OPS},
	 {ENOENT, EBUSY, EEXIST, EFAULT, EACCES, ELOOP, ENOTDIR, EBADF, EXDEV, EROFS},
	 {ENAMETOOLONG},
	 long_name},
	{{OP_open, OPS}, {EISDIR}, {ENAMETOOLONG}, long_name},
	/* in a directory that was removed: the length goes before that nothing is there */
	{{OPS}, {ENOENT}, {ENAMETOOLONG}, long_name},
	/* a name that is too long, before that the file system is read-only */
	{{OP_unlink, OP_unlinkat, OP_rmdir, OPS}, {EROFS}, {ENAMETOOLONG}, long_name},
	/* that a link has no mode, before EROFS */
	{{OP_fchmodat, OPS}, {EROFS}, {EOPNOTSUPP}, any},
	/* a range that no file can have goes before rights and what kind of file it is */
	{{OP_mmap, OP_mmap_private, OPS}, {EACCES, ENODEV, EINVAL}, {EOVERFLOW}, too_far},
	/* memory that is not there goes before what kind of file it is and how far
	 * the range goes */
	{{OP_read, OP_pread, OPS}, {EISDIR, EINVAL}, {EFAULT}, bad_buffer},
	{{OP_getcwd, OPS}, {ERANGE, ENOENT}, {EFAULT}, bad_buffer},
	/* that it is a directory goes before how far the range goes */
	{{OP_read, OP_pread, OP_readv, OP_preadv, OPS}, {EINVAL}, {EISDIR}, any}};

static bool unseen_memory(const struct call *c, int64_t host, int64_t lib)
{
	if (!bad_buffer(c))
		return false;
	if (is_write(c))
		return host > 0 && lib < host && (lib > 0 || lib == -EFAULT);
	return is_read(c) && host == 0 && lib == -EFAULT;
}

static bool of_nothing(const struct call *c, int64_t host, int64_t lib)
{
	if (c->a && !(is_vector(c) && c->flags % 5 == 0))
		return false;
	if (is_read(c))
		return is_vector(c) && host == 0 && lib == -EISDIR;
	return is_write(c) && !is_vector(c) && host == -ENOSPC && lib == 0;
}

static bool holds(const int *list, int end, int64_t what)
{
	while (*list != end && *list != what)
		list++;
	return *list != end;
}

bool may_differ(const struct call *c, int64_t host, int64_t lib)
{
	if (unseen_memory(c, host, lib) || of_nothing(c, host, lib))
		return true;
	for (size_t i = 0; i < sizeof deviations / sizeof *deviations; i++) {
		const struct deviation *d = &deviations[i];
		if ((d->op[0] == OPS || holds(d->op, OPS, c->op)) && holds(d->host, 0, -host) &&
		    holds(d->lib, 0, -lib) && d->when(c))
			return true;
	}
	return false;
}

/* ---- Times ---- */

static void set_now(int fd, bool atime, bool mtime)
{
	const struct timespec times[2] = {{0, atime ? UTIME_NOW : UTIME_OMIT},
					  {0, mtime ? UTIME_NOW : UTIME_OMIT}};
	int was = credential;
	set_credential(0);
	CALL(vfs_utimensat(fd, NULL, times, 0), SYS_utimensat, fd, NULL, times, 0);
	set_credential(was);
}

void forget_atime(int fd)
{
	set_now(fd, true, false);
}

void forget_mtime(int fd)
{
	set_now(fd, false, true);
}

/* ---- Calls ---- */

long truncate_path(const struct call *c)
{
	const struct timespec times[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
	struct stat st;
	bool same = !CALL(vfs_stat(c->path, &st), SYS_stat, c->path, &st) && st.st_size == c->b;
	long r = CALL(vfs_truncate(c->path, c->b), SYS_truncate, c->path, c->b);
	int was = credential;
	if (r || !same)
		return r;
	set_credential(0);
	CALL(vfs_utimensat(AT_FDCWD, c->path, times, 0), SYS_utimensat, AT_FDCWD, c->path, times,
	     0);
	set_credential(was);
	return r;
}

long fionread(int fd, void *arg)
{
	long r = CALL(vfs_ioctl(fd, FIONREAD, arg), SYS_ioctl, fd, FIONREAD, arg);
	struct stat st;
	if (on_host && !r && !fstat(fd, &st)) {
		off_t left = st.st_size - lseek(fd, 0, SEEK_CUR);
		*(int *)arg = left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
	}
	return r;
}

long open_file(const struct call *c, int index)
{
	struct stat st;
	int flags = c->flags;
	bool fifo = on_host && fuzz->lib.result[index] == -ENXIO &&
		    syscall(SYS_newfstatat, c->fd, c->path, &st,
			    flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0) == 0 &&
		    S_ISFIFO(st.st_mode);
	if (fifo)
		flags |= O_NONBLOCK;
	long r = CALL(vfs_openat(c->fd, c->path, flags, (mode_t)c->a), SYS_openat, c->fd, c->path,
		      flags, (mode_t)c->a);
	if (!on_host)
		return r;
	long lib = (long)fuzz->lib.result[index];
	if (fifo && r >= 0) {
		close((int)r);
		r = -ENXIO;
	}
	if (fifo && r == -EINVAL && lib == -ENXIO)
		r = -ENXIO;
	if (r == -EACCES && (flags & O_CREAT) && (lib == -ELOOP || lib == -ENXIO))
		r = lib;
	else if (r == -EACCES && (flags & (O_CREAT | O_EXCL)) == O_CREAT && lib != -EACCES)
		r = CALL(0, SYS_openat, c->fd, c->path, flags & ~O_CREAT);
	return r;
}

/* Where a long name ended the library's call before the other path was walked,
 * that path's symbolic links have the same access times again. */
static void walk_again(const struct call *c)
{
	struct stat st;
	if (!is_long(c->path) && !is_long(c->path2))
		return;
	CALL(vfs_fstatat(c->fd, c->path, &st, AT_SYMLINK_NOFOLLOW), SYS_newfstatat, c->fd, c->path,
	     &st, AT_SYMLINK_NOFOLLOW);
	CALL(vfs_fstatat(c->fd2, c->path2, &st, AT_SYMLINK_NOFOLLOW), SYS_newfstatat, c->fd2,
	     c->path2, &st, AT_SYMLINK_NOFOLLOW);
}

long rename_file(const struct call *c)
{
	long r = c->op == OP_rename
			 ? CALL(vfs_rename(c->path, c->path2), SYS_rename, c->path, c->path2)
			 : CALL(vfs_renameat(c->fd, c->path, c->fd2, c->path2, (unsigned)c->flags),
				SYS_renameat2, c->fd, c->path, c->fd2, c->path2, c->flags);
	walk_again(c);
	return r;
}

long link_file(const struct call *c, int index)
{
	int fd = c->op == OP_link ? AT_FDCWD : c->fd, fd2 = c->op == OP_link ? AT_FDCWD : c->fd2;
	int flags = c->op == OP_link ? 0 : c->flags;
	long r = CALL(vfs_linkat(fd, c->path, fd2, c->path2, flags), SYS_linkat, fd, c->path, fd2,
		      c->path2, flags);
	walk_again(c);
	long lib = (long)fuzz->lib.result[index];
	if (!on_host || credential == 0 || r == lib)
		return r;
	bool empty = c->path && c->path != (char *)-1 && !*c->path;
	if (!empty)
		flags &= ~AT_EMPTY_PATH;
	if (r == -ENOENT && c->flags != flags) {
		r = CALL(0, SYS_linkat, fd, c->path, fd2, c->path2, flags);
	} else if (r == -ENOENT && (flags & AT_EMPTY_PATH)) {
		if (lib == -EACCES)
			return lib;
		host_credential(credential | 0x200);
		r = CALL(0, SYS_linkat, fd, c->path, fd2, c->path2, flags);
	}
	if (r == -EPERM && r != lib) {
		host_credential(credential | (empty ? 0x300 : 0x100));
		r = CALL(0, SYS_linkat, fd, c->path, fd2, c->path2, flags);
	}
	host_credential(credential);
	return r;
}
