/*
 * What opfs_port.h promises, in a browser. A plain program, for a dedicated worker.
 * Prints a line for each test, and the sums.
 *
 *   opfs_port.js          leaves a file
 *   opfs_port.js again    a later run of the same profile and origin: finds it
 *   opfs_port.js none     where there is no OPFS: says why
 */
#include "opfs_steps.h"

vfs_opfs_port *port;
int line, result;
static const char *complaint;
static int passed, failed;

static const struct test *const first_run[] = {name_tests, file_tests, end_tests, NULL};
static const struct test *const later_run[] = {later_tests, NULL};
static const struct test *const *list = first_run;
static const struct test *test;

void answered(void *context, int r)
{
	(void)context;
	result = r;
	step();
}

void complain(int at, const char *what, long long is)
{
	static char text[300];
	if (complaint)
		return;
	snprintf(text, sizeof text, "line %d: %s is %lld", at, what, is);
	complaint = text;
}

struct listing listing;

void found(void *context, const char *name, bool is_directory)
{
	struct listing *l = context;
	if (l->n == 100)
		return;
	snprintf(l->at[l->n].name, sizeof l->at[0].name, "%s", name);
	l->at[l->n++].is_directory = is_directory;
}

int listed(const char *name)
{
	for (int k = 0; k < listing.n; k++)
		if (!strcmp(listing.at[k].name, name))
			return 1 + listing.at[k].is_directory;
	return 0;
}

static void report(void)
{
	printf("%s %s%s%s\n", complaint ? "not ok" : "ok", test->name, complaint ? ": " : "",
	       complaint ? complaint : "");
	*(complaint ? &failed : &passed) += 1;
	complaint = NULL;
}

void step(void)
{
	for (; *list; test = *++list) {
		for (; test->name; test++) {
			test->run();
			if (line)
				return;
			report();
		}
	}
	printf("%d passed, %d failed\n", passed, failed);
	exit(failed != 0);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	int err = vfs_opfs_browser_new(&port);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(how, "none")) {
		printf("%s none_says_why: %s\n", err ? "ok" : "not ok", vfs__opfs_why());
		printf("%d passed, %d failed\n", err == -EOPNOTSUPP, err != -EOPNOTSUPP);
		return err != -EOPNOTSUPP;
	}
	if (err) {
		printf("not ok: %s\n0 passed, 1 failed\n", vfs__opfs_why());
		return 1;
	}
	if (!strcmp(how, "again"))
		list = later_run;
	test = *list;
	step();
	return 0; /* the runtime lives on while something is under way */
}
