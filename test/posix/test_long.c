/*
 * What takes long; not among the tests that run by default.
 */
#include "fixture.h"

static void a_million_files_in_a_directory(void **state)
{
	(void)state;
	enum { N = 1000000 };
	char name[32];
	struct stat st;

	for (int i = 0; i < N; i++) {
		snprintf(name, sizeof name, "%d", i);
		ok(mknod(name, S_IFREG | 0644, 0));
	}
	for (int i = 0; i < N; i += 101) {
		snprintf(name, sizeof name, "%d", i);
		ok(stat(name, &st));
	}
	assert_int_equal(unlink_all(), N);
	assert_int_equal(entries("."), 0);
}

static void half_a_gibibyte_comes_back(void **state)
{
	(void)state;
	enum { PIECE = 1 << 20, PIECES = 512 };
	static unsigned buf[PIECE / sizeof(unsigned)];
	int fd = open_new("f");

	for (int i = 0; i < PIECES; i++) {
		for (size_t j = 0; j < COUNT(buf); j++)
			buf[j] = i * 2654435761u + j;
		assert_int_equal(ok(write(fd, buf, PIECE)), PIECE);
	}
	assert_int_equal(fstat_of(fd).st_size, (off_t)PIECE * PIECES);
	for (int i = PIECES - 1; i >= 0; i--) {
		assert_int_equal(ok(pread(fd, buf, PIECE, (off_t)i * PIECE)), PIECE);
		for (size_t j = 0; j < COUNT(buf); j++)
			if (buf[j] != i * 2654435761u + (unsigned)j)
				fail();
	}
	ok(close(fd));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_million_files_in_a_directory),
		TEST(half_a_gibibyte_comes_back),
	};
	return RUN(tests);
}
