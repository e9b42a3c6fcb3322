/*
 * poll and select sleep until something is ready or their time is over.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <vfsfs/device.h>
#include <vfsfs/vfsfs.h>
#ifdef __EMSCRIPTEN_PTHREADS__
#include <pthread.h>
#endif

static int failed;

static void check(int holds, const char *what, double result)
{
	if (holds)
		return;
	printf("%s: %g\n", what, result);
	failed = 1;
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* A device that can be read once `ready` is set. */
static _Atomic int ready;

static int slow_poll(FSStream *s, int events)
{
	(void)s;
	return ready ? events & POLLIN : 0;
}

static const StreamOps slow_ops = {.poll = slow_poll};

#ifdef __EMSCRIPTEN_PTHREADS__
static void *make_ready(void *arg)
{
	(void)arg;
	usleep(200000);
	ready = 1;
	return NULL;
}

static void wakes_up(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	pthread_t thread;
	double begin = now();

	pthread_create(&thread, NULL, make_ready, NULL);
	int r = poll(&p, 1, -1);
	check(r == 1 && p.revents == POLLIN, "poll without end", r);
	check(now() - begin >= 190, "poll without end took", now() - begin);
	pthread_join(thread, NULL);
}
#endif

int main(void)
{
	struct pollfd p[2] = {{.fd = 1, .events = POLLOUT}, {.fd = 77, .events = POLLIN}};
	struct timeval tv = {0, 100000};
	double begin = now();
	fd_set set;
	int fd, r = poll(NULL, 0, 100);

	check(!r && now() - begin >= 100 && now() - begin < 5000, "poll of nothing", now() - begin);
	begin = now();
	r = select(0, NULL, NULL, NULL, &tv);
	check(!r && now() - begin >= 100 && now() - begin < 5000, "select of nothing",
	      now() - begin);
	begin = now();
	r = poll(p, 2, 60000);
	check(r == 2 && p[0].revents == POLLOUT && p[1].revents == POLLNVAL, "poll", r);
	check(now() - begin < 5000, "poll of what is ready took", now() - begin);

	vfs_register_device(vfs_makedev(100, 0), "slow", &slow_ops);
	mknod("/tmp/slow", S_IFCHR | 0600, vfs_makedev(100, 0));
	fd = vfs_open("/tmp/slow", O_RDWR, 0);
	p[0] = (struct pollfd){.fd = fd, .events = POLLIN};
	begin = now();
	r = poll(p, 1, 100);
	check(!r && !p[0].revents && now() - begin >= 100, "poll of the device", r);
	FD_ZERO(&set);
	FD_SET(fd, &set);
	tv = (struct timeval){0, 100000};
	r = select(fd + 1, &set, NULL, NULL, &tv);
	check(!r && !FD_ISSET(fd, &set), "select of the device", r);
#ifdef __EMSCRIPTEN_PTHREADS__
	wakes_up(fd);
#endif
	ready = 1;
	FD_SET(fd, &set);
	r = select(fd + 1, &set, NULL, NULL, NULL);
	check(r == 1 && FD_ISSET(fd, &set), "select of the ready device", r);
	return failed;
}
