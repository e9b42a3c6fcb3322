/*
 * More of Module.vfs: files and whole trees as streams, for downloads, uploads and
 * backups. Nothing is held in memory but a piece of a stream.
 *
 *   emcc app.c -lvfsfs -lvfsfs.js -lvfsfs_tar.js     (before Emscripten 4: --js-library FILE)
 *
 *   exportTar(directory, {progress})         a ReadableStream: a tar archive of the directory
 *   importTar(directory, source, {progress}) makes an archive's files below it: a promise
 *   exportFile(path, {progress})             a ReadableStream of the file's bytes
 *   importFile(path, source, {progress, mode})  the file has the source's bytes: a promise
 *   importSahpool(pool, directory, {progress})  copies the files of a pool of SQLite's opfs-sahpool, a
 *                                            directory of OPFS that nobody has open, and leaves it as it
 *                                            is: a promise of their paths
 *
 * A source is a ReadableStream, a Blob or File, an ArrayBuffer or a view of one, or what
 * can be iterated (with await too) and gives these bytes in pieces. progress is called
 * with {path, entries, bytes, changed} for each piece; of a source whose size is known
 * with .total too. changed: files that went or became shorter during the export.
 *
 * tar.h tells what an archive keeps and what an import refuses. A compressed one goes
 * through new DecompressionStream('gzip'). What was imported is durable after sync().
 * Errors are those of libvfsfs.js: thrown where the call itself fails, else they end the
 * stream, or reject the promise. A failed importFile leaves what had come.
 */
addToLibrary({
	$vfsTar__deps: ['$vfsApi', 'vfs__tar_js'],
	$vfsTar__postset: 'vfsTar();',
	$vfsTar: () => {
		// tar_js.c's numbers
		var EXPORT = 0, EXPORT_READ = 1, EXPORT_TELL = 2, EXPORT_END = 3, IMPORT = 4, IMPORT_WRITE = 5,
			IMPORT_TELL = 6, IMPORT_END = 7;
		var CHUNK = 1 << 18;
		var {OPEN, CREATE, READ, WRITE, CLOSE, raw, early, check, call, text, withMemory} = vfsApi.inner;
		var tar = (...args) => early(_vfs__tar_js, ...args);

		// read(p, size) puts bytes at p and returns how many; end() comes once
		function stream(read, end) {
			return new ReadableStream({
				'pull': (controller) => {
					try {
						var part = withMemory(CHUNK, [], (p) => {
							var n = read(p, CHUNK);
							return HEAPU8.slice(p, p + n);
						});
					} catch (e) {
						end();
						throw e;
					}
					if (part.length) {
						controller.enqueue(part);
					} else {
						end();
						controller.close();
					}
				},
				'cancel': () => end(),
			}, {'highWaterMark': 0});
		}
		// f(bytes) for each piece of a source, which are of CHUNK at most
		async function each(source, f) {
			var pieces = (data) => {
				if (ArrayBuffer.isView(data)) data = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
				else if (/ArrayBuffer\]$/.test({}.toString.call(data))) data = new Uint8Array(data);
				else throw new TypeError('the source has no bytes, but ' + data);
				// a view of the program's memory is cut off when that grows
				if (data.buffer === HEAPU8.buffer) data = data.slice();
				for (var at = 0; at < data.length; at += CHUNK) f(data.subarray(at, at + CHUNK));
			};
			if (typeof source?.['stream'] == 'function') source = source['stream']();
			if (typeof source?.['getReader'] == 'function') {
				var reader = source['getReader'](), ended;
				try {
					for (var r; !(r = await reader['read']())['done'];) pieces(r['value']);
					ended = true;
				} finally {
					if (!ended) reader['cancel']().catch(() => {});
				}
			} else if (!ArrayBuffer.isView(source) && (source?.[Symbol.asyncIterator] || source?.[Symbol.iterator]) && typeof source != 'string') {
				for await (var data of source) pieces(data);
			} else {
				pieces(source);
			}
		}
		var sizeOf = (source) => source?.['size'] ?? source?.['byteLength'];
		function tell(options, x, number, total) {
			if (!options?.['progress']) return;
			withMemory(24, [], (p) => {
				var path = text(tar(number, x, p)), n = new Float64Array(HEAPU8.slice(p, p + 24).buffer);
				var told = {'path': path, 'entries': n[0], 'bytes': n[1], 'changed': n[2]};
				if (total !== undefined) told['total'] = total;
				options['progress'](told);
			});
		}
		// the path of the entry at which it failed
		function checkAt(n, x, number, syscall, path) {
			if (n < 0) path += withMemory(24, [], (p) => '/' + text(tar(number, x, p)));
			return check(n, syscall, path);
		}
		function exportTar(path, options) {
			var x = call(EXPORT, 'exportTar', path, 0, tar);
			return stream((p, size) => {
				var n = checkAt(tar(EXPORT_READ, x, p, size), x, EXPORT_TELL, 'exportTar', path);
				tell(options, x, EXPORT_TELL);
				return n;
			}, () => { tar(EXPORT_END, x) });
		}
		async function importTar(path, source, options) {
			var x = call(IMPORT, 'importTar', path, 0, tar), done;
			try {
				await each(source, (part) => {
					withMemory(part.length, part, (p) =>
						checkAt(tar(IMPORT_WRITE, x, p, part.length), x, IMPORT_TELL, 'importTar', path));
					tell(options, x, IMPORT_TELL, sizeOf(source));
				});
				done = true;
			} finally {
				var err = tar(IMPORT_END, x);
				if (done) check(err, 'importTar', path);
			}
		}
		function tellFile(options, path, bytes, total) {
			var told = {'path': path, 'entries': 1, 'bytes': bytes, 'changed': 0};
			if (total !== undefined) told['total'] = total;
			options?.['progress']?.(told);
		}
		function exportFile(path, options) {
			var total = Module['vfs']['stat'](path)['size'], fd = call(OPEN, 'open', path), bytes = 0;
			return stream((p, size) => {
				var n = check(raw(READ, fd, p, size), 'read', path);
				tellFile(options, path, bytes += n, total);
				return n;
			}, () => { raw(CLOSE, fd) });
		}
		async function importFile(path, source, options) {
			var fd = call(CREATE, 'open', path, options?.['mode'] ?? 0o666), bytes = 0, done;
			try {
				await each(source, (part) => {
					for (var at = 0; at < part.length;) {
						var rest = part.subarray(at);
						at += withMemory(rest.length, rest, (p) => check(raw(WRITE, fd, p, rest.length), 'write', path));
					}
					tellFile(options, path, bytes += part.length, sizeOf(source));
				});
				done = true;
			} finally {
				var err = raw(CLOSE, fd);
				if (done) check(err, 'close', path);
			}
		}
		// the path in a slot's header (backends/opfs_pool/FORMAT.md), where it has one that SQLite would keep
		function sahpoolPath(h) {
			var view = new DataView(h.buffer), flags = view.getUint32(512), digest = [0, 0];
			if (flags & 0x80) {
				digest = [0xdeadbeef, 0x41c6ce57];
				for (var k = 0; k < 516; k++) {
					digest[0] = Math.imul(digest[0] ^ h[k], 2654435761);
					digest[1] = Math.imul(digest[1] ^ h[k], 104729);
				}
			}
			var right = digest.every((d, k) => d >>> 0 == view.getUint32(516 + 4 * k, true));
			if (right && h[0] && flags & 0x84900 && !(flags & 8)) return new TextDecoder().decode(h.subarray(0, h.indexOf(0)));
		}
		async function importSahpool(pool, path, options) {
			var directory = await navigator['storage']['getDirectory'](), found = [];
			for (var name of pool.split('/').concat('.opaque')) {
				// it is ours, and knows more than its headers say: mount it
				if (name == '.opaque') for await (var other of directory['keys']()) if (/^journal\.[01]$/.test(other)) check(-{{{ cDefs.EINVAL }}}, 'importSahpool', pool);
				if (name) directory = await directory['getDirectoryHandle'](name);
			}
			for await (var handle of directory['values']()) {
				var file = await handle['getFile'](), head = new Uint8Array(await file.slice(0, 524).arrayBuffer());
				var inner = head.length == 524 && sahpoolPath(head);
				if (!inner) continue;
				if (inner.split('/').includes('..')) check(-{{{ cDefs.EBADMSG }}}, 'importSahpool', inner);
				var to = path + '/' + inner.replace(/^\/+/, '');
				Module['vfs']['mkdir'](to.slice(0, to.lastIndexOf('/')), {'recursive': true});
				await importFile(to, file.slice(4096), options);
				found.push(to);
			}
			return found.sort();
		}
		Object.assign(Module['vfs'], {
			'exportTar': exportTar,
			'importTar': importTar,
			'exportFile': exportFile,
			'importFile': importFile,
			'importSahpool': importSahpool,
		});
	},
});

// As libvfsfs.js does: with these functions comes the export.
for (const name of ['emscripten_date_now', 'emscripten_resize_heap']) {
	(LibraryManager.library[name + '__deps'] ||= []).push('vfs__tar_js');
}
extraLibraryFuncs.push('$vfsTar');
