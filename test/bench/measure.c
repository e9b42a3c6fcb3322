/* Sampling: measure.h tells what. */
#include "measure.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int samples = 5;
double sample_ns = 5e6;
const char *base = "/bench";
static const char *only, *skip = "";

_Noreturn void fail(const char *what, int line)
{
	int err = errno;
	printf("failed\t%s\tline %d\t%s\n", what, line, strerror(err));
	fflush(stdout);
	exit(1);
}

double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

void path(char out[256], const char *name)
{
	CHECK(snprintf(out, 256, "%s/%s", base, name) < 256);
}

static int listed(const char *list, const char *row)
{
	size_t n = strlen(row);
	for (const char *p = list; (p = strstr(p, row)); p += n)
		if ((p == list || p[-1] == ',') && (!p[n] || p[n] == ','))
			return 1;
	return 0;
}

int wanted(const char *row)
{
	return !listed(skip, row) && (!only || listed(only, row));
}

void print_row(const char *name, const double *ns, unsigned n)
{
	printf("%s", name);
	for (unsigned i = 0; i < n; i++)
		printf("\t%.2f", ns[i]);
	printf("\n");
	fflush(stdout);
}

/* Doubles the loop count until samples are long enough to be timed, several in
 * a row, for the engine may stop to compile, and the machine to do other work.
 * This is the warming up as well. */
static void calibrate(struct row *row)
{
	double best = 0;
	row->loops = 1;
	for (int good = 0; good < 4;) {
		double start = now();
		row->run(row->loops);
		double t = now() - start;
		if (t < sample_ns / 2 && row->loops < 1u << 30) {
			row->loops *= 2;
			good = 0;
			continue;
		}
		best = good++ && best < t ? best : t;
	}
	double loops = row->loops * (sample_ns / best);
	row->loops = loops < 1 ? 1 : (unsigned)loops;
}

void measure_rows(struct row *rows, int n, int apart)
{
	for (int i = 0; i < n; i++)
		if (wanted(rows[i].name) && rows[i].apart == apart)
			calibrate(&rows[i]);
	for (int s = 0; s < samples; s++)
		for (int i = 0; i < n; i++)
			if (rows[i].loops && rows[i].apart == apart) {
				double start = now();
				rows[i].run(rows[i].loops);
				rows[i].ns[rows[i].n++] = (now() - start) / rows[i].loops;
			}
	for (int i = 0; i < n; i++)
		if (rows[i].n && rows[i].apart == apart)
			print_row(rows[i].name, rows[i].ns, rows[i].n);
}

int options(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2)
		switch (argv[i][1]) {
		case 'r':
			samples = atoi(argv[i + 1]);
			break;
		case 't':
			sample_ns = 1e6 * atof(argv[i + 1]);
			break;
		case 'x':
			skip = argv[i + 1];
			break;
		case 'o':
			only = argv[i + 1];
			break;
		case 'd':
			base = argv[i + 1];
			break;
		}
	if (samples >= 1 && samples <= MAX_SAMPLES && sample_ns > 0)
		return 1;
	fprintf(stderr, "bad option\n");
	return 0;
}
