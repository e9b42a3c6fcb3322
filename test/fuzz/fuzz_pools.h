/*
 * fuzz_pools.h - what fuzz_decode.c draws from.
 */
#ifndef FUZZ_POOLS_H
#define FUZZ_POOLS_H

#include "fuzz.h"

#define COUNT(a)    (sizeof(a) / sizeof *(a))
#define PICK(table) ((table)[byte() % COUNT(table)])

extern const uint8_t *in, *in_end; /* what is left of the input */
unsigned byte(void);
/* A copy that lives until the next input. */
const char *keep(const char *s, size_t len);
const char *path(void);
int any_fd(void);
int dir_fd(void);
int64_t offset(void);
int64_t length(void);
/* What fallocate takes: small, or more than there is. */
int64_t allocation(void);
int open_flags(void);
int at_flags(void);
int mode(void);
int64_t id(void);
/* One of utimensat's times; time_of in fuzz_exec.c tells what it means. */
int64_t timestamp(void);
int small(unsigned n);

#endif
