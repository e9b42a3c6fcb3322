/*
 * One call of which Emscripten's libstubs has a weak stub, alone beside others
 * of libstubs: the library's is what answers. -DCALL_umask and so on tells
 * which. Everything else is asked of the library directly, so that nothing but
 * the call itself brings its file in.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vfsfs/vfsfs.h>

#if defined CALL_sync
static void trace(const vfs_event *event, void *synced)
{
	*(bool *)synced |= !strcmp(event->call, "sync");
}
#endif

static bool is_ours(void)
{
#if defined CALL_umask
	umask(077);
	return vfs_umask(0) == 077;
#elif defined CALL_sync
	bool synced = false;
	vfs_trace(trace, &synced);
	sync();
	vfs_trace(NULL, NULL);
	return synced;
#elif defined CALL_setrlimit
	struct rlimit limit = {5, 5};
	return !setrlimit(RLIMIT_NOFILE, &limit) && vfs_max_open_fds() == 5;
#elif defined CALL_getrlimit
	struct rlimit limit;
	vfs_set_max_open_fds(1000);
	return !getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur == 1000;
#elif defined CALL_getuid
	return getuid() == 5;
#elif defined CALL_geteuid
	return geteuid() == 6;
#elif defined CALL_getgid
	return getgid() == 7;
#elif defined CALL_getegid
	return getegid() == 8;
#elif defined CALL_getresuid
	uid_t r, e, s;
	return !getresuid(&r, &e, &s) && r == 5 && e == 6 && s == 6;
#elif defined CALL_getresgid
	gid_t r, e, s;
	return !getresgid(&r, &e, &s) && r == 7 && e == 8 && s == 8;
#elif defined CALL_getgroups
	gid_t list[2];
	return getgroups(0, NULL) == 2 && getgroups(2, list) == 2 && list[1] == 10;
#elif defined CALL_link
	vfs_close(vfs_open("/tmp/a", O_CREAT | O_WRONLY, 0600));
	return !link("/tmp/a", "/tmp/b");
#elif defined CALL_flock
	return flock(77, LOCK_EX) == -1 && errno == EBADF;
#elif defined CALL_socketpair
	int fds[2];
	return socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1 && errno == EAFNOSUPPORT;
#endif
}

int main(void)
{
	static const vfs_credential who = {5, 6, 7, 8, .ngroups = 2, .groups = {9, 10}};

	vfs_set_credential(&who);
	printf("%s %d %d\n", is_ours() ? "ours" : "the stub", getpid(), getpwuid(0) != NULL);
	return 0;
}
