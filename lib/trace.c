/*
 * The tracer: one function that hears of every call that has ended.
 */
#include "internal.h"

void (*vfs__trace_fn)(const vfs_event *, void *);
static void *trace_context;
static _Thread_local bool tracing; /* inside a traced call, or the tracer */

void vfs_trace(void (*fn)(const vfs_event *, void *), void *context)
{
	vfs__store(&vfs__trace_fn, (void (*)(const vfs_event *, void *))NULL);
	vfs__store(&trace_context, context);
	vfs__store(&vfs__trace_fn, fn);
}

bool vfs__trace_enter(void)
{
	if (tracing)
		return false;
	return tracing = true;
}

uint64_t vfs__trace_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void vfs__trace_leave(vfs_event *event, uint64_t start)
{
	void (*fn)(const vfs_event *, void *) = vfs__load(&vfs__trace_fn);
	event->duration = vfs__trace_now() - start;
	if (fn)
		fn(event, vfs__load(&trace_context));
	tracing = false;
}
