/*
 * The host's side: a process in a mount namespace of its own, chrooted into an
 * empty tmpfs, with a second one on its /h where the sequence asks for it, that executes what it finds in the shared memory whenever a
 * byte comes down a pipe. Its descriptors begin at 0, as the library's do.
 */
#include "fuzz.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int to_host[2], from_host[2];
static pid_t helper;
static struct __user_cap_data_struct all_caps[2];

static void set_caps(unsigned effective)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2] = {all_caps[0], all_caps[1]};
	d[0].effective = effective;
	d[1].effective = 0;
	syscall(SYS_capset, &h, d);
}

/*
 * Becomes one of set_credential's table. The saved uid stays 0: the way back.
 * which & 0x100, 0x200: the same with a capability more, for link_file.
 */
void host_credential(int which)
{
	static const gid_t groups[] = {1001, 5};
	static const uid_t ids[][4] = {{0, 0, 0, 0},
				       {0, 0, 0, 0},
				       {1000, 1000, 1000, 1000},
				       {1001, 1001, 1000, 1000},
				       {1000, 0, 1000, 0},
				       {0, 1000, 1000, 1001}};
	const uid_t *id = ids[which & 0xff];
	unsigned caps = id[1] ? 0 : all_caps[0].permitted;
	syscall(SYS_setresuid, 0, 0, 0);
	set_caps(all_caps[0].permitted);
	syscall(SYS_setgroups, (which & 0xff) == 2 ? 2 : 0, groups);
	syscall(SYS_setresgid, id[2], id[3], 0);
	syscall(SYS_setresuid, id[0], id[1], 0);
	if ((which & 0xff) == 1)
		caps &= ~(1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH);
	if (which & 0x100)
		caps |= 1u << CAP_FOWNER;
	if (which & 0x200)
		caps |= 1u << CAP_DAC_READ_SEARCH;
	set_caps(caps);
}

static void fail(const char *what)
{
	fprintf(stderr, "fuzz: the host's side: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static int move_up(int fd)
{
	int to = fcntl(fd, F_DUPFD_CLOEXEC, HIDDEN_FD + 50);
	if (to < 0)
		fail("fcntl");
	return to;
}

/* The roots: alone, and with the second file system on /h. */
static int roots[2], second;

static void make_root(const char *path)
{
	mkdir(path, 0777);
	if (mount("fuzz", path, "tmpfs", MS_NODEV | MS_STRICTATIME, "size=256m,mode=1777"))
		fail("mount");
}

static int open_up(const char *path)
{
	int low = open(path, O_DIRECTORY | O_CLOEXEC), fd = move_up(low);
	close(low);
	return fd;
}

/* All below a directory that is always there; nobody else sees it. */
static void make_roots(void)
{
	if (mount("fuzz", "/tmp", "tmpfs", 0, NULL) || chdir("/tmp"))
		fail("mount");
	mkdir("second", 0777);
	if (mount("fuzz", "second", "tmpfs", MS_STRICTATIME, "size=256m,mode=1777"))
		fail("mount");
	second = open_up("second");
	make_root("0");
	make_root("1");
	mkdir("1/h", 0777);
	if (mount("second", "1/h", NULL, MS_BIND, NULL))
		fail("mount");
	roots[0] = open_up("0");
	roots[1] = open_up("1");
}

int host_enter(void)
{
	if (fchdir(roots[fuzz->mode & SECOND ? 1 : 0]) || chroot("."))
		_exit(2);
	return second;
}

void host_second_rdonly(bool on)
{
	if (mount(NULL, "/h", NULL, MS_REMOUNT | MS_STRICTATIME | (on ? MS_RDONLY : 0), NULL)) {
		perror("fuzz: the host's side: remount");
		_exit(2);
	}
}

static void serve(void)
{
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	char byte;
	struct rlimit limit = {2 * MANY_FDS, 2 * MANY_FDS};

	signal(SIGALRM, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (setrlimit(RLIMIT_NOFILE, &limit))
		fail("setrlimit");
	if (syscall(SYS_capget, &h, all_caps))
		fail("capget");
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		fail("unshare, which asks for root");
	make_roots();
	int in = move_up(to_host[0]), out = move_up(from_host[1]);
	on_host = true;
	me = &fuzz->host;
	umask(022);
	for (int fd = 0; fd < HIDDEN_FD; fd++)
		close(fd); /* the input's too */
	while (read(in, &byte, 1) == 1) {
		alarm(100);
		fuzz_exec_all();
		alarm(0);
		if (write(out, &byte, 1) != 1)
			break;
	}
	_exit(0);
}

void host_start(void)
{
	if (helper)
		return;
	if (!fuzz)
		fuzz = mmap(NULL, sizeof *fuzz, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	if (fuzz == MAP_FAILED || pipe2(to_host, O_CLOEXEC) || pipe2(from_host, O_CLOEXEC))
		fail("pipe");
	fflush(NULL);
	helper = fork();
	if (helper < 0)
		fail("fork");
	if (!helper)
		serve();
	signal(SIGPIPE, SIG_IGN);
	close(to_host[0]);
	close(from_host[1]);
}

static bool answers(void)
{
	char byte = 0;
	return write(to_host[1], &byte, 1) == 1 && read(from_host[0], &byte, 1) == 1;
}

/* A process that died is followed by another, once: a machine without memory kills it,
 * and one that is busy may let its alarm ring; a call that does comes again. */
bool host_run(void)
{
	if (answers())
		return true;
	int status = 0;
	kill(helper, SIGKILL);
	waitpid(helper, &status, 0);
	printf("the host's side has ended, by signal %d; once more\n", WTERMSIG(status));
	helper = 0;
	fuzz->host.done = 0;
	close(to_host[1]);
	close(from_host[0]);
	host_start();
	return answers();
}
