/*
 * Times without clocks. A change marks its file; nobody asks what time it is.
 * When somebody is about to see a time, or to set one, every mark made so far
 * gets the same moment: now. So if change A came before change B, then
 * time(A) <= time(B), whatever files they were of, and never in the future.
 *
 * The list of marked nodes, their marks and all times belong to the time lock.
 */
#include "internal.h"
#ifdef __EMSCRIPTEN__
double emscripten_date_now(void); /* milliseconds; the cheapest of its clocks */
#endif

static vfs__mutex lock = VFS__MUTEX_INIT;
FSNode *vfs__marked; /* the first of the list */

static struct timespec now(void)
{
	struct timespec t;
#ifdef __EMSCRIPTEN__
	/* Its clock_gettime goes through a double, whose rounding differs between
	 * versions by some 100 ns: whole microseconds are never ahead of it. */
	int64_t us = (int64_t)(emscripten_date_now() * 1000 * 1000) / 1000;
	t.tv_sec = us / 1000000;
	t.tv_nsec = (long)(us % 1000000) * 1000;
#else
	clock_gettime(CLOCK_REALTIME, &t);
#endif
	return t;
}

static void unlink_mark(FSNode *n)
{
	vfs__store(n->mark_at, n->mark_next);
	if (n->mark_next)
		n->mark_next->mark_at = n->mark_at;
	__atomic_store_n(&n->marks, 0, __ATOMIC_RELAXED);
}

void vfs_mark_slow(FSNode *n, unsigned which)
{
	vfs__lock(&lock);
	if (!n->marks) {
		n->mark_next = vfs__marked;
		n->mark_at = &vfs__marked;
		if (n->mark_next)
			n->mark_next->mark_at = &n->mark_next;
		vfs__store(&vfs__marked, n);
	}
	__atomic_store_n(&n->marks, n->marks | which, __ATOMIC_RELAXED);
	vfs__unlock(&lock);
}

void vfs__unmark(FSNode *n)
{
	vfs__lock(&lock);
	if (n->marks)
		unlink_mark(n);
	vfs__unlock(&lock);
}

static void settle_locked(struct timespec t)
{
	FSNode *n;
	while ((n = vfs__marked) != NULL) {
		for (int k = 0; k < 4; k++)
			if (n->marks >> k & 1)
				n->times[k] = t;
		unlink_mark(n);
	}
}

void vfs__settle_at(struct timespec *t)
{
	vfs__lock(&lock);
	*t = now();
	settle_locked(*t);
	vfs__unlock(&lock);
}

void vfs__settle_slow(void)
{
	vfs__lock(&lock);
	if (vfs__marked)
		settle_locked(now());
	vfs__unlock(&lock);
}

void vfs__get_times(const FSNode *n, struct stat *st)
{
	vfs__lock(&lock);
	st->st_atim = n->times[0];
	st->st_mtim = n->times[1];
	st->st_ctim = n->times[2];
	vfs__unlock(&lock);
}

void vfs__set_times(FSNode *n, const vfs_attr *a, struct timespec t)
{
	vfs__lock(&lock);
	if (n->marks) { /* what another thread did meanwhile must not overwrite it */
		t = now();
		settle_locked(t);
	}
	if (a->valid & VFS_ATIME)
		n->times[0] = a->atime;
	if (a->valid & VFS_MTIME)
		n->times[1] = a->mtime;
	n->times[2] = t;
	vfs__unlock(&lock);
}

void vfs_node_times(FSNode *n, struct timespec times[4])
{
	vfs__lock(&lock);
	if (n->marks)
		settle_locked(now());
	memcpy(times, n->times, sizeof n->times);
	vfs__unlock(&lock);
}

void vfs_node_set_times(FSNode *n, const struct timespec times[4])
{
	vfs__lock(&lock);
	if (n->marks)
		unlink_mark(n);
	memcpy(n->times, times, sizeof n->times);
	vfs__unlock(&lock);
}
