// Before main: the pool that mount_pool.c mounts.
Module.preRun = [].concat(Module.preRun ?? [], () => {
	Module.vfs.prepare({ directory: "/posix", capacity: 1200 }).catch((e) => console.log(e.message));
});
