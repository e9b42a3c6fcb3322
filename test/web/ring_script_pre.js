// Before main: the pool that ring_script.c mounts, with the worker that its arguments name.
if (Module.arguments?.[1]) delete Atomics.waitAsync;
Module.preRun = [].concat(Module.preRun ?? [], () => {
	Module.vfs.prepare({directory: '/script', worker: Module.arguments?.[0]}).catch((e) => console.log(`# ${e.message}`));
});
