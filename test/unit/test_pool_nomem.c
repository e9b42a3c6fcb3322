/*
 * test_pool_nomem.c - memory runs out within an atomic write: each allocation fails in
 * turn. Linked with -Wl,--wrap for these. (test/fault does it for the core.)
 */
#include "pool_fixture.h"

static unsigned countdown; /* to the failure; 0: none */
static bool failed;        /* it has come */

static bool fail_now(void)
{
	if (!countdown || --countdown)
		return false;
	failed = true;
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
	return fail_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fail_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fail_now() ? NULL : __real_realloc(p, size);
}

static int write_some(int fd)
{
	static const char page[4096] = {'b'};
	int err = vfs_begin(fd), first = err;
	for (int k = 1; !first && k < 60; k += 20) { /* in several blocks */
		ssize_t n = vfs_pwrite(fd, page, sizeof page, 4096 * (off_t)k);
		err = n < 0 && !err ? (int)n : err;
	}
	if (!first) {
		int last = vfs_commit(fd);
		assert_true(!err || last == err); /* a failed write fails the commit */
		err = last;
	}
	return err;
}

static void each_failed_allocation_leaves_the_file(void **state)
{
	(void)state;
	unsigned n = 1, errors = 0;
	for (failed = true; failed; n++) {
		char page[4096];
		int fd = open_rw("/m/f");
		fill(fd, 'a', 3 * 4096, 0);
		ok(vfs_close(fd));
		remount(); /* so that nothing is cached */
		fd = open_rw("/m/f");
		failed = false;
		countdown = n;
		int err = write_some(fd);
		countdown = 0;
		assert_true(!err || (failed && err == -ENOMEM));
		errors += err != 0;
		for (int k = 0; k < 2; k++) {
			if (err)
				assert_string_equal(letters(fd), "aaa");
			assert_int_equal(vfs_pread(fd, page, sizeof page, 4096), sizeof page);
			assert_int_equal(page[0], err ? 'a' : 'b');
			assert_int_equal(vfs_pread(fd, page, sizeof page, 4096 * 41),
					 err ? 0 : sizeof page);
			ok(vfs_close(fd));
			remount();
			fd = open_rw("/m/f");
		}
		ok(write_some(fd));
		ok(vfs_close(fd));
		ok(vfs_unlink("/m/f"));
	}
	assert_in_range(errors, 10, n); /* there are some that may fail without harm */
}

int nomem_tests(void)
{
	const struct CMUnitTest tests[] = {
		DIRECTORY(each_failed_allocation_leaves_the_file),
	};
	return cmocka_run_group_tests_name("no memory", tests, NULL, NULL);
}
