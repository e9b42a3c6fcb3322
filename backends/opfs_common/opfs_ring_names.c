/*
 * The ring's name operations. As many as there are requests for are under way at a
 * time, whatever thread asked; the others wait in a queue. A thread gets its answers in
 * its event loop, or, of what it asked between begin and finish, in finish.
 */
#include "opfs_ring.h"
#include <vfsfs/backend.h>
#if defined __EMSCRIPTEN__ && VFS_THREADS
#include <emscripten.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS(p) ((double)(uintptr_t)(p))

EM_JS_DEPS(vfs_ring, "$callUserCallback,$runtimeKeepalivePush,$runtimeKeepalivePop");

/* Bytes for the names of a directory, before it is known how many there are. */
enum { NAMES_ROOM = 16384 };
/* Longer names cannot be files' here: they are left out. */
enum { LONGEST_NAME = 1024 };

typedef struct ask {
	struct ask *next;
	vfs__ring_request *request; /* NULL: it waits for one, or has its answer */
	int op;
	char *path;           /* of OPEN and CREATE: the file's, while there is one */
	vfs__ring_file *file; /* of OPEN and CREATE */
	char *names;          /* of LIST */
	size_t room;
	vfs__port_entry *entry;
	vfs__port_done *done;
	void *context;
	const void *thread; /* that asked: the address of its `inside` */
	bool now;           /* between begin and finish */
	bool answered;
	int result;
} ask;

/* Guards the queue. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static ask *first, **end = &first;

static _Thread_local int inside; /* begin and finish */
static _Thread_local bool listening;
static _Thread_local vfs__ring_patience patience;

/* ---- Between the queue and the requests ---- */

static void answer(ask *a, int result)
{
	a->answered = true;
	a->result = result;
	a->request = NULL;
}

static void submit(ask *a)
{
	vfs__ring_request *r = a->request;
	r->op = a->op;
	r->file = ADDRESS(a->file);
	r->text = ADDRESS(a->path);
	r->len = (double)strlen(a->path);
	r->pos = ADDRESS(a->names);
	r->room = (double)a->room;
	vfs__ring_ask(r);
}

/* More names than there was room for. */
static bool list_again(ask *a, size_t room)
{
	char *names = realloc(a->names, room);
	if (!names)
		return false;
	a->names = names;
	a->room = room;
	submit(a);
	return true;
}

static void take_answer(ask *a)
{
	vfs__ring_request *r = a->request;
	double n = r->result;
	if (n < 0) {
		answer(a, -vfs__ring_errors[-1 - (int)n]);
	} else if (a->op == VFS__RING_LIST && n > (double)a->room) {
		if (list_again(a, (size_t)n))
			return;
		answer(a, -ENOMEM);
	} else {
		if (a->op == VFS__RING_LIST)
			a->room = (size_t)n;
		answer(a, 0);
	}
	vfs__ring_give(r);
}

/* Takes the answers that are there, and asks what waits. */
static void collect(void)
{
	pthread_mutex_lock(&lock);
	for (ask *a = first; a; a = a->next)
		if (a->request && atomic_load(&a->request->state) == VFS__RING_DONE)
			take_answer(a);
	for (ask *a = first; a; a = a->next) {
		if (a->request || a->answered)
			continue;
		if (!(a->request = vfs__ring_take(true)))
			break;
		submit(a);
	}
	pthread_mutex_unlock(&lock);
}

/* No answer will come to what this thread waits for. What a proxy may still read or
 * write is not freed. */
static void give_up(bool now)
{
	int err = atomic_load(&vfs__the_ring.reason) ? -EOPNOTSUPP : -EIO;
	pthread_mutex_lock(&lock);
	for (ask *a = first; a; a = a->next) {
		if (a->thread != &inside || a->now != now || a->answered)
			continue;
		if (a->request && !vfs__ring_give_up(a->request)) {
			take_answer(a);
			continue;
		}
		if (a->request) {
			a->path = a->names = NULL;
			a->file = NULL;
		}
		answer(a, err);
	}
	pthread_mutex_unlock(&lock);
}

/* ---- Answers ---- */

static void list_names(const ask *a)
{
	for (const char *p = a->names, *stop = p + a->room; p < stop; p += strlen(p) + 1) {
		bool is_directory = *p++;
		if (strlen(p) < LONGEST_NAME)
			a->entry(a->context, p, is_directory);
	}
}

static void deliver_one(ask *a)
{
	int result = a->result;
	if (a->file) {
		if (!result)
			result = a->file->number;
		else
			vfs__ring_free_file(a->file);
		a->path = NULL;
	}
	if (a->op == VFS__RING_LIST && !result)
		list_names(a);
	a->done(a->context, result);
	free(a->path);
	free(a->names);
	free(a);
}

/* The next answer for this thread, off the queue; waiting: is there more to come? */
static ask *next_answer(bool now, bool *waiting)
{
	ask *found = NULL;
	*waiting = false;
	pthread_mutex_lock(&lock);
	for (ask **at = &first; *at && !found;) {
		ask *a = *at;
		if (a->thread == &inside && a->now == now) {
			if (a->answered) {
				found = a;
				if (!(*at = a->next))
					end = at;
				break;
			}
			*waiting = true;
		}
		at = &a->next;
	}
	pthread_mutex_unlock(&lock);
	return found;
}

/* Is there more to come? */
static bool deliver(bool now)
{
	bool waiting;
	for (ask *a; (a = next_answer(now, &waiting));)
		deliver_one(a);
	return waiting;
}

/* ---- In the event loop ---- */

EMSCRIPTEN_KEEPALIVE void vfs__ring_turn(int seen);

/* Calls vfs__ring_turn when the word is not `seen`, or after a slice. */
/* clang-format off */
EM_JS(void, vfs__ring_listen, (double word, int seen, int ms), {
	var words = new Int32Array(wasmMemory.buffer), at = word / 4;
	var turn = () => {
		runtimeKeepalivePop();
		if (ABORT) return;
		if (runtimeInitialized) return callUserCallback(() => _vfs__ring_turn(seen));
		runtimeInitialized = true; /* before main, whatever its exports' wrappers say */
		try { _vfs__ring_turn(seen) } finally { runtimeInitialized = false }
	};
	var look = (left) => left <= 0 || Atomics.load(words, at) != seen ? turn() : setTimeout(look, 5, left - 5);
	runtimeKeepalivePush();
	var wait = Atomics["waitAsync"]?.(words, at, seen, ms);
	if (wait?.["async"]) wait["value"].then(turn);
	else setTimeout(look, 0, ms);
})
/* clang-format on */

static void listen(int seen)
{
	vfs__ring_listen(ADDRESS(&vfs__the_ring.answers), seen, VFS__RING_SLICE);
}

void vfs__ring_turn(int seen)
{
	int now = atomic_load(&vfs__the_ring.answers);
	bool more;
	if (now != seen)
		patience = vfs__ring_patient();
	else if (!vfs__ring_goes_on(&patience))
		give_up(false);
	do {
		collect();
		more = deliver(false);
		seen = now;
		now = atomic_load(&vfs__the_ring.answers);
	} while (now != seen);
	listening = more;
	if (more)
		listen(now);
}

/* ---- Asking ---- */

static void ask_for(int op, const char *path, vfs__port_entry *entry, vfs__port_done *done,
		    void *context)
{
	ask *a = calloc(1, sizeof *a);
	bool opens = op == VFS__RING_OPEN || op == VFS__RING_CREATE, lists = op == VFS__RING_LIST;
	if (a) {
		*a = (ask){.op = op,
			   .path = strdup(path),
			   .room = NAMES_ROOM,
			   .entry = entry,
			   .done = done,
			   .context = context,
			   .thread = &inside,
			   .now = inside};
		a->names = lists ? malloc(NAMES_ROOM) : NULL;
		a->file = opens && a->path ? vfs__ring_new_file(a->path) : NULL;
	}
	if (!a || !a->path || (lists && !a->names) || (opens && !a->file)) {
		if (a) {
			free(a->path);
			free(a->names);
		}
		free(a);
		done(context, -ENOMEM);
		return;
	}
	pthread_mutex_lock(&lock);
	*end = a;
	end = &a->next;
	pthread_mutex_unlock(&lock);
	int seen = atomic_load(&vfs__the_ring.answers);
	collect();
	if (a->now || listening)
		return;
	listening = true;
	patience = vfs__ring_patient();
	listen(seen);
}

static void ring_open(vfs_opfs_port *port, const char *path, bool create, vfs__port_done *done,
		      void *context)
{
	(void)port;
	ask_for(create ? VFS__RING_CREATE : VFS__RING_OPEN, path, NULL, done, context);
}

static void ring_remove(vfs_opfs_port *port, const char *path, vfs__port_done *done, void *context)
{
	(void)port;
	ask_for(VFS__RING_REMOVE, path, NULL, done, context);
}

static void ring_mkdir(vfs_opfs_port *port, const char *path, vfs__port_done *done, void *context)
{
	(void)port;
	ask_for(VFS__RING_MKDIR, path, NULL, done, context);
}

static void ring_list(vfs_opfs_port *port, const char *path, vfs__port_entry *entry,
		      vfs__port_done *done, void *context)
{
	(void)port;
	ask_for(VFS__RING_LIST, path, entry, done, context);
}

/* ---- At once ---- */

static int ring_begin(vfs_opfs_port *port)
{
	(void)port;
	if (!vfs__ring_is_ready())
		return -EAGAIN;
	inside++;
	return 0;
}

static void ring_finish(vfs_opfs_port *port)
{
	vfs__ring_patience p = vfs__ring_patient();
	(void)port;
	for (;;) {
		int seen = atomic_load(&vfs__the_ring.answers);
		collect();
		if (!deliver(true))
			break;
		collect(); /* what the answers have asked for */
		vfs__ring_sleep(&vfs__the_ring.answers, seen);
		if (atomic_load(&vfs__the_ring.answers) != seen)
			p = vfs__ring_patient();
		else if (!vfs__ring_goes_on(&p))
			give_up(true);
	}
	inside--;
}

const vfs__name_ops vfs__ring_name_ops = {.open = ring_open,
					  .remove = ring_remove,
					  .mkdir = ring_mkdir,
					  .list = ring_list,
					  .begin = ring_begin,
					  .finish = ring_finish};
#endif
