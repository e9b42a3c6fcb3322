/*
 * opfs_steps.h - tests of an OPFS port, whose name operations answer later: a test is
 * a function that starts one and returns, and is called again, to go on where it was,
 * when the answer comes. What it keeps meanwhile is static. Between TEST() and END(),
 * OPEN and its like wait for `result`, and WAIT for whoever calls step().
 */
#ifndef OPFS_STEPS_H
#define OPFS_STEPS_H

#include "opfs_browser.h"
#include <emscripten.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MIB = 1024 * 1024 };

extern vfs_opfs_port *port;
extern int line;   /* where the current test goes on; 0: at its beginning */
extern int result; /* of the last name operation */

/* Goes on with the current test; when that ends, with the next. */
void step(void);
/* The `done` that sets `result`. */
void answered(void *context, int r);
void complain(int at, const char *what, long long is);

#define TEST()          \
	switch (line) { \
	case 0:
#define END() \
	}     \
	line = 0
#define WAIT(start)              \
	do {                     \
		line = __LINE__; \
		start;           \
		return;          \
	case __LINE__:;          \
	} while (0)
#define OPEN(path)   WAIT(port->names->open(port, path, false, answered, NULL))
#define CREATE(path) WAIT(port->names->open(port, path, true, answered, NULL))
#define REMOVE(path) WAIT(port->names->remove(port, path, answered, NULL))
#define MKDIR(path)  WAIT(port->names->mkdir(port, path, answered, NULL))
#define LIST(path)   WAIT(listing.n = 0; port->names->list(port, path, found, answered, &listing))

#define EXPECT(expression, is)                                   \
	do {                                                     \
		long long value_ = (long long)(expression);      \
		if (value_ != (long long)(is))                   \
			complain(__LINE__, #expression, value_); \
	} while (0)
#define OPENED()                                              \
	do {                                                  \
		if (result < 0)                               \
			complain(__LINE__, "result", result); \
	} while (0)

/* What LIST found. */
extern struct listing {
	int n;
	struct {
		char name[300];
		bool is_directory;
	} at[100];
} listing;
void found(void *context, const char *name, bool is_directory);
/* 0: not there, 1: a file, 2: a directory. */
int listed(const char *name);

static inline int64_t get(int h, void *buf, size_t len, int64_t pos)
{
	return port->handles->read(port, h, buf, len, pos);
}
static inline int put(int h, const void *buf, size_t len, int64_t pos)
{
	return port->handles->write(port, h, buf, len, pos);
}
static inline int64_t size_of(int h)
{
	return port->handles->size(port, h);
}
static inline int truncated(int h, int64_t size)
{
	return port->handles->truncate(port, h, size);
}
static inline int flushed(int h)
{
	return port->handles->flush(port, h);
}
static inline void shut(int h)
{
	port->handles->close(port, h);
}

/* The tests of a file, ended by a null name. */
struct test {
	const char *name;
	void (*run)(void);
};
extern const struct test name_tests[], file_tests[], end_tests[], later_tests[];
/* clang-format off */
#define T(name) {#name, name}
/* clang-format on */

#endif
