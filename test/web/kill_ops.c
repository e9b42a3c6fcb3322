/* The operations of the program that is killed: see kill_ops.h. */
#include "kill_ops.h"
#include <string.h>

const char *const ops_replaced[2] = {"counter", "state"};
const char *const ops_tmp[2] = {"counter.tmp", "state.tmp"};

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static uint32_t rnd(ops *s, uint32_t below)
{
	s->random += 0x9e3779b97f4a7c15u;
	return (uint32_t)((mix(s->random) >> 32) * below >> 32);
}

static void plan_sync(ops *s)
{
	s->until_sync = 200 + rnd(s, 1600);
}

void ops_begin(ops *s, uint32_t seed)
{
	*s = (ops){.random = mix(seed), .seed = seed};
	plan_sync(s);
}

static op sync_op(ops *s)
{
	static const enum op_kind kinds[] = {SYNC_LOG,   SYNC_LOG,   SYNC_DATA,  SYNC_DATA,
					     SYNC_SPOOL, SYNC_NAMES, SYNC_NAMES, SYNC_ALL};
	op o = {.kind = kinds[rnd(s, 8)], .what = s->spool_end - 1};
	if (o.kind == SYNC_SPOOL && s->spool_first == s->spool_end)
		o.kind = SYNC_ALL;
	plan_sync(s);
	return o;
}

static op tmp_op(ops *s)
{
	op o = {.kind = TMP_RENAME, .what = s->tmp};
	if (s->tmp_step == RENAMED) {
		s->tmp_step = FREE;
		o.kind = SYNC_NAMES;
	} else if (s->tmp_step == WRITTEN && s->tmp == 0) {
		s->tmp_step = SYNCED;
		o.kind = TMP_SYNC;
	} else {
		s->tmp_step = s->tmp == 0 ? RENAMED : FREE;
	}
	return o;
}

static op spool_op(ops *s)
{
	uint32_t there = s->spool_end - s->spool_first;
	if (there == 4 || (there && rnd(s, 4) == 0))
		return (op){.kind = SPOOL_REMOVE, .what = s->spool_first++};
	return (op){.kind = SPOOL_MAKE, .what = s->spool_end++};
}

static op any_op(ops *s)
{
	uint32_t r = rnd(s, 1000);
	if (s->tmp_step != FREE && r % 4 == 0)
		return tmp_op(s);
	if (r < 6 && s->tmp_step == FREE) {
		s->tmp_step = WRITTEN;
		s->tmp = r > 1;
		return (op){.kind = TMP_WRITE, .what = s->tmp, .len = 8 + rnd(s, 9000)};
	}
	if (r < 20)
		return spool_op(s);
	if (r < 80 && s->spool_first != s->spool_end)
		return (op){.kind = SPOOL_APPEND,
			    .what = s->spool_end - 1,
			    .len = 8 + rnd(s, rnd(s, 4) ? 1000 : OPS_LONGEST - 8)};
	if (r < 500)
		return (op){.kind = LOG_APPEND, .len = 8 + rnd(s, 1500)};
	uint32_t pages = rnd(s, 8) ? 1 : 1 + rnd(s, OPS_LONGEST / OPS_PAGE);
	return (op){
		.kind = PAGE_WRITE, .what = rnd(s, OPS_PAGES + 1 - pages), .len = pages * OPS_PAGE};
}

op ops_next(ops *s)
{
	op o = s->until_sync ? any_op(s) : sync_op(s);
	if (s->until_sync)
		s->until_sync--;
	o.index = ++s->index;
	return o;
}

void ops_bytes(uint32_t seed, uint32_t index, size_t at, void *buf, size_t len)
{
	unsigned char *to = buf;
	uint64_t from = mix((uint64_t)seed << 32 | index);
	while (len) {
		uint64_t word = mix(from + at);
		size_t n = len < sizeof word ? len : sizeof word;
		if (at % OPS_SECTOR == 0)
			word = index | (uint64_t)(at / OPS_SECTOR) << 32;
		memcpy(to, &word, n);
		to += n;
		at += n;
		len -= n;
	}
}
