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

static prepared *all; /* the main thread's, or the one that mounts */
static char text[256];

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

static int default_port(vfs_opfs_port **out)
{
#ifdef __EMSCRIPTEN__
	return vfs_opfs_browser_new(out);
#else
	(void)out;
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

/* The last that was opened, or could not be: then vfs_mount tells why. */
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
	int err = failed.err;
	trim(&directory, &len);
	if (!err || !failed.directory || strlen(failed.directory) != len ||
	    memcmp(failed.directory, directory, len) != 0)
		return 0;
	failed.err = 0;
	return explain(err);
}

static void opened(void *context, int result)
{
	prepared *p = context;
	set_failed(p->files, result);
	p->ready = true;
	if (result) {
		prepared **at = &all;
		while (*at && *at != p)
			at = &(*at)->next;
		if (*at)
			*at = p->next;
		explain(result);
	}
	if (p->done)
		p->done(p->context, result);
	if (result) {
		vfs__pool_close(p->files);
		free(p);
	}
}

static int start(vfs_opfs_port *port, const vfs_opfs_pool_options *o,
		 void (*done)(void *context, int result), void *context)
{
	const char *directory = o->directory ? o->directory : "vfsfs";
	if (*find(port, directory))
		return explain(-EBUSY);
	prepared *p = calloc(1, sizeof *p);
	if (!p)
		return -ENOMEM;
	p->done = done;
	p->context = context;
	int err = vfs__pool_new(port, directory, o->capacity, opened, p, &p->files);
	if (err) {
		free(p);
		return explain(err);
	}
	p->next = all;
	all = p;
	vfs__pool_open(p->files);
	return 0;
}

int vfs_opfs_prepare(const vfs_opfs_pool_options *options, void (*done)(void *context, int result),
		     void *context)
{
	vfs_opfs_pool_options o = {0};
	if (options)
		o = *options;
	vfs_opfs_port *port = o.port;
	int err = port ? 0 : default_port(&port);
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

EMSCRIPTEN_KEEPALIVE void vfs__opfs_prepare(const char *directory, unsigned capacity, int id);
void vfs__opfs_prepare(const char *directory, unsigned capacity, int id)
{
	vfs_opfs_pool_options o = {.directory = directory, .capacity = capacity};
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

int vfs__pool_take(const vfs_opfs_pool_options *o, vfs__pool_files **out)
{
	vfs_opfs_port *port = o->port;
	const char *directory = o->directory ? o->directory : "vfsfs";
	int err = port ? 0 : default_port(&port), result = 0;
	if (err)
		return explain(err);
	prepared **at = find(port, directory), *p = *at;
	if (!p && port->at_once) {
		err = start(port, o, note, &result);
		if (err || result)
			return err ? err : result;
		p = *(at = find(port, directory));
	}
	if (!p && (err = take_failed(directory)))
		return err;
	if (!p)
		return say(-EAGAIN,
			   "the pool is not prepared: Module.vfs.prepare() before main, or "
			   "vfs_opfs_prepare() and a return to the event loop, come before "
			   "vfs_mount()");
	if (!p->ready)
		return say(-EAGAIN, "the pool is being prepared: return to the event loop first");
	*at = p->next;
	*out = p->files;
	free(p);
	return 0;
}
