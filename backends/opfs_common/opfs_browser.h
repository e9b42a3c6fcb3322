/*
 * opfs_browser.h - the origin's OPFS as the place below an OPFS backend, for a
 * program in a dedicated worker of a browser. Emscripten only.
 *
 * The thread that opens a file has it: its handle means nothing to another. Name
 * operations answer when that thread is back in its event loop, in whatever order
 * the browser has them done; until then the runtime is kept alive.
 */
#ifndef VFS_OPFS_BROWSER_H
#define VFS_OPFS_BROWSER_H

#include "opfs_port.h"

/*
 * The port, for as long as the program lives; there is one, and each thread that
 * uses it calls this first. -EOPNOTSUPP: there is no OPFS here, or its files cannot
 * be opened here; vfs__opfs_why() says why. Where only asking the browser shows it
 * (some private windows), the name operations answer that.
 */
int vfs_opfs_browser_new(vfs_opfs_port **out);

/* A sentence for the last -EOPNOTSUPP; "" where there was none. */
const char *vfs__opfs_why(void);

#endif
