/*
 * Syscalls that only older libcs make: pipe and symlink up to 5.0, _newselect
 * up to 4.0.22, where select became a poll of libc's own.
 */
#include "wasm.h"
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/select.h>
#include <vfsfs/vfsfs.h>

VFS_WASM_START

int __syscall_pipe(int fd[2])
{
	(void)fd;
	return -ENOSYS;
}

int __syscall_symlink(const char *target, const char *path)
{
	return vfs_symlinkat(target, AT_FDCWD, path);
}

static bool in(const fd_set *set, int fd)
{
	return set && FD_ISSET(fd, set);
}

/* Takes fd out of the set, or counts it where it stays. */
static int keep(fd_set *set, int fd, bool ready)
{
	if (!in(set, fd))
		return 0;
	if (!ready)
		FD_CLR(fd, set);
	return ready;
}

static int select_polled(const struct pollfd *p, int n, fd_set *r, fd_set *w, fd_set *x)
{
	int count = 0;

	for (int k = 0; k < n; k++)
		if (p[k].revents & POLLNVAL)
			return -EBADF;
	for (int k = 0; k < n; k++, p++)
		count += keep(r, p->fd, p->revents & (POLLIN | POLLHUP | POLLERR)) +
			 keep(w, p->fd, p->revents & (POLLOUT | POLLERR)) +
			 keep(x, p->fd, p->revents & POLLPRI);
	return count;
}

/* `timeout`: seconds and microseconds, or NULL; libc has checked their signs. */
int __syscall__newselect(int nfds, fd_set *r, fd_set *w, fd_set *x, const long timeout[2])
{
	int n = 0, ms = -1;

	if (nfds < 0 || nfds > FD_SETSIZE)
		return -EINVAL;
	if (timeout)
		ms = timeout[0] > 2000000 ? 2000000000
					  : (int)(timeout[0] * 1000 + timeout[1] / 1000);
	struct pollfd *p = malloc(sizeof *p * ((size_t)nfds + 1));
	if (!p)
		return -ENOMEM;
	for (int fd = 0; fd < nfds; fd++) {
		short events = (short)((in(r, fd) ? POLLIN : 0) | (in(w, fd) ? POLLOUT : 0) |
				       (in(x, fd) ? POLLPRI : 0));
		if (events)
			p[n++] = (struct pollfd){.fd = fd, .events = events};
	}
	int count = vfs_poll(p, (size_t)n, ms);
	if (count >= 0)
		count = select_polled(p, n, r, w, x);
	free(p);
	return count;
}
