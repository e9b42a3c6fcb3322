/*
 * libvfsfs-worker.js with a trap, for ring_fault.c: the call that the countdown ends at
 * makes its proxy die, or hang. The query is the address of the trap, words in the
 * program's memory: {countdown, how, none}.
 */
'use strict';
(() => {
	const HOW = {DIE_BEFORE: 0, DIE_AFTER: 1, HANG_BEFORE: 2, HANG_AFTER: 3};
	const load = Atomics.load, address = Number(location.search.slice(1));
	let trap, dead = false;

	/* none: no proxy can be had, those that are there die. */
	addEventListener('message', (event) => {
		trap = new Int32Array(event.data.memory.buffer, address, 3);
		if (!event.data.number || !load(trap, 2)) return;
		event.stopImmediatePropagation();
		throw new Error('this proxy does not start');
	});
	/* A dead one does not answer either. */
	Atomics.load = (...args) => {
		if (dead) throw new Error('this proxy is dead');
		return load(...args);
	};
	const spring = (how) => {
		if (how >= HOW.HANG_BEFORE) for (;;);
		dead = true;
		throw new Error('this proxy dies');
	};
	const set = (object, name) => {
		const call = object[name];
		object[name] = function (...args) {
			const now = load(trap, 2) || Atomics.sub(trap, 0, 1) === 1, how = load(trap, 1);
			if (now && (load(trap, 2) || how % 2 === 0)) spring(how);
			const result = call.apply(this, args);
			if (!now) return result;
			if (!result?.then) spring(how);
			return result.then(() => spring(how));
		};
	};
	for (const name of ['read', 'write', 'truncate', 'getSize', 'flush', 'close'])
		set(FileSystemSyncAccessHandle.prototype, name);
	for (const name of ['getFileHandle', 'getDirectoryHandle', 'removeEntry', 'values'])
		set(FileSystemDirectoryHandle.prototype, name);
	set(FileSystemFileHandle.prototype, 'createSyncAccessHandle');
	set(StorageManager.prototype, 'getDirectory');
	importScripts('libvfsfs-worker.js');
})();
