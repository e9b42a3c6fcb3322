// Before main: the pool that durable_peer.c mounts, and with the argument -k counters of
// the handles' calls.
Module.preRun = [].concat(Module.preRun ?? [], () => {
	Module.vfs.prepare?.({directory: '/bench', capacity: 32}).catch((e) => console.log(e.message));
	if (!Module.arguments.includes('-k')) return;
	globalThis.durableCounts = [0, 0, 0, 0, 0];
	['read', 'write', 'truncate', 'getSize', 'flush'].forEach((name, k) => {
		const handle = FileSystemSyncAccessHandle.prototype, call = handle[name];
		handle[name] = function (...args) {
			durableCounts[k]++;
			return call.apply(this, args);
		};
	});
});
