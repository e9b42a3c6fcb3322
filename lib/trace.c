/*
 * The tracer: one function that hears of every call that has ended. Each call
 * of calls.h is wrapped here, in an object that only a program which traces
 * links; the core's own part is a branch, on a constant where this is not linked.
 */
#include "internal.h"

static bool on;                   /* atomic */
static _Thread_local bool inside; /* a traced call, or the tracer */
static struct {
	void (*fn)(const vfs_event *, void *);
	void *context;
} tracer;
static vfs__mutex lock = VFS__MUTEX_INIT; /* of tracer; a leaf */

void vfs_trace(void (*fn)(const vfs_event *, void *), void *context)
{
	vfs__lock(&lock);
	tracer.fn = fn;
	tracer.context = context;
	vfs__store(&on, fn != NULL);
	vfs__unlock(&lock);
}

bool vfs__traced(void)
{
	return vfs__load(&on) && !inside;
}

static uint64_t enter(void)
{
	struct timespec t;
	inside = true;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void leave(vfs_event *event, uint64_t start)
{
	event->duration = enter() - start;
	vfs__lock(&lock);
	__typeof__(tracer) t = tracer;
	vfs__unlock(&lock);
	if (t.fn)
		t.fn(event, t.context);
	inside = false;
}

#define CALL(type, name, params, args, ...)      \
	type vfs__trace_##name params            \
	{                                        \
		uint64_t start = enter();        \
		type result = vfs_##name args;   \
		vfs_event event = {__VA_ARGS__}; \
		event.result = result;           \
		leave(&event, start);            \
		return result;                   \
	}
#include "calls.h"
