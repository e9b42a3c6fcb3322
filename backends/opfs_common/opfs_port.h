/*
 * opfs_port.h - the files below an OPFS backend, in two tables. Handle operations
 * return at once with their result; name operations are asynchronous in a
 * browser, so all of them answer through a callback, which an implementation that
 * can do them at once calls before it returns.
 *
 * Three things implement it: the browser, a native directory (opfs_directory.c) and the
 * simulated disk of the tests (test/sim); the browser twice: opfs_browser.c for programs
 * without threads, opfs_ring.c for those with.
 *
 * What a port promises about a crash is what OPFS does, no more: what was written,
 * truncated or grown since the last flush of a file may be there or not, in whole
 * or torn at 512 bytes, in any order; a flush orders its own file only. Names are
 * durable when their callback comes.
 *
 * Calls for one port are made one at a time; on the ring by any number of threads, but
 * for one handle one at a time.
 */
#ifndef VFS_OPFS_PORT_H
#define VFS_OPFS_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct vfs_opfs_port vfs_opfs_port;

/* Open files, by small numbers. -EIO: the host refuses or is gone. */
typedef struct vfs__handle_ops {
	/* Bytes read, fewer only where the file ends. */
	int64_t (*read)(vfs_opfs_port *port, int handle, void *buf, size_t len, int64_t pos);
	/* 0: all is written. -ENOSPC: quota; some of it may have been. */
	int (*write)(vfs_opfs_port *port, int handle, const void *buf, size_t len, int64_t pos);
	/* Grows with zeros. -ENOSPC. */
	int (*truncate)(vfs_opfs_port *port, int handle, int64_t size);
	int64_t (*size)(vfs_opfs_port *port, int handle);
	int (*flush)(vfs_opfs_port *port, int handle);
	/* Does not flush. */
	void (*close)(vfs_opfs_port *port, int handle);
	/* Bytes that all files may take, and that they may still grow by, as far as the
	 * host tells. NULL: it does not. */
	void (*space)(vfs_opfs_port *port, uint64_t *total, uint64_t *left);
} vfs__handle_ops;

typedef void vfs__port_done(void *context, int result);
typedef void vfs__port_entry(void *context, const char *name, bool is_directory);

/*
 * Paths are relative to the port's root, without a slash at either end; "" is the
 * root. The strings need to live during the call only.
 */
typedef struct vfs__name_ops {
	/* A handle, exclusive. -ENOENT, -EBUSY: another has it, -ENOSPC. */
	void (*open)(vfs_opfs_port *port, const char *path, bool create, vfs__port_done *done,
		     void *context);
	/* -ENOENT, -EBUSY: it is open. */
	void (*remove)(vfs_opfs_port *port, const char *path, vfs__port_done *done, void *context);
	/* With its parents; 0 where it is there. */
	void (*mkdir)(vfs_opfs_port *port, const char *path, vfs__port_done *done, void *context);
	/* Calls `entry` for each name, then `done`. -ENOENT. */
	void (*list)(vfs_opfs_port *port, const char *path, vfs__port_entry *entry,
		     vfs__port_done *done, void *context);
	/*
	 * The calling thread waits for what it asks between the two, and for what the
	 * answers of that make it ask: finish returns when all is answered, in bounded
	 * time. begin's -EAGAIN: there is nobody yet who could answer. NULL, both: only
	 * the event loop brings answers, or they are there at once.
	 */
	int (*begin)(vfs_opfs_port *port);
	void (*finish)(vfs_opfs_port *port);
} vfs__name_ops;

struct vfs_opfs_port {
	const vfs__handle_ops *handles;
	const vfs__name_ops *names;
	bool at_once; /* name operations call back before they return */
};

#endif
