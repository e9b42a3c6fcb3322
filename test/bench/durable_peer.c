/* Mounts a peer's filesystem, by -DPEER_POOL, -DPEER_WASMFS or neither: in memory. */
#include "durable.h"
#include "measure.h"
#include <emscripten.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

/* durable_pre.js counts. */
/* clang-format off */
EM_JS(void, take_counts, (double *calls), {
	var counts = globalThis.durableCounts || [0, 0, 0, 0, 0];
	counts.forEach((n, k) => HEAPF64[(calls >> 3) + k] = n);
	counts.fill(0);
})
/* clang-format on */

void durable_count(double calls[DURABLE_CALLS])
{
	take_counts(calls);
}

#if defined PEER_POOL
#include <vfsfs/opfs_pool.h>
#include <vfsfs/vfsfs.h>

void durable_mount(const char *folder)
{
	vfs_opfs_pool_options o = {.directory = "/bench"};
	CHECK(!mkdir(folder, 0777));
	int err = vfs_mount(&vfs_opfs_pool, &o, folder, 0);
	if (err)
		printf("%s\n", vfs_opfs_message());
	errno = -err;
	CHECK(!err);
}
#elif defined PEER_WASMFS
#include <emscripten/wasmfs.h>

void durable_mount(const char *folder)
{
	backend_t opfs = wasmfs_create_opfs_backend();
	CHECK(opfs && !wasmfs_create_directory(folder, 0777, opfs));
}
#else
void durable_mount(const char *folder)
{
	CHECK(!mkdir(folder, 0777));
}
#endif
