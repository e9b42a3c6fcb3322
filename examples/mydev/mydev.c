/*
 * A device of one's own: /dev/tally adds up what is written to it. A driver is
 * one table of functions; the program then uses it through plain libc calls.
 *
 *   write   adds numbers, one a line
 *   read    gives the sum as a line, once for each change; then end of file
 *   poll    readable while there is a sum that was not read yet
 *   ioctl   TALLY_RESET starts again, with the number that arg points to
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vfsfs/device.h>
#include <vfsfs/vfsfs.h>

#define TALLY_RESET 0x5401

/* ---- The driver ---- */

/* One for all who open it. A program with threads would guard it by a mutex:
 * a driver is called by several at once. */
static struct {
	long sum;
	bool fresh; /* not read yet */
} tally;

static ssize_t tally_write(FSStream *s, const void *buf, size_t len, off_t pos)
{
	char text[64];

	(void)s, (void)pos;
	if (len >= sizeof text)
		return -EINVAL;
	memcpy(text, buf, len);
	text[len] = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		tally.sum += strtol(line, NULL, 10);
	tally.fresh = true;
	return (ssize_t)len;
}

static ssize_t tally_read(FSStream *s, void *buf, size_t len, off_t pos)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%ld\n", tally.sum);

	(void)s, (void)pos;
	if (!tally.fresh)
		return 0;
	if ((size_t)n > len)
		return -EINVAL;
	memcpy(buf, text, (size_t)n);
	tally.fresh = false;
	return n;
}

static int tally_poll(FSStream *s, int events)
{
	(void)s;
	return events & (POLLOUT | (tally.fresh ? POLLIN : 0));
}

static int tally_ioctl(FSStream *s, unsigned long request, void *arg)
{
	(void)s;
	if (request != TALLY_RESET)
		return -ENOTTY;
	if (!arg)
		return -EFAULT;
	tally.sum = *(const int *)arg;
	tally.fresh = true;
	return 0;
}

static const StreamOps tally_ops = {
	.read = tally_read, .write = tally_write, .poll = tally_poll, .ioctl = tally_ioctl};

/* Makes /dev/tally; 0 or -errno. */
static int tally_start(void)
{
	int major = vfs_free_major(), err;

	if (major < 0)
		return major;
	err = vfs_register_device(vfs_makedev((unsigned)major, 0), "tally", &tally_ops);
	return err ? err : vfs_mknod("/dev/tally", S_IFCHR | 0666, vfs_makedev((unsigned)major, 0));
}

/* ---- Its use ---- */

static void show(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};
	char text[32];
	int ready = poll(&p, 1, 0);

	printf("poll: %d,%s%s\n", ready, p.revents & POLLIN ? " readable" : "",
	       p.revents & POLLOUT ? " writable" : "");
	ssize_t n = read(fd, text, sizeof text);
	if (n < 0)
		printf("read: %s\n", strerror(errno));
	else
		printf("read: %zd bytes: %.*s\n", n, n ? (int)n - 1 : 0, text);
}

int main(void)
{
	int start = 100, err = tally_start();

	if (err) {
		fprintf(stderr, "/dev/tally: %s\n", strerror(-err));
		return 1;
	}
	int fd = open("/dev/tally", O_RDWR);
	if (fd < 0) {
		perror("/dev/tally");
		return 1;
	}
	show(fd);
	dprintf(fd, "1\n2\n");
	dprintf(fd, "39\n");
	show(fd);
	show(fd);
	printf("ioctl: %d\n", ioctl(fd, TALLY_RESET, &start));
	show(fd);
	if (ioctl(fd, 1, &start) < 0)
		printf("ioctl: %s\n", strerror(errno));
	if (lseek(fd, 0, SEEK_SET) < 0)
		printf("lseek: %s\n", strerror(errno));
	close(fd);
	return 0;
}
