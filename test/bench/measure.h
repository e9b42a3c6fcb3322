/* What the benchmark's programs share: rows that are a loop over one thing, how
 * they are sampled, and options:
 *
 *   PROGRAM [-r samples] [-t milliseconds a sample] [-d folder]
 *           [-x row,row,...: not these] [-o row,row,...: only these]
 *
 * A row is calibrated to a sample of some milliseconds and sampled several
 * times, the rows in turn, so that a busy moment of the machine falls on one
 * sample of many rows and not on all samples of one. It is printed as "row TAB
 * ns TAB ns ...": nanoseconds for each loop. */
#ifndef MEASURE_H
#define MEASURE_H

enum { MAX_SAMPLES = 64 };

struct row {
	const char *name;
	void (*run)(unsigned n);
	unsigned loops, n;
	int apart; /* measured by another call of measure_rows */
	double ns[MAX_SAMPLES];
};

extern int samples;
extern double sample_ns;
extern const char *base; /* the folder */

/* Ends the program where call is false, and prints errno's meaning. */
#define CHECK(call)                            \
	do {                                   \
		if (!(call))                   \
			fail(#call, __LINE__); \
	} while (0)
_Noreturn void fail(const char *what, int line);

/* Nanoseconds. */
double now(void);
/* base/name */
void path(char out[256], const char *name);
int wanted(const char *row);
/* Sets the options; false: they are wrong. */
int options(int argc, char **argv);
void print_row(const char *name, const double *ns, unsigned n);
void measure_rows(struct row *rows, int n, int apart);

#endif
