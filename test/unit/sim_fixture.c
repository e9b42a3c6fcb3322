/* sim_fixture.c - see sim_fixture.h. */
#include "sim_fixture.h"

sim *disk;
vfs_opfs_port *port;
static uint64_t seed = 88172645463325252;

int setup(void **state)
{
	(void)state;
	disk = sim_new();
	port = sim_port(disk);
	return 0;
}

int teardown(void **state)
{
	(void)state;
	sim_free(disk);
	return 0;
}

uint64_t rnd(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

/* ---- Names ---- */

enum { NOT_YET = 12345 };

static void done(void *context, int result)
{
	assert_int_equal(*(int *)context, NOT_YET);
	*(int *)context = result;
}

int try_open(vfs_opfs_port *p, const char *path, bool create)
{
	int result = NOT_YET;
	p->names->open(p, path, create, done, &result);
	assert_int_not_equal(result, NOT_YET);
	return result;
}

int try_remove(vfs_opfs_port *p, const char *path)
{
	int result = NOT_YET;
	p->names->remove(p, path, done, &result);
	assert_int_not_equal(result, NOT_YET);
	return result;
}

int try_mkdir(vfs_opfs_port *p, const char *path)
{
	int result = NOT_YET;
	p->names->mkdir(p, path, done, &result);
	assert_int_not_equal(result, NOT_YET);
	return result;
}

typedef struct listing {
	int result; /* first: for done() */
	size_t n;
	char names[64][64];
} listing;

static void entry(void *context, const char *name, bool is_directory)
{
	listing *l = context;
	assert_true(l->n < 64);
	snprintf(l->names[l->n++], sizeof l->names[0], "%s%s", name, is_directory ? "/" : "");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

const char *list(vfs_opfs_port *p, const char *path, int *err)
{
	static char text[64 * 65];
	listing l = {.result = NOT_YET};
	size_t len = 0;
	p->names->list(p, path, entry, done, &l);
	*err = l.result;
	qsort(l.names, l.n, sizeof l.names[0], by_name);
	text[0] = 0;
	for (size_t k = 0; k < l.n; k++)
		len += (size_t)sprintf(text + len, "%s%s", k ? " " : "", l.names[k]);
	return text;
}

/* ---- Files ---- */

int file(const char *path)
{
	int h = try_open(port, path, true);
	assert_true(h >= 0);
	return h;
}

void shut(int handle)
{
	port->handles->close(port, handle);
}

void flush(int handle)
{
	assert_int_equal(port->handles->flush(port, handle), 0);
}

void resize(int handle, int64_t size)
{
	assert_int_equal(port->handles->truncate(port, handle, size), 0);
}

void fill(int handle, char letter, size_t len, int64_t pos)
{
	char *data = malloc(len);
	memset(data, letter, len);
	assert_int_equal(port->handles->write(port, handle, data, len, pos), 0);
	free(data);
}

void put(int handle, const char *letters, int64_t first)
{
	size_t n = strlen(letters);
	char *data = malloc(n * SIM_SECTOR);
	for (size_t k = 0; k < n; k++)
		memset(data + k * SIM_SECTOR, letters[k], SIM_SECTOR);
	assert_int_equal(
		port->handles->write(port, handle, data, n * SIM_SECTOR, first * SIM_SECTOR), 0);
	free(data);
}

static char letter(const char *data, size_t len)
{
	char c = data[0] ? data[0] : '0';
	for (size_t k = 1; k < len; k++)
		if (data[k] != data[0])
			return '?';
	if (len == SIM_SECTOR)
		return c;
	return (char)(c == '0' ? 'o' : c | 0x20);
}

const char *sectors(const sim *s, const char *path)
{
	static char texts[5][1024];
	static int turn;
	char data[SIM_SECTOR], *text = texts[turn++ % 5];
	size_t n = 0;
	int64_t got;
	if (sim_file_size(s, path) < 0)
		return "-";
	while ((got = sim_get(s, path, data, sizeof data, (int64_t)n * SIM_SECTOR)) > 0) {
		assert_true(n < sizeof texts[0] - 1);
		text[n++] = letter(data, (size_t)got);
	}
	text[n] = 0;
	return text;
}

static uint64_t add(uint64_t sum, const void *p, size_t len)
{
	for (const unsigned char *c = p; len--; c++)
		sum = (sum ^ *c) * 0x100000001b3;
	return sum;
}

uint64_t digest(const sim *s)
{
	uint64_t sum = 0;
	const char *path;
	bool is_directory;
	for (size_t k = 0; (path = sim_path(s, k, &is_directory)); k++) {
		char data[4096];
		uint64_t one = add(0xcbf29ce484222325, path, strlen(path) + 1);
		int64_t n, pos = 0;
		while (!is_directory && (n = sim_get(s, path, data, sizeof data, pos)) > 0) {
			one = add(one, data, (size_t)n);
			pos += n;
		}
		sum += one * 31 + is_directory; /* in whatever order */
	}
	return sum;
}

/* ---- States ---- */

const sim_limits subsets_only = {.all = 8, .random = 200};

const char *after(size_t cut, const char *path, sim_choice c)
{
	sim *s = sim_crash(disk, cut, &c);
	const char *text = sectors(s, path);
	sim_free(s);
	return text;
}

const char *masked(const char *path, uint64_t mask)
{
	return after(sim_ops(disk), path, (sim_choice){SIM_MASK, mask, SIM_NO_TEAR, 0, 0, 0});
}

const char *torn(const char *path, uint64_t arriving, size_t size)
{
	size_t n = sim_unflushed(disk, sim_ops(disk));
	return after(sim_ops(disk), path, (sim_choice){SIM_FIRST, n - 1, n - 1, arriving, 0, size});
}

tally look(size_t cut, const sim_limits *limits, const char *path, const char *text)
{
	static uint64_t seen[4096];
	sim_states *it = sim_states_begin(disk, cut, 1, limits);
	tally t = {0, 0, 0};
	for (sim *s; sim_states_next(it, &s, NULL, 0); sim_free(s)) {
		uint64_t sum = digest(s);
		size_t k = 0;
		while (k < t.different && seen[k] != sum)
			k++;
		if (k == t.different)
			seen[t.different++] = sum;
		assert_true(t.different < 4096);
		t.states++;
		t.holding += text && !strcmp(sectors(s, path), text);
	}
	sim_states_end(it);
	return t;
}
