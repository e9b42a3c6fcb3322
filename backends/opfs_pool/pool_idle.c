/*
 * What goes out by itself: what is older than the pool's age is synced, when the
 * program returns to its event loop, and, as it may never do that, inside later
 * calls. An error is kept for the fsync or close of the file that it was of.
 */
#include "pool.h"
#include <time.h>

enum { CALLS = 64 }; /* a clock is dear: it is read at one call in so many */

static int64_t milliseconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#ifdef __EMSCRIPTEN__
#include <emscripten.h>

EMSCRIPTEN_KEEPALIVE void vfs__pool_idle(double pool);

/* clang-format off */
EM_JS(void, vfs__pool_timer, (double pool, int ms), {
	var timers = vfs__pool_timer.all ||= new Map();
	clearTimeout(timers.get(pool));
	timers.delete(pool);
	if (ms >= 0) timers.set(pool, setTimeout(() => {
		timers.delete(pool);
		if (runtimeInitialized && !ABORT && !(typeof runtimeExited != "undefined" && runtimeExited)) _vfs__pool_idle(pool);
	}, ms));
})
/* clang-format on */

void vfs__pool_idle(double pool)
{
	vfs__pool *p = (vfs__pool *)(uintptr_t)pool;
	vfs__pool_lock(p);
	vfs__pool_sync_old(p);
	vfs__pool_unlock(p);
}

static void set_timer(vfs__pool *p, int ms)
{
	vfs__pool_timer((double)(uintptr_t)p, ms);
}
#else
static void set_timer(vfs__pool *p, int ms)
{
	(void)p, (void)ms;
}
#endif

void vfs__pool_touch(vfs__pool *p)
{
	if (__builtin_expect(p->waiting && ++p->calls % CALLS, 1) || p->age < 0)
		return;
	int64_t now = milliseconds();
	if (!p->waiting) {
		p->waiting = true;
		p->since = now;
		set_timer(p, p->age);
	} else if (now - p->since >= p->age) {
		vfs__pool_sync_old(p);
	}
}

void vfs__pool_rest(vfs__pool *p)
{
	if (p->waiting)
		set_timer(p, -1);
	p->waiting = false;
}
