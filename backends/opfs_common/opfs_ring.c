/*
 * The ring's requests: asking, waiting with a bound, and the calls of handles, each of
 * which is one request that is waited for.
 */
#include "opfs_ring.h"
#include <vfsfs/backend.h>
#if defined __EMSCRIPTEN__ && VFS_THREADS
#include <emscripten.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS(p) ((double)(uintptr_t)(p))

/* Looks at an answer before the thread sleeps, some 10 us: most handles' calls take
 * less than falling asleep and being woken. */
enum { SPIN = 3000 };

/* Proxies that one request may cost, and slices that it waits where there is none yet. */
enum { LOST = 4, STARTING = 200 };

enum { HALF = VFS__RING_REQUESTS / 2 };

_Static_assert(offsetof(vfs__ring, first) == 32 && offsetof(vfs__ring, request) == 64 &&
		       sizeof(vfs__ring_request) == 64 && offsetof(vfs__ring_file, open) == 32,
	       "opfs_worker.js has the same");

vfs__ring vfs__the_ring;
int vfs__ring_silence = 50;
const int vfs__ring_errors[6] = {EIO, ENOENT, EBUSY, ENOSPC, ENOSPC, EOPNOTSUPP};

/* ---- Waiting ---- */

/* clang-format off */
EM_JS(int, vfs__ring_may_wait, (void), {
	return globalThis["WorkerGlobalScope"] ? 1 : 0;
})
/* clang-format on */

void vfs__ring_sleep(atomic_int *word, int is)
{
	static _Thread_local int may_wait = -1;
	if (may_wait < 0)
		may_wait = vfs__ring_may_wait();
	if (may_wait) {
		__builtin_wasm_memory_atomic_wait32((int *)word, is, VFS__RING_SLICE * 1000000LL);
		return;
	}
	double end = emscripten_get_now() + VFS__RING_SLICE;
	while (atomic_load(word) == is && emscripten_get_now() < end)
		;
}

vfs__ring_patience vfs__ring_patient(void)
{
	vfs__ring *ring = &vfs__the_ring;
	return (vfs__ring_patience){atomic_load(&ring->proxy), atomic_load(&ring->beat), 0, 0};
}

bool vfs__ring_goes_on(vfs__ring_patience *p)
{
	vfs__ring *ring = &vfs__the_ring;
	int proxy = atomic_load(&ring->proxy), beat = atomic_load(&ring->beat);
	if (atomic_load(&ring->none) || atomic_load(&ring->reason))
		return false;
	if (proxy != p->proxy || beat != p->beat) {
		p->lost += proxy != p->proxy && p->proxy;
		p->silent = 0;
		p->proxy = proxy;
		p->beat = beat;
	} else if (++p->silent >= (proxy ? vfs__ring_silence : STARTING)) {
		p->lost++;
		p->silent = 0;
		atomic_store(&ring->help, proxy);
		__builtin_wasm_memory_atomic_notify((int *)&ring->help, 1);
	}
	return p->lost < LOST;
}

/* ---- Requests ---- */

static _Atomic unsigned taken;

vfs__ring_request *vfs__ring_take(bool name)
{
	unsigned half = name ? (1u << HALF) - 1 : ~0u << HALF;
	unsigned was = atomic_load(&taken);
	while (~was & half) {
		unsigned bit = ~was & half & -(~was & half);
		if (atomic_compare_exchange_weak(&taken, &was, was | bit))
			return &vfs__the_ring.request[__builtin_ctz(bit)];
	}
	return NULL;
}

void vfs__ring_ask(vfs__ring_request *r)
{
	vfs__ring *ring = &vfs__the_ring;
	atomic_store(&r->state, VFS__RING_ASKED);
	atomic_fetch_or(&ring->pending, 1u << (r - ring->request));
	__builtin_wasm_memory_atomic_notify((int *)&ring->pending, 1);
}

void vfs__ring_give(vfs__ring_request *r)
{
	atomic_store(&r->state, VFS__RING_FREE);
	atomic_fetch_and(&taken, ~(1u << (r - vfs__the_ring.request)));
}

bool vfs__ring_give_up(vfs__ring_request *r)
{
	int is = VFS__RING_ASKED;
	return atomic_compare_exchange_strong(&r->state, &is, VFS__RING_GIVEN_UP);
}

/* A request of a handle: as many threads as there are may be waiting already, each for
 * a bounded time. */
static vfs__ring_request *take(void)
{
	vfs__ring_request *r;
	atomic_int never = 0;
	for (int k = 0; !(r = vfs__ring_take(false)) && k < vfs__ring_silence; k++)
		vfs__ring_sleep(&never, 0);
	return r;
}

static bool is_answered(vfs__ring_request *r)
{
	for (int k = 0; k < SPIN; k++)
		if (atomic_load(&r->state) == VFS__RING_DONE)
			return true;
	vfs__ring_patience p = vfs__ring_patient();
	while (vfs__ring_sleep(&r->state, VFS__RING_ASKED),
	       atomic_load(&r->state) != VFS__RING_DONE)
		if (!vfs__ring_goes_on(&p))
			return !vfs__ring_give_up(r);
	return true;
}

/* ---- Files ---- */

/* Guards the table. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static vfs__ring_file **table;
static int count, first_free = -1;

vfs__ring_file *vfs__ring_file_of(int handle)
{
	pthread_mutex_lock(&lock);
	vfs__ring_file *f = handle >= 0 && handle < count ? table[handle] : NULL;
	if (f && f->number < 0)
		f = NULL;
	pthread_mutex_unlock(&lock);
	return f;
}

/* One more, on the list and in the table. */
static vfs__ring_file *add_file(void)
{
	if (!(count & (count - 1))) {
		size_t room = count ? (size_t)count * 2 : 1;
		vfs__ring_file **to = realloc(table, room * sizeof *to);
		if (!to)
			return NULL;
		table = to;
	}
	vfs__ring_file *f = calloc(1, sizeof *f);
	if (!f)
		return NULL;
	f->next = vfs__the_ring.first;
	f->number = count;
	table[count++] = f;
	vfs__the_ring.first = ADDRESS(f);
	return f;
}

vfs__ring_file *vfs__ring_new_file(char *path)
{
	pthread_mutex_lock(&lock);
	vfs__ring_file *f;
	if (first_free < 0) {
		f = add_file();
	} else {
		f = table[first_free];
		f->number = first_free;
		first_free = f->next_free;
	}
	if (f) {
		f->path = ADDRESS(path);
		f->path_len = (double)strlen(path);
	}
	pthread_mutex_unlock(&lock);
	return f;
}

void vfs__ring_free_file(vfs__ring_file *f)
{
	pthread_mutex_lock(&lock);
	free((void *)(uintptr_t)f->path);
	f->next_free = first_free;
	first_free = f->number;
	f->number = -1;
	pthread_mutex_unlock(&lock);
}

/* ---- The calls of handles ---- */

/* Of an open file: full, or something that only the host knows. */
static int64_t call(int op, vfs__ring_file *f, const void *buf, size_t len, int64_t pos)
{
	/* Where no proxy can be had, no request is spent on that: it could not be given back. */
	bool nobody = atomic_load(&vfs__the_ring.none) && !atomic_load(&vfs__the_ring.proxy);
	vfs__ring_request *r = nobody ? NULL : take();
	if (!r)
		return -EIO;
	r->op = op;
	r->file = ADDRESS(f);
	r->text = ADDRESS(buf);
	r->len = (double)len;
	r->pos = (double)pos;
	vfs__ring_ask(r);
	if (!is_answered(r))
		return -EIO;
	double n = r->result;
	vfs__ring_give(r);
	if (n >= 0)
		return (int64_t)n;
	return vfs__ring_errors[-1 - (int)n] == ENOSPC ? -ENOSPC : -EIO;
}

static int64_t file_call(int op, int handle, const void *buf, size_t len, int64_t pos)
{
	vfs__ring_file *f = vfs__ring_file_of(handle);
	return f ? call(op, f, buf, len, pos) : -EIO;
}

static int64_t ring_read(vfs_opfs_port *port, int handle, void *buf, size_t len, int64_t pos)
{
	(void)port;
	return file_call(VFS__RING_READ, handle, buf, len, pos);
}

static int ring_write(vfs_opfs_port *port, int handle, const void *buf, size_t len, int64_t pos)
{
	(void)port;
	int64_t n = file_call(VFS__RING_WRITE, handle, buf, len, pos);
	return n < 0 ? (int)n : 0;
}

static int ring_truncate(vfs_opfs_port *port, int handle, int64_t size)
{
	(void)port;
	return (int)file_call(VFS__RING_TRUNCATE, handle, NULL, 0, size);
}

static int64_t ring_size(vfs_opfs_port *port, int handle)
{
	(void)port;
	return file_call(VFS__RING_SIZE, handle, NULL, 0, 0);
}

static int ring_flush(vfs_opfs_port *port, int handle)
{
	(void)port;
	return (int)file_call(VFS__RING_FLUSH, handle, NULL, 0, 0);
}

/* Where no proxy answers the next must not open it; one that is only slow may close it
 * yet, so that the number is not used again. */
static void ring_close(vfs_opfs_port *port, int handle)
{
	vfs__ring_file *f = vfs__ring_file_of(handle);
	(void)port;
	if (f && call(VFS__RING_CLOSE, f, NULL, 0, 0) == -EIO)
		atomic_store(&f->open, 0);
	else if (f)
		vfs__ring_free_file(f);
}

/* What the browser said last: it is asked again each time, for the next. */
static void ring_space(vfs_opfs_port *port, uint64_t *total, uint64_t *left)
{
	double quota = vfs__the_ring.total, used = vfs__the_ring.used;
	(void)port;
	call(VFS__RING_SPACE, NULL, NULL, 0, 0);
	*total = (uint64_t)quota;
	*left = used < quota ? (uint64_t)(quota - used) : 0;
}

const vfs__handle_ops vfs__ring_handle_ops = {.read = ring_read,
					      .write = ring_write,
					      .truncate = ring_truncate,
					      .size = ring_size,
					      .flush = ring_flush,
					      .close = ring_close,
					      .space = ring_space};
#endif
