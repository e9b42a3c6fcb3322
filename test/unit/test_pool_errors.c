/*
 * test_pool_errors.c - errors of write-backs that nobody asked for, and the counters.
 */
#include "pool_fixture.h"
#include <unistd.h>
#include <vfsfs/mem.h>

/* Changed data of f meets a disk that fails, when g needs its room. */
static void fail_to_write_back(int g)
{
	sim_fail(disk, 1, -EIO, SIM_ALWAYS | SIM_CHANGES);
	fill(g, 'x', 5 << 18, 0); /* 1.25 of the cache */
	sim_fail(disk, 0, 0, 0);
}

static void each_description_is_told_once(void **state)
{
	(void)state;
	int a = open_rw("/m/f"), b = open_rw("/m/f"), g = open_rw("/m/g");
	int c = ok(vfs_open("/m/f", O_RDONLY, 0)), same = ok(vfs_dup(a));
	fill(a, 'a', 4 * 4096, 0);
	fail_to_write_back(g);
	fails(EIO, vfs_fsync(a));
	ok(vfs_fsync(a));
	ok(vfs_fsync(same)); /* the same description */
	fails(EIO, vfs_fdatasync(b));
	ok(vfs_fsync(b));
	fails(EIO, vfs_fsync(c));
	ok(vfs_fsync(c));
	const int all[] = {a, b, c, same};
	for (size_t k = 0; k < sizeof all / sizeof *all; k++)
		ok(vfs_close(all[k]));
	fails(EIO, vfs_close(g)); /* its own */
}

static void a_close_tells_too(void **state)
{
	(void)state;
	int a = open_rw("/m/f"), b = open_rw("/m/f"), g = open_rw("/m/g");
	int c = ok(vfs_open("/m/f", O_RDONLY, 0)), same = ok(vfs_dup(a));
	fill(a, 'a', 4 * 4096, 0);
	fail_to_write_back(g);
	fails(EIO, vfs_close(same));
	ok(vfs_close(a));
	fails(EIO, vfs_close(b));
	fails(EIO, vfs_close(c));
	fails(EIO, vfs_close(g));
}

static void who_opens_later_is_not_told(void **state)
{
	(void)state;
	int a = open_rw("/m/f"), g = open_rw("/m/g");
	fill(a, 'a', 4 * 4096, 0);
	fail_to_write_back(g);
	fails(EIO, vfs_fsync(a));
	int b = open_rw("/m/f");
	ok(vfs_fsync(b));
	ok(vfs_close(b));
	ok(vfs_close(a));
	fails(EIO, vfs_close(g));
}

/* Else nobody ever would be. */
static void the_next_is_told_where_nobody_was(void **state)
{
	(void)state;
	int a = open_rw("/m/f"), g = open_rw("/m/g");
	fill(a, 'a', 4 * 4096, 0);
	fail_to_write_back(g);
	int b = open_rw("/m/f");
	fails(EIO, vfs_fsync(b));
	fails(EIO, vfs_fsync(a));
	ok(vfs_close(a));
	ok(vfs_close(b));
	fails(EIO, vfs_close(g));
}

static void the_data_stays_for_another_try(void **state)
{
	(void)state;
	int a = open_rw("/m/f"), g = open_rw("/m/g");
	fill(a, 'a', 4 * 4096, 0);
	fail_to_write_back(g);
	ok(vfs_sync());
	sim *killed = kill_now();
	fails(EIO, vfs_close(a));
	fails(EIO, vfs_close(g));
	mount_instead(killed);
	a = open_rw("/m/f");
	assert_string_equal(letters(a), "aaaa");
	ok(vfs_close(a));
}

/* A second error is told again, and after it the cache takes data in as before. */
static void another_error_is_told_again(void **state)
{
	(void)state;
	int a = open_rw("/m/f"), g = open_rw("/m/g");
	for (int k = 0; k < 2; k++) {
		fill(a, 'a', 4 * 4096, 0);
		fail_to_write_back(g);
		fails(EIO, vfs_fsync(a));
		fails(EIO, vfs_fsync(g));
		ok(vfs_ftruncate(g, 0)); /* so that f is in the way again */
	}
	fill(g, 'y', 4 << 20, 0);
	ok(vfs_fsync(g));
	ok(vfs_close(a));
	ok(vfs_close(g));
}

/* By age: into the slot, which fails; and into the journal, which fails. */
static void what_fails_by_age_is_told(void **state)
{
	(void)state;
	ok(vfs_unmount("/m"));
	at.age = 1;
	ok(vfs_mount(&vfs_opfs_pool, &at, "/m", 0));
	for (int pages = 2; pages <= 40; pages += 38) {
		int a = open_rw("/m/f");
		uint64_t age = counters().age;
		sim_fail(disk, 1, -EIO, SIM_ALWAYS | SIM_CHANGES);
		fill(a, 'a', (size_t)pages * 4096, 0);
		usleep(3000);
		for (int k = 0; k < 70; k++)
			ok(vfs_fchmod(a,
				      0600 + (mode_t)k % 8)); /* one of these looks at the clock */
		sim_fail(disk, 0, 0, 0);
		assert_in_range(counters().age, age + 1, age + 80);
		fails(EIO, vfs_fsync(a));
		ok(vfs_fsync(a));
		ok(vfs_close(a));
	}
}

/* ---- Counters ---- */

static void counters_are_the_ports_own(void **state)
{
	(void)state;
	char page[4096];
	sim_counts was = sim_calls(disk);
	vfs_opfs_counters before = counters();
	int fd = open_rw("/m/f");
	fill(fd, 'a', 3 << 20, 0);
	ok(vfs_fsync(fd));
	ok(vfs_pread(fd, page, sizeof page, 0));
	ok(vfs_ftruncate(fd, 10));
	ok(vfs_fsync(fd));
	ok(vfs_close(fd));
	vfs_opfs_counters c = counters();
	sim_counts is = sim_calls(disk);
	assert_int_equal(c.reads - before.reads, is.reads - was.reads);
	assert_int_equal(c.writes - before.writes, is.writes - was.writes);
	assert_int_equal(c.truncates - before.truncates, is.truncates - was.truncates);
	assert_int_equal(c.flushes - before.flushes, is.flushes - was.flushes);
	assert_int_equal(c.bytes_read - before.bytes_read, is.bytes_read - was.bytes_read);
	assert_int_equal(c.bytes_written - before.bytes_written,
			 is.bytes_written - was.bytes_written);
	assert_int_not_equal(c.writes, before.writes);
	assert_int_not_equal(c.reads, before.reads);
}

static void hits_and_misses_are_pages(void **state)
{
	(void)state;
	char page[4096];
	int fd = open_rw("/m/f");
	fill(fd, 'a', 16 * 4096, 0);
	ok(vfs_close(fd));
	remount();
	fd = open_rw("/m/f");
	vfs_opfs_counters before = counters();
	ok(vfs_pread(fd, page, sizeof page, 5 * 4096));
	ok(vfs_pread(fd, page, sizeof page, 5 * 4096));
	ok(vfs_pread(fd, page, 10, 5 * 4096 + 100));
	vfs_opfs_counters c = counters();
	assert_int_equal(c.misses - before.misses, 1);
	assert_int_equal(c.hits - before.hits, 2);
	assert_int_equal(c.reads - before.reads, 1);
	assert_int_equal(c.bytes_read - before.bytes_read, 4096);
	ok(vfs_close(fd));
}

static void write_backs_have_causes(void **state)
{
	(void)state;
	int fd = open_rw("/m/f"), g = open_rw("/m/g");
	vfs_opfs_counters before = counters();
	fill(fd, 'a', 4096, 0);
	ok(vfs_fsync(fd));
	ok(vfs_fsync(fd)); /* nothing to do */
	assert_int_equal(counters().sync, before.sync + 1);
	fill(fd, 'b', 4096, 0);
	int same = ok(vfs_dup(fd));
	ok(vfs_close(same));
	assert_int_equal(counters().close, before.close + 1);
	fill(fd, 'c', 4096, 0);
	ok(vfs_begin(fd));
	fill(fd, 'd', 4096, 0);
	ok(vfs_commit(fd));
	assert_int_equal(counters().commit, before.commit + 1);
	assert_int_equal(counters().commits, before.commits + 1);
	fill(fd, 'e', 4096, 0);
	ok(vfs_rename("/m/f", "/m/g"));
	assert_int_equal(counters().rename, before.rename + 1);
	fill(g, 'x', 2 << 20, 0);
	assert_in_range(counters().room, before.room + 1, before.room + 32);
	assert_in_range(counters().evictions, before.evictions + 16, before.evictions + 40);
	assert_int_equal(counters().age, 0);
	ok(vfs_close(fd));
	ok(vfs_close(g));
}

static void counters_are_of_a_pool(void **state)
{
	(void)state;
	vfs_opfs_counters c;
	fails(EINVAL, vfs_opfs_get_counters("/", &c));
	fails(ENOENT, vfs_opfs_get_counters("/m/missing", &c));
	fails(EFAULT, vfs_opfs_get_counters("/m", NULL));
	ok(vfs_close(open_rw("/m/f")));
	ok(vfs_opfs_get_counters("/m/f", &c));
}

int errors_tests(void)
{
	const struct CMUnitTest tests[] = {
		SIMULATED(each_description_is_told_once),
		SIMULATED(a_close_tells_too),
		SIMULATED(who_opens_later_is_not_told),
		SIMULATED(the_next_is_told_where_nobody_was),
		SIMULATED(the_data_stays_for_another_try),
		SIMULATED(another_error_is_told_again),
		SIMULATED(what_fails_by_age_is_told),
		SIMULATED(counters_are_the_ports_own),
		BOTH(hits_and_misses_are_pages),
		BOTH(write_backs_have_causes),
		BOTH(counters_are_of_a_pool),
	};
	return cmocka_run_group_tests_name("errors and counters", tests, NULL, NULL);
}
