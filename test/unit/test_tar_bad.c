/*
 * test_tar_bad.c - archives that are damaged or mean harm: each is refused, nothing
 * outside the target changes, and no file is left half written. At the end archives
 * changed at random: with a number, so many more of them.
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

#include <cmocka.h>

#include "tar_fixture.h"
#include <vfsfs/tar.h>
#include <vfsfs/vfsfs.h>

/* ---- Archives by hand ---- */

static struct {
	unsigned char at[1 << 16];
	size_t len;
} made;

static void sum_up(unsigned char *header)
{
	unsigned sum = 0;
	memset(header + 148, ' ', 8);
	for (int k = 0; k < 512; k++)
		sum += header[k];
	snprintf((char *)header + 148, 8, "%06o", sum);
}

/* A header of ustar, and its data. */
static void add(char type, const char *name, const char *link, const void *data, size_t len)
{
	unsigned char *h = made.at + made.len;
	memset(h, 0, 512);
	snprintf((char *)h, 100, "%s", name);
	memcpy(h + 100, "0000644\0000000000\0000000000", 24);
	snprintf((char *)h + 124, 12, "%011zo", len);
	snprintf((char *)h + 136, 12, "%011o", 1000);
	h[156] = (unsigned char)type;
	snprintf((char *)h + 157, 100, "%s", link ? link : "");
	if (type == '3')
		memcpy(h + 329, "0000001\0000000003", 16);
	memcpy(h + 257, "ustar\00000", 8);
	sum_up(h);
	made.len += 512;
	memset(made.at + made.len, 0, (len + 511) / 512 * 512);
	if (len)
		memcpy(made.at + made.len, data, len);
	made.len += (len + 511) / 512 * 512;
}

static void add_text(char type, const char *name, const char *text)
{
	add(type, name, NULL, text, strlen(text));
}

/* The whole, and the next one begins. */
static int import_made(void **state)
{
	size_t len = made.len;
	memset(made.at + len, 0, 1024);
	made.len = 0;
	return import_tree(in(state, "target"), made.at, len + 1024, 600);
}

static char *before;

/* Beside the target there is something to get at. */
static int start_around(void **state)
{
	int err = start_memory(state);
	ok(vfs_mkdir(in(state, "around"), 0755));
	make_file(in(state, "around/secret"), "secret", 6);
	ok(vfs_mkdir(in(state, "target"), 0755));
	before = describe(in(state, "around"), CHANGES);
	return err;
}

static int finish_around(void **state)
{
	char *after = describe(in(state, "around"), CHANGES);
	assert_string_equal(before, after);
	free(before);
	free(after);
	return finish(state);
}

/* ---- Ways out ---- */

static void names_that_lead_out_are_refused(void **state)
{
	const char *const names[] = {"../around/secret",
				     "..",
				     "a/../../around/x",
				     "/mem/t/around/x",
				     "./../x",
				     "a/..",
				     "/",
				     "//mem/x",
				     "a/b/../../../around/x"};
	char record[200];
	for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
		add_text('0', names[k], "harm");
		fails(EBADMSG, import_made(state));
		add('5', names[k], NULL, NULL, 0);
		fails(EBADMSG, import_made(state));
		add('2', names[k], "x", NULL, 0);
		fails(EBADMSG, import_made(state));
		int len = snprintf(record, sizeof record, " path=%s\n", names[k]) + 2;
		snprintf(record, sizeof record, "%d path=%s\n", len, names[k]);
		add_text('x', "pax", record);
		add_text('0', "harmless", "harm");
		fails(EBADMSG, import_made(state));
		add('L', "././@LongLink", NULL, names[k], strlen(names[k]) + 1);
		add_text('0', "harmless", "harm");
		fails(EBADMSG, import_made(state));
	}
}

static void links_are_not_followed(void **state)
{
	const char *const targets[] = {"..", "../around", "/mem/t/around", "."};
	for (size_t k = 0; k < sizeof targets / sizeof *targets; k++) {
		add('2', "l", targets[k], NULL, 0);
		add_text('0', "l/secret", "harm");
		fails(EBADMSG, import_made(state));
		add('2', "l", targets[k], NULL, 0);
		add('5', "l/d", NULL, NULL, 0);
		fails(EBADMSG, import_made(state));
		add('2', "l", targets[k], NULL, 0);
		add('1', "h", "l/secret", NULL, 0);
		fails(EBADMSG, import_made(state));
		/* a file of its name takes the link's place, and not what it leads to */
		add('2', "l", targets[k], NULL, 0);
		add_text('0', "l", "text");
		ok(import_made(state));
		struct stat st;
		ok(vfs_lstat(in(state, "target/l"), &st));
		assert_true(S_ISREG(st.st_mode));
	}
	ok(vfs_symlink("../around", in(state, "target/mine")));
	add_text('0', "mine/x", "harm");
	fails(EBADMSG, import_made(state));
	/* a directory takes its place, and its mode is not that of what it led to */
	add('5', "mine", NULL, NULL, 0);
	add_text('0', "mine/x", "text");
	ok(import_made(state));
}

static void a_link_in_a_directorys_place_keeps_its_target(void **state)
{
	/* the directory's attributes come at the end: not through the link */
	add('5', "d", NULL, NULL, 0);
	add('2', "d", "../around", NULL, 0);
	fails(EISDIR, import_made(state));
}

static void hard_links_lead_to_what_is_there(void **state)
{
	const char *const targets[] = {
		"../around/secret", "/mem/t/around/secret", "missing", ".", "missing/x", "h/.."};
	for (size_t k = 0; k < sizeof targets / sizeof *targets; k++) {
		add('1', "h", targets[k], NULL, 0);
		fails(EBADMSG, import_made(state));
	}
	add('1', "h", "", NULL, 0);
	fails(EBADMSG, import_made(state));
	add('5', "d", NULL, NULL, 0);
	add('1', "h", "d", NULL, 0);
	fails(EBADMSG, import_made(state));
	add_text('0', "f", "text");
	add('1', "f", "f", NULL, 0); /* to itself: it stays */
	add('1', "g", "f", NULL, 0);
	ok(import_made(state));
	struct stat st;
	ok(vfs_stat(in(state, "target/g"), &st));
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(st.st_size, 4);
}

static void the_target_itself_is_no_file(void **state)
{
	add_text('0', ".", "harm");
	fails(EBADMSG, import_made(state));
	add('2', "./", "x", NULL, 0);
	fails(EBADMSG, import_made(state));
}

/* ---- Damage ---- */

static void what_is_no_archive_is_refused(void **state)
{
	static unsigned char junk[2048];
	fails(EBADMSG, import_tree(in(state, "target"), junk, 0, 1));
	fails(EBADMSG, import_tree(in(state, "target"), junk, 100, 100));
	memset(junk, 'x', sizeof junk);
	fails(EBADMSG, import_tree(in(state, "target"), junk, sizeof junk, 2048));
	memset(junk, 0xff, sizeof junk);
	fails(EBADMSG, import_tree(in(state, "target"), junk, sizeof junk, 2048));
	fails(ENOENT, import_tree(in(state, "nowhere"), junk, 1, 1));
	fails(ENOTDIR, import_tree(in(state, "around/secret"), junk, 1, 1));
}

static void a_cut_archive_is_refused(void **state)
{
	struct stat st;
	add('5', "d", NULL, NULL, 0);
	add_text('x', "pax", "20 mtime=10.5000000\n");
	add("0"[0], "d/f", NULL, made.at, 1500);
	size_t len = made.len;
	memset(made.at + len, 0, 1024);
	made.len = 0;
	for (size_t cut = 0; cut < len + 512; cut += 100) {
		fails(EBADMSG, import_tree(in(state, "target"), made.at, cut, 256));
		if (!vfs_lstat(in(state, "target/d/f"), &st)) /* whole, or not there */
			assert_int_equal(st.st_size, 1500);
	}
	ok(import_tree(in(state, "target"), made.at, len + 512, 512));
}

static void a_flipped_bit_of_a_header_is_seen(void **state)
{
	for (size_t bit = 0; bit < 512 * 8; bit++) {
		add_text('0', "f", "text");
		made.at[bit / 8] ^= (unsigned char)(1 << bit % 8);
		int err = import_made(state);
		/* blanks in the sum's own field may be right still */
		assert_true(err == -EBADMSG || bit / 8 - 148 < 8);
	}
}

static void sizes_without_sense_are_refused(void **state)
{
	const char *const sizes[] = {"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
				     "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
				     "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", "0000000009x0",
				     "-00000000001"};
	for (int type = 0; type < 4; type++)
		for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
			add("0xLg"[type], "f", NULL, "x", 1);
			memcpy(made.at + 124, sizes[k], 12);
			sum_up(made.at);
			fails(EBADMSG, import_made(state));
		}
	struct stat st;
	fails(ENOENT, vfs_stat(in(state, "target/f"), &st));
}

static void records_without_sense_are_refused(void **state)
{
	const char *const records[] = {"x",
				       "0 a=b\n",
				       "5 a=b\n",
				       "7 a=b\n",
				       "6 a=b\nx",
				       "6 a=bc",
				       "6 abc\n",
				       "-6 a=b\n",
				       " 6 a=b\n",
				       "99999999999999999999 a=b\n",
				       "6\n",
				       "12 size=-1\n",
				       "12 size=1x\n",
				       "8 size=\n",
				       "28 size=9223372036854775808\n",
				       "15 mtime=1.2.3\n",
				       "9 mtime=\n",
				       "12 mtime=-\n",
				       "11 mtime=x\n",
				       "17 uid=4294967296\n",
				       "9 uid=-1\n",
				       "8 path=\n"};
	for (size_t k = 0; k < sizeof records / sizeof *records; k++) {
		add_text('x', "pax", records[k]);
		add_text('0', "f", "text");
		fails(EBADMSG, import_made(state));
	}
	add('x', "pax", NULL, "12 path=a\0b\n", 12);
	add_text('0', "f", "text");
	fails(EBADMSG, import_made(state));
	add_text('x', "pax", "12 comment=x\n"); /* one too few */
	fails(EBADMSG, import_made(state));
	add_text('x', "pax", "13 comment=x\n"); /* of no entry */
	ok(import_made(state));
	add_text('x', "pax", "10 path=a\n");
	fails(EBADMSG, import_made(state));
}

static void add_sparse(const char *map, size_t data, const char *size)
{
	static char text[4096];
	char all[200];
	memset(text, 0, sizeof text);
	strcpy(text, map);
	snprintf(all, sizeof all,
		 "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n%d GNU.sparse.realsize=%s\n",
		 (int)strlen(size) + 24, size);
	add_text('x', "pax", all);
	add('0', "s", NULL, text, (strlen(map) + 511) / 512 * 512 + data);
}

static void maps_of_sparse_files_must_fit(void **state)
{
	const struct {
		const char *map;
		size_t data;
		const char *size;
	} bad[] = {{"1\n0\n4\n", 5, "100"},
		   {"1\n0\n4\n", 3, "100"},
		   {"2\n10\n4\n0\n4\n", 8, "100"},
		   {"1\n99\n4\n", 4, "100"},
		   {"1\n0\n4\n", 4, "3"},
		   {"2\n0\n4\n2\n4\n", 8, "100"},
		   {"1\n-1\n4\n", 4, "100"},
		   {"x\n", 4, "100"},
		   {"\n", 4, "100"},
		   {"99999999999999999999\n", 4, "100"},
		   {"9223372036854775807\n0\n1\n", 1, "100"},
		   {"1\n0\n", 0, "100"},
		   {"1\n0\n9223372036854775807\n", 4, "100"},
		   {"0\n", 1, "100"}};
	struct stat st;
	for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
		add_sparse(bad[k].map, bad[k].data, bad[k].size);
		fails(EBADMSG, import_made(state));
		fails(ENOENT, vfs_lstat(in(state, "target/s"), &st));
	}
	add_sparse("2\n10\n4\n100\n0\n", 4, "100");
	ok(import_made(state));
	ok(vfs_stat(in(state, "target/s"), &st));
	assert_int_equal(st.st_size, 100);
	add_sparse("0\n", 0, "77");
	ok(import_made(state));
	ok(vfs_stat(in(state, "target/s"), &st));
	assert_int_equal(st.st_size, 77);
}

static void what_is_unknown_is_told(void **state)
{
	for (const char *type = "SMNDAZ89"; *type; type++) {
		add_text(*type, "f", "text");
		fails(ENOTSUP, import_made(state));
	}
	add_text('x', "pax", "22 GNU.sparse.major=0\n");
	add_text('0', "f", "text");
	fails(ENOTSUP, import_made(state));
	add_text('x', "pax", "24 GNU.sparse.size=1000\n");
	add_text('0', "f", "text");
	fails(ENOTSUP, import_made(state));
	add_text('V', "label", "");
	add_text('0', "f", "text");
	ok(import_made(state));
}

static void a_full_disk_leaves_no_half_file(void **state)
{
	static char big[30000];
	struct stat st;
	vfs_credential c, old;
	add_text('0', "first", "text");
	add('0', "d/second", NULL, big, sizeof big);
	/* a device is what the process may not make */
	vfs_get_credential(&old);
	c = old;
	c.capabilities = 0;
	add('3', "third", NULL, NULL, 0);
	ok(vfs_set_credential(&c));
	fails(EPERM, import_made(state));
	ok(vfs_set_credential(&old));
	ok(vfs_stat(in(state, "target/d/second"), &st));
	/* half of a file came */
	ok(vfs_unlink(in(state, "target/d/second")));
	vfs_tar_import *x;
	ok(vfs_tar_import_begin(in(state, "target"), &x));
	ok(vfs_tar_import_write(x, made.at, 1024 + 512 + 5000));
	vfs_tar_progress p;
	vfs_tar_import_progress(x, &p);
	assert_string_equal(p.path, "d/second");
	assert_int_equal(p.entries, 2);
	assert_int_equal(p.bytes, 1024 + 512 + 5000);
	fails(EBADMSG, vfs_tar_import_end(x));
	fails(ENOENT, vfs_stat(in(state, "target/d/second"), &st));
	ok(vfs_stat(in(state, "target/first"), &st));
}

/* ---- Changed at random ---- */

static uint64_t seed = 1;
static unsigned random_runs = 1500;

static uint64_t rnd(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

static void change(bytes *b)
{
	if (b->len < 1024)
		return;
	size_t block = rnd(b->len / 512) * 512, other = rnd(b->len / 512) * 512;
	static const char *const words[] = {
		"..", "/", "../around/secret",    "\xff", "0", "2", "1", "x", "path=../x\n", "99",
		"\n", " ", "GNU.sparse.major=1\n"};
	const char *word = words[rnd(sizeof words / sizeof *words)];
	static const int fields[] = {0, 100, 124, 156, 156, 157, 257, 345};
	switch (rnd(6)) {
	case 0:
		b->at[rnd(b->len)] ^= (unsigned char)(1 << rnd(8));
		break;
	case 1:
		memcpy(b->at + block + (rnd(2) ? fields[rnd(8)] : (int)rnd(480)), word,
		       strlen(word));
		break;
	case 2:
		memmove(b->at + block, b->at + other, 512);
		break;
	case 3:
		b->len = 512 + rnd(b->len - 512);
		b->len -= rnd(2) ? b->len % 512 : 0;
		break;
	case 4:
		b->at[block + 156] = (unsigned char)"0123456xgLKSV"[rnd(13)];
		break;
	default:
		b->at[rnd(b->len)] = (unsigned char)rnd(256);
	}
	if (rnd(4) && block + 512 <= b->len)
		sum_up(b->at + block);
}

static void any_change_is_survived(void **state)
{
	unsigned refused = 0;
	ok(vfs_mkdir(in(state, "from"), 0755));
	make_file(in(state, "from/plain"), "text", 4);
	char name[200];
	memset(name, 'n', 180);
	name[180] = 0;
	ok(vfs_mkdir(in(state, "from/d"), 0700));
	make_file(in(state, "from/d/f"), name, 180);
	make_file(in(state, "from/odd"), name, 180);
	ok(vfs_rename(in(state, "from/odd"), in(state, "from/..odd")));
	int fd = (int)ok(vfs_open(in(state, "from/holes"), O_CREAT | O_WRONLY, 0644));
	ok(vfs_ftruncate(fd, 400000));
	ok(vfs_pwrite(fd, "x", 1, 200000));
	vfs_close(fd);
	ok(vfs_link(in(state, "from/plain"), in(state, "from/same")));
	ok(vfs_symlink("../around", in(state, "from/link")));
	make_file(in(state, "from/dir"), name, 10);
	bytes b = export_tree(in(state, "from"), 65536);
	for (unsigned run = 0; run < random_runs; run++) {
		bytes c = {malloc(b.len + 512), b.len};
		memcpy(c.at, b.at, b.len);
		for (uint64_t k = 1 + rnd(4); k--;)
			change(&c);
		int err = import_tree(in(state, "target"), c.at, c.len, 1 + rnd(5000));
		refused += err == -EBADMSG;
		free(c.at);
		char *after = describe(in(state, "around"), CHANGES);
		assert_string_equal(before, after);
		free(after);
		remove_tree(in(state, "target"));
		ok(vfs_mkdir(in(state, "target"), 0755));
	}
	print_message("%u of %u refused\n", refused, random_runs);
	free(b.at);
}

#define around(test) cmocka_unit_test_setup_teardown(test, start_around, finish_around)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		around(names_that_lead_out_are_refused),
		around(links_are_not_followed),
		around(a_link_in_a_directorys_place_keeps_its_target),
		around(hard_links_lead_to_what_is_there),
		around(the_target_itself_is_no_file),
		around(what_is_no_archive_is_refused),
		around(a_cut_archive_is_refused),
		around(a_flipped_bit_of_a_header_is_seen),
		around(sizes_without_sense_are_refused),
		around(records_without_sense_are_refused),
		around(maps_of_sparse_files_must_fit),
		around(what_is_unknown_is_told),
		around(a_full_disk_leaves_no_half_file),
		around(any_change_is_survived),
	};
	if (argc > 1)
		random_runs = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
