/* blocks_fixture.c - see blocks_fixture.h. */
#include "blocks_fixture.h"
#include <malloc.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t each);
void __real_free(void *p);
void *__real_aligned_alloc(size_t align, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t each);
void __wrap_free(void *p);
void *__wrap_aligned_alloc(size_t align, size_t n);

size_t held;
unsigned calls;
int refuse_after = -1;

static bool refused(void)
{
	calls++;
	if (refuse_after > 0)
		refuse_after--;
	else if (!refuse_after)
		return true;
	return false;
}

static void *hold(void *p)
{
	held += malloc_usable_size(p);
	return p;
}

/* New memory is full of garbage, which a file must never show. */
static void *dirty(void *p, size_t n)
{
	return p ? memset(p, 0xaa, n) : NULL;
}

void *__wrap_malloc(size_t n)
{
	return refused() ? NULL : hold(dirty(__real_malloc(n), n));
}

void *__wrap_calloc(size_t n, size_t each)
{
	return refused() ? NULL : hold(__real_calloc(n, each));
}

void __wrap_free(void *p)
{
	calls++;
	held -= malloc_usable_size(p);
	__real_free(p);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
	return refused() ? NULL : hold(dirty(__real_aligned_alloc(align, n), n));
}

vfs_blocks_room room;
vfs_blocks b;
off_t size;

int setup(void **state)
{
	(void)state;
	room = (vfs_blocks_room){.limit = SIZE_MAX};
	b = (vfs_blocks){.room = &room};
	size = 0;
	held = 0;
	refuse_after = -1;
	return 0;
}

int teardown(void **state)
{
	(void)state;
	vfs_blocks_free(&b);
	assert_int_equal(b.used, 0);
	assert_int_equal(room.used, 0);
	assert_int_equal(held, 0);
	return 0;
}

bool all_zero(const void *p, size_t len)
{
	const char *c = p;
	return !len || (!c[0] && !memcmp(c, c + 1, len - 1));
}

void write_at(off_t pos, const void *data, size_t len)
{
	assert_int_equal(vfs_blocks_write(&b, &size, data, len, pos), len);
}

void fill(off_t pos, char c, size_t len)
{
	char *data = __real_malloc(len);
	memset(data, c, len);
	write_at(pos, data, len);
	__real_free(data);
}

char byte_at(off_t pos)
{
	char c;
	assert_int_equal(vfs_blocks_read(&b, size, &c, 1, pos), 1);
	return c;
}
