/*
 * Errors of write-backs that nobody asked for: each description that was open when one
 * happened is told, once, as on Linux.
 */
#include "cache.h"

enum { TOLD = 1, ONE = 2 };

void vfs__cached_fail(vfs__cached *f, int err)
{
	f->error = f->last_error = err;
	__atomic_store_n(&f->errors, (f->errors & ~(unsigned)TOLD) + ONE, __ATOMIC_RELAXED);
}

unsigned vfs__cached_seen(const vfs__cached *f)
{
	unsigned errors = __atomic_load_n(&f->errors, __ATOMIC_RELAXED);
	return errors & TOLD || !errors ? errors : errors - ONE;
}

int vfs__cached_tell(vfs__cached *f, unsigned *seen)
{
	if (!((*seen ^ f->errors) & ~(unsigned)TOLD))
		return 0;
	__atomic_store_n(&f->errors, f->errors | TOLD, __ATOMIC_RELAXED);
	*seen = f->errors;
	return f->last_error;
}
