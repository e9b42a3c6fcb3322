/*
 * There are no sockets yet, and no call takes a file's descriptor for one.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int failed;

static void is(const char *what, long result, int expected)
{
	if (result == -1 && errno == expected)
		return;
	printf("%s: %ld, errno %d\n", what, result, errno);
	failed = 1;
}

int main(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	struct sockaddr *addr = (struct sockaddr *)&a;
	socklen_t len = sizeof a;
	struct iovec iov = {&a, 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	int pair[2], n = 1, file = open("/tmp/f", O_CREAT | O_RDWR, 0600);

	is("socket", socket(AF_INET, SOCK_STREAM, 0), EAFNOSUPPORT);
	is("socket", socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), EAFNOSUPPORT);
	is("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair), EAFNOSUPPORT);
	for (int k = 0; k < 2; k++) {
		int fd = k ? file : 77, expected = k ? ENOTSOCK : EBADF;

		is("bind", bind(fd, addr, len), expected);
		is("connect", connect(fd, addr, len), expected);
		is("listen", listen(fd, 1), expected);
		is("accept", accept(fd, addr, &len), expected);
		is("accept4", accept4(fd, addr, &len, SOCK_CLOEXEC), expected);
		is("getsockopt", getsockopt(fd, SOL_SOCKET, SO_ERROR, &n, &len), expected);
		is("setsockopt", setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &n, sizeof n), expected);
		is("getsockname", getsockname(fd, addr, &len), expected);
		is("getpeername", getpeername(fd, addr, &len), expected);
		is("send", send(fd, &a, 1, 0), expected);
		is("sendto", sendto(fd, &a, 1, 0, addr, len), expected);
		is("sendmsg", sendmsg(fd, &m, 0), expected);
		is("recv", recv(fd, &a, 1, 0), expected);
		is("recvfrom", recvfrom(fd, &a, 1, 0, addr, &len), expected);
		is("recvmsg", recvmsg(fd, &m, 0), expected);
		is("shutdown", shutdown(fd, SHUT_RDWR), expected);
	}
	return failed;
}
