// The rows of durable.c on sync access handles alone, each call what a page could write
// itself: no cache, no names but OPFS's. A program for test/web/.
(async () => {
	const KIB = 1024, MIB = 1024 * KIB, block = new Uint8Array(64 * KIB).fill(120), page = block.subarray(0, 4 * KIB);
	const args = Module.arguments, option = (name, otherwise) => Number(args[args.indexOf(name) + 1] ?? otherwise);
	const samples = args.includes('-r') ? option('-r') : 5, sample = args.includes('-t') ? option('-t') : 5;
	const only = args.includes('-o') && args[args.indexOf('-o') + 1].split(',');
	const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('raw', {create: true});
	const check = (ok, what) => { if (!ok) throw new Error(what); };

	async function make(name, size) {
		const handle = await (await root.getFileHandle(name, {create: true})).createSyncAccessHandle();
		for (let at = 0; at < size; at += block.length)
			check(handle.write(block, {at}) === block.length, 'write');
		handle.flush();
		return handle;
	}
	(await make('file', 64 * KIB)).close();
	const append = await make('append', 0), sync = await make('sync', MIB);
	const past = await make('past', 64 * MIB), into = await make('in', 8 * MIB);
	let end = 0;
	const place = (size) => Math.floor(Math.random() * (size / page.length)) * page.length;
	const read = (handle, size) => (n) => {
		while (n--) check(handle.read(page, {at: place(size)}) === page.length, 'read');
	};
	const write = (handle, size) => (n) => {
		while (n--) check(handle.write(page, {at: place(size)}) === page.length, 'write');
	};
	const rows = {
		async open(n) {
			while (n--) (await (await root.getFileHandle('file')).createSyncAccessHandle()).close();
		},
		async stat(n) {
			while (n--) await (await root.getFileHandle('file')).getFile();
		},
		async create(n) {
			while (n--) {
				(await (await root.getFileHandle('made', {create: true})).createSyncAccessHandle()).close();
				await root.removeEntry('made');
			}
		},
		async rename(n) {
			const file = await root.getFileHandle('file');
			while (n--) {
				await file.move('moved');
				await file.move('file');
			}
		},
		append100(n) {
			const hundred = block.subarray(0, 100);
			while (n--) {
				if (n % 10000 === 0) {
					append.truncate(0);
					end = 0;
				}
				check(append.write(hundred, {at: end}) === 100, 'append');
				end += 100;
			}
		},
		pread_in: read(into, 8 * MIB), pwrite_in: write(into, 8 * MIB),
		pread_past: read(past, 64 * MIB), pwrite_past: write(past, 64 * MIB),
		sync4k(n) {
			while (n--) {
				check(sync.write(page, {at: place(MIB)}) === page.length, 'write');
				sync.flush();
			}
		},
	};
	async function time(run, n) {
		const start = performance.now();
		await run(n);
		return performance.now() - start;
	}
	for (const [name, run] of Object.entries(rows)) {
		if (only && !only.includes(name)) continue;
		let loops = 1, t;
		while ((t = await time(run, loops)) < sample / 2) loops *= 2;
		loops = Math.max(1, Math.round(loops * sample / t));
		const ns = [];
		for (let s = 0; s < samples; s++)
			ns.push((await time(run, loops) / loops * 1e6).toFixed(2));
		Module.print([name, ...ns].join('\t'));
	}
	Module.onExit(0);
})().catch((e) => {
	Module.printErr(`durable_raw: ${e.message}`);
	Module.onExit(1);
});
