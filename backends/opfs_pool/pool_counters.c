/*
 * What a mount's cache and its calls of the port amount to, for whoever measures.
 */
#include "pool.h"
#include <errno.h>
#include <fcntl.h>
#include <vfsfs/vfsfs.h>

void vfs__pool_count(vfs__pool *p)
{
	vfs__counted_open(&p->counted, p->files->port);
	p->port = &p->counted.port;
}

static void get(vfs__pool *p, vfs_opfs_counters *out)
{
	const vfs__cache_counts *c = &p->cache.counts;
	const vfs__port_counts *port = &p->counted.counts;
	vfs__pool_lock(p);
	*out = (vfs_opfs_counters){.hits = c->hits,
				   .misses = c->misses,
				   .evictions = c->evictions,
				   .reads = port->reads,
				   .bytes_read = port->bytes_read,
				   .writes = port->writes,
				   .bytes_written = port->bytes_written,
				   .truncates = port->truncates,
				   .flushes = port->flushes,
				   .sync = c->write_backs[VFS__BY_SYNC],
				   .room = c->write_backs[VFS__BY_ROOM],
				   .age = c->write_backs[VFS__BY_AGE],
				   .close = c->write_backs[VFS__BY_CLOSE],
				   .rename = c->write_backs[VFS__BY_RENAME],
				   .commit = c->write_backs[VFS__BY_COMMIT],
				   .checkpoint = c->write_backs[VFS__BY_CHECKPOINT],
				   .commits = c->commits};
	vfs__pool_unlock(p);
}

/* The one place where the backend stands above the core, as a program does: to find the
 * mount. */
int vfs_opfs_get_counters(const char *path, vfs_opfs_counters *out)
{
	FSNode *n;
	if (!out)
		return -EFAULT;
	int fd = vfs_open(path, O_PATH | O_CLOEXEC, 0);
	int err = fd < 0 ? fd : vfs_fd_node(fd, &n);
	if (err)
		return err;
	if (n->mount->type == &vfs_opfs_pool)
		get(n->mount->data, out);
	else
		err = -EINVAL;
	vfs_node_put(n);
	vfs_close(fd);
	return err;
}

#ifdef __EMSCRIPTEN__
#include <emscripten.h>

/* Module.vfs.counters (lib/wasm/libvfsfs.js), which has the same order. Addresses are
 * doubles, as js_api.c's. */
EMSCRIPTEN_KEEPALIVE int vfs__opfs_counters(double path, double out);
int vfs__opfs_counters(double path, double out)
{
	vfs_opfs_counters c;
	int err = vfs_opfs_get_counters((const char *)(uintptr_t)path, &c);
	const uint64_t *from = (const uint64_t *)&c;
	double *to = (double *)(uintptr_t)out;
	for (size_t k = 0; !err && k < sizeof c / sizeof *from; k++)
		to[k] = (double)from[k];
	return err;
}
#endif
