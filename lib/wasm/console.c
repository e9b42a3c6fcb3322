/*
 * The console: standard input, output and error, as devices. /dev/tty (5:0)
 * and /dev/console (5:1) read the host's input and write its output; /dev/tty1
 * (6:0) writes its error output. The numbers are Emscripten's.
 *
 * In Node they are the process's descriptors 0, 1 and 2, byte for byte. Where
 * the page gives Module.stdin, stdout, stderr, print or printErr, and in a
 * browser, they are those functions: bytes to and from the first three, lines
 * of text to the others. With threads, only the main thread has them, and the
 * others ask it.
 */
#include "wasm.h"
#include <emscripten.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <vfsfs/device.h>
#include <vfsfs/vfsfs.h>
#if VFS_THREADS
#include <emscripten/proxying.h>
#include <emscripten/threading.h>
#endif

/* ---- The host: Node ---- */

/* Numbers go to JavaScript as doubles: a pointer of 64 bits would be a BigInt. */
#define ADDRESS(p) ((double)(uintptr_t)(p))

/* Node before 20.16 has no getBuiltinModule; there `require` is the module's own,
 * or what Emscripten makes in an ES module. A build for the web alone declares
 * none: a comment tells closure that all is well, which EM_JS would drop. */
/* clang-format off */
_EM_JS(void, vfs__node, vfs__node, (double name),
	"{ /** @suppress {undefinedVars} */ var get = globalThis['process']['getBuiltinModule'] ?? require; return get(name) }")
/* clang-format on */

/* The bytes moved, or -1 - an index into host_errors. A pipe that somebody has
 * made non-blocking is waited for asleep. */
/* clang-format off */
EM_JS(int, vfs__host_io, (int fd, double p, double len, int writes, int nonblock), {
	var fs = vfs__page_flush.fs ||= vfs__node("fs");
	for (;;) {
		try {
			return fs[writes ? "writeSync" : "readSync"](fd, HEAPU8, p, len, null);
		} catch (e) {
			if (e.code == "EOF") return 0;
			if (e.code != "EAGAIN" || nonblock)
				return -2 - ["EAGAIN", "EPIPE", "ENOSPC", "EISDIR"].indexOf(e.code);
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
		}
	}
})
/* clang-format on */

static const unsigned char host_errors[] = {EIO, EAGAIN, EPIPE, ENOSPC, EISDIR};

/* Rows << 16 | columns, 0 where they are not known; -1: no terminal. Node's
 * own stream is asked only where it is a terminal: it would make a pipe
 * non-blocking, for everybody who has it. */
/* clang-format off */
EM_JS(int, vfs__host_window, (int fd), {
	var node = globalThis["process"],
	    is = vfs__node("tty")["isatty"],
	    out = is(1) ? node["stdout"] : is(2) && node["stderr"];
	return is(fd) ? out && out["rows"] << 16 | out["columns"] : -1;
})
/* clang-format on */

/* ---- The page ---- */

/* clang-format off */
EM_JS(void, vfs__page_write, (int fd, double p, double len), {
	vfs__page_flush.out[fd](HEAPU8.slice(p, p + len));
})
/* clang-format on */

/* Prints what has no end of line yet. `end`: the runtime ends, from now on
 * nothing of libc's may be called. */
/* clang-format off */
EM_JS(void, vfs__page_flush, (int end), {
	var page = vfs__page_flush;
	page.end |= end;
	page.out[1]();
	page.out[2]();
})
/* clang-format on */

/* Up to the end of a line, as a terminal gives it; 0 at the end of input, -1
 * where there is none yet (Module.stdin gave undefined). */
/* clang-format off */
EM_JS(int, vfs__page_read, (double p, double len), {
	var page = vfs__page_read, get = vfs__page_flush.get, n = 0, c;
	if (!get) {
		if (!page.line?.length) {
			c = globalThis.prompt?.("Input: ");
			page.line = c == null ? [] : [...new TextEncoder().encode(c + "\n")];
		}
		get = () => page.line.shift() ?? null;
	}
	while (n < len && c != 10) {
		c = get();
		if (c == null) break;
		HEAPU8[p + n++] = c;
	}
	return n || (c === undefined ? -1 : 0);
})
/* clang-format on */

/*
 * The descriptors that are Node's, as bits. Sees to it that what libc holds is
 * written when the program exits without ending its runtime (quit_ is the last
 * that exit() calls, main's return and abort too), and when Node ends without
 * any exit. What Node refers to would stay in memory for ever, and with it the
 * module: it has a weak reference.
 */
/* clang-format off */
EM_JS(int, vfs__page_start, (void), {
	var page = vfs__page_flush, quit = quit_, all = "vfsfs";
	// in builds with assertions, what is not Module's own becomes a getter that aborts
	var given = (name) =>
		Object.getOwnPropertyDescriptor(Module, name)?.value ?? Object.getPrototypeOf(Module)?.[name];
	var open = (put, print) => {
		var decoder = new TextDecoder("utf-8", {ignoreBOM: true}), text = "";
		return (bytes) => {
			if (put) {
				for (var c of bytes || []) put(c);
				return;
			}
			var lines = (text + decoder.decode(bytes, {stream: !!bytes})).split("\n");
			text = bytes ? lines.pop() : "";
			for (var line of lines) if (bytes || line) print(line);
		};
	};
	page.get = given("stdin");
	page.out = [0, open(given("stdout"), out), open(given("stderr"), err)];
	quit_ = (status, e) => {
		if (e instanceof ExitStatus && !page.end) _vfs__flush();
		vfs__page_flush(0);
		quit(status, e);
	};
	if (!ENVIRONMENT_IS_NODE) return 0;
	page.exit = () => { page.end || ABORT || _vfs__flush() };
	var node = globalThis["process"];
	if (!node[all]) {
		node[all] = [];
		node["on"]("exit", () => node[all].forEach((ref) => ref.deref()?.()));
	}
	node[all].push(new WeakRef(page.exit));
	return !page.get | !(given("stdout") || given("print")) << 1 |
		!(given("stderr") || given("printErr")) << 2;
})
/* clang-format on */

/* ---- The driver ---- */

static unsigned in_node; /* constant after start-up */

static bool is_node(int fd)
{
	return in_node >> fd & 1;
}

/* The host's descriptor that a stream writes. */
static int output(const FSStream *s)
{
	return s->shared->node->rdev == vfs_makedev(6, 0) ? 2 : 1;
}

static bool nonblocking(const FSStream *s)
{
	return s->shared->flags & O_NONBLOCK;
}

/* -errno, or the bytes moved, at most 1 GiB. */
static ssize_t node_io(int fd, const void *p, size_t len, int writes, int nonblock)
{
	int n = vfs__host_io(fd, ADDRESS(p), (double)(len < 1 << 30 ? len : 1 << 30), writes,
			     nonblock);
	return n < 0 ? -(int)host_errors[-1 - n] : n;
}

struct page_call {
	int fd;
	ssize_t len; /* of a call; then the answer */
	void *p;
};

static void page_call(void *call)
{
	struct page_call *c = call;

	if (!c->p)
		vfs__page_flush(0);
	else if (c->fd)
		vfs__page_write(c->fd, ADDRESS(c->p), (double)c->len);
	else
		c->len = vfs__page_read(ADDRESS(c->p), (double)c->len);
}

/* To the main thread, where Module is. */
static ssize_t page_io(int fd, const void *p, size_t len)
{
	struct page_call c = {fd, (ssize_t)len, (void *)(uintptr_t)p};

#if VFS_THREADS
	if (!emscripten_is_main_runtime_thread()) {
		emscripten_proxy_sync(emscripten_proxy_get_system_queue(),
				      emscripten_main_runtime_thread_id(), page_call, &c);
		return c.len;
	}
#endif
	page_call(&c);
	return c.len;
}

static ssize_t console_read(FSStream *s, void *buf, size_t len, off_t pos)
{
	(void)pos;
	if (!len)
		return 0;
	if (is_node(0))
		return node_io(0, buf, len, 0, nonblocking(s));
	ssize_t n = page_io(0, buf, len);
	return n < 0 ? -EAGAIN : n;
}

static ssize_t console_write(FSStream *s, const void *buf, size_t len, off_t pos)
{
	int fd = output(s);
	size_t done = 0;

	(void)pos;
	if (!is_node(fd))
		return page_io(fd, buf, len);
	while (done < len) {
		ssize_t n = node_io(fd, (const char *)buf + done, len - done, 1, nonblocking(s));
		if (n < 0)
			return done ? (ssize_t)done : n;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* libc gives a line as two pieces, the buffer and what came last: one write for
 * both, so that lines of several threads do not mix. */
static ssize_t console_writev(FSStream *s, const struct iovec *iov, int n, off_t pos)
{
	char line[1024];
	size_t len = 0;
	ssize_t done = 0;
	int k = 0;

	for (; k < n && iov[k].iov_len <= sizeof line - len; k++) {
		memcpy(line + len, iov[k].iov_base, iov[k].iov_len);
		len += iov[k].iov_len;
	}
	if (k == n)
		return console_write(s, line, len, pos);
	for (k = 0; k < n; k++) {
		ssize_t got = console_write(s, iov[k].iov_base, iov[k].iov_len, pos);
		if (got < 0)
			return done ? done : got;
		done += got;
		if ((size_t)got < iov[k].iov_len)
			break;
	}
	return done;
}

static int console_fsync(FSStream *s, bool data_only)
{
	(void)data_only;
	if (!is_node(output(s)))
		page_io(1, NULL, 0);
	return 0;
}

/* What can be told of a terminal. Nothing about it can be changed: to set what
 * is so already succeeds, as programs do at their end. The flags are those that
 * Emscripten tells. */
static const struct termios modes = {
	.c_iflag = ICRNL | IXON | IMAXBEL | IUTF8,
	.c_oflag = OPOST | ONLCR,
	.c_cflag = B38400 | CS8 | CREAD,
	.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
	.c_cc = {[VINTR] = 3, [VQUIT] = 28, [VERASE] = 127, [VKILL] = 21, [VEOF] = 4, [VMIN] = 1}};

static int console_ioctl(FSStream *s, unsigned long request, void *arg)
{
	int fd = s->writable ? output(s) : 0;
	int window = is_node(fd) ? vfs__host_window(fd) : 24 << 16 | 80;
	struct winsize size = {.ws_row = (unsigned short)(window >> 16),
			       .ws_col = (unsigned short)window};
	bool is_size = request == TIOCGWINSZ || request == TIOCSWINSZ;
	const void *is = is_size ? (const void *)&size : &modes;
	size_t len = is_size ? sizeof size : sizeof modes;

	if (window < 0 || !(is_size || (request >= TCGETS && request <= TCSETSF)))
		return -ENOTTY;
	if (!vfs__is_memory(arg, len))
		return -EFAULT;
	if (request != TCGETS && request != TIOCGWINSZ)
		return memcmp(arg, is, len) ? -EINVAL : 0;
	memcpy(arg, is, len);
	return 0;
}

static const StreamOps console_ops = {.read = console_read,
				      .write = console_write,
				      .writev = console_writev,
				      .fsync = console_fsync,
				      .ioctl = console_ioctl};

/* ---- Start and end ---- */

/* What libc holds for all streams, and the page's last lines. */
EMSCRIPTEN_KEEPALIVE void vfs__flush(void)
{
	fflush(NULL);
	vfs__page_flush(0);
}

/* The first that is registered runs last; without EXIT_RUNTIME libc registers
 * nothing. */
static void at_exit(void)
{
	fflush(NULL);
	vfs__page_flush(1);
}

int vfs__console_start(void)
{
	static const dev_t devices[] = {5 << 8, 5 << 8 | 1, 6 << 8};
	int err = 0;

	for (int k = 0; k < 3 && !err; k++)
		err = vfs_register_device(devices[k], "tty", &console_ops);
	if (err)
		return err;
	in_node = (unsigned)vfs__page_start();
	atexit(at_exit);
	for (int fd = 0; fd < 3 && err >= 0; fd++)
		err = vfs_open(fd < 2 ? "/dev/tty" : "/dev/tty1", fd ? O_WRONLY : O_RDONLY, 0);
	return err < 0 ? err : 0;
}
