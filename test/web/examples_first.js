// Before visits.c: JavaScript mounts the pool, and makes files there before main runs.
Module.vfsPool = false;
Module.preRun = () => {
	Module.vfs.prepare({directory: '/first', mount: '/data'}).then(() => Module.vfs.writeFile('/data/visits', '41'));
};
