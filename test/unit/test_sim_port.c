/*
 * The simulated disk as a port: it answers as the port on a directory does; its
 * log, its faults, its counts; and the calls by hand.
 */
#include "sim_fixture.h"
#include <opfs_directory.h>
#include <unistd.h>

static int write_at(int h, const char *text, int64_t pos)
{
	return port->handles->write(port, h, text, strlen(text), pos);
}

/* ---- As the other ports ---- */

static void handles_are_exclusive(void **state)
{
	(void)state;
	int h = file("a"), other = file("b");
	assert_int_not_equal(h, other);
	assert_int_equal(try_open(port, "a", false), -EBUSY);
	assert_int_equal(try_open(port, "a", true), -EBUSY);
	assert_int_equal(try_remove(port, "a"), -EBUSY);
	shut(h);
	h = file("a");
	shut(h);
	assert_int_equal(try_remove(port, "a"), 0);
	assert_int_equal(try_remove(port, "a"), -ENOENT);
	assert_int_equal(try_open(port, "a", false), -ENOENT);
	assert_int_equal(sim_calls(disk).handles, 1);
	assert_true(port->at_once);
}

static void files_have_directories(void **state)
{
	(void)state;
	int err;
	assert_int_equal(try_open(port, "d/e/a", true), -ENOENT);
	assert_int_equal(try_mkdir(port, "d/e"), 0);
	assert_int_equal(try_mkdir(port, "d/e"), 0);
	assert_int_equal(try_mkdir(port, ""), 0);
	file("d/e/a");
	file("d/b");
	file("dd");
	assert_string_equal(list(port, "", &err), "d/ dd");
	assert_string_equal(list(port, "d", &err), "b e/");
	assert_string_equal(list(port, "d/e", &err), "a");
	assert_int_equal(err, 0);
	list(port, "e", &err);
	assert_int_equal(err, -ENOENT);
}

/* The same calls of both, the same answers. */
static vfs_opfs_port *both[2];
static const char *const names[] = {"0", "1", "d/2", "d/e/3"};

static void same_closed(size_t f, int h[2])
{
	static const char *const dirs[] = {"", "d", "d/e", "x"};
	int what = (int)rnd(8), create = rnd(4) != 0, got[2];
	const char *dir = dirs[rnd(4)];
	char texts[2][400] = {"", ""};
	for (int k = 0; k < 2; k++)
		if (what == 0)
			got[k] = try_remove(both[k], names[f]);
		else if (what == 1 && *dir != 'x')
			got[k] = try_mkdir(both[k], dir);
		else if (what == 2)
			strcpy(texts[k], list(both[k], dir, &got[k]));
		else
			h[k] = got[k] = try_open(both[k], names[f], create);
	if (got[0] < 0 || got[1] < 0)
		assert_int_equal(got[0], got[1]);
	assert_string_equal(texts[0], texts[1]);
}

static void same_open(size_t f, int h[2])
{
	static char data[20000], read[2][sizeof data];
	size_t len = rnd(2) ? rnd(600) : rnd(sizeof data);
	int64_t pos = (int64_t)rnd(30000), got[2];
	int what = (int)rnd(12);
	memset(data, (int)rnd(256), len);
	for (int k = 0; k < 2; k++) {
		vfs_opfs_port *p = both[k];
		const vfs__handle_ops *ops = p->handles;
		got[k] = 0;
		if (what == 0) {
			ops->close(p, h[k]);
			h[k] = -1;
		} else if (what == 1) {
			got[k] = try_open(p, names[f], true);
		} else if (what == 2) {
			got[k] = ops->flush(p, h[k]);
		} else if (what == 3) {
			got[k] = ops->truncate(p, h[k], pos);
		} else if (what == 4) {
			got[k] = ops->size(p, h[k]);
		} else if (what < 8) {
			got[k] = ops->write(p, h[k], data, len, pos);
		} else {
			got[k] = ops->read(p, h[k], read[k], len, pos);
			assert_memory_equal(read[0], read[k], got[k] > 0 ? (size_t)got[k] : 0);
		}
	}
	assert_int_equal(got[0], got[1]);
}

static void answers_as_the_port_on_a_directory(void **state)
{
	(void)state;
	char folder[] = "/tmp/sim-XXXXXX", command[60];
	int h[4][2];
	assert_non_null(mkdtemp(folder));
	assert_int_equal(vfs_opfs_directory_new(folder, &both[1]), 0);
	both[0] = port;
	memset(h, -1, sizeof h);
	for (int k = 0; k < 5000; k++) {
		size_t f = rnd(4);
		(h[f][0] < 0 ? same_closed : same_open)(f, h[f]);
	}
	for (size_t f = 0; f < 4; f++)
		if (h[f][1] >= 0)
			both[1]->handles->close(both[1], h[f][1]);
	vfs_opfs_directory_free(both[1]);
	/* And at the end they hold the same. */
	sim *s = sim_new();
	assert_int_equal(sim_load(s, folder), 0);
	assert_true(digest(s) == digest(disk));
	sim_free(s);
	snprintf(command, sizeof command, "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

/* ---- The log ---- */

static void the_log_has_what_changes_or_flushes(void **state)
{
	(void)state;
	char data[10], text[400] = "";
	int err, h = file("a");
	write_at(h, "12345", 3);
	write_at(h, "", 100);
	resize(h, 8);
	resize(h, 4);
	flush(h);
	flush(h);
	port->handles->read(port, h, data, 10, 0);
	port->handles->size(port, h);
	shut(h);
	shut(file("a"));
	try_mkdir(port, "d/e");
	try_mkdir(port, "d");
	list(port, "d", &err);
	try_remove(port, "a");
	try_remove(port, "a");
	assert_int_equal(sim_put(disk, "d/b", "x", 1, 0), 0);
	assert_int_equal(sim_ops(disk), 10);
	FILE *f = fmemopen(text, sizeof text, "w");
	sim_print(disk, 0, 100, f);
	fclose(f);
	assert_string_equal(text, "0 create a\n"
				  "1 write a: 5 at 3, size was 0\n"
				  "2 truncate a: 8 to 4\n"
				  "3 flush a\n"
				  "4 flush a\n"
				  "5 mkdir d\n"
				  "6 mkdir d/e\n"
				  "7 remove a\n"
				  "8 create d/b\n"
				  "9 set d/b\n");
}

/* ---- Faults ---- */

static void the_nth_call_fails(void **state)
{
	(void)state;
	char data[5];
	int err, h = file("a");
	write_at(h, "12345", 0);
	for (size_t nth = 1; nth <= 9; nth++) {
		sim_fail(disk, nth, -EIO, SIM_ONCE);
		size_t before = sim_calls(disk).faults;
		const vfs__handle_ops *ops = port->handles;
		long long got[] = {ops->read(port, h, data, 5, 0) - 5,
				   ops->size(port, h) - 5,
				   ops->flush(port, h),
				   write_at(h, "12345", 0),
				   ops->truncate(port, h, 5),
				   try_mkdir(port, "d"),
				   (list(port, "d", &err), err),
				   try_remove(port, "b") == -EIO ? -EIO : 0,
				   try_open(port, "a", false) == -EIO ? -EIO : 0};
		for (size_t k = 0; k < 9; k++)
			if (k > 1 || k + 1 != nth)
				assert_int_equal(got[k], k + 1 == nth ? -EIO : 0);
		assert_int_equal(sim_calls(disk).faults, before + 1);
		if (nth > 1)
			assert_memory_equal(data, "12345", 5);
		try_mkdir(port, "d");
	}
}

static void a_failed_call_does_nothing(void **state)
{
	(void)state;
	int h = file("a");
	write_at(h, "12345", 0);
	size_t ops = sim_ops(disk);
	sim_fail(disk, 1, -EIO, SIM_ALWAYS);
	assert_int_equal(write_at(h, "678", 0), -EIO);
	assert_int_equal(port->handles->truncate(port, h, 1), -EIO);
	assert_int_equal(port->handles->flush(port, h), -EIO);
	assert_int_equal(port->handles->size(port, h), -EIO);
	assert_int_equal(try_open(port, "b", true), -EIO);
	assert_int_equal(try_mkdir(port, "d"), -EIO);
	assert_int_equal(try_remove(port, "b"), -EIO);
	assert_int_equal(sim_calls(disk).faults, 7);
	sim_fail(disk, 0, 0, 0);
	assert_int_equal(sim_ops(disk), ops);
	assert_int_equal(sim_unflushed(disk, ops), 1);
	assert_int_equal(port->handles->size(port, h), 5);
	assert_int_equal(try_open(port, "b", false), -ENOENT);
}

static void faults_of_some_calls_only(void **state)
{
	(void)state;
	char data[5];
	int h = file("a");
	write_at(h, "12345", 0);
	/* Of changes: reading does not count. */
	sim_fail(disk, 2, -EIO, SIM_CHANGES);
	assert_int_equal(port->handles->read(port, h, data, 5, 0), 5);
	assert_int_equal(write_at(h, "1", 0), 0);
	assert_int_equal(port->handles->size(port, h), 5);
	assert_int_equal(try_open(port, "b", false), -ENOENT);
	assert_int_equal(port->handles->flush(port, h), -EIO);
	/* Of space: what needs none does not fail. */
	sim_fail(disk, 1, -ENOSPC, SIM_ALWAYS);
	assert_int_equal(port->handles->read(port, h, data, 5, 0), 5);
	assert_int_equal(port->handles->flush(port, h), 0);
	assert_int_equal(port->handles->truncate(port, h, 4), 0);
	assert_int_equal(port->handles->truncate(port, h, 5), -ENOSPC);
	assert_int_equal(try_open(port, "b", true), -ENOSPC);
	assert_int_equal(write_at(h, "1", 0), -ENOSPC);
	assert_int_equal(write_at(h, "1", 0), -ENOSPC);
	shut(h);
	assert_int_equal(try_open(port, "a", true), h);
	shut(h);
	assert_int_equal(try_remove(port, "a"), 0);
}

static void a_short_write_leaves_a_part(void **state)
{
	(void)state;
	char data[9] = "";
	int h = file("a");
	sim_fail(disk, 2, -ENOSPC, SIM_SHORT);
	assert_int_equal(port->handles->truncate(port, h, 2), 0);
	assert_int_equal(write_at(h, "1234", 0), 0);
	assert_int_equal(write_at(h, "abcdef", 2), -ENOSPC);
	assert_int_equal(sim_get(disk, "a", data, 8, 0), 5);
	assert_string_equal(data, "12abc");
	assert_int_equal(write_at(h, "x", 0), 0);
	assert_int_equal(sim_unflushed(disk, sim_ops(disk)), 4);
	assert_int_equal(sim_calls(disk).bytes_written, 4 + 3 + 1);
}

static void the_quota_is_kept(void **state)
{
	(void)state;
	int a = file("a"), b = file("b");
	uint64_t total = 0, left = 0;
	port->handles->space(port, &total, &left);
	assert_int_equal(total, 0);
	sim_set_quota(disk, 10);
	assert_int_equal(write_at(a, "123456", 0), 0);
	port->handles->space(port, &total, &left);
	assert_int_equal(total, 10);
	assert_int_equal(left, 4);
	assert_int_equal(write_at(b, "12345", 0), -ENOSPC);
	assert_int_equal(port->handles->size(port, b), 0);
	assert_int_equal(write_at(b, "1234", 0), 0);
	assert_int_equal(port->handles->truncate(port, b, 5), -ENOSPC);
	assert_int_equal(write_at(a, "abcdef", 0), 0);
	assert_int_equal(write_at(a, "x", 6), -ENOSPC);
	assert_int_equal(port->handles->truncate(port, b, 3), 0);
	assert_int_equal(write_at(a, "x", 6), 0);
	shut(b);
	assert_int_equal(try_remove(port, "b"), 0);
	assert_int_equal(port->handles->truncate(port, a, 10), 0);
	assert_int_equal(port->handles->truncate(port, a, 11), -ENOSPC);
	sim *s = sim_copy(disk); /* its space is counted, its quota is not set */
	int h = try_open(sim_port(s), "a", false);
	assert_int_equal(port->handles->truncate(sim_port(s), h, 20), 0);
	assert_int_equal(sim_put(s, "b", "12345", 5, 0), 0);
	sim_set_quota(s, 25);
	assert_int_equal(port->handles->truncate(sim_port(s), h, 21), -ENOSPC);
	sim_free(s);
}

static void calls_are_counted(void **state)
{
	(void)state;
	char data[100];
	int err, h = file("a");
	write_at(h, "12345", 0);
	write_at(h, "123", 7);
	port->handles->read(port, h, data, 100, 4);
	resize(h, 3);
	resize(h, 3);
	port->handles->size(port, h);
	flush(h);
	try_open(port, "a", false);
	shut(h);
	try_remove(port, "x");
	try_mkdir(port, "d");
	list(port, "", &err);
	sim_counts c = sim_calls(disk), wanted = {.reads = 1,
						  .writes = 2,
						  .truncates = 2,
						  .sizes = 1,
						  .flushes = 1,
						  .closes = 1,
						  .opens = 2,
						  .removes = 1,
						  .mkdirs = 1,
						  .lists = 1,
						  .bytes_read = 6,
						  .bytes_written = 8};
	assert_memory_equal(&c, &wanted, sizeof c);
}

/* ---- By hand ---- */

static void files_by_hand(void **state)
{
	(void)state;
	char data[9] = "";
	bool is_directory;
	assert_int_equal(sim_file_size(disk, "d/a"), -ENOENT);
	assert_int_equal(sim_put(disk, "d/a", "123", 3, 2), 0);
	assert_int_equal(sim_file_size(disk, "d/a"), 5);
	assert_int_equal(sim_put(disk, "d/a/b", "", 0, 0), -ENOTDIR);
	assert_int_equal(sim_put(disk, "d", "x", 1, 0), -EISDIR);
	assert_int_equal(sim_get(disk, "d", data, 1, 0), -EISDIR);
	int h = file("d/a");
	assert_int_equal(sim_put(disk, "d/a", "ab", 2, 0), 0);
	assert_int_equal(port->handles->read(port, h, data, 9, 0), 5);
	assert_string_equal(data, "ab123");
	assert_int_equal(sim_flip(disk, "d/a", 8 * 3 + 1), 0);
	assert_int_equal(sim_flip(disk, "d/a", 8 * 5), -EINVAL);
	assert_int_equal(sim_resize(disk, "d/a", 4), 0);
	assert_int_equal(port->handles->read(port, h, data, 9, 0), 4);
	assert_string_equal(data, "ab103");
	assert_int_equal(sim_delete(disk, "d/a"), -EBUSY);
	assert_string_equal(sim_path(disk, 0, &is_directory), "d");
	assert_true(is_directory);
	assert_string_equal(sim_path(disk, 1, &is_directory), "d/a");
	assert_false(is_directory);
	assert_null(sim_path(disk, 2, NULL));
	shut(h);
	assert_int_equal(sim_delete(disk, "d/a"), 0);
	assert_null(sim_path(disk, 1, NULL));
}

static void changes_by_hand_are_durable(void **state)
{
	(void)state;
	int h = file("a");
	write_at(h, "12345", 0);
	sim_flip(disk, "a", 0);
	sim_put(disk, "b", "x", 1, 0);
	assert_int_equal(sim_unflushed(disk, 2), 1);
	assert_int_equal(sim_unflushed(disk, sim_ops(disk)), 0);
	sim *s = sim_crash(disk, sim_ops(disk), &(sim_choice){.torn = SIM_NO_TEAR});
	assert_true(digest(s) == digest(disk));
	assert_int_equal(sim_file_size(s, "a"), 5);
	sim_free(s);
}

static void a_folder_keeps_a_disk(void **state)
{
	(void)state;
	char folder[] = "/tmp/sim-XXXXXX", command[60];
	int h = file("a");
	assert_non_null(mkdtemp(folder));
	fill(h, 'A', 200000, 0);
	fill(h, 'B', 10, 300000);
	try_mkdir(port, "d/e");
	try_mkdir(port, "empty");
	sim_put(disk, "d/e/b", "123", 3, 0);
	sim_put(disk, "none", "", 0, 0);
	assert_int_equal(sim_dump(disk, folder), 0);
	sim *s = sim_new();
	assert_int_equal(sim_load(s, folder), 0);
	assert_true(digest(s) == digest(disk));
	/* Once more, over what is there. */
	sim_resize(s, "a", 10);
	assert_int_equal(sim_dump(s, folder), 0);
	assert_int_equal(sim_load(disk, folder), 0);
	assert_true(digest(s) == digest(disk));
	sim_free(s);
	snprintf(command, sizeof command, "rm -r %s", folder);
	assert_int_equal(system(command), 0);
	assert_int_equal(sim_load(disk, folder), -ENOENT);
}

int port_tests(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(handles_are_exclusive),
		TEST(files_have_directories),
		TEST(answers_as_the_port_on_a_directory),
		TEST(the_log_has_what_changes_or_flushes),
		TEST(the_nth_call_fails),
		TEST(a_failed_call_does_nothing),
		TEST(faults_of_some_calls_only),
		TEST(a_short_write_leaves_a_part),
		TEST(the_quota_is_kept),
		TEST(calls_are_counted),
		TEST(files_by_hand),
		TEST(changes_by_hand_are_durable),
		TEST(a_folder_keeps_a_disk),
	};
	return cmocka_run_group_tests_name("sim: the port", tests, NULL, NULL);
}
