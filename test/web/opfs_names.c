/* The names of an OPFS port: directories, listing, removal, many opens at once. */
#include "opfs_steps.h"

enum { SLOTS = 64 };

static void missing_is_ENOENT(void)
{
	TEST();
	OPEN("none");
	EXPECT(result, -ENOENT);
	OPEN("none/none");
	EXPECT(result, -ENOENT);
	CREATE("none/file");
	EXPECT(result, -ENOENT);
	REMOVE("none");
	EXPECT(result, -ENOENT);
	LIST("none");
	EXPECT(result, -ENOENT);
	EXPECT(listing.n, 0);
	END();
}

static void mkdir_makes_parents(void)
{
	TEST();
	MKDIR("t/a/b/c");
	EXPECT(result, 0);
	MKDIR("t/a/b/c");
	EXPECT(result, 0);
	MKDIR("t/a");
	EXPECT(result, 0);
	MKDIR("");
	EXPECT(result, 0);
	LIST("t/a/b");
	EXPECT(result, 0);
	EXPECT(listing.n, 1);
	EXPECT(listed("c"), 2);
	END();
}

static void list_gives_names_and_kinds(void)
{
	static const char *const names[] = {"plain",
					    "with space",
					    "gr\303\274n",
					    "\346\227\245\346\234\254",
					    "\360\237\230\200",
					    "\357\273\277bom",
					    ".hidden",
					    "dot."};
	static int k;
	TEST();
	MKDIR("t/list/directory");
	for (k = 0; k < 8; k++) {
		static char path[64];
		snprintf(path, sizeof path, "t/list/%s", names[k]);
		CREATE(path);
		OPENED();
		shut(result);
	}
	LIST("t/list");
	EXPECT(result, 0);
	EXPECT(listing.n, 9);
	for (k = 0; k < 8; k++)
		EXPECT(listed(names[k]), 1);
	EXPECT(listed("directory"), 2);
	LIST("t/list/directory");
	EXPECT(result, 0);
	EXPECT(listing.n, 0);
	LIST("");
	EXPECT(result, 0);
	EXPECT(listed("t"), 2);
	LIST("t/list/plain");
	EXPECT(result, -EIO);
	END();
}

static void names_of_255_bytes(void)
{
	static char path[300] = "t/";
	static int h;
	TEST();
	memset(path + 2, 'n', 255);
	CREATE(path);
	OPENED();
	h = result;
	LIST("t");
	EXPECT(listed(path + 2), 1);
	shut(h);
	REMOVE(path);
	EXPECT(result, 0);
	END();
}

/* Longer than any path here may have; both browsers take it. */
static void list_leaves_out_what_is_too_long(void)
{
	static char path[1200] = "t/long/";
	TEST();
	MKDIR("t/long");
	memset(path + 7, 'n', 1100);
	CREATE(path);
	OPENED();
	shut(result);
	CREATE("t/long/short");
	OPENED();
	shut(result);
	LIST("t/long");
	EXPECT(result, 0);
	EXPECT(listing.n, 1);
	EXPECT(listed("short"), 1);
	END();
}

static void names_are_copied(void)
{
	static char path[20];
	TEST();
	strcpy(path, "t/copied");
	WAIT(port->names->open(port, path, true, answered, NULL); strcpy(path, "none/x"));
	OPENED();
	shut(result);
	OPEN("t/copied");
	OPENED();
	shut(result);
	END();
}

/* What is no name in OPFS fails, and makes nothing. */
static void odd_names_are_EIO(void)
{
	static const char *const paths[] = {"t/.",     "t/..",    "t/../x", "t//x",
					    "t/a\377", "t/list/", "t"};
	static int k;
	TEST();
	for (k = 0; k < 7; k++) {
		CREATE(paths[k]);
		EXPECT(result, -EIO);
	}
	OPEN("t/list/plain/x");
	EXPECT(result, -EIO);
	MKDIR("t/list/plain/x");
	EXPECT(result, -EIO);
	END();
}

static void remove_takes_files_and_empty_directories(void)
{
	TEST();
	MKDIR("t/gone");
	CREATE("t/gone/file");
	OPENED();
	shut(result);
	REMOVE("t/gone");
	EXPECT(result, -EIO);
	REMOVE("t/gone/file");
	EXPECT(result, 0);
	OPEN("t/gone/file");
	EXPECT(result, -ENOENT);
	REMOVE("t/gone");
	EXPECT(result, 0);
	CREATE("t/gone/file");
	EXPECT(result, -ENOENT);
	END();
}

/* A directory that is remembered, then gone, then another's. */
static void directory_made_again(void)
{
	static int k;
	TEST();
	for (k = 0; k < 2; k++) {
		MKDIR("t/again/deep");
		EXPECT(result, 0);
		CREATE("t/again/deep/file");
		OPENED();
		shut(result);
		REMOVE("t/again/deep/file");
		REMOVE("t/again/deep");
		REMOVE("t/again");
		EXPECT(result, 0);
	}
	END();
}

/* ---- Many at once ---- */

static int handles[SLOTS], waiting;
static double begin;

static void one_answered(void *context, int r)
{
	*(int *)context = r;
	if (!--waiting)
		step();
}

/* SLOTS opens, made together. */
static void open_all(bool create)
{
	char path[30];
	waiting = SLOTS;
	begin = emscripten_get_now();
	for (int k = 0; k < SLOTS; k++) {
		snprintf(path, sizeof path, "t/slots/%d", k);
		port->names->open(port, path, create, one_answered, &handles[k]);
	}
}

static double took(void)
{
	return emscripten_get_now() - begin;
}

static void close_all(void)
{
	for (int k = 0; k < SLOTS; k++)
		if (handles[k] >= 0)
			shut(handles[k]);
}

static void opens_at_once(void)
{
	static double created, at_once, again, one_by_one;
	static int k;
	char path[30];
	TEST();
	MKDIR("t/slots");
	WAIT(open_all(true));
	created = took();
	for (k = 0; k < SLOTS; k++)
		EXPECT(put(handles[k], &k, sizeof k, 0), 0);
	close_all();
	WAIT(open_all(false));
	at_once = took();
	for (k = 0; k < SLOTS; k++) {
		int is = -1;
		EXPECT(get(handles[k], &is, sizeof is, 0), sizeof is);
		EXPECT(is, k);
	}
	close_all();
	WAIT(open_all(false));
	again = took();
	begin = emscripten_get_now();
	close_all();
	printf("# %d closed in %.1f ms\n", SLOTS, took());
	begin = emscripten_get_now();
	for (k = 0; k < SLOTS; k++) {
		snprintf(path, sizeof path, "t/slots/%d", k);
		OPEN(path);
		handles[k] = result;
		EXPECT(result < 0, 0);
	}
	one_by_one = took();
	close_all();
	printf("# %d at once: created in %.1f ms, opened in %.1f and %.1f ms; one by one %.1f ms\n",
	       SLOTS, created, at_once, again, one_by_one);
	END();
}

static void one_of_two_opens_gets_it(void)
{
	static int k;
	TEST();
	for (k = 0; k < 20; k++) {
		handles[0] = handles[1] = -1;
		waiting = 2;
		WAIT(port->names->open(port, "t/race", true, one_answered, &handles[0]);
		     port->names->open(port, "t/race", true, one_answered, &handles[1]));
		EXPECT((handles[0] == -EBUSY) + (handles[1] == -EBUSY), 1);
		shut(handles[0] < 0 ? handles[1] : handles[0]);
		REMOVE("t/race");
		EXPECT(result, 0);
	}
	END();
}

const struct test name_tests[] = {T(missing_is_ENOENT),
				  T(mkdir_makes_parents),
				  T(list_gives_names_and_kinds),
				  T(names_of_255_bytes),
				  T(list_leaves_out_what_is_too_long),
				  T(names_are_copied),
				  T(odd_names_are_EIO),
				  T(remove_takes_files_and_empty_directories),
				  T(directory_made_again),
				  T(opens_at_once),
				  T(one_of_two_opens_gets_it),
				  {0}};
