/*
 * test_sim.c - the simulated disk is one that tests may trust: its crashes leave
 * all that opfs_port.h says a crash may leave. That they leave nothing else, and
 * which of them are looked at, is in test_sim_states.c; the port itself, the faults
 * and the calls by hand in test_sim_port.c. `sim speed` measures.
 */
#include "sim_fixture.h"
#include <time.h>

/* ---- What is durable ---- */

static void unflushed_write_may_be_lost(void **state)
{
	(void)state;
	int h = file("a");
	put(h, "AA", 0);
	flush(h);
	put(h, "B", 1);
	assert_string_equal(masked("a", 0), "AA");
	assert_string_equal(masked("a", 1), "AB");
	tally t = look(sim_ops(disk), &subsets_only, "a", "AA");
	assert_int_equal(t.states, 2);
	assert_int_equal(t.holding, 1);
}

static void flushed_write_is_never_lost(void **state)
{
	(void)state;
	int h = file("a");
	put(h, "AAAA", 0);
	resize(h, 2 * SIM_SECTOR);
	flush(h);
	put(h, "B", 2);
	size_t lost = look(sim_ops(disk), NULL, "a", "AA").holding;
	assert_true(lost > 0);
	flush(h);
	tally t = look(sim_ops(disk), NULL, "a", "AAB");
	assert_int_equal(t.states, 1);
	assert_int_equal(t.holding, 1);
}

static void a_flush_counts_when_it_has_returned(void **state)
{
	(void)state;
	int h = file("a");
	put(h, "A", 0);
	flush(h);
	assert_int_equal(sim_unflushed(disk, 2), 1);
	assert_int_equal(sim_unflushed(disk, 3), 0);
	assert_int_equal(look(2, &subsets_only, "a", "").holding, 1);
}

static void closing_does_not_flush(void **state)
{
	(void)state;
	int h = file("a");
	put(h, "A", 0);
	shut(h);
	assert_string_equal(masked("a", 0), "");
}

static void a_flush_orders_its_own_file_only(void **state)
{
	(void)state;
	int a = file("a"), b = file("b");
	put(a, "A", 0);
	put(b, "B", 0);
	flush(b);
	assert_int_equal(sim_unflushed(disk, sim_ops(disk)), 1);
	assert_string_equal(masked("a", 0), "");
	assert_string_equal(masked("b", 0), "B");
}

static void a_later_write_may_come_without_an_earlier(void **state)
{
	(void)state;
	int a = file("a"), b = file("b");
	put(a, "A", 0);
	put(b, "B", 0);
	put(a, "C", 1);
	assert_string_equal(masked("a", 4), "0C");
	assert_string_equal(masked("b", 4), "");
	assert_string_equal(masked("b", 2), "B");
}

static void kept_writes_of_a_file_stay_in_order(void **state)
{
	(void)state;
	int h = file("a");
	put(h, "AAA", 0);
	put(h, "BB", 0);
	put(h, "C", 0);
	assert_string_equal(masked("a", 7), "CBA");
	assert_string_equal(masked("a", 5), "CAA");
	assert_string_equal(masked("a", 3), "BBA");
	assert_string_equal(masked("a", 6), "CB");
}

static void names_are_durable_at_once(void **state)
{
	(void)state;
	int h = file("a"); /* op 0 */
	put(h, "A", 0);    /* 1 */
	shut(h);
	assert_int_equal(try_mkdir(port, "d/e"), 0); /* 2, 3 */
	assert_int_equal(try_remove(port, "a"), 0);  /* 4 */
	file("a");                                   /* 5 */
	static const char *const names[] = {"", "a", "a", "a d/", "a d/", "d/", "a d/"};
	for (size_t cut = 0; cut <= sim_ops(disk); cut++) {
		sim_states *it = sim_states_begin(disk, cut, 1, NULL);
		for (sim *s; sim_states_next(it, &s, NULL, 0); sim_free(s)) {
			int err;
			assert_string_equal(list(sim_port(s), "", &err), names[cut]);
			list(sim_port(s), "d/e", &err);
			assert_int_equal(err, cut < 4 ? -ENOENT : 0);
		}
		sim_states_end(it);
	}
	/* What was not flushed went with the file. */
	assert_int_equal(sim_unflushed(disk, 4), 1);
	assert_int_equal(sim_unflushed(disk, 5), 0);
	assert_string_equal(masked("a", 1), "");
}

/* ---- Sizes ---- */

static void a_size_may_be_lost(void **state)
{
	(void)state;
	int h = file("a");
	put(h, "AAA", 0);
	flush(h);
	resize(h, SIM_SECTOR);
	resize(h, 4 * SIM_SECTOR);
	assert_string_equal(masked("a", 0), "AAA");
	assert_string_equal(masked("a", 1), "A");
	assert_string_equal(masked("a", 2), "AAA0");
	assert_string_equal(masked("a", 3), "A000");
}

static void a_write_extends_without_the_growth_before_it(void **state)
{
	(void)state;
	int h = file("a");
	put(h, "A", 0);
	flush(h);
	resize(h, 5 * SIM_SECTOR);
	put(h, "B", 3);
	assert_string_equal(masked("a", 3), "A00B0");
	assert_string_equal(masked("a", 2), "A00B");
	assert_string_equal(masked("a", 1), "A0000");
}

static void cut_bytes_do_not_come_back(void **state)
{
	(void)state;
	int h = file("a");
	fill(h, 'A', 3 * SIM_SECTOR, 0);
	resize(h, SIM_SECTOR + 100);
	resize(h, 3 * SIM_SECTOR);
	flush(h);
	assert_string_equal(masked("a", 0), "A?0");
	char data[2];
	assert_int_equal(sim_get(disk, "a", data, 2, SIM_SECTOR + 99), 2);
	assert_memory_equal(data, "A\0", 2);
}

/* ---- Torn writes ---- */

static void a_torn_write_arrives_by_sectors(void **state)
{
	(void)state;
	int h = file("a");
	put(h, "AAAAAA", 0);
	flush(h);
	put(h, "BBBB", 1);
	assert_string_equal(torn("a", 0x1, SIM_FULL), "ABAAAA");
	assert_string_equal(torn("a", 0xa, SIM_FULL), "AABABA");
	assert_string_equal(torn("a", 0xf, SIM_FULL), "ABBBBA");
	assert_string_equal(torn("a", 0, SIM_FULL), "AAAAAA");
}

static void sectors_are_the_files(void **state)
{
	(void)state;
	char data[3 * SIM_SECTOR];
	int h = file("a");
	put(h, "AAA", 0);
	flush(h);
	fill(h, 'B', 2 * SIM_SECTOR, 100); /* 412, 512 and 100 bytes */
	sim *s = sim_crash(disk, sim_ops(disk), &(sim_choice){SIM_FIRST, 0, 0, 0x5, 0, SIM_FULL});
	sim_get(s, "a", data, sizeof data, 0);
	for (int k = 0; k < (int)sizeof data; k++) {
		bool arrived = (k >= 100 && k < 512) || (k >= 1024 && k < 1124);
		assert_int_equal(data[k], arrived ? 'B' : 'A');
	}
	sim_free(s);
}

static void a_torn_write_may_grow_the_file_in_part(void **state)
{
	(void)state;
	int h = file("a");
	put(h, "A", 0);
	flush(h);
	fill(h, 'B', 3 * SIM_SECTOR + 10, SIM_SECTOR);
	assert_string_equal(torn("a", 0xf, SIM_FULL), "ABBBb");
	assert_string_equal(torn("a", 0xf, 2), "ABB");
	assert_string_equal(torn("a", 0xf, 3), "ABBB");
	assert_string_equal(torn("a", 0xf, 0), "A");
	assert_string_equal(torn("a", 0xf, 4), "ABBBb");
	assert_string_equal(torn("a", 0x2, 2), "A0B");
	assert_string_equal(torn("a", 0, SIM_FULL), "A000o");
	assert_string_equal(torn("a", 0x8, SIM_FULL), "A000b");
}

static void a_torn_write_never_shrinks_the_file(void **state)
{
	(void)state;
	int h = file("a");
	put(h, "AA", 0);
	flush(h);
	put(h, "BBB", 0);
	assert_string_equal(torn("a", 0x7, 1), "BB");
	assert_string_equal(torn("a", 0x4, 1), "AA");
	assert_string_equal(torn("a", 0x4, 3), "AAB");
}

static void a_bit_stands_for_a_run_of_a_long_write(void **state)
{
	(void)state;
	int h = file("a");
	char wanted[131] = "";
	fill(h, 'B', 130 * SIM_SECTOR, 0); /* runs of 3 */
	memset(wanted, '0', 130);
	memset(wanted + 3, 'B', 3);
	wanted[129] = 'B';
	assert_string_equal(torn("a", 0x2 | (uint64_t)1 << 43, SIM_FULL), wanted);
}

static void tears_by_seed_leave_sectors_whole(void **state)
{
	(void)state;
	int h = file("a"), mixed = 0;
	put(h, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0);
	flush(h);
	put(h, "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB", 0);
	for (uint64_t k = 1; k <= 20; k++) {
		const char *got =
			after(sim_ops(disk), "a", (sim_choice){SIM_FIRST, 0, 0, 0, k, SIM_FULL});
		assert_int_equal(strspn(got, "AB"), 32);
		mixed += strchr(got, 'A') && strchr(got, 'B');
	}
	assert_int_equal(mixed, 20);
}

/* ---- The disks that are made ---- */

static void a_state_is_a_disk_of_its_own(void **state)
{
	(void)state;
	int h = file("a");
	put(h, "AAAAAAAAAA", 0);
	flush(h);
	put(h, "B", 0);
	sim *s = sim_kill(disk, sim_ops(disk)), *t = sim_kill(disk, sim_ops(disk) - 1);
	assert_int_equal(sim_ops(s), 0);
	assert_int_equal(sim_calls(s).handles, 0);
	port = sim_port(s);
	h = file("a");
	put(h, "CC", 5);
	resize(h, 8 * SIM_SECTOR);
	assert_string_equal(sectors(s, "a"), "BAAAACCA");
	assert_string_equal(sectors(t, "a"), "AAAAAAAAAA");
	assert_string_equal(sectors(disk, "a"), "BAAAAAAAAA");
	/* It crashes in its turn, from what it began with. */
	sim *u = sim_crash(s, 2, &(sim_choice){SIM_MASK, 2, SIM_NO_TEAR, 0, 0, 0});
	assert_string_equal(sectors(u, "a"), "BAAAAAAA");
	teardown(NULL);
	setup(NULL);
	sim_free(s);
	assert_string_equal(sectors(t, "a"), "AAAAAAAAAA");
	assert_string_equal(sectors(u, "a"), "BAAAAAAA");
	sim_free(t);
	sim_free(u);
}

static void a_killed_process_loses_nothing(void **state)
{
	(void)state;
	int h = file("a");
	put(h, "AAA", 0);
	put(h, "B", 1);
	resize(h, 2 * SIM_SECTOR);
	static const char *const at[] = {"-", "", "AAA", "ABA", "AB"};
	for (size_t cut = 0; cut <= sim_ops(disk); cut++) {
		sim *s = sim_kill(disk, cut);
		assert_string_equal(sectors(s, "a"), at[cut]);
		assert_true(try_open(sim_port(s), "a", true) >= 0);
		sim_free(s);
	}
	sim *s = sim_copy(disk);
	assert_string_equal(sectors(s, "a"), "AB");
	assert_int_equal(sim_ops(s), 0);
	assert_int_equal(sim_unflushed(s, sim_ops(s)), 0);
	sim_free(s);
}

/* ---- Speed ---- */

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* 2,000 operations on 8 files of 100 KB; a flush after `often` changes or so. */
static int measure(unsigned often, bool read_all)
{
	enum { FILES = 8, SIZE = 100000, OPS = 2000 };
	static char data[SIZE];
	int handles[FILES];
	char name[] = "0";
	size_t states = 0;
	setup(NULL);
	for (int k = 0; k < FILES; k++, name[0]++)
		fill(handles[k] = file(name), 'A', SIZE, 0);
	while (sim_ops(disk) < OPS) {
		int h = handles[rnd(FILES)];
		if (!rnd(often))
			flush(h);
		else
			fill(h, 'B', 100 + rnd(8000), (int64_t)rnd(SIZE - 8100));
	}
	double begin = now(), took;
	for (size_t cut = 0; cut <= OPS && now() < begin + 10; cut += often > 10 ? 50 : 1) {
		sim_states *it = sim_states_begin(disk, cut, 1, NULL);
		for (sim *s; sim_states_next(it, &s, NULL, 0); sim_free(s), states++)
			for (int k = 0; read_all && k < FILES; k++)
				sim_get(s, (char[]){(char)('0' + k), 0}, data, SIZE, 0);
		sim_states_end(it);
	}
	took = now() - begin;
	printf("a flush in %u%s: %zu states in %.2f s, %.0f a second\n", often,
	       read_all ? ", each read" : "", states, took, (double)states / took);
	return teardown(NULL);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(unflushed_write_may_be_lost),
		TEST(flushed_write_is_never_lost),
		TEST(a_flush_counts_when_it_has_returned),
		TEST(closing_does_not_flush),
		TEST(a_flush_orders_its_own_file_only),
		TEST(a_later_write_may_come_without_an_earlier),
		TEST(kept_writes_of_a_file_stay_in_order),
		TEST(names_are_durable_at_once),
		TEST(a_size_may_be_lost),
		TEST(a_write_extends_without_the_growth_before_it),
		TEST(cut_bytes_do_not_come_back),
		TEST(a_torn_write_arrives_by_sectors),
		TEST(sectors_are_the_files),
		TEST(a_torn_write_may_grow_the_file_in_part),
		TEST(a_torn_write_never_shrinks_the_file),
		TEST(a_bit_stands_for_a_run_of_a_long_write),
		TEST(tears_by_seed_leave_sectors_whole),
		TEST(a_state_is_a_disk_of_its_own),
		TEST(a_killed_process_loses_nothing),
	};
	if (argc > 1 && !strcmp(argv[1], "speed"))
		return measure(2, false) + measure(5, false) + measure(2, true) + measure(5, true) +
		       measure(20, false);
	return cmocka_run_group_tests_name("sim", tests, NULL, NULL) + states_tests() +
	       port_tests();
}
