/*
 * Executes the calls, each through one line that names both the library's
 * function and the host's system call, so that everything around it, what is
 * asked and what is written down of the answer, is the same code.
 */
#include "fuzz.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>
#include <vfsfs/vfsfs.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

bool on_host;
struct side *me;
int credential;
const char *const fuzz_op_name[OPS] = {
#define X(name) #name,
	FUZZ_OPS(X)
#undef X
};

char buffer[MAX_DATA + 8192];

long fuzz_result(long r)
{
	return r == -1 ? -errno : r;
}

void say(const char *format, ...)
{
	if (me->at > LOG_SIZE - 2048)
		return;
	va_list args;
	va_start(args, format);
	int n = vsnprintf(me->log + me->at, LOG_SIZE - me->at, format, args);
	va_end(args);
	me->at += n < 2047 ? (uint32_t)n : 2047;
}

uint64_t hash_bytes(uint64_t h, const void *p, size_t len)
{
	const unsigned char *at = p;
	for (; len >= 8; len -= 8, at += 8) {
		uint64_t w;
		memcpy(&w, at, 8);
		h = (h ^ w) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	while (len--)
		h = (h ^ *at++) * 0x100000001b3u;
	return h;
}

void set_credential(int which)
{
	static const struct {
		uid_t uid, euid;
		gid_t gid, egid;
		unsigned caps, ngroups;
		gid_t groups[2];
	} table[CREDENTIALS] = {{0, 0, 0, 0, 63, 0, {0, 0}},
				{0, 0, 0, 0, 62, 0, {0, 0}}, /* permission bits count */
				{1000, 1000, 1000, 1000, 63, 2, {1001, 5}},
				{1001, 1001, 1000, 1000, 63, 0, {0, 0}},
				{1000, 0, 1000, 0, 63, 0, {0, 0}},
				{0, 1000, 1000, 1001, 63, 0, {0, 0}}};
	credential = which;
	if (on_host) {
		host_credential(which);
		return;
	}
	vfs_credential c = {.uid = table[which].uid,
			    .euid = table[which].euid,
			    .gid = table[which].gid,
			    .egid = table[which].egid,
			    .capabilities = table[which].caps,
			    .ngroups = table[which].ngroups,
			    .groups = {table[which].groups[0], table[which].groups[1]}};
	vfs_set_credential(&c);
}

void limit_fds(bool own)
{
	unsigned n = own ? 2 * MANY_FDS : fuzz->mode & FAR_FDS ? MANY_FDS : FEW_FDS;
	if (on_host) {
		uint64_t limits[2] = {n, 2 * MANY_FDS};
		syscall(SYS_prlimit64, 0, 7 /* RLIMIT_NOFILE */, limits, NULL);
	} else {
		vfs_set_max_open_fds(n);
	}
}

int next_possible_fd(int fd)
{
	static const int ends[4][2] = {{0, MAX_CALLS},
				       {4095, 4095 + MAX_CALLS},
				       {8191, 8191 + MAX_CALLS},
				       {MANY_FDS - 1, MANY_FDS}};
	fd++;
	if (!(fuzz->mode & FAR_FDS))
		return fd < FEW_FDS ? fd : -1;
	for (int i = 0; i < 4; i++)
		if (fd < ends[i][1])
			return fd > ends[i][0] ? fd : ends[i][0];
	return -1;
}

/* ---- Descriptors ---- */

static long control(const struct call *c)
{
	static const int commands[] = {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL,
				       F_SETFL, F_GETOWN,        999,     F_DUPFD};
	int cmd = commands[c->flags];
	long r = CALL(vfs_fcntl(c->fd, cmd, (intptr_t)c->a), SYS_fcntl, c->fd, cmd, (intptr_t)c->a);
	return cmd == F_GETFL && r > 0 ? r & ~0100000 : r; /* Linux's O_LARGEFILE */
}

static long record_lock(const struct call *c)
{
	static const int commands[] = {F_GETLK, F_SETLK, F_SETLKW};
	static const short types[] = {F_RDLCK, F_WRLCK, F_UNLCK, 7};
	static const short whences[] = {SEEK_SET, SEEK_CUR, SEEK_END, 9};
	struct flock l = {.l_type = types[c->flags / 3 % 4],
			  .l_whence = whences[c->flags / 12 % 4],
			  .l_start = c->a,
			  .l_len = c->b};
	int cmd = commands[c->flags % 3];
	intptr_t arg = c->flags >= 250 ? -1 : (intptr_t)&l;
	long r = CALL(vfs_fcntl(c->fd, cmd, arg), SYS_fcntl, c->fd, cmd, arg);
	if (!r && cmd == F_GETLK)
		say(" type %d whence %d %lld %lld", l.l_type, l.l_whence, (long long)l.l_start,
		    (long long)l.l_len);
	return r;
}

static long device_control(const struct call *c)
{
	static const unsigned long requests[] = {FIONREAD, FIOCLEX, FIONCLEX, FIONBIO,
						 FIONBIO,  TCGETS,  FIONREAD, FIONBIO};
	char arg[128] = {c->flags == 3};
	void *p = c->flags >= 6 ? (void *)-1 : arg;
	long r = c->flags == 0 ? fionread(c->fd, p)
			       : CALL(vfs_ioctl(c->fd, requests[c->flags], p), SYS_ioctl, c->fd,
				      requests[c->flags], p);
	if (!r && c->flags == 0)
		say(" %d", *(int *)(void *)arg);
	return r;
}

static long poll_two(const struct call *c)
{
	struct pollfd p[2] = {{c->fd, (short)c->flags, -1}, {c->fd2, POLLIN, -1}};
	struct pollfd *at = c->flags == 127 ? (void *)-1 : p;
	long r = CALL(vfs_poll(at, 2, 0), SYS_poll, at, 2, 0);
	say(" %x %x", p[0].revents, p[1].revents);
	return r;
}

/* ---- Names ---- */

static struct timespec time_of(int64_t v)
{
	static const int64_t seconds[] = {-1, -1000000, 5000000000, 100000000000, -62135596800};
	unsigned low = v & 0xff, high = v >> 8 & 0xff;
	struct timespec t = {low < 128 ? low * 1000000 : seconds[low % 5], high * 1000};
	if (high >= 100 && high < 130)
		t.tv_nsec = UTIME_NOW;
	else if (high >= 130 && high < 170)
		t.tv_nsec = UTIME_OMIT;
	else if (high >= 250)
		t.tv_nsec = high & 1 ? -1 : 1000000000;
	return t;
}

static long set_times(const struct call *c)
{
	struct timespec times[2] = {time_of(c->a), time_of(c->b)}, *t = times;
	const char *p = c->op == OP_futimens ? NULL : c->path;
	if (c->a == 255)
		t = NULL;
	else if (c->a == 254)
		t = (void *)-1;
	return CALL(vfs_utimensat(c->fd, p, t, c->flags), SYS_utimensat, c->fd, p, t, c->flags);
}

static long check_access(const struct call *c)
{
	int flags = c->op == OP_access ? 0 : c->flags;
	int mode = c->op == OP_access ? c->flags : (int)c->a;
	/* for root access(2) looks at the capabilities that it might have */
	int host_flags = credential == 1 ? flags | AT_EACCESS : flags;
	return CALL(vfs_faccessat(c->fd, c->path, mode, flags), SYS_faccessat2, c->fd, c->path,
		    mode, host_flags);
}

/* A listing in small steps while names come and go: whatever stays is seen
 * once. Not looked at on the host: Linux 6.18's tmpfs shows some names twice. */
static long walk_changing(const struct call *c)
{
	enum { NAMES = 12 };
	char name[NAMES][128], buf[900];
	int seen[NAMES] = {0}, fd;
	bool touched[NAMES] = {false}, made[NAMES] = {false};
	unsigned bits = (unsigned)c->a;
	long r = CALL(vfs_openat(AT_FDCWD, c->path, O_DIRECTORY, 0), SYS_openat, AT_FDCWD, c->path,
		      O_DIRECTORY, 0);
	if (r < 0)
		return r;
	fd = (int)r;
	for (int i = 0; i < NAMES; i++) {
		sprintf(name[i], "%c%0*d", i < 10 ? 'n' : 'm', 20 + i * (c->flags & 7), i);
		if (i < 8)
			made[i] = !CALL(vfs_symlinkat("t", fd, name[i]), SYS_symlinkat, "t", fd,
					name[i]);
	}
	size_t size = 288 + (size_t)(c->flags >> 3) * 8;
	unsigned step = 0;
	while ((r = CALL(vfs_getdents(fd, buf, size), SYS_getdents64, fd, buf, size)) > 0) {
		for (char *p = buf; p < buf + r; p += ((struct dirent *)(void *)p)->d_reclen)
			for (int i = 0; i < NAMES; i++)
				if (!strcmp(((struct dirent *)(void *)p)->d_name, name[i]))
					seen[i]++;
		if (++step > 1000) {
			say(" without an end");
			break;
		}
		if (step > 6)
			continue;
		unsigned i = bits >> step * 3 & 7, j = 8 + i % 4;
		touched[i] = touched[j] = true;
		if (bits >> (step + 18) & 1)
			CALL(vfs_unlinkat(fd, name[i], 0), SYS_unlinkat, fd, name[i], 0);
		else
			CALL(vfs_renameat(fd, name[i], fd, name[j], 0), SYS_renameat2, fd, name[i],
			     fd, name[j], 0);
	}
	for (int i = 0; i < 8; i++)
		if (!on_host && made[i] && !touched[i] && seen[i] != 1 && !r)
			say(" %s seen %d times", name[i], seen[i]);
	for (int i = 0; i < NAMES; i++)
		CALL(vfs_unlinkat(fd, name[i], 0), SYS_unlinkat, fd, name[i], 0);
	CALL(vfs_close(fd), SYS_close, fd);
	return r;
}

static long stat_something(const struct call *c)
{
	struct stat st, *to = bad(&st, c->flags);
	long r;
	if (c->op == OP_stat)
		r = CALL(vfs_stat(c->path, to), SYS_stat, c->path, to);
	else if (c->op == OP_lstat)
		r = CALL(vfs_lstat(c->path, to), SYS_lstat, c->path, to);
	else if (c->op == OP_fstat)
		r = CALL(vfs_fstat(c->fd, to), SYS_fstat, c->fd, to);
	else
		r = CALL(vfs_fstatat(c->fd, c->path, &st, c->flags), SYS_newfstatat, c->fd, c->path,
			 &st, c->flags);
	if (!r)
		say_stat(&st);
	return r;
}

static long statfs_something(const struct call *c)
{
	struct statfs st, *to = bad(&st, c->flags);
	long r = c->op == OP_statfs ? CALL(vfs_statfs(c->path, to), SYS_statfs, c->path, to)
				    : CALL(vfs_fstatfs(c->fd, to), SYS_fstatfs, c->fd, to);
	if (!r)
		say(" %lx %ld", (long)st.f_type, (long)st.f_namelen);
	return r;
}

static long execute(const struct call *c, int index)
{
	char *to = bad(buffer, c->flags);
	long r;
	switch (c->op) {
	case OP_open:
		return open_file(c, index);
	case OP_close:
		return CALL(vfs_close(c->fd), SYS_close, c->fd);
	case OP_read:
	case OP_write:
	case OP_pread:
	case OP_pwrite:
		return transfer(c, index);
	case OP_readv:
	case OP_writev:
	case OP_preadv:
	case OP_pwritev:
		return transfer_vector(c, index);
	case OP_lseek:
		return seek_to(c->fd, c->b, c->flags);
	case OP_seek_data:
		return seek_data(c);
	case OP_truncate:
		return truncate_path(c);
	case OP_ftruncate:
		return CALL(vfs_ftruncate(c->fd, c->b), SYS_ftruncate, c->fd, c->b);
	case OP_fallocate:
		return CALL(vfs_fallocate(c->fd, c->flags, c->b, c->a), SYS_fallocate, c->fd,
			    c->flags, c->b, c->a);
	case OP_fadvise:
		return CALL(vfs_fadvise(c->fd, c->b, c->a, c->flags), SYS_fadvise64, c->fd, c->b,
			    c->a, c->flags);
	case OP_fsync:
		return CALL(vfs_fsync(c->fd), SYS_fsync, c->fd);
	case OP_fdatasync:
		return CALL(vfs_fdatasync(c->fd), SYS_fdatasync, c->fd);
	case OP_syncfs:
		return CALL(vfs_syncfs(c->fd), SYS_syncfs, c->fd);
	case OP_stat:
	case OP_lstat:
	case OP_fstat:
	case OP_fstatat:
		return stat_something(c);
	case OP_statfs:
	case OP_fstatfs:
		return statfs_something(c);
	case OP_getdents: /* what it lists, scan tells; positions are each side's own */
		seek_to(c->fd, 0, SEEK_SET);
		if (c->a < 300)
			to = buffer;
		r = CALL(vfs_getdents(c->fd, to, (size_t)c->a), SYS_getdents64, c->fd, to,
			 (size_t)c->a);
		if (r >= 0 || r == -EINVAL)
			seek_to(c->fd, 0, SEEK_SET);
		if (to != buffer)
			forget_atime(c->fd);
		return r > 0 ? 1 : r;
	case OP_scan:
		return scan(c->fd, (size_t)c->a);
	case OP_walk_changing:
		return walk_changing(c);
	case OP_mkdir:
		return CALL(vfs_mkdirat(c->fd, c->path, (mode_t)c->flags), SYS_mkdirat, c->fd,
			    c->path, c->flags);
	case OP_rmdir:
		return CALL(vfs_rmdir(c->path), SYS_rmdir, c->path);
	case OP_unlink:
		return CALL(vfs_unlink(c->path), SYS_unlink, c->path);
	case OP_unlinkat:
		return CALL(vfs_unlinkat(c->fd, c->path, c->flags), SYS_unlinkat, c->fd, c->path,
			    c->flags);
	case OP_rename:
	case OP_renameat:
		return rename_file(c);
	case OP_link:
	case OP_linkat:
		return link_file(c, index);
	case OP_symlink:
		return CALL(vfs_symlink(c->path, c->path2), SYS_symlink, c->path, c->path2);
	case OP_readlink:
		r = CALL(vfs_readlinkat(c->fd, c->path, to, (size_t)c->a), SYS_readlinkat, c->fd,
			 c->path, to, (size_t)c->a);
		if (r > 0)
			say(" %016llx", (unsigned long long)hash_bytes(1, buffer, (size_t)r));
		return r;
	case OP_mknod:
		return CALL(vfs_mknodat(c->fd, c->path, (mode_t)c->flags, (dev_t)c->a), SYS_mknodat,
			    c->fd, c->path, c->flags, (unsigned)c->a);
	case OP_chmod:
		return CALL(vfs_chmod(c->path, (mode_t)c->flags), SYS_chmod, c->path, c->flags);
	case OP_fchmod:
		return CALL(vfs_fchmod(c->fd, (mode_t)c->flags), SYS_fchmod, c->fd, c->flags);
	case OP_fchmodat:
		return CALL(vfs_fchmodat(c->fd, c->path, (mode_t)c->a, c->flags), SYS_fchmodat2,
			    c->fd, c->path, (mode_t)c->a, c->flags);
	case OP_chown:
		return CALL(vfs_chown(c->path, (uid_t)c->a, (gid_t)c->b), SYS_chown, c->path,
			    (uid_t)c->a, (gid_t)c->b);
	case OP_lchown:
		return CALL(vfs_lchown(c->path, (uid_t)c->a, (gid_t)c->b), SYS_lchown, c->path,
			    (uid_t)c->a, (gid_t)c->b);
	case OP_fchown:
		return CALL(vfs_fchown(c->fd, (uid_t)c->a, (gid_t)c->b), SYS_fchown, c->fd,
			    (uid_t)c->a, (gid_t)c->b);
	case OP_fchownat:
		return CALL(vfs_fchownat(c->fd, c->path, (uid_t)c->a, (gid_t)c->b, c->flags),
			    SYS_fchownat, c->fd, c->path, (uid_t)c->a, (gid_t)c->b, c->flags);
	case OP_utimensat:
	case OP_futimens:
		return set_times(c);
	case OP_access:
	case OP_faccessat:
		return check_access(c);
	case OP_chdir:
		return CALL(vfs_chdir(c->path), SYS_chdir, c->path);
	case OP_fchdir:
		return CALL(vfs_fchdir(c->fd), SYS_fchdir, c->fd);
	case OP_getcwd:
		r = CALL(vfs_getcwd(to, (size_t)c->a), SYS_getcwd, to, (size_t)c->a);
		if (r > 0)
			say(" %016llx", (unsigned long long)hash_bytes(1, buffer, (size_t)r));
		return r;
	case OP_umask:
		return CALL(vfs_umask((mode_t)c->flags), SYS_umask, c->flags);
	case OP_dup:
		return CALL(vfs_dup(c->fd), SYS_dup, c->fd);
	case OP_dup2:
		return CALL(vfs_dup2(c->fd, c->fd2), SYS_dup2, c->fd, c->fd2);
	case OP_dup3:
		return CALL(vfs_dup3(c->fd, c->fd2, c->flags), SYS_dup3, c->fd, c->fd2, c->flags);
	case OP_fcntl:
		return control(c);
	case OP_record_lock:
		return record_lock(c);
	case OP_flock:
		return CALL(vfs_flock(c->fd, c->flags | LOCK_NB), SYS_flock, c->fd,
			    c->flags | LOCK_NB);
	case OP_ioctl:
		return device_control(c);
	case OP_poll:
		return poll_two(c);
	case OP_mmap:
		return map_file(c, index);
	case OP_load:
	case OP_store:
	case OP_msync:
	case OP_munmap:
		return touch_map(c, index);
	case OP_mmap_private:
		return map_private(c);
	case OP_credential:
		set_credential(c->flags);
		return 0;
	case OP_snapshot:
		snapshot();
		return 0;
	}
	return 0;
}

void fuzz_exec_all(void)
{
	me->at = 0;
	me->done = 0;
	new_sequence();
	limit_fds(false);
	for (int i = 0; i < fuzz->n; i++) {
		me->result[i] = execute(&fuzz->calls[i], i);
		me->end[i] = me->at;
		me->done = i + 1;
	}
	forget_maps();
	limit_fds(true);
	clean_up();
}
