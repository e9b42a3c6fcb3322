/*
 * opfs_pool.h - the backend that keeps files in a pool of files of the browser's
 * Origin Private File System, all of them open, so that every call is synchronous
 * and what fsync has confirmed survives any crash.
 */
#ifndef VFSFS_OPFS_POOL_H
#define VFSFS_OPFS_POOL_H

#include <stddef.h>
#include <vfsfs/backend.h>

#ifdef __cplusplus
extern "C" {
#endif

struct vfs_opfs_port;

typedef struct vfs_opfs_pool_options {
	/* Where the pool is: a directory of the origin's OPFS, made where it is
	 * missing; "/" at its ends does not count. Constraint: no "." or ".." in
	 * it. NULL: "vfsfs". */
	const char *directory;
	/* Slots that the pool has at least: the number of regular files, open ones
	 * that have no name counted, that it can hold. Each is an open file of the
	 * browser. Constraint: at most 100,000 (Safari: 250). 0: as many as there
	 * are, at least 6. */
	unsigned capacity;
	/* Slots that it may grow to: with few left it opens more, which it has when
	 * the program is back in its event loop. 0: 100,000. */
	unsigned limit;
	/* Milliseconds after which what has changed is synced without being asked,
	 * when the program is back in its event loop, or in a later call. 0: 1000;
	 * negative: never. */
	int age;
	/* Called in vfs_mount for each thing that was found damaged, or that SQLite has
	 * taken: a sentence that says what, why, and where its bytes are now. And in
	 * vfs_unmount where its end is not clean. NULL: they are not told. */
	void (*report)(void *context, const char *sentence);
	void *report_context;
	/* Bytes of file data that are kept in memory; mappings count, and may
	 * exceed it. 0: 16 MiB. */
	size_t cache;
	/* With -pthread another worker has the files, whose script comes from a Blob;
	 * where the page's policy forbids that: the URL of libvfsfs-worker.js, which
	 * lies beside the archive, relative to the page, or to the worker that the
	 * program runs in. The first that is given counts. NULL: from a Blob. */
	const char *worker;
	/* The place below it. NULL: the browser's OPFS. */
	struct vfs_opfs_port *port;
} vfs_opfs_pool_options;

/*
 * Opens the files of a pool, which is asynchronous in a browser: returns, and when
 * the program is back in its event loop, done(context, result) is called, with 0 or
 * one of vfs_mount's errors below. Then vfs_mount, with options of the same
 * directory, is synchronous. On a port that is at once `done` is called before this
 * returns. The options are copied; NULL: all zero. `done` may be NULL.
 *
 * From JavaScript before main: Module.vfs.prepare() (lib/wasm/libvfsfs.js); a program
 * linked with -lvfsfs_pool.js finds it mounted. Where it could not be done, vfs_mount
 * gives the error that `done` got, once.
 *
 * 0: it has begun. -EBUSY: it was begun already, and not mounted since.
 * -EOPNOTSUPP, -ENOMEM, -ENAMETOOLONG: `done` is not called.
 */
int vfs_opfs_prepare(const vfs_opfs_pool_options *options, void (*done)(void *context, int result),
		     void *context);

/* A sentence for a person, about the last error of vfs_opfs_prepare and of vfs_mount of
 * a pool. Good until the next. */
const char *vfs_opfs_message(void);

/* What a mount has done since it was made; each number only grows. */
typedef struct vfs_opfs_counters {
	/* Pages of 4096 bytes that reads and shared mappings found in memory, or not. */
	uint64_t hits, misses;
	/* Blocks of 65536 bytes that were dropped from memory to make room. */
	uint64_t evictions;
	/* Calls of the browser's file handles, failed ones too, and the bytes that those
	 * moved which did not fail: files' data, headers and the journal together. */
	uint64_t reads, bytes_read;
	uint64_t writes, bytes_written;
	uint64_t truncates, flushes;
	/* Times that one file's changed data went out, into its slot or into the journal,
	 * by what made it: fsync, msync and sync; the budget; age; a close; a rename of it
	 * onto another file; the commit of an atomic write, which takes along what was
	 * written before it; a new snapshot of the journal, and the unmount. */
	uint64_t sync, room, age, close, rename, commit, checkpoint;
	/* Atomic writes that were committed. */
	uint64_t commits;
} vfs_opfs_counters;

/*
 * The counters of the mount that `path` is in. Module.vfs.counters(path) in JavaScript.
 * -EINVAL: it is no vfs_opfs_pool. -EFAULT, and open's errors with O_PATH.
 */
int vfs_opfs_get_counters(const char *path, vfs_opfs_counters *out);

/*
 * For vfs_mount, with vfs_opfs_pool_options or NULL. Its errors: EBUSY, another
 * mount, of this tab or of another, has the pool; EAGAIN, the pool was not
 * prepared; EOPNOTSUPP, there is no OPFS here; ENOTSUP, a later version of the
 * library has written it; ENOSPC; EIO; ENOMEM.
 */
extern const FSType vfs_opfs_pool;

#ifdef __cplusplus
}
#endif
#endif
