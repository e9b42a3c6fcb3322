/*
 * Sockets are not there yet: none is made, so no descriptor is one. Emscripten's
 * own cannot be used beside this: they have descriptors of their own, with the
 * same numbers as files, and draw the JavaScript filesystem in.
 */
#include "wasm.h"
#include <errno.h>
#include <sys/socket.h>
#include <vfsfs/vfsfs.h>

VFS_WASM_START

int __syscall_socket(int domain, int type, int protocol, int a, int b, int c)
{
	(void)domain, (void)type, (void)protocol, (void)a, (void)b, (void)c;
	return -EAFNOSUPPORT;
}

int __syscall_socketpair(int domain, int type, int protocol, int fds[2], int a, int b)
{
	(void)domain, (void)type, (void)protocol, (void)fds, (void)a, (void)b;
	return -EAFNOSUPPORT;
}

static int no_socket(int fd)
{
	int flags = vfs_fcntl(fd, F_GETFD, 0);
	return flags < 0 ? flags : -ENOTSOCK;
}

/* libc passes six arguments whatever the call, with the widths of these. */
/* clang-format off */
#define NO_SOCKET(name, b, c, d, e, f) \
	int __syscall_##name(int fd, b B, c C, d D, e E, f F) \
	{ \
		(void)B, (void)C, (void)D, (void)E, (void)F; \
		return no_socket(fd); \
	}
NO_SOCKET(bind, const void *, socklen_t, int, int, int)
NO_SOCKET(connect, const void *, socklen_t, int, int, int)
NO_SOCKET(listen, int, int, int, int, int)
NO_SOCKET(accept4, void *, socklen_t *, int, int, int)
NO_SOCKET(getsockopt, int, int, void *, socklen_t *, int)
NO_SOCKET(setsockopt, int, int, const void *, socklen_t, int)
NO_SOCKET(getsockname, void *, socklen_t *, int, int, int)
NO_SOCKET(getpeername, void *, socklen_t *, int, int, int)
NO_SOCKET(sendto, const void *, size_t, int, const void *, socklen_t)
NO_SOCKET(sendmsg, const void *, int, int, int, int)
NO_SOCKET(recvfrom, void *, size_t, int, void *, socklen_t *)
NO_SOCKET(recvmsg, void *, int, int, int, int)
NO_SOCKET(shutdown, int, int, int, int, int)
/* clang-format on */
