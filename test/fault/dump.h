/*
 * dump.h - all that a program can see of the filesystem, as text, for
 * comparison: every name with type, mode, owner, link count, size, target and
 * a checksum of its data; the descriptors; the process.
 */
#ifndef DUMP_H
#define DUMP_H

#include <stdbool.h>
#include <stddef.h>

/* exact: inode numbers, times (but for access times, which looking changes)
 * and the room taken as well, which two runs may have otherwise. */
void dump_tree(const char *root, char *buf, size_t size, bool exact);

/* From now on dumps have a checksum of this memory, one of eight; NULL: none. */
void dump_memory(int i, const void *p, size_t len);

/* The first line that differs, of each. */
void print_difference(const char *a, const char *b);

#endif
