/*
 * opfs_browser.h - the origin's OPFS as the place below an OPFS backend, for a
 * program in a browser. Emscripten only.
 *
 * In a program without threads, which must run in a dedicated worker, that worker has
 * the files. In one with threads another worker has them for all (opfs_ring.h), which
 * is started when vfs_opfs_browser_new is called first and the program's first thread
 * is back in its event loop. Name operations answer when the thread that asked is back
 * in its event loop, in whatever order the browser has them done; until then the
 * runtime is kept alive.
 */
#ifndef VFS_OPFS_BROWSER_H
#define VFS_OPFS_BROWSER_H

#include "opfs_port.h"

/*
 * The port, for as long as the program lives; there is one. -EOPNOTSUPP: there is no OPFS here, or its files cannot
 * be opened here; vfs__opfs_why() says why. Where only asking the browser shows it
 * (some private windows), the name operations answer that.
 */
int vfs_opfs_browser_new(vfs_opfs_port **out);

/* Where the worker's script is, for a page whose policy forbids workers from a Blob; the
 * string is copied. Before the first vfs_opfs_browser_new; without threads nothing. */
void vfs__opfs_use_worker(const char *url);

/* A sentence for the last -EOPNOTSUPP; "" where there was none. */
const char *vfs__opfs_why(void);

#endif
