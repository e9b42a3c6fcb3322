/*
 * kill_ops.h - what the program does that is killed: operations that follow from a
 * seed alone. So whoever checks what the kill has left knows everything that was ever
 * written, in which order, and what each sync had to keep, from two numbers: the seed
 * and the last sync that was confirmed.
 *
 *   log              grows by records, at its end
 *   data             pages are written over, anywhere
 *   spool.N          made, grows, is removed; a few at a time
 *   counter, state   replaced by rename: counter.tmp with an fsync before it, and one
 *                    of the directory behind it, state.tmp without
 */
#ifndef KILL_OPS_H
#define KILL_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	OPS_PAGE = 4096,
	OPS_PAGES = 2048, /* of data */
	OPS_SECTOR = 512,
	OPS_LONGEST = 32768, /* bytes that one operation writes, at most */
	OPS_SPOOLS = 65536   /* at most, in all */
};

enum op_kind {
	LOG_APPEND,
	PAGE_WRITE,
	SPOOL_MAKE,
	SPOOL_APPEND,
	SPOOL_REMOVE,
	TMP_WRITE, /* made and written */
	TMP_RENAME,
	/* What makes durable: all names; and the data of one file, or of all. */
	TMP_SYNC,
	SYNC_LOG,
	SYNC_DATA,
	SYNC_SPOOL,
	SYNC_NAMES, /* fsync of the directory */
	SYNC_ALL
};

typedef struct op {
	enum op_kind kind;
	uint32_t index; /* of the operation: from 1 on */
	uint32_t what;  /* the first page, the spool's number, or 0: counter, 1: state */
	uint32_t len;   /* bytes that it writes */
} op;

static inline bool op_syncs(const op *o)
{
	return o->kind >= TMP_SYNC;
}

/* A sequence, up to where it has come. */
typedef struct ops {
	uint64_t random;
	uint32_t seed, index;
	uint32_t until_sync;
	uint32_t spool_first, spool_end; /* these are there */
	uint32_t tmp;                    /* that is being replaced */
	enum { FREE, WRITTEN, SYNCED, RENAMED } tmp_step;
} ops;

void ops_begin(ops *s, uint32_t seed);
op ops_next(ops *s);

/* Bytes [at, at + len) of what operation `index` writes; both multiples of 8, but
 * for the end. Each sector begins with the operation's index and its own number,
 * 4 bytes each. Operation 0 is what there is at the beginning. */
void ops_bytes(uint32_t seed, uint32_t index, size_t at, void *buf, size_t len);

/* What operation 0 gives counter and state. */
enum { OPS_FIRST = 3000 };

/* The names, by op.what. */
extern const char *const ops_replaced[2], *const ops_tmp[2];

/* kill_check.c: is what is in the working directory what a kill may leave, after the sync
 * `confirmed`? Says what is wrong, or what was found. */
bool kill_check(uint32_t seed, uint32_t confirmed, bool quiet);
/* What the last check was sure of: bytes of log, and the operation that a page is of, or
 * of a later one. */
uint64_t kill_sure_log(void);
uint32_t kill_sure_page(uint32_t page);

/* kill_prove.c: damages what is there in many ways; does the check see each? Says so. */
bool kill_prove(uint32_t seed, uint32_t confirmed);

#endif
