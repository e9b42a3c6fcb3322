// Module.vfs's streams, after main: in Node, or in a browser over a pool (tar.c's POOL), which is
// not unmounted at the end where an argument says "left".
(() => {
	if (typeof process != 'undefined' && require('worker_threads').isMainThread === false) return;
	var log = (...args) => console.log(args.join(' '));
	var refused = async (f) => {
		try {
			await f();
			log('no error');
		} catch (e) {
			log(e instanceof TypeError ? 'TypeError' : [e['code'], e['syscall'], e['path']].join(' '));
		}
	};
	// not by a Response, which has errors of its own
	var gather = async (stream) => {
		var parts = [], reader = stream['getReader'](), r;
		while (!(r = await reader['read']())['done']) parts.push(r['value']);
		return new Uint8Array(await new Blob(parts).arrayBuffer());
	};
	// names, types, modes, sizes, link counts, times: all of a tree
	var tree = (vfs, path) => vfs['readdir'](path).sort().map((name) => {
		var st = vfs['lstat'](path + '/' + name);
		var line = [name.replace(/^0+/, ''), st['mode'].toString(8), st['isDirectory']() || st['size'], st['isDirectory']() || st['nlink'], st['mtimeMs']].join();
		return st['isDirectory']() ? line + '{' + tree(vfs, path + '/' + name) + '}' : line;
	}).join(';');
	async function all() {
		var vfs = Module['vfs'], name = '/d/' + '0'.repeat(199) + '7', before = tree(vfs, '/tmp/tree'), seen = [];
		var bytes = await gather(vfs['exportTar']('/tmp/tree', {'progress': (p) => seen.push(p)}));
		var last = seen[seen.length - 1], pieces = seen.length;
		log('exported', bytes.length % 512, bytes.length > 6888890, last['bytes'] == bytes.length, last['entries'], last['changed'], pieces > 20);
		var sources = {
			'Uint8Array': bytes, 'ArrayBuffer': bytes.buffer, 'Blob': new Blob([bytes]), 'stream': new Blob([bytes]).stream(),
			'array': [bytes.subarray(0, 1000), bytes.subarray(1000)], 'generator': (async function* () {
				for (var at = 0; at < bytes.length; at += 99999) yield bytes.slice(at, at + 99999);
			})(),
			'export': vfs['exportTar']('/tmp/tree'),
		};
		for (var what in sources) {
			seen = [];
			vfs['mkdir']('/tmp/copy');
			await vfs['importTar']('/tmp/copy', sources[what], {'progress': (p) => seen.push(p)});
			var same = tree(vfs, '/tmp/copy') == before;
			var text = vfs['readFile']('/tmp/copy' + name, 'utf8');
			log(what, same, text.length, text.endsWith('999999\n'), seen[seen.length - 1]['total'] ?? '-', seen[seen.length - 1]['bytes'] == bytes.length);
			vfs['rm']('/tmp/copy', {'recursive': true});
		}
		vfs['mkdir']('/tmp/copy');
		var packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
		await vfs['importTar']('/tmp/copy', packed.pipeThrough(new DecompressionStream('gzip')));
		log('gzip', tree(vfs, '/tmp/copy') == before);

		await refused(() => vfs['exportTar']('/nowhere'));
		await refused(() => vfs['exportTar']('/tmp/tree/same'));
		await refused(() => vfs['exportTar'](5));
		await refused(() => vfs['importTar']('/nowhere', bytes));
		await refused(() => vfs['importTar']('/tmp/copy', bytes.subarray(0, 5000)));
		await refused(() => vfs['importTar']('/tmp/copy', new Uint8Array(600).fill(7)));
		for (var source of [undefined, null, 5, 'text', ['text'], {}]) await refused(() => vfs['importTar']('/tmp/copy', source));
		vfs['writeFile']('/tmp/tree/closed', 'x', 0);
		await refused(() => gather(vfs['exportTar']('/tmp/tree')));
		vfs['rm']('/tmp/tree/closed');

		var reader = vfs['exportTar']('/tmp/tree')['getReader']();
		log('first piece', (await reader['read']())['value'].length);
		await reader['cancel']();
		seen = [];
		var file = await gather(vfs['exportFile']('/tmp/tree/same', {'progress': (p) => seen.push(p)}));
		log('file', file.length, seen[seen.length - 1]['bytes'], seen[0]['total']);
		await vfs['importFile']('/tmp/copy/file', new Blob([file]), {'mode': 0o600});
		await vfs['importFile']('/tmp/copy/file2', vfs['exportFile']('/tmp/copy/file'));
		var again = vfs['readFile']('/tmp/copy/file2');
		log('the same', again.length, again.every((x, k) => x == file[k]), vfs['stat']('/tmp/copy/file')['mode'].toString(8));
		await vfs['importFile']('/tmp/copy/empty', []);
		log('empty', vfs['stat']('/tmp/copy/empty')['size'], (await gather(vfs['exportFile']('/tmp/copy/empty'))).length);
		await refused(() => vfs['exportFile']('/nowhere'));
		await refused(() => vfs['importFile']('/tmp', file));
		await refused(() => vfs['importFile']('/tmp/copy/no', 5));
		vfs['rm']('/tmp/copy', {'recursive': true});
		// what is left open would hold a descriptor
		vfs['writeFile']('/tmp/x', 'x');
		log('done', vfs['readdir']('/tmp').sort());
	}
	var pool = typeof process == 'undefined';
	if (pool) Module['preRun'] = [].concat(Module['preRun'] ?? [], () => { Module['vfs']['prepare']({'directory': '/tar', 'capacity': 16}) });
	Module['postRun'] = () => all().catch((e) => log(e.stack)).then(() => pool && Module['_finish'](Module['arguments'][0] != 'left'));
})();
