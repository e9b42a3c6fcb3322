/*
 * What a call of one open file costs over the port: the handle itself in a program
 * without threads, the ring in one with them. Microseconds a call,
 * medians of 9 runs.
 */
#include "opfs_browser.h"
#include <emscripten.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 9, CALLS = 500 };

static vfs_opfs_port *port;
static char buf[65536];

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void one(const char *name, int h, int which, size_t len)
{
	double took[RUNS];
	for (int run = 0; run < RUNS; run++) {
		double begin = emscripten_get_now();
		for (int k = 0; k < CALLS; k++) {
			int64_t pos = (int64_t)(k * 7919 % 16) * 65536;
			if (which == 0)
				port->handles->size(port, h);
			else if (which == 1)
				port->handles->read(port, h, buf, len, pos);
			else if (which == 2)
				port->handles->write(port, h, buf, len, pos);
			else
				port->handles->flush(port, h);
		}
		took[run] = (emscripten_get_now() - begin) * 1000 / CALLS;
	}
	qsort(took, RUNS, sizeof *took, compare);
	printf("%-16s %8.1f us\n", name, took[RUNS / 2]);
}

static void opened(void *context, int h)
{
	(void)context;
	if (h < 0) {
		printf("not opened: %d\n", h);
		exit(1);
	}
	for (int k = 0; k < 16; k++)
		port->handles->write(port, h, buf, sizeof buf, (int64_t)k * 65536);
	one("size", h, 0, 0);
	one("read 4 KiB", h, 1, 4096);
	one("read 64 KiB", h, 1, 65536);
	one("write 4 KiB", h, 2, 4096);
	one("write 64 KiB", h, 2, 65536);
	one("flush", h, 3, 0);
	exit(0);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (vfs_opfs_browser_new(&port)) {
		printf("%s\n", vfs__opfs_why());
		return 1;
	}
	port->names->open(port, "bench", true, opened, NULL);
	return 0;
}
