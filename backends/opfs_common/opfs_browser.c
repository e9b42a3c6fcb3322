/*
 * The port in a browser, direct: the calling thread, a dedicated worker, owns the
 * sync access handles. For programs without threads; opfs_ring.c is for the others.
 *
 * Handle operations are the handle's own, which are synchronous from Chrome 108,
 * Firefox 111 and Safari 16.4 on. Name operations are promises: as many are under
 * way at a time as were asked for. Directories found on the way are remembered;
 * any failure forgets them, as another tab may have removed one.
 */
#include "opfs_browser.h"
#include <vfsfs/backend.h>
#if defined __EMSCRIPTEN__ && !VFS_THREADS
#include <emscripten.h>
#include <errno.h>
#include <string.h>

/* Numbers go to JavaScript as doubles, positions up to 2^53: an int64_t, and a
 * pointer of 64 bits, would be a BigInt. */
#define ADDRESS(p) ((double)(uintptr_t)(p))

EM_JS_DEPS(vfs_opfs, "$callUserCallback,$runtimeKeepalivePush,$runtimeKeepalivePop");

/* What JavaScript answers below 0 is -1 - an index into this. At the quota Firefox's
 * truncate throws what is no DOMException. */
static const int errors[] = {EIO, ENOENT, EBUSY, ENOSPC, ENOSPC, EOPNOTSUPP};

static const char *why = "";
static const char *const reasons[] = {
	"",
	"OPFS needs a secure origin: serve the page from https:// or from localhost",
	"there is no OPFS here: it takes Chrome 108, Firefox 111, Safari 16.4 or later",
	"OPFS files can be opened in a dedicated worker only: run the program in one",
	"this browser refuses OPFS here, as some do in private windows",
};

/*
 * Makes this thread's state, or gives an index into reasons. In it: open files by
 * number, how long each must be, the numbers that are free again, directories by
 * path (as promises), where the memory's views are refused a buffer to copy through,
 * and the name that vfs__opfs_text gives.
 */
/* clang-format off */
EM_JS(int, vfs__opfs_start, (void), {
	var port = vfs__opfs_start, dirs = new Map(), storage = globalThis["navigator"]?.["storage"];
	if (globalThis["isSecureContext"] === false) return 1;
	if (!storage?.["getDirectory"]) return 2;
	if (!globalThis["FileSystemFileHandle"]?.prototype["createSyncAccessHandle"]) return 3;
	port.files ||= [];
	port.free ||= [];
	port.ends ||= [];
	port.dirs = dirs;
	port.dir = (path, create) => {
		var cut = path.lastIndexOf("/"), dir = !create && dirs.get(path);
		if (!dir) {
			dir = path ? port.dir(path.slice(0, Math.max(cut, 0)), create).then((parent) =>
				parent["getDirectoryHandle"](path.slice(cut + 1), {"create": create}))
				: storage["getDirectory"]().catch(() => { throw {"name": 0} });
			if (dirs.size > 99) dirs.clear();
			dirs.set(path, dir);
		}
		return dir;
	};
	port.space ||= [0, 0];
	port.estimate = () => storage["estimate"]?.().then((e) => port.space = [e["quota"], e["usage"]], () => {});
	port.estimate();
	port.fail = (e) => -2 - ["NotFoundError", "NoModificationAllowedError", "QuotaExceededError",
		"NS_ERROR_FILE_NO_DEVICE_SPACE", 0].indexOf(e["name"]);
	return 0;
})
/* clang-format on */

/* ---- Handles ---- */

/*
 * The bytes moved. A handle takes no view of memory that can be resized
 * (-sGROWABLE_ARRAYBUFFERS): then in pieces, through a buffer.
 *
 * Where there is no room, Chrome throws, or answers with a short count, or in incognito
 * windows with -8 as a number of 32 bits, and there its truncate does nothing. Where
 * the host fails, Firefox answers with a number left over from something else, which
 * may be the one that was asked for. So a short read must be at the end of the file, a
 * file that was to grow is looked at, and so is, before a flush, the end of what was
 * written.
 */
/* clang-format off */
EM_JS(double, vfs__opfs_io, (int handle, int writes, double p, double len, double pos), {
	var port = vfs__opfs_start, file = port.files[handle], buffer = HEAPU8.buffer, done = 0, part, n, mine, view,
	    copy = (buffer["resizable"] || buffer["growable"]) && (port.copy ||= new Uint8Array(65536));
	try {
		do {
			part = copy ? Math.min(len - done, 65536) : len;
			mine = HEAPU8.subarray(p + done, p + done + part);
			view = copy ? copy.subarray(0, part) : mine;
			if (copy && writes) view.set(mine);
			n = file[writes ? "write" : "read"](view, {"at": pos + done});
			if (writes && n != part) return n < 0x80000000 || n == 0xfffffff8 ? -4 : -1;
			if (n != part && (n > part || file["getSize"]() > pos + done + n)) return -1;
			if (copy && !writes) mine.set(view.subarray(0, n));
			done += n;
		} while (n == part && done < len);
		if (writes && len) port.ends[handle] = Math.max(port.ends[handle], pos + done);
		return done;
	} catch (e) {
		return port.fail(e);
	}
})
/* clang-format on */

/* 0: getSize, 1: truncate, 2: flush, 3: close. */
/* clang-format off */
EM_JS(double, vfs__opfs_file, (int handle, int call, double size), {
	var port = vfs__opfs_start, file = port.files[handle];
	try {
		if (call == 2 && file["getSize"]() < port.ends[handle]) return -4;
		var n = file[["getSize", "truncate", "flush", "close"][call]](size);
		if (call == 1) {
			if (size > port.ends[handle] && file["getSize"]() != size) return -4;
			port.ends[handle] = size;
		}
		if (call == 3) {
			port.files[handle] = 0;
			port.free.push(handle);
		}
		return n || 0;
	} catch (e) {
		return port.fail(e);
	}
})
/* clang-format on */

enum { SIZE, TRUNCATE, FLUSH, CLOSE };

/* Of an open file: full, or something that only the host knows. */
static int64_t file_result(double n)
{
	if (n >= 0)
		return (int64_t)n;
	return errors[-1 - (int)n] == ENOSPC ? -ENOSPC : -EIO;
}

static int64_t browser_read(vfs_opfs_port *port, int handle, void *buf, size_t len, int64_t pos)
{
	(void)port;
	return file_result(vfs__opfs_io(handle, 0, ADDRESS(buf), (double)len, (double)pos));
}

static int browser_write(vfs_opfs_port *port, int handle, const void *buf, size_t len, int64_t pos)
{
	(void)port;
	int64_t n = file_result(vfs__opfs_io(handle, 1, ADDRESS(buf), (double)len, (double)pos));
	return n < 0 ? (int)n : 0;
}

static int64_t call(int handle, int which, int64_t size)
{
	return file_result(vfs__opfs_file(handle, which, (double)size));
}

static int browser_truncate(vfs_opfs_port *port, int handle, int64_t size)
{
	(void)port;
	return (int)call(handle, TRUNCATE, size);
}

static int64_t browser_size(vfs_opfs_port *port, int handle)
{
	(void)port;
	return call(handle, SIZE, 0);
}

static int browser_flush(vfs_opfs_port *port, int handle)
{
	(void)port;
	return (int)call(handle, FLUSH, 0);
}

static void browser_close(vfs_opfs_port *port, int handle)
{
	(void)port;
	call(handle, CLOSE, 0);
}

/* What the browser said last: it is asked again each time, for the next. */
/* clang-format off */
EM_JS(double, vfs__opfs_space, (int which), {
	which || vfs__opfs_start.estimate();
	return vfs__opfs_start.space[which];
})
/* clang-format on */

static void browser_space(vfs_opfs_port *port, uint64_t *total, uint64_t *left)
{
	double quota = vfs__opfs_space(0), used = vfs__opfs_space(1);
	(void)port;
	*total = (uint64_t)quota;
	*left = used < quota ? (uint64_t)(quota - used) : 0;
}

static const vfs__handle_ops handle_ops = {.read = browser_read,
					   .write = browser_write,
					   .truncate = browser_truncate,
					   .size = browser_size,
					   .flush = browser_flush,
					   .close = browser_close,
					   .space = browser_space};

/* ---- Names ---- */

/* For JavaScript; `entry` and `done` are the caller's functions. */
EMSCRIPTEN_KEEPALIVE void vfs__opfs_entry(double entry, double context, int len, int is_directory);
EMSCRIPTEN_KEEPALIVE void vfs__opfs_done(double done, double context, int result);

/* 0: open, 1: open or create, 2: removeEntry, 3: mkdir, 4: list. A file that is
 * opened after the program has ended is closed again. */
/* clang-format off */
EM_JS(void, vfs__opfs_name, (int op, double p, double len, double entry, double done, double context), {
	var port = vfs__opfs_start, bytes = HEAPU8.slice(p, p + len), names = [];
	var ask = async () => {
		var path = new TextDecoder("utf-8", {"fatal": true, "ignoreBOM": true}).decode(bytes),
		    cut = path.lastIndexOf("/"), name = path.slice(cut + 1), file, n,
		    dir = await port.dir(op > 2 ? path : path.slice(0, Math.max(cut, 0)), op == 3);
		if (op == 4) {
			for await (var found of dir["values"]()) names.push(found);
		} else if (op == 2) {
			await dir["removeEntry"](name);
			port.dirs.delete(path);
		} else if (op < 2) {
			file = await (await dir["getFileHandle"](name, {"create": !!op}))["createSyncAccessHandle"]();
			if (ABORT) file["close"]();
			n = port.free.pop() ?? port.files.length;
			port.files[n] = file;
			port.ends[n] = 0;
		}
		return n ?? 0;
	};
	runtimeKeepalivePush();
	ask().catch((e) => {
		port.dirs.clear();
		return port.fail(e);
	}).then((result) => {
		runtimeKeepalivePop();
		var answer = () => {
			for (var found of names) {
				port.text = new TextEncoder().encode(found["name"] + "\0");
				_vfs__opfs_entry(entry, context, port.text.length, found["kind"] == "directory");
			}
			_vfs__opfs_done(done, context, result);
		};
		if (ABORT) return;
		if (runtimeInitialized) return callUserCallback(answer);
		runtimeInitialized = true; /* before main, whatever its exports' wrappers say */
		try { answer() } finally { runtimeInitialized = false }
	});
})
/* clang-format on */

/* clang-format off */
EM_JS(void, vfs__opfs_text, (double p), {
	HEAPU8.set(vfs__opfs_start.text, p);
})
/* clang-format on */

enum { OPEN, CREATE, REMOVE, MKDIR, LIST };

/* Longer ones cannot be files' names here, nor those with a NUL, which OPFS has: they
 * are left out. */
enum { LONGEST_NAME = 1024 };

void vfs__opfs_entry(double entry, double context, int len, int is_directory)
{
	char name[LONGEST_NAME];

	if ((size_t)len > sizeof name)
		return;
	vfs__opfs_text(ADDRESS(name));
	if (strlen(name) + 1 == (size_t)len)
		((vfs__port_entry *)(uintptr_t)entry)((void *)(uintptr_t)context, name,
						      is_directory != 0);
}

void vfs__opfs_done(double done, double context, int result)
{
	if (result < 0)
		result = -errors[-1 - result];
	if (result == -EOPNOTSUPP)
		why = reasons[4];
	((vfs__port_done *)(uintptr_t)done)((void *)(uintptr_t)context, result);
}

static void ask(int op, const char *path, vfs__port_entry *entry, vfs__port_done *done,
		void *context)
{
	vfs__opfs_name(op, ADDRESS(path), (double)strlen(path), ADDRESS(entry), ADDRESS(done),
		       ADDRESS(context));
}

static void browser_open(vfs_opfs_port *port, const char *path, bool create, vfs__port_done *done,
			 void *context)
{
	(void)port;
	ask(create ? CREATE : OPEN, path, NULL, done, context);
}

static void browser_remove(vfs_opfs_port *port, const char *path, vfs__port_done *done,
			   void *context)
{
	(void)port;
	ask(REMOVE, path, NULL, done, context);
}

static void browser_mkdir(vfs_opfs_port *port, const char *path, vfs__port_done *done,
			  void *context)
{
	(void)port;
	ask(MKDIR, path, NULL, done, context);
}

static void browser_list(vfs_opfs_port *port, const char *path, vfs__port_entry *entry,
			 vfs__port_done *done, void *context)
{
	(void)port;
	ask(LIST, path, entry, done, context);
}

static const vfs__name_ops name_ops = {.open = browser_open,
				       .remove = browser_remove,
				       .mkdir = browser_mkdir,
				       .list = browser_list};

/* ---- The port ---- */

void vfs__opfs_use_worker(const char *url)
{
	(void)url;
}

const char *vfs__opfs_why(void)
{
	return why;
}

int vfs_opfs_browser_new(vfs_opfs_port **out)
{
	static vfs_opfs_port port = {&handle_ops, &name_ops, false};
	int reason = vfs__opfs_start();

	if (reason) {
		why = reasons[reason];
		return -EOPNOTSUPP;
	}
	*out = &port;
	return 0;
}
#endif
