/*
 * test_tar_nomem.c - memory runs out in an export or an import of tar: for each n the nth
 * allocation fails. The answer is -ENOMEM, or all is done without; no descriptor stays
 * open, nothing leaks, and the next try succeeds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tar_fixture.h"
#include <vfsfs/tar.h>
#include <vfsfs/vfsfs.h>

static unsigned countdown; /* to the failure; 0: none */
static bool failed;        /* it has come */

static bool fail_now(void)
{
	if (!countdown || --countdown)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);

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

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return fail_now() ? NULL : __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *s)
{
	return fail_now() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return fail_now() ? NULL : __real_strndup(s, n);
}

static unsigned char stream[2 << 20];

/* Its length, or -errno. */
static ssize_t export(const char *root)
{
	vfs_tar_export *x;
	size_t len = 0;
	ssize_t n, err = vfs_tar_export_begin(root, &x);
	if (err)
		return err;
	while ((n = vfs_tar_export_read(x, stream + len, 3000)) > 0)
		len += (size_t)n;
	vfs_tar_export_end(x);
	return n ? n : (ssize_t)len;
}

static int import(const char *root, bytes b)
{
	vfs_tar_import *x;
	int err = vfs_tar_import_begin(root, &x);
	if (err)
		return err;
	for (size_t at = 0; at < b.len && !err; at += 1024)
		err = vfs_tar_import_write(x, b.at + at, b.len - at < 1024 ? b.len - at : 1024);
	int last = vfs_tar_import_end(x);
	return err ? err : last;
}

/* The next one that is free: as it was, where none stays open. */
static int next_descriptor(void)
{
	int fd = (int)ok(vfs_open("/", O_RDONLY, 0));
	vfs_close(fd);
	return fd;
}

static void an_export_without_memory_fails(void **state)
{
	unsigned n = 0;
	make_tree(in(state, "a"), true);
	bytes b = export_tree(in(state, "a"), 4096);
	int fd = next_descriptor();
	do {
		failed = false;
		countdown = ++n;
		ssize_t len = export(in(state, "a"));
		countdown = 0;
		assert_int_equal(next_descriptor(), fd);
		if (len < 0) {
			assert_true(failed);
			assert_int_equal(len, -ENOMEM);
		} else {
			assert_int_equal(len, b.len); /* a link's time of access differs */
		}
	} while (failed);
	assert_true(n > 50);
	ok(vfs_mkdir(in(state, "b"), 0700));
	ok(import(in(state, "b"), (bytes){stream, b.len}));
	assert_same_tree(in(state, "a"), in(state, "b"), CHANGES);
	free(b.at);
}

static void an_import_without_memory_fails(void **state)
{
	unsigned n = 0;
	make_tree(in(state, "a"), true);
	bytes b = export_tree(in(state, "a"), 4096);
	int fd = next_descriptor();
	do {
		failed = false;
		countdown = 0;
		ok(vfs_mkdir(in(state, "b"), 0700));
		countdown = ++n;
		int err = import(in(state, "b"), b);
		countdown = 0;
		assert_int_equal(next_descriptor(), fd);
		if (err) {
			assert_true(failed);
			assert_int_equal(err, -ENOMEM);
			ok(import(in(state, "b"), b));
		}
		assert_same_tree(in(state, "a"), in(state, "b"), CHANGES);
		remove_tree(in(state, "b"));
	} while (failed);
	assert_true(n > 100);
	free(b.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_export_without_memory_fails, start_memory,
						finish),
		cmocka_unit_test_setup_teardown(an_import_without_memory_fails, start_memory,
						finish),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
