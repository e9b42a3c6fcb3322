/*
 * poll, and select for libcs up to 4.0.22, where it became a poll of libc's
 * own. The core tells what is ready and never waits; here is the waiting.
 */
#include "wasm.h"
#include <emscripten.h>
#include <emscripten/threading.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/select.h>
#include <vfsfs/vfsfs.h>

struct epoll_event;

VFS_WASM_START

enum { INTERVAL = 10 }; /* milliseconds between two looks */

/* Could something become ready while this thread sleeps without end? */
static bool may_sleep(void)
{
#ifdef __EMSCRIPTEN_PTHREADS__
	return !emscripten_is_main_browser_thread();
#else
	return false;
#endif
}

/*
 * Looks again and again until something is ready or the timeout (milliseconds)
 * is over; sleeps as nanosleep does. Where a negative timeout could never end,
 * it is 0.
 */
static int poll_until(struct pollfd *fds, size_t n, int timeout)
{
	double end = emscripten_get_now() + timeout;
	int count;

	if (timeout < 0 && !may_sleep())
		timeout = 0;
	while (!(count = vfs_poll(fds, n, 0)) && timeout) {
		double left = end - emscripten_get_now();
		if (timeout > 0 && left <= 0)
			break;
		emscripten_thread_sleep(timeout < 0 || left > INTERVAL ? INTERVAL : left);
	}
	return count;
}

int __syscall_poll(struct pollfd *fds, unsigned n, int timeout)
{
	return poll_until(fds, n, timeout);
}

int __syscall_poll_nonblocking(struct pollfd *fds, unsigned n)
{
	return vfs_poll(fds, n, 0);
}

/* ---- select ---- */

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
	int count = poll_until(p, (size_t)n, ms);
	if (count >= 0)
		count = select_polled(p, n, r, w, x);
	free(p);
	return count;
}

/* ---- Not there yet ---- */

int __syscall_epoll_create1(int flags)
{
	(void)flags;
	return -ENOSYS;
}

int __syscall_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	(void)epfd, (void)op, (void)fd, (void)event;
	return -ENOSYS;
}

int __syscall_epoll_pwait(int epfd, struct epoll_event *events, int max, int timeout,
			  const sigset_t *mask, size_t size)
{
	(void)epfd, (void)events, (void)max, (void)timeout, (void)mask, (void)size;
	return -ENOSYS;
}

int __syscall_epoll_pwait_nonblocking(int epfd, struct epoll_event *events, int max)
{
	(void)epfd, (void)events, (void)max;
	return -ENOSYS;
}
