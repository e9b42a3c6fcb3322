/*
 * Which states of a cut the simulated disk's iterator makes: how many, with what
 * tears, the same for the same seed; and that none of them is impossible.
 */
#include "sim_fixture.h"

static void every_subset_of_eight_or_fewer(void **state)
{
	(void)state;
	int a = file("a"), b = file("b");
	char letter[] = "A";
	for (size_t n = 0; n <= 8; n++) {
		tally t = look(sim_ops(disk), &subsets_only, NULL, NULL);
		assert_int_equal(sim_unflushed(disk, sim_ops(disk)), n);
		assert_int_equal(t.states, 1 << n);
		/* Each touches a sector of its own: no two states are the same. */
		assert_int_equal(t.different, 1 << n);
		put(n % 2 ? a : b, letter, (int64_t)n);
		letter[0]++;
	}
	/* The ninth: 10 prefixes, 8 dropped alone before the last, 200. */
	assert_int_equal(look(sim_ops(disk), &subsets_only, NULL, NULL).states, 10 + 8 + 200);
}

static void of_many_prefixes_drops_and_random_subsets(void **state)
{
	(void)state;
	int h = file("a");
	put(h, "000000000000000000000000000000", 0);
	flush(h);
	for (int k = 0; k < 30; k++)
		put(h, "B", k);
	sim_states *it = sim_states_begin(disk, sim_ops(disk), 1, &subsets_only);
	size_t states = 0, prefixes = 0, drops = 0, kept = 0, most = 0, least = 30;
	for (sim *s; sim_states_next(it, &s, NULL, 0); sim_free(s)) {
		const char *got = sectors(s, "a");
		size_t n = 0, first = strspn(got, "B");
		for (int k = 0; k < 30; k++)
			n += got[k] == 'B';
		if (states < 31) {
			prefixes += n == states && first == n;
		} else if (states < 31 + 29) {
			drops += n == 29 && first == states - 31;
		} else {
			kept += n;
			most = n > most ? n : most;
			least = n < least ? n : least;
		}
		states++;
	}
	sim_states_end(it);
	assert_int_equal(states, 31 + 29 + 200);
	assert_int_equal(prefixes, 31);
	assert_int_equal(drops, 29);
	assert_true(kept > 200 * 10 && kept < 200 * 20 && most > 25 && least < 5);
}

static void the_last_bit_stands_for_the_rest(void **state)
{
	(void)state;
	int h = file("a");
	char all[70] = "";
	memset(all, 'A', 66);
	put(h, all, 0);
	flush(h);
	for (int k = 0; k < 66; k++)
		put(h, "B", k);
	memset(all + 62, 'B', 1);
	assert_string_equal(masked("a", (uint64_t)1 << 62), all);
	memcpy(all + 62, "ABBB", 4);
	assert_string_equal(masked("a", (uint64_t)1 << 63), all);
}

static void every_unflushed_write_is_torn(void **state)
{
	(void)state;
	static const sim_limits tears_only = {.all = 31, .tears = 6};
	size_t alone[4] = {0}, rest[4] = {0}, subsets = 16, states = 0;
	int h = file("a");
	put(h, "0000000000000000", 0);
	flush(h);
	for (int k = 0; k < 4; k++)
		put(h, (const char *[]){"AAAA", "BBBB", "CCCC", "DDDD"}[k], 4 * k);
	sim_states *it = sim_states_begin(disk, sim_ops(disk), 1, &tears_only);
	for (sim *s; sim_states_next(it, &s, NULL, 0); sim_free(s)) {
		if (states++ < subsets)
			continue;
		const char *got = sectors(s, "a");
		int broken = -1;
		for (int k = 0; k < 4; k++) {
			int n = 0;
			for (int j = 0; j < 4; j++)
				n += got[4 * k + j] == 'A' + k;
			if (n == 1 || n == 2 || n == 3) {
				assert_int_equal(broken, -1);
				broken = k;
			}
			/* All before it are there, all after it are, or all are lost. */
			else if (broken < 0)
				assert_int_equal(n, 4);
		}
		assert_true(broken >= 0);
		size_t later = strspn(got + 4 * broken + 4, "BCD");
		assert_true(later == 0 || later == strlen(got + 4 * broken + 4));
		(later || broken == 3 ? alone : rest)[broken]++;
	}
	sim_states_end(it);
	for (int k = 0; k < 4; k++) {
		assert_true(alone[k] >= 2 && alone[k] <= 6);
		assert_int_equal(rest[k], k < 3 ? alone[k] : 0);
	}
}

static void several_writes_are_torn_at_once(void **state)
{
	(void)state;
	static const sim_limits mixed_only = {.all = 31, .mixed = 100};
	size_t states = 0, at_once[5] = {0}, missing = 0;
	int h = file("a");
	for (int k = 0; k < 4; k++)
		put(h, (const char *[]){"AAAA", "BBBB", "CCCC", "DDDD"}[k], 4 * k);
	sim_states *it = sim_states_begin(disk, sim_ops(disk), 1, &mixed_only);
	for (sim *s; sim_states_next(it, &s, NULL, 0); sim_free(s)) {
		size_t broken = 0;
		const char *got = sectors(s, "a");
		if (states++ < 16)
			continue;
		for (int k = 0; k < 4; k++) {
			int n = 0;
			for (const char *c = got; *c; c++)
				n += *c == 'A' + k;
			broken += n == 1 || n == 2 || n == 3;
			missing += n == 0;
		}
		at_once[broken]++;
	}
	sim_states_end(it);
	assert_int_equal(states, 16 + 100);
	assert_true(at_once[0] > 5 && at_once[1] > 10 && at_once[2] > 10 && at_once[3] > 0);
	assert_true(missing > 100);
}

static void tears_are_all_different(void **state)
{
	(void)state;
	static const sim_limits many = {.all = 31, .tears = 100};
	int h = file("a");
	put(h, "AAAA", 0);
	flush(h);
	put(h, "B", 1); /* one sector that grows nothing: no tear */
	tally t = look(sim_ops(disk), &many, NULL, NULL);
	assert_int_equal(t.states, 2);
	flush(h);
	put(h, "CCC", 0); /* 8 masks, but for none and all */
	t = look(sim_ops(disk), &many, NULL, NULL);
	assert_int_equal(t.states, 2 + 6);
	assert_int_equal(t.different, 2 + 6);
	flush(h);
	/* Lost; the size one or two sectors up, with what arrives of them. */
	put(h, "DD", 4);
	t = look(sim_ops(disk), &many, NULL, NULL);
	assert_int_equal(t.states, 1 + 2 + 4);
	assert_int_equal(t.different, 1 + 2 + 4);
}

static void states_are_the_same_for_the_same_seed(void **state)
{
	(void)state;
	int a = file("a"), b = file("b");
	for (int k = 0; k < 12; k++) {
		put(a, "ABCDEF", 2 * k);
		put(b, "GHI", k);
	}
	sim_states *one = sim_states_begin(disk, sim_ops(disk), 7, NULL);
	sim_states *two = sim_states_begin(disk, sim_ops(disk), 7, NULL);
	sim_states *other = sim_states_begin(disk, sim_ops(disk), 8, NULL);
	size_t different = 0;
	char label[2][300];
	for (sim *s, *t; sim_states_next(one, &s, label[0], sizeof label[0]);) {
		uint64_t sum = digest(s);
		sim_free(s);
		assert_true(sim_states_next(two, &t, label[1], sizeof label[1]));
		assert_true(sum == digest(t));
		assert_string_equal(label[0], label[1]);
		sim_free(t);
		sim_choice c = sim_states_choice(one);
		t = sim_crash(disk, sim_ops(disk), &c);
		assert_true(sum == digest(t));
		sim_free(t);
		if (sim_states_next(other, &t, NULL, 0)) {
			different += sum != digest(t);
			sim_free(t);
		}
	}
	assert_true(different > 100);
	sim_states_end(one);
	sim_states_end(two);
	sim_states_end(other);
}

static void labels_tell_the_choice(void **state)
{
	(void)state;
	char label[200], small[10];
	int h = file("a");
	put(h, "AA", 0);
	sim_states *it = sim_states_begin(disk, 2, 1, NULL);
	sim *s;
	assert_true(sim_states_next(it, &s, small, sizeof small));
	assert_string_equal(small, "cut 2, of");
	sim_free(s);
	assert_true(sim_states_next(it, &s, label, sizeof label));
	assert_string_equal(label, "cut 2, of 1 unflushed kept mask 0x1");
	sim_free(s);
	assert_true(sim_states_next(it, &s, label, sizeof label));
	assert_string_equal(label, "cut 2, of 1 unflushed kept the first 1, torn op 1 "
				   "(write a: 1024 at 0, size was 0): sectors 0x1, "
				   "size up to 1 of them");
	sim_free(s);
	sim_states_end(it);
}

/*
 * Whatever was done, and whatever the state: each sector of a file is as it was at
 * some time since its last flush, or zeros where the file had ended before it; and
 * the size is not below or above all that it was.
 */
enum { LONG = 24, STEPS = 60 };
static const char *const names[] = {"f", "g", "h"};
static char history[3][STEPS + 4][LONG + 1]; /* of the file, after so many ops */
static size_t since[3];                      /* its last flush: an index in that */

static void random_step(const int *handles)
{
	size_t f = rnd(3), n = 1 + rnd(5), before = sim_ops(disk);
	char letters[6] = "";
	switch (rnd(8)) {
	case 0:
		flush(handles[f]);
		since[f] = before + 1;
		break;
	case 1:
		resize(handles[f], (int64_t)rnd(LONG) * SIM_SECTOR);
		break;
	default:
		memset(letters, (int)('A' + rnd(26)), n);
		put(handles[f], letters, (int64_t)rnd(LONG - 5));
	}
	for (size_t k = 0; k < 3; k++)
		strcpy(history[k][sim_ops(disk)], sectors(disk, names[k]));
}

static bool was_once(size_t f, const char *got)
{
	size_t least = LONG, most = 0;
	for (size_t k = since[f]; k <= sim_ops(disk); k++) {
		size_t size = strlen(history[f][k]);
		least = size < least ? size : least;
		most = size > most ? size : most;
	}
	for (size_t at = 0; got[at]; at++) {
		bool known = false;
		for (size_t k = since[f]; !known && k <= sim_ops(disk); k++) {
			const char *then = history[f][k];
			known = got[at] == (at < strlen(then) ? then[at] : '0');
		}
		if (!known)
			return false;
	}
	return strlen(got) >= least && strlen(got) <= most;
}

static void a_sector_is_what_was_flushed_or_newer(void **state)
{
	char label[300];
	size_t states = 0;
	for (int run = 0; run < 5; run++) {
		const int handles[] = {file("f"), file("g"), file("h")};
		since[0] = since[1] = since[2] = 3;
		memset(history, 0, sizeof history);
		for (int step = 0; step < STEPS; step++) {
			random_step(handles);
			sim_states *it = sim_states_begin(disk, sim_ops(disk), rnd(1000), NULL);
			for (sim *s; sim_states_next(it, &s, label, sizeof label); sim_free(s)) {
				states++;
				for (size_t f = 0; f < 3; f++)
					if (!was_once(f, sectors(s, names[f]))) {
						sim_print(disk, 0, sim_ops(disk), stderr);
						fail_msg("%s is %s: %s", names[f],
							 sectors(s, names[f]), label);
					}
			}
			sim_states_end(it);
		}
		teardown(state);
		setup(state);
	}
	assert_true(states > 5 * STEPS * 50);
}

int states_tests(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(every_subset_of_eight_or_fewer),
		TEST(of_many_prefixes_drops_and_random_subsets),
		TEST(the_last_bit_stands_for_the_rest),
		TEST(every_unflushed_write_is_torn),
		TEST(several_writes_are_torn_at_once),
		TEST(tears_are_all_different),
		TEST(states_are_the_same_for_the_same_seed),
		TEST(labels_tell_the_choice),
		TEST(a_sector_is_what_was_flushed_or_newer),
	};
	return cmocka_run_group_tests_name("sim: all states", tests, NULL, NULL);
}
