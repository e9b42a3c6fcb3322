/*
 * test_tar.c - a tree is the same after a way through tar: our own both ways, GNU tar's
 * and bsdtar's. In memory and in a pool.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tar_fixture.h"
#include <vfsfs/tar.h>
#include <vfsfs/vfsfs.h>

static void tree_is_the_same_after_tar(void **state)
{
	const size_t pieces[] = {1, 511, 512, 65536, 1 << 20};
	make_tree(in(state, "a"), true);
	char *before = describe(in(state, "a"), ALL_TIMES);
	for (int k = 0; k < 5; k++) {
		bytes b = export_tree(in(state, "a"), pieces[k]);
		assert_int_equal(b.len % 512, 0);
		ok(vfs_mkdir(in(state, "b"), 0700));
		ok(import_tree(in(state, "b"), b.at, b.len, pieces[4 - k]));
		assert_same_tree(in(state, "a"), in(state, "b"), ALL_TIMES);
		remove_tree(in(state, "b"));
		free(b.at);
	}
	char *after = describe(in(state, "a"), ALL_TIMES); /* access times too */
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void holes_take_no_room_in_the_archive(void **state)
{
	struct stat a, b;
	ok(vfs_mkdir(in(state, "a"), 0755));
	ok(vfs_mkdir(in(state, "b"), 0755));
	int fd = (int)ok(vfs_open(in(state, "a/huge"), O_CREAT | O_WRONLY, 0644));
	ok(vfs_ftruncate(fd, 20000000000));
	ok(vfs_pwrite(fd, "x", 1, 19000000000));
	ok(vfs_close(fd));
	bytes x = export_tree(in(state, "a"), 65536);
	assert_true(x.len < 200000);
	ok(import_tree(in(state, "b"), x.at, x.len, 65536));
	free(x.at);
	ok(vfs_stat(in(state, "a/huge"), &a));
	ok(vfs_stat(in(state, "b/huge"), &b));
	assert_int_equal(b.st_size, 20000000000);
	assert_int_equal(b.st_blocks, a.st_blocks);
	char c = 0;
	fd = (int)ok(vfs_open(in(state, "b/huge"), O_RDONLY, 0));
	assert_int_equal(ok(vfs_pread(fd, &c, 1, 19000000000)), 1);
	assert_int_equal(c, 'x');
	vfs_close(fd);
}

/* Through the host's files, and back by an archive of the host's. devices where the host
 * lets one make them: as root, and in no container. */
static void through_the_host(void **state, const char *extract, const char *pack, enum times times)
{
	static int devices = -1;
	char path[100];
	if (devices < 0)
		devices = !system("f=$(mktemp -u) && mknod $f b 259 70000 2>/dev/null && rm $f");
	make_tree(in(state, "a"), devices);
	bytes b = export_tree(in(state, "a"), 65536);
	snprintf(path, sizeof path, "%s/x.tar", host());
	write_host(path, b);
	free(b.at);
	shell("cd %s && rm -rf x && mkdir x && %s", host(), extract);
	shell("cd %s && %s", host(), pack);
	snprintf(path, sizeof path, "%s/y.tar", host());
	b = read_host(path);
	ok(vfs_mkdir(in(state, "b"), 0700));
	ok(import_tree(in(state, "b"), b.at, b.len, 10000));
	free(b.at);
	if (!geteuid()) /* else owners are lost, and who made them has them */
		assert_same_tree(in(state, "a"), in(state, "b"), times);
}

static void gnu_tar_reads_and_is_read_as_pax(void **state)
{
	through_the_host(state, "tar -xpf x.tar -C x", "tar --format=pax -cf y.tar -C x .",
			 CHANGES);
}

static void gnu_tar_is_read_in_its_own_format(void **state)
{
	through_the_host(state, "tar -xpf x.tar -C x", "tar --format=gnu -cf y.tar -C x .",
			 NO_TIMES);
}

static void gnu_tar_is_read_with_sparse_files(void **state)
{
	through_the_host(state, "tar -xpSf x.tar -C x",
			 "tar --format=pax -S --sparse-version=1.0 -cf y.tar -C x .", CHANGES);
}

static void bsdtar_reads_and_is_read(void **state)
{
	through_the_host(state, "bsdtar -xpf x.tar -C x", "bsdtar --format=pax -cf y.tar -C x .",
			 false);
}

static void ustar_and_v7_are_read(void **state)
{
	const char *const formats[] = {"ustar", "v7", "oldgnu"};
	char path[100];
	for (int k = 0; k < 3; k++) {
		shell("cd %s && rm -rf x && mkdir -p x/d/e && echo one >x/d/one && ln -s one x/d/l "
		      "&& "
		      "ln x/d/one x/two && tar --format=%s -cf y.tar -C x .",
		      host(), formats[k]);
		snprintf(path, sizeof path, "%s/y.tar", host());
		bytes b = read_host(path);
		ok(vfs_mkdir(in(state, "b"), 0700));
		ok(import_tree(in(state, "b"), b.at, b.len, 700));
		struct stat st;
		ok(vfs_stat(in(state, "b/d/l"), &st));
		assert_int_equal(st.st_size, 4);
		assert_int_equal(st.st_nlink, 2);
		ok(vfs_stat(in(state, "b/d/e"), &st));
		remove_tree(in(state, "b"));
		free(b.at);
	}
}

static void git_archives_are_read(void **state)
{
	char path[100];
	shell("cd %s && rm -rf x && mkdir x && cd x && git init -q && echo text >file && git add . "
	      "&& "
	      "git -c user.name=n -c user.email=e commit -qm m && git archive -o ../y.tar HEAD",
	      host());
	snprintf(path, sizeof path, "%s/y.tar", host());
	bytes b = read_host(path);
	ok(import_tree(*state, b.at, b.len, 4096));
	struct stat st;
	ok(vfs_stat(in(state, "file"), &st));
	assert_int_equal(st.st_size, 5);
	free(b.at);
}

static void import_replaces_files_and_keeps_directories(void **state)
{
	ok(vfs_mkdir(in(state, "a"), 0755));
	ok(vfs_mkdir(in(state, "a/d"), 0750));
	make_file(in(state, "a/d/f"), "new", 3);
	ok(vfs_symlink("new", in(state, "a/l")));
	bytes b = export_tree(in(state, "a"), 512);
	ok(vfs_mkdir(in(state, "b"), 0755));
	ok(vfs_mkdir(in(state, "b/d"), 0700));
	make_file(in(state, "b/d/f"), "older", 5);
	make_file(in(state, "b/d/other"), "stays", 5);
	make_file(in(state, "b/outside"), "not touched", 11);
	ok(vfs_symlink("outside", in(state, "b/l")));
	ok(import_tree(in(state, "b"), b.at, b.len, 512));
	free(b.at);
	struct stat st;
	ok(vfs_stat(in(state, "b/d/f"), &st));
	assert_int_equal(st.st_size, 3);
	ok(vfs_stat(in(state, "b/d"), &st));
	assert_int_equal(st.st_mode, S_IFDIR | 0750);
	ok(vfs_stat(in(state, "b/d/other"), &st));
	ok(vfs_stat(in(state, "b/outside"), &st));
	assert_int_equal(st.st_size, 11);
	fails(ENOENT, vfs_stat(in(state, "b/l"), &st)); /* it leads to "new" now */
}

static void a_file_that_shrinks_is_told(void **state)
{
	char buf[512];
	vfs_tar_export *x;
	vfs_tar_progress p;
	ssize_t n;
	size_t len = 0;
	static char zeros[100000], stream[200000];
	memset(zeros, 'x', sizeof zeros);
	ok(vfs_mkdir(in(state, "a"), 0755));
	make_file(in(state, "a/f"), zeros, sizeof zeros);
	ok(vfs_tar_export_begin(in(state, "a"), &x));
	while ((n = ok(vfs_tar_export_read(x, buf, sizeof buf))) > 0) {
		memcpy(stream + len, buf, (size_t)n);
		len += (size_t)n;
		if (len == 20 * sizeof buf)
			ok(vfs_truncate(in(state, "a/f"), 1));
	}
	vfs_tar_export_progress(x, &p);
	assert_int_equal(p.changed, 1);
	assert_int_equal(p.entries, 2);
	assert_string_equal(p.path, "f");
	vfs_tar_export_end(x);
	ok(vfs_mkdir(in(state, "b"), 0755));
	ok(import_tree(in(state, "b"), stream, len, 512));
	struct stat st;
	ok(vfs_stat(in(state, "b/f"), &st));
	assert_int_equal(st.st_size, sizeof zeros);
}

static void a_file_that_may_not_be_read_is_told(void **state)
{
	char buf[512];
	vfs_tar_export *x;
	vfs_tar_progress p;
	ssize_t n;
	make_file(in(state, "f"), "x", 1);
	ok(vfs_chmod(in(state, "f"), 0));
	ok(vfs_tar_export_begin(*state, &x));
	while ((n = vfs_tar_export_read(x, buf, sizeof buf)) > 0)
		;
	assert_int_equal(n, -EACCES);
	fails(EACCES, vfs_tar_export_read(x, buf, sizeof buf));
	vfs_tar_export_progress(x, &p);
	assert_string_equal(p.path, "f");
	vfs_tar_export_end(x);
	make_file(in(state, "g"), "x", 1);
	fails(ENOTDIR, vfs_tar_export_begin(in(state, "g"), &x));
	fails(ENOENT, vfs_tar_export_begin(in(state, "h"), &x));
}

static void an_export_may_end_early(void **state)
{
	char buf[700];
	vfs_tar_export *x;
	make_tree(in(state, "a"), true);
	for (int k = 0; k < 60; k++) {
		ok(vfs_tar_export_begin(in(state, "a"), &x));
		for (int i = 0; i < k; i++)
			ok(vfs_tar_export_read(x, buf, sizeof buf));
		vfs_tar_export_end(x);
	}
}

static void deep_trees_come_through(void **state)
{
	enum { DEPTH = 1000 };
	int at = (int)ok(vfs_open(*state, O_RDONLY | O_DIRECTORY, 0));
	ok(vfs_mkdirat(at, "a", 0755));
	for (int k = 0; k < DEPTH; k++) {
		int next = (int)ok(vfs_openat(at, "a", O_RDONLY | O_DIRECTORY, 0));
		vfs_close(at);
		ok(vfs_mkdirat(next, "a", 0755));
		at = next;
	}
	vfs_close(at);
	bytes b = export_tree(in(state, "a"), 65536);
	ok(vfs_mkdir(in(state, "b"), 0755));
	ok(import_tree(in(state, "b"), b.at, b.len, 65536));
	bytes c = export_tree(in(state, "b"), 65536);
	assert_int_equal(b.len, c.len);
	assert_memory_equal(b.at, c.at, b.len);
	free(b.at);
	free(c.at);
}

#define both(test)                                              \
	{#test " (mem)", test, start_memory, finish, NULL},     \
	{                                                       \
#test " (pool)", test, start_pool, finish, NULL \
	}

/* A pattern picks tests. */
int main(int argc, char **argv)
{
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	const struct CMUnitTest tests[] = {
		both(tree_is_the_same_after_tar),
		cmocka_unit_test_setup_teardown(holes_take_no_room_in_the_archive, start_memory,
						finish), /* a pool has none */
		both(gnu_tar_reads_and_is_read_as_pax),
		both(gnu_tar_is_read_in_its_own_format),
		both(gnu_tar_is_read_with_sparse_files),
		both(bsdtar_reads_and_is_read),
		both(ustar_and_v7_are_read),
		both(git_archives_are_read),
		both(import_replaces_files_and_keeps_directories),
		both(a_file_that_shrinks_is_told),
		both(a_file_that_may_not_be_read_is_told),
		both(an_export_may_end_early),
		both(deep_trees_come_through),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
