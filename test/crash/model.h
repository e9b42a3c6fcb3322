/*
 * model.h - what a tree may look like after a crash. The model sees each operation
 * of a workload as it returns, and keeps every tree and every content there was;
 * after a crash model_check tells whether what was found is one of those that
 * the promises allow:
 *
 * - names, types, modes, links and targets are those of one moment between the last
 *   operation that made things durable and the crash;
 * - each file's size is one that it had since it was last synced, and so is each of
 *   its bytes. A file that took another's place has at least what it had then.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { MODEL_FILES = 64, MODEL_NAMES = 64, MODEL_PATH = 48 };

typedef struct model model;

model *model_new(void);
void model_free(model *m);

/*
 * An operation is told in two steps: model_begin before it, with the changes that
 * it makes; model_end when it has returned, with the number of port operations so
 * far, and whether all that was done before is durable then (of all files, or of
 * one only).
 */
void model_begin(model *m);
enum model_synced { MODEL_NOTHING, MODEL_NAMES_ONLY, MODEL_ONE, MODEL_ALL };
void model_end(model *m, size_t port_ops, enum model_synced synced, const char *path);

/* The operation has failed: nothing of it has happened. */
void model_cancel(model *m);

/* The changes. Paths are "a" or "d/a", without a slash before. */
void model_make(model *m, const char *path, mode_t mode);
void model_symlink(model *m, const char *target, const char *path);
void model_link(model *m, const char *from, const char *to);
void model_unlink(model *m, const char *path);
void model_rename(model *m, const char *from, const char *to);
void model_chmod(model *m, const char *path, mode_t mode);
void model_write(model *m, const char *path, const void *data, size_t len, off_t pos);
void model_truncate(model *m, const char *path, off_t size);
/* The writes to this file from here to model_end are one: all of their bytes are there
 * after a crash, or those of later versions, or none of them. */
void model_atomic(model *m, const char *path);
/* Is there such a file, and how large is it now? */
bool model_is(const model *m, const char *path);
off_t model_size(const model *m, const char *path);

/*
 * Compares the tree below the absolute path `dir`, read through vfs_ calls, with what
 * a crash after `port_ops` operations of the port may leave. False: `why` is told.
 */
bool model_check(const model *m, size_t port_ops, const char *dir, char *why, size_t size);

#endif
