/*
 * Pools that are open before they are mounted: a worker cannot wait for what is
 * asynchronous once C runs, so opening comes first.
 */
#include "../opfs_common/opfs_browser.h"
#include "pool.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct prepared {
	struct prepared *next;
	vfs__pool_files *files;
	bool ready;
	void (*done)(void *context, int result);
	void *context;
} prepared;

#if VFS_THREADS
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the list */
static _Thread_local char text[256];
#define LOCK()   ((void)pthread_mutex_lock(&lock))
#define UNLOCK() ((void)pthread_mutex_unlock(&lock))
#else
static char text[256];
#define LOCK()
#define UNLOCK()
#endif
static prepared *all;

const char *vfs_opfs_message(void)
{
	return text;
}

static int say(int err, const char *what)
{
	snprintf(text, sizeof text, "%s", what);
	return err;
}

static int explain(int err)
{
	switch (err) {
	case -EBUSY:
		return say(err, "the pool is open in another tab or worker");
	case -ENOSPC:
		return say(err, "there is no space left for the files of the pool");
	case -EOPNOTSUPP:
#ifdef __EMSCRIPTEN__
		return say(err, vfs__opfs_why());
#endif
	default:
		return say(err, strerror(-err));
	}
}

int vfs__pool_explain(int err)
{
	if (err == -ENOTSUP)
		return say(err, "a later version of the library has written the pool");
	return say(err, strerror(-err));
}

static int port_of(const vfs_opfs_pool_options *o, vfs_opfs_port **out)
{
	*out = o->port;
	if (*out)
		return 0;
#ifdef __EMSCRIPTEN__
	if (o->worker)
		vfs__opfs_use_worker(o->worker);
	return vfs_opfs_browser_new(out);
#else
	return -EOPNOTSUPP;
#endif
}

static void trim(const char **directory, size_t *len)
{
	*len = strlen(*directory);
	while (*len && **directory == '/')
		++*directory, --*len;
	while (*len && (*directory)[*len - 1] == '/')
		--*len;
}

static prepared **find(vfs_opfs_port *port, const char *directory)
{
	prepared **at = &all;
	size_t len;
	trim(&directory, &len);
	while (*at && ((*at)->files->port != port || strlen((*at)->files->directory) != len ||
		       memcmp((*at)->files->directory, directory, len) != 0))
		at = &(*at)->next;
	return at;
}

/* The last that was opened, or could not be: then vfs_mount tells why. Guarded by the
 * lock. */
static struct {
	char *directory;
	int err;
} failed;

static void set_failed(const vfs__pool_files *files, int err)
{
	free(failed.directory);
	failed.directory = strdup(files->directory);
	failed.err = err;
}

/* Tells a failure once; 0 where that directory has none. */
static int take_failed(const char *directory)
{
	size_t len;
	trim(&directory, &len);
	LOCK();
	int err = failed.err;
	if (!err || !failed.directory || strlen(failed.directory) != len ||
	    memcmp(failed.directory, directory, len) != 0)
		err = 0;
	else
		failed.err = 0;
	UNLOCK();
	return err ? explain(err) : 0;
}

static void opened(void *context, int result)
{
	prepared *p = context;
	LOCK();
	prepared is = *p; /* once it is ready another thread may take it, and free it */
	set_failed(p->files, result);
	p->ready = true;
	if (result) {
		prepared **at = &all;
		while (*at && *at != p)
			at = &(*at)->next;
		if (*at)
			*at = p->next;
	}
	UNLOCK();
	if (result)
		explain(result);
	if (is.done)
		is.done(is.context, result);
	if (result) {
		vfs__pool_close(is.files);
		free(p);
	}
}

static int start(vfs_opfs_port *port, const vfs_opfs_pool_options *o,
		 void (*done)(void *context, int result), void *context)
{
	const char *directory = o->directory ? o->directory : "vfsfs";
	prepared *p = calloc(1, sizeof *p);
	if (!p)
		return -ENOMEM;
	p->done = done;
	p->context = context;
	int err = vfs__pool_new(port, directory, o->capacity, opened, p, &p->files);
	LOCK();
	if (!err && *find(port, directory))
		err = -EBUSY;
	if (!err) {
		p->next = all;
		all = p;
	}
	UNLOCK();
	if (err) {
		if (p->files)
			vfs__pool_close(p->files);
		free(p);
		return explain(err);
	}
	vfs__pool_open(p->files);
	return 0;
}

int vfs_opfs_prepare(const vfs_opfs_pool_options *options, void (*done)(void *context, int result),
		     void *context)
{
	vfs_opfs_pool_options o = {0};
	if (options)
		o = *options;
	vfs_opfs_port *port;
	int err = port_of(&o, &port);
	return err ? explain(err) : start(port, &o, done, context);
}

#ifdef __EMSCRIPTEN__
#include <emscripten.h>

/* Module.vfs.prepare (lib/wasm/libvfsfs.js): its call, and its answer. */
/* clang-format off */
EM_JS(void, vfs__opfs_prepared, (double id, int result, const char *message), {
	Module["vfsPrepared"](id, result, UTF8ToString(message));
})
/* clang-format on */
EM_JS_DEPS(vfs_opfs_prepare, "$UTF8ToString");

static void prepared_for_js(void *context, int result)
{
	vfs__opfs_prepared((double)(uintptr_t)context, result, text);
}

/* Strings by their addresses; worker 0: none. */
EMSCRIPTEN_KEEPALIVE void vfs__opfs_prepare(double directory, double capacity, int id,
					    double worker);
void vfs__opfs_prepare(double directory, double capacity, int id, double worker)
{
	vfs_opfs_pool_options o = {.directory = (const char *)(uintptr_t)directory,
				   .capacity = (unsigned)capacity,
				   .worker = (const char *)(uintptr_t)worker};
	void *context = (void *)(uintptr_t)id;
	int err = vfs_opfs_prepare(&o, prepared_for_js, context);
	if (err)
		prepared_for_js(context, err);
}
#endif

static void note(void *context, int result)
{
	*(int *)context = result;
}

/* Opens what nobody has prepared, on a port that need not return to the event loop. */
static int open_now(vfs_opfs_port *port, const vfs_opfs_pool_options *o)
{
	const vfs__name_ops *names = port->names;
	int result = 0;
	if (!port->at_once && (!names->begin || names->begin(port)))
		return 0;
	int err = start(port, o, note, &result);
	if (!port->at_once)
		names->finish(port);
	return err ? err : result;
}

/* The prepared pool, off the list; NULL: there is none that is ready. */
static prepared *take(vfs_opfs_port *port, const char *directory, bool *begun)
{
	LOCK();
	prepared **at = find(port, directory), *p = *at;
	*begun = p;
	if (p && p->ready)
		*at = p->next;
	else
		p = NULL;
	UNLOCK();
	return p;
}

int vfs__pool_take(const vfs_opfs_pool_options *o, vfs__pool_files **out)
{
	vfs_opfs_port *port;
	const char *directory = o->directory ? o->directory : "vfsfs";
	bool begun;
	int err = port_of(o, &port);
	if (err)
		return explain(err);
	prepared *p = take(port, directory, &begun);
	if (!p && !begun) {
		err = open_now(port, o);
		if (err)
			return err;
		p = take(port, directory, &begun);
	}
	if (!p && begun)
		return say(-EAGAIN, "the pool is being prepared: return to the event loop first");
	if (!p && (err = take_failed(directory)))
		return err;
	if (!p)
		return say(-EAGAIN,
			   "the pool is not prepared: Module.vfs.prepare() before main, or "
			   "vfs_opfs_prepare() and a return to the event loop, come before "
			   "vfs_mount()");
	*out = p->files;
	free(p);
	return 0;
}
