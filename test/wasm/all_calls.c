/*
 * Names every call of libc that is about files, so that all of them are
 * linked: imports.js looks at what they ask of JavaScript.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>
#include <utime.h>
#if __has_include(<sys/epoll.h>)
#include <sys/epoll.h>
#endif

#define CALL(name) (void (*)(void)) name

static void (*volatile const calls[])(void) = {
	CALL(open),          CALL(openat),     CALL(creat),       CALL(close),
	CALL(read),          CALL(write),      CALL(pread),       CALL(pwrite),
	CALL(readv),         CALL(writev),     CALL(preadv),      CALL(pwritev),
	CALL(lseek),         CALL(fsync),      CALL(fdatasync),   CALL(sync),
	CALL(dup),           CALL(dup2),       CALL(dup3),        CALL(fcntl),
	CALL(ioctl),         CALL(isatty),     CALL(ttyname),     CALL(flock),
	CALL(lockf),         CALL(poll),       CALL(select),      CALL(pselect),
	CALL(pipe),          CALL(pipe2),      CALL(stat),        CALL(lstat),
	CALL(fstat),         CALL(fstatat),    CALL(statvfs),     CALL(fstatvfs),
	CALL(access),        CALL(faccessat),  CALL(chmod),       CALL(fchmod),
	CALL(fchmodat),      CALL(chown),      CALL(fchown),      CALL(lchown),
	CALL(fchownat),      CALL(utimensat),  CALL(futimens),    CALL(utimes),
	CALL(utime),         CALL(truncate),   CALL(ftruncate),   CALL(posix_fallocate),
	CALL(posix_fadvise), CALL(mkdir),      CALL(mkdirat),     CALL(mknod),
	CALL(mknodat),       CALL(mkfifo),     CALL(mkfifoat),    CALL(rmdir),
	CALL(unlink),        CALL(unlinkat),   CALL(remove),      CALL(rename),
	CALL(renameat),      CALL(link),       CALL(linkat),      CALL(symlink),
	CALL(symlinkat),     CALL(readlink),   CALL(readlinkat),  CALL(realpath),
	CALL(chdir),         CALL(fchdir),     CALL(getcwd),      CALL(umask),
	CALL(opendir),       CALL(fdopendir),  CALL(readdir),     CALL(seekdir),
	CALL(telldir),       CALL(closedir),   CALL(scandir),     CALL(getdents),
	CALL(nftw),          CALL(glob),       CALL(mmap),        CALL(munmap),
	CALL(msync),         CALL(mprotect),   CALL(madvise),     CALL(mremap),
	CALL(getuid),        CALL(geteuid),    CALL(getgid),      CALL(getegid),
	CALL(getgroups),     CALL(getresuid),  CALL(getresgid),   CALL(getrlimit),
	CALL(setrlimit),     CALL(fopen),      CALL(freopen),     CALL(fdopen),
	CALL(fclose),        CALL(fflush),     CALL(printf),      CALL(tmpfile),
	CALL(mkstemp),       CALL(mkdtemp),    CALL(tempnam),     CALL(tcgetattr),
	CALL(tcsetattr),     CALL(socket),     CALL(socketpair),  CALL(bind),
	CALL(connect),       CALL(listen),     CALL(accept),      CALL(accept4),
	CALL(getsockopt),    CALL(setsockopt), CALL(getsockname), CALL(getpeername),
	CALL(send),          CALL(sendto),     CALL(sendmsg),     CALL(recv),
	CALL(recvfrom),      CALL(recvmsg),    CALL(shutdown),    CALL(sockatmark),
#if __has_include(<sys/epoll.h>)
	CALL(epoll_create1), CALL(epoll_ctl),  CALL(epoll_pwait),
#endif
};

int main(int argc, char **argv)
{
	(void)argv;
	return calls[argc] == NULL;
}
