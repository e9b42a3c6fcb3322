/*
 * Starting the ring's workers, which takes a return to the event loop of the program's
 * first thread: there they are started, so that they live as long as the program.
 */
#include "opfs_browser.h"
#include "opfs_ring.h"
#include <vfsfs/backend.h>
#if defined __EMSCRIPTEN__ && VFS_THREADS
#include "opfs_worker.h"
#include <emscripten.h>
#include <emscripten/proxying.h>
#include <emscripten/threading.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS(p) ((double)(uintptr_t)(p))

static const char *const reasons[] = {
	"",
	"OPFS needs a secure origin: serve the page from https:// or from localhost",
	"there is no OPFS here: it takes Chrome 108, Firefox 111, Safari 16.4 or later",
	"this browser's workers cannot open OPFS files: it takes Chrome 108, Firefox 111, "
	"Safari 16.4 or later",
	"this browser refuses OPFS here, as some do in private windows",
	"the worker for OPFS did not start: where the page's policy forbids workers from a "
	"Blob, give the URL of libvfsfs-worker.js (vfs_opfs_pool_options.worker)",
};
enum { REFUSED = 4 };

/* clang-format off */
EM_JS(int, vfs__ring_check, (void), {
	if (globalThis["isSecureContext"] === false) return 1;
	return globalThis["navigator"]?.["storage"]?.["getDirectory"] ? 0 : 2;
})

EM_JS(int, vfs__ring_is_first_thread, (void), {
	return ENVIRONMENT_IS_PTHREAD ? 0 : 1;
})

/* The supervisor, from a URL, or from the script's text; another where it does not come
 * up, which Firefox's at times do not. What cannot be started sets the ring's reason. */
EM_JS(void, vfs__ring_start, (double ring, double url, double text, double len), {
	var words = new Int32Array(wasmMemory.buffer, ring, 8), start = vfs__ring_start, tries = 0, script;
	var failed = () => {
		Atomics.store(words, 6, 5);
		Atomics.add(words, 4, 1);
		Atomics.notify(words, 4);
	};
	var begin = () => {
		start.worker = new Worker(script, {"name": "vfsfs-opfs"});
		start.worker.onerror = failed;
		start.worker.postMessage({"memory": wasmMemory, "ring": ring, "first": 1000 * tries++});
		setTimeout(() => {
			if (Atomics.load(words, 1) || Atomics.load(words, 6) || tries > 3) return;
			start.worker.terminate();
			setTimeout(begin, 500);
		}, 5000 * (tries + 1));
	};
	try {
		script = url ? UTF8ToString(url) : URL.createObjectURL(new Blob([HEAPU8.slice(text, text + len)], {"type": "text/javascript"}));
		begin();
	} catch (e) {
		failed();
	}
})

EM_JS(void, vfs__ring_stop, (void), {
	vfs__ring_start.worker?.terminate();
})
/* clang-format on */
EM_JS_DEPS(vfs_ring_start, "$UTF8ToString");

static char *worker_url;
static atomic_bool started, launched;
static _Thread_local int why;

void vfs__opfs_use_worker(const char *url)
{
	if (!worker_url && !atomic_load(&started))
		worker_url = strdup(url);
}

const char *vfs__opfs_why(void)
{
	int reason = atomic_load(&vfs__the_ring.reason);
	return reasons[why ? why : reason ? reason : REFUSED];
}

/* In the program's first thread. Its end is theirs, and frees the files: what is
 * registered first is called last. */
static void launch(void *none)
{
	(void)none;
	atexit(vfs__ring_stop);
	vfs__ring_start(ADDRESS(&vfs__the_ring), ADDRESS(worker_url),
			ADDRESS(vfs__opfs_worker_text), sizeof vfs__opfs_worker_text - 1);
	atomic_store(&launched, true);
}

int vfs_opfs_browser_new(vfs_opfs_port **out)
{
	static vfs_opfs_port port = {&vfs__ring_handle_ops, &vfs__ring_name_ops, false};
	why = vfs__ring_check();
	if (why || atomic_load(&vfs__the_ring.reason))
		return -EOPNOTSUPP;
	if (!atomic_exchange(&started, true)) {
		if (vfs__ring_is_first_thread())
			launch(NULL);
		else
			emscripten_proxy_async(emscripten_proxy_get_system_queue(),
					       emscripten_main_runtime_thread_id(), launch, NULL);
	}
	*out = &port;
	return 0;
}

/* Slices for the first thread to come to its event loop, which it never may, and then
 * for the workers. */
enum { TO_LAUNCH = 10, TO_START = 100 };

bool vfs__ring_is_ready(void)
{
	vfs__ring *ring = &vfs__the_ring;
	static atomic_bool ready;
	if (!ready && !vfs__ring_is_first_thread())
		for (int k = 0; !atomic_load(&ring->proxy) && !atomic_load(&ring->reason) &&
				k < (atomic_load(&launched) ? TO_START : TO_LAUNCH);
		     k++)
			vfs__ring_sleep(&ring->proxy, 0);
	if (atomic_load(&ring->proxy))
		atomic_store(&ready, true);
	return ready;
}
#endif
