/*
 * What goes out by itself: what is older than the pool's age is synced, when the
 * program returns to its event loop, and, as it may never do that, inside later
 * calls. An error is kept for the fsync or close of the file that it was of.
 *
 * With threads it is the event loop of the program's first one, which lives as long as
 * the program: one timer there looks at all pools.
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

#if VFS_THREADS
#include <emscripten/proxying.h>
#include <emscripten/threading.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* with it only tried: pools' */
#define LOCK()   ((void)pthread_mutex_lock(&lock))
#define UNLOCK() ((void)pthread_mutex_unlock(&lock))
#define TRY(p)   (!pthread_mutex_trylock(&(p)->lock))
#else
#define LOCK()
#define UNLOCK()
#define TRY(p) true
#endif

/* Guarded by the lock: the pools in which something has changed, ever; how long the
 * timer that runs takes, -1: none does. */
static vfs__pool *pools;
static int timer = -1;

enum { BUSY = 100 }; /* milliseconds until a pool that a thread is using is looked at again */

EMSCRIPTEN_KEEPALIVE void vfs__pool_idle(void);

/* clang-format off */
EM_JS(void, vfs__pool_timer, (int ms), {
	var ring = () => {
		if (ABORT || (typeof runtimeExited != "undefined" && runtimeExited)) return;
		if (runtimeInitialized) _vfs__pool_idle();
		else vfs__pool_timer.id = setTimeout(ring, ms); /* main is held back */
	};
	clearTimeout(vfs__pool_timer.id);
	vfs__pool_timer.id = setTimeout(ring, ms);
})
/* clang-format on */

/* Milliseconds until the pool is to be looked at; -1: not before something changes. */
static int look_at(vfs__pool *p)
{
	int64_t left = -1;
	if (!TRY(p))
		return BUSY;
	if (p->waiting && p->age >= 0) {
		left = p->since + p->age - milliseconds();
		if (left <= 0) {
			p->idling = true;
			vfs__pool_sync_old(p);
			p->idling = false;
			left = p->waiting ? p->age : -1;
		}
	}
	vfs__pool_unlock(p);
	return (int)left;
}

void vfs__pool_idle(void)
{
	LOCK();
	timer = -1;
	for (vfs__pool *p = pools; p; p = p->next_pool) {
		int left = look_at(p);
		if (left >= 0 && (timer < 0 || left < timer))
			timer = left;
	}
	if (timer >= 0)
		vfs__pool_timer(timer);
	UNLOCK();
}

#if VFS_THREADS
EM_JS(int, vfs__pool_is_first_thread, (void), { return ENVIRONMENT_IS_PTHREAD ? 0 : 1; })

static void start_timer(void *ms)
{
	vfs__pool_timer((int)(intptr_t)ms);
}

static void set_timer(int ms)
{
	if (vfs__pool_is_first_thread())
		vfs__pool_timer(ms);
	else
		emscripten_proxy_async(emscripten_proxy_get_system_queue(),
				       emscripten_main_runtime_thread_id(), start_timer,
				       (void *)(intptr_t)ms);
}
#else
static void set_timer(int ms)
{
	vfs__pool_timer(ms);
}
#endif

static void wait_for_idle(vfs__pool *p)
{
	if (p->idling)
		return; /* with the lock: it will look */
	LOCK();
	if (!p->listed) {
		p->listed = true;
		p->next_pool = pools;
		pools = p;
	}
	if (timer < 0 || p->age < timer) {
		timer = p->age;
		set_timer(timer);
	}
	UNLOCK();
}

static void forget(vfs__pool *p)
{
	vfs__pool **at = &pools;
	LOCK();
	while (*at && *at != p)
		at = &(*at)->next_pool;
	if (*at)
		*at = p->next_pool;
	UNLOCK();
}
#else
static void wait_for_idle(vfs__pool *p)
{
	(void)p;
}

static void forget(vfs__pool *p)
{
	(void)p;
}
#endif

void vfs__pool_no_idle(vfs__pool *p)
{
	forget(p);
	vfs__pool_lock(p);
	p->age = -1;
	vfs__pool_unlock(p);
}

void vfs__pool_touch(vfs__pool *p)
{
	if (__builtin_expect(p->waiting && ++p->calls % CALLS, 1) || p->age < 0)
		return;
	int64_t now = milliseconds();
	if (!p->waiting) {
		p->waiting = true;
		p->since = now;
		wait_for_idle(p);
	} else if (now - p->since >= p->age) {
		vfs__pool_sync_old(p);
	}
}

void vfs__pool_rest(vfs__pool *p)
{
	p->waiting = false;
}
