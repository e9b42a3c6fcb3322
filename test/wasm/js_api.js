// Module.vfs before main, when the runtime is there, and after.
(() => {
	if (typeof process != 'undefined' && require('worker_threads').isMainThread === false) return;
	var log = (...args) => require('fs').writeSync(1, args.join(' ') + '\n');
	var refused = (f) => {
		try {
			f();
			log('no error');
		} catch (e) {
			log(e instanceof Error, e['code'], typeof e['errno'], e['syscall'], e['path'], '|', e.message);
		}
	};
	var mistaken = (f) => {
		try {
			f();
			log('no error of', f);
		} catch (e) {
			e instanceof TypeError || log(e);
		}
	};
	Module['preRun'] = () => {
		var vfs = Module['vfs'];
		vfs['mkdir']('/in/deep/er', { 'recursive': true });
		vfs['mkdir']('/in/deep', { 'recursive': true });
		vfs['writeFile']('/in/a.txt', 'gr\u00fcn\n');
		log('preRun', vfs['readFile']('/in/a.txt', 'utf8').length, vfs['readFile']('/in/a.txt').length);
	};
	Module['onRuntimeInitialized'] = () => log('initialized', Module['vfs']['readdir']('/in').sort());
	Module['postRun'] = () => {
		var vfs = Module['vfs'], big = new Uint8Array(3000000).map((_, k) => k * 7);
		log('postRun', vfs['readFile']('/tmp/out', 'utf8'));
		var st = vfs['stat']('/tmp/link');
		log(st['size'], st['isFile'](), st['isDirectory'](), st['isSymbolicLink'](), Math.abs(Date.now() - st['mtimeMs']) < 60000);
		log(vfs['lstat']('/tmp/link')['isSymbolicLink'](), vfs['stat']('/in')['isDirectory'](), vfs['stat']('/in/a.txt')['mode'].toString(8));
		vfs['writeFile']('/tmp/big', big);
		var read = vfs['readFile']('/tmp/big');
		log(read.length, read.every((x, k) => x == big[k]));
		vfs['writeFile']('/tmp/big', big.subarray(7, 10));
		log(vfs['readFile']('/tmp/big'));
		vfs['writeFile']('/tmp/big', big.buffer.slice(0, 4), 0o600);
		log(vfs['readFile']('/tmp/big'), vfs['readFile']('/dev/null').length, vfs['readFile']('/dev/null', 'utf8') === '');
		refused(() => vfs['readFile']('/nowhere'));
		refused(() => vfs['writeFile']('/in', 'x'));
		refused(() => vfs['mkdir']('/in'));
		refused(() => vfs['rm']('/in'));
		refused(() => vfs['rm']('/nowhere'));
		refused(() => vfs['readdir']('/in/a.txt'));
		refused(() => vfs['stat']('/a\0b'));
		vfs['writeFile']('/tmp/m', '\ufeffx', { 'mode': 0o600 });
		log(vfs['stat']('/tmp/m')['mode'].toString(8), vfs['readFile']('/tmp/m', { 'encoding': 'utf8' }).length,
			vfs['readFile']('/tmp/m', {}).length, vfs['readFile']('/tmp/m', { 'encoding': null }).length);
		vfs['rm']('/tmp/m');
		vfs['writeFile']('/tmp/m', 'x', 'utf8');
		vfs['writeFile']('/tmp/m', 'x', { 'encoding': 'UTF-8' });
		log(vfs['stat']('/tmp/m')['mode'].toString(8));
		vfs['rm']('/tmp/m');
		for (var data of [undefined, null, 5, [1, 2], {}, new Blob([])]) mistaken(() => vfs['writeFile']('/tmp/no', data));
		mistaken(() => vfs['writeFile']('/tmp/no', 'x', 'latin1'));
		for (var path of [undefined, null, 5]) {
			for (var name of ['readFile', 'readdir', 'mkdir', 'rmdir', 'rm', 'stat', 'lstat']) mistaken(() => vfs[name](path));
			mistaken(() => vfs['mkdir'](path, { 'recursive': true }));
			mistaken(() => vfs['rm'](path, { 'recursive': true, 'force': true }));
		}
		vfs['mkdir']('/tmp/d', 0o700);
		log(vfs['stat']('/tmp/d')['mode'].toString(8), vfs['rmdir']('/tmp/d'), vfs['readdir']('/tmp').includes('d'));
		refused(() => vfs['rmdir']('/in'));
		refused(() => vfs['rmdir']('/in/a.txt'));
		vfs['rm']('/nowhere', { 'force': true });
		vfs['rm']('/tmp/link');
		vfs['rm']('/in', { 'recursive': true });
		log(vfs['readdir']('/').sort(), vfs['readdir']('/tmp').sort());
		vfs['sync']();
	};
})();
