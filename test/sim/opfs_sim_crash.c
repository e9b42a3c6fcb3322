/*
 * opfs_sim_crash.c - what the simulated disk may hold after a crash. A plan is
 * made once for a cut: the files that exist then, what each surely holds (which
 * its last flush has kept in the log), and the unflushed operations. A choice
 * then makes a disk of it, at the cost of those operations alone.
 */
#include "opfs_sim_inner.h"
#include <inttypes.h>
#include <stdarg.h>

typedef struct planned {
	size_t op;    /* in the log */
	size_t place; /* of its file in the plan's list */
} planned;

typedef struct plan {
	const sim *s;
	size_t cut;
	size_t *files; /* their indices in the disk's */
	sim_bytes **base;
	planned *ops;
	size_t n_files, n_ops;
} plan;

static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t x = a + 0x9e3779b97f4a7c15u * (b + 1);
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* ---- The plan ---- */

static void plan_make(plan *p, const sim *s, size_t cut)
{
	size_t *place = sim__must(malloc((s->n_files + 1) * sizeof *place)), n = s->n_files;
	assert(cut <= s->n_log);
	*p = (plan){s, cut, NULL, NULL, NULL, 0, 0};
	p->files = sim__must(malloc((n + 1) * sizeof *p->files));
	p->base = sim__must(malloc((n + 1) * sizeof(sim_bytes *)));
	for (size_t k = 0; k < n; k++) {
		const sim_file *f = &s->files[k];
		place[k] = f->made <= cut && cut < f->gone ? p->n_files : SIZE_MAX;
		if (place[k] != SIZE_MAX) {
			p->base[p->n_files] = f->origin;
			p->files[p->n_files++] = k;
		}
	}
	size_t *since = sim__must(calloc(p->n_files + 1, sizeof *since)); /* the last flush */
	for (size_t k = 0; k < cut; k++) {
		const sim_op *op = &s->log[k];
		size_t at = place[op->file];
		if (op->bytes && at != SIZE_MAX) {
			p->base[at] = op->bytes;
			since[at] = k;
		}
	}
	size_t room = 0;
	for (size_t k = 0; k < cut; k++) {
		const sim_op *op = &s->log[k];
		size_t at = place[op->file];
		if ((op->kind != SIM_WRITE && op->kind != SIM_TRUNCATE) || at == SIZE_MAX ||
		    k < since[at])
			continue;
		if (p->n_ops == room) {
			room = room ? 2 * room : 16;
			p->ops = sim__must(realloc(p->ops, room * sizeof *p->ops));
		}
		p->ops[p->n_ops++] = (planned){k, at};
	}
	free(since);
	free(place);
}

static void plan_free(plan *p)
{
	free(p->files);
	free(p->base);
	free(p->ops);
}

size_t sim_unflushed(const sim *s, size_t cut)
{
	plan p;
	plan_make(&p, s, cut);
	plan_free(&p);
	return p.n_ops;
}

/* ---- A torn write ---- */

typedef struct torn {
	int64_t pos, end; /* the write's */
	int64_t size;     /* the file's, after it */
	int64_t first;    /* the sectors it touches */
	size_t sectors;
	uint64_t mask, seed;
} torn;

static size_t sectors_of(const sim_op *op)
{
	return (size_t)((op->pos + (int64_t)op->len - 1) / SIM_SECTOR - op->pos / SIM_SECTOR + 1);
}

/* On a file of `before` bytes. */
static torn torn_of(const sim_op *op, const sim_choice *c, int64_t before)
{
	torn t = {.pos = op->pos,
		  .end = op->pos + (int64_t)op->len,
		  .size = before,
		  .first = op->pos / SIM_SECTOR,
		  .sectors = sectors_of(op),
		  .mask = c->sectors,
		  .seed = c->seed};
	if (t.end > before && c->size >= t.sectors)
		t.size = t.end;
	else if (t.end > before && c->size) {
		int64_t reached = (t.first + (int64_t)c->size) * SIM_SECTOR;
		t.size = reached > before ? reached : before;
	}
	return t;
}

/* What arrives of its kth sector, from `from` up to the result; nothing: `from`. */
static int64_t arrives(const torn *t, size_t k, int64_t *from)
{
	bool does = t->seed ? mix(t->seed, k) & 1 : t->mask >> k / ((t->sectors + 63) / 64) & 1;
	int64_t start = (t->first + (int64_t)k) * SIM_SECTOR, end = start + SIM_SECTOR;
	*from = start > t->pos ? start : t->pos;
	if (end > t->end)
		end = t->end;
	if (end > t->size)
		end = t->size;
	return does && end > *from ? end : *from;
}

static void apply_torn(sim_bytes **b, const sim_op *op, const sim_choice *c)
{
	torn t = torn_of(op, c, (*b)->size);
	if (t.size > (*b)->size)
		sim__bytes_resize(b, t.size);
	for (size_t k = 0; k < t.sectors; k++) {
		int64_t from, to = arrives(&t, k, &from);
		sim__bytes_write(b, (char *)op->data + (from - op->pos), (size_t)(to - from), from);
	}
}

/* The same for tears with the same outcome. */
static uint64_t outcome(const sim_op *op, const sim_choice *c)
{
	torn t = torn_of(op, c, op->before);
	uint64_t h = mix(0, (uint64_t)t.size);
	for (size_t k = 0; k < t.sectors; k++) {
		int64_t from, to = arrives(&t, k, &from);
		if (to > from)
			h = mix(h, k);
	}
	return h;
}

/* Fills in the choice's tear, by lot. */
static void tear_by_lot(sim_choice *c, const sim_op *op, uint64_t seed)
{
	c->seed = mix(seed, 1) | 1;
	c->size = mix(seed, 2) & 1 ? SIM_FULL : mix(seed, 3) % (sectors_of(op) + 1);
}

/* ---- A choice ---- */

static bool kept(const sim_choice *c, size_t k)
{
	switch (c->kept) {
	case SIM_MASK:
		return c->which >> (k < 63 ? k : 63) & 1;
	case SIM_FIRST:
		return k < c->which;
	case SIM_ALL_BUT:
		return k != c->which;
	case SIM_RANDOM:
		/* Most, few or half of them. */
		return mix(c->which, k) % 8 < (uint64_t[]){7, 1, 4, 4}[c->which % 4];
	}
	return false;
}

static void apply(sim_bytes **b, const plan *p, const sim_choice *c, size_t k)
{
	const sim_op *op = &p->s->log[p->ops[k].op];
	sim_choice lot = *c;
	if (c->torn == SIM_ANY_TEAR && op->kind == SIM_WRITE && kept(c, k) && mix(c->seed, k) & 1) {
		tear_by_lot(&lot, op, mix(c->seed, k));
		apply_torn(b, op, &lot);
	} else if (c->torn == k) {
		assert(op->kind == SIM_WRITE);
		apply_torn(b, op, c);
	} else if (!kept(c, k)) {
		return;
	} else if (op->kind == SIM_WRITE) {
		sim__bytes_write(b, op->data, op->len, op->pos);
	} else {
		sim__bytes_resize(b, op->pos);
	}
}

static sim *plan_disk(const plan *p, const sim_choice *c)
{
	sim *out = sim_new();
	out->files = sim__must(malloc((p->n_files + 1) * sizeof *out->files));
	out->live = sim__must(malloc((p->n_files + 1) * sizeof *out->live));
	out->file_room = out->live_room = p->n_files + 1;
	for (size_t k = 0; k < p->n_files; k++) {
		sim_bytes *b = p->base[k];
		p->s->files[p->files[k]].name->refs++;
		sim__add(out, p->s->files[p->files[k]].name, b ? sim__bytes_ref(b) : NULL);
	}
	for (size_t k = 0; k < p->n_ops; k++)
		apply(&out->files[p->ops[k].place].now, p, c, k);
	for (size_t k = 0; k < p->n_files; k++) {
		sim_file *f = &out->files[k];
		if (f->now == f->origin)
			continue;
		out->used += f->now->size - f->origin->size;
		sim__bytes_drop(f->origin);
		f->origin = sim__bytes_ref(f->now);
	}
	return out;
}

sim *sim_crash(const sim *s, size_t cut, const sim_choice *choice)
{
	plan p;
	plan_make(&p, s, cut);
	sim *out = plan_disk(&p, choice);
	plan_free(&p);
	return out;
}

sim *sim_kill(const sim *s, size_t cut)
{
	return sim_crash(s, cut, &(sim_choice){SIM_FIRST, SIZE_MAX, SIM_NO_TEAR, 0, 0, 0});
}

sim *sim_copy(const sim *s)
{
	return sim_kill(s, s->n_log);
}

/* ---- All choices of a cut ---- */

enum stage { SUBSETS, PREFIXES, DROPS, RANDOM, TEARS, MIXED, END };

struct sim_states {
	plan plan;
	sim_limits limits;
	uint64_t seed;
	enum stage stage;
	uint64_t next;  /* in the stage */
	size_t op;      /* TEARS: the write that is torn, `next` the way */
	bool rest_lost; /* TEARS: the last one is to come again without what follows */
	sim_choice choice;
};

sim_states *sim_states_begin(const sim *s, size_t cut, uint64_t seed, const sim_limits *limits)
{
	sim_states *it = sim__must(malloc(sizeof *it));
	*it = (sim_states){.limits = limits ? *limits : SIM_LIMITS, .seed = mix(seed, cut)};
	assert(it->limits.all < 32);
	plan_make(&it->plan, s, cut);
	it->stage = it->plan.n_ops <= it->limits.all ? SUBSETS : PREFIXES;
	return it;
}

void sim_states_end(sim_states *it)
{
	plan_free(&it->plan);
	free(it);
}

sim_choice sim_states_choice(const sim_states *it)
{
	return it->choice;
}

/*
 * The jth way to tear a write, and what comes of it: the first half only; all but
 * the first half; the size without the data; then by lot.
 */
static uint64_t tear(const sim_states *it, const sim_op *op, uint64_t j, sim_choice *c)
{
	size_t n = sectors_of(op), bits = n < 64 ? n : 64;
	uint64_t half = ((uint64_t)1 << bits / 2) - 1;
	c->seed = 0;
	c->sectors = j == 0 ? half : j == 1 ? ~half : 0;
	c->size = j == 0 ? n / 2 : SIM_FULL;
	if (j > 2)
		tear_by_lot(c, op, mix(mix(it->seed, it->op), j));
	return outcome(op, c);
}

/* False: it is as if the write were whole, or lost, or as a former way. */
static bool new_tear(const sim_states *it, const sim_op *op, uint64_t j, sim_choice *c)
{
	sim_choice whole = {.sectors = UINT64_MAX, .size = SIM_FULL}, lost = {.size = 0};
	uint64_t got = tear(it, op, j, c);
	bool is_new = got != outcome(op, &whole) && got != outcome(op, &lost);
	for (uint64_t k = 0; is_new && k < j; k++) {
		sim_choice former;
		is_new = got != tear(it, op, k, &former);
	}
	return is_new;
}

/* The next of the TEARS. */
static bool next_tear(sim_states *it)
{
	sim_choice *c = &it->choice;
	if (it->rest_lost) {
		it->rest_lost = false;
		c->which = it->op + 1;
		return true;
	}
	for (; it->op < it->plan.n_ops; it->op++, it->next = 0) {
		const sim_op *op = &it->plan.s->log[it->plan.ops[it->op].op];
		*c = (sim_choice){SIM_FIRST, it->plan.n_ops, it->op, 0, 0, 0};
		while (op->kind == SIM_WRITE && it->next < it->limits.tears)
			if (new_tear(it, op, it->next++, c)) {
				it->rest_lost = it->op + 1 < it->plan.n_ops;
				return true;
			}
	}
	return false;
}

static bool next_choice(sim_states *it)
{
	sim_choice *c = &it->choice;
	size_t n = it->plan.n_ops;
	uint64_t ends[] = {[SUBSETS] = n < 32 ? (uint64_t)1 << n : 0,
			   [PREFIXES] = n + 1,
			   [DROPS] = n - 1, /* without the last it is a prefix */
			   [RANDOM] = it->limits.random,
			   [MIXED] = n < 2 ? 0 : it->limits.mixed};
	for (; it->stage != END; it->stage = it->stage == SUBSETS ? TEARS : it->stage + 1) {
		if (it->stage == TEARS ? next_tear(it) : it->next < ends[it->stage])
			break;
		it->next = 0;
	}
	if (it->stage == END)
		return false;
	if (it->stage == TEARS)
		return true;
	static const enum sim_kept how[] = {SIM_MASK,   SIM_FIRST,  SIM_ALL_BUT,
					    SIM_RANDOM, SIM_RANDOM, SIM_RANDOM};
	uint64_t k = it->next++, lot = mix(mix(it->seed, it->stage), k);
	*c = (sim_choice){how[it->stage], it->stage < RANDOM ? k : lot, SIM_NO_TEAR, 0, 0, 0};
	if (it->stage == MIXED) {
		c->torn = SIM_ANY_TEAR;
		c->seed = mix(lot, 0) | 1;
	}
	return true;
}

/* ---- Telling ---- */

/* Adds to a text of *len bytes in buf of `size`; what does not fit is left out. */
__attribute__((format(printf, 4, 5))) static void add(char *buf, size_t size, size_t *len,
						      const char *format, ...)
{
	va_list args;
	va_start(args, format);
	if (*len < size) {
		int n = vsnprintf(buf + *len, size - *len, format, args);
		*len += n > 0 ? (size_t)n : 0;
	}
	va_end(args);
}

static void add_op(char *buf, size_t size, size_t *len, const plan *p, size_t k)
{
	char text[160];
	sim__describe_op(p->s, &p->s->log[p->ops[k].op], text, sizeof text);
	add(buf, size, len, "op %zu (%s)", p->ops[k].op, text);
}

static void describe(const plan *p, const sim_choice *c, char *buf, size_t size)
{
	size_t n = 0;
	add(buf, size, &n, "cut %zu, of %zu unflushed ", p->cut, p->n_ops);
	if (c->kept == SIM_MASK)
		add(buf, size, &n, "kept mask 0x%" PRIx64, c->which);
	else if (c->kept == SIM_FIRST)
		add(buf, size, &n, "kept the first %" PRIu64, c->which);
	else if (c->kept == SIM_RANDOM)
		add(buf, size, &n, "kept a random set, seed 0x%" PRIx64, c->which);
	else {
		add(buf, size, &n, "kept all but ");
		add_op(buf, size, &n, p, c->which);
	}
	if (c->torn == SIM_ANY_TEAR)
		add(buf, size, &n, ", torn at random, seed 0x%" PRIx64, c->seed);
	if (c->torn >= SIM_ANY_TEAR)
		return;
	add(buf, size, &n, ", torn ");
	add_op(buf, size, &n, p, c->torn);
	add(buf, size, &n, c->seed ? ": sectors by seed 0x%" PRIx64 : ": sectors 0x%" PRIx64,
	    c->seed ? c->seed : c->sectors);
	if (c->size != SIM_FULL)
		add(buf, size, &n, ", size up to %zu of them", c->size);
}

bool sim_states_next(sim_states *it, sim **out, char *label, size_t label_size)
{
	if (!next_choice(it))
		return false;
	if (label && label_size)
		describe(&it->plan, &it->choice, label, label_size);
	*out = plan_disk(&it->plan, &it->choice);
	return true;
}
