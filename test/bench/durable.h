/* Where durable.c and durable_sql.c keep their files, with each peer: durable_peer.c. */
#ifndef DURABLE_H
#define DURABLE_H

enum { DURABLE_CALLS = 5 }; /* read, write, truncate, getSize, flush */

/* The peer's filesystem is at `folder` from now on. Ends the program where it
 * cannot be. */
void durable_mount(const char *folder);
/* Calls of sync access handles since the last time. */
void durable_count(double calls[DURABLE_CALLS]);

#endif
