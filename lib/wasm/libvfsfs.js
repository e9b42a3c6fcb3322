/*
 * Module.vfs: the program's files for the page's JavaScript, before main
 * (Module.preRun, onRuntimeInitialized) and after, on the main thread.
 *
 *   emcc app.c -lvfsfs -lvfsfs.js          (before Emscripten 4: --js-library FILE)
 *
 *   writeFile(path, data, {mode})          data: a string, an ArrayBuffer or a view of one
 *   readFile(path, {encoding})             a Uint8Array; with an encoding ('utf8') a string
 *   readdir(path)                          the names, without . and ..
 *   mkdir(path, {recursive, mode})         recursive: parents too, and no error where it exists
 *   rmdir(path)                            an empty directory
 *   rm(path, {recursive, force})           a file or a directory; force: no error where it does not exist
 *   stat(path), lstat(path)                dev, ino, mode, nlink, uid, gid, rdev, size, blksize, blocks,
 *                                          atimeMs, mtimeMs, ctimeMs; isFile(), isDirectory(), isSymbolicLink()
 *   sync()                                 all data to where it is durable
 *   counters(path)                         what the pool that is mounted there has done: vfs_opfs_counters
 *                                          (opfs_pool.h), as numbers
 *   prepare({directory, capacity, mount})  opens a pool's files, for vfs_mount of vfs_opfs_pool: a promise.
 *                                          Called in Module.preRun it holds main back until then, and
 *                                          until what waits for the promise has run. mount (with
 *                                          -lvfsfs_pool.js): the directory to mount it on; where that
 *                                          cannot be done, main is not run
 *
 * and, with -lvfsfs_tar.js too, exportTar, importTar, exportFile, importFile.
 *
 * As with Node's calls of these names, a number may stand for {mode} and a
 * string for {encoding}. Each throws an Error with .code ('ENOENT'), .errno (the
 * number), .syscall and .path, and a TypeError for arguments of other types.
 */
addToLibrary({
	// parts of the runtime up to Emscripten 4
	$vfsApi__deps: ['vfs__js'].concat(['$addRunDependency', '$removeRunDependency', '$addOnInit'].filter((name) => LibraryManager.library[name])),
	$vfsApi__postset: "Module['vfs'] = vfsApi();",
	$vfsApi: () => {
		// js_api.c's numbers
		var ALLOC = 0, FREE = 1, OPEN = 2, CREATE = 3, READ = 4, WRITE = 5, CLOSE = 6, STAT = 7, LSTAT = 8,
			LIST = 9, MKDIR = 10, UNLINK = 11, RMDIR = 12, SYNC = 13, STRERROR = 14;
		var CHUNK = 1 << 20;
		var codes = {{{ JSON.stringify(Object.fromEntries(Object.entries(cDefs)
			.filter(([name]) => /^E[A-Z0-9]+$/.test(name) && !['EWOULDBLOCK', 'ENOTSUP', 'EDEADLOCK'].includes(name))
			.map(([name, value]) => [value, name]))) }}};

		function raw(...args) {
#if MALLOC != 'dlmalloc'
			// other allocators must not be used before their constructor has run
			if (!runtimeInitialized) throw new Error('Module.vfs can be used in preRun with -sMALLOC=dlmalloc only: wait for onRuntimeInitialized');
#endif
			return early(_vfs__js, ...args);
		}
		// exports may be called before main and after exit, whatever their wrappers say
		function early(f, ...args) {
#if ASSERTIONS
			var initialized = runtimeInitialized;
			runtimeInitialized = true;
#if EXIT_RUNTIME
			var exited = runtimeExited;
			runtimeExited = false;
#endif
			try {
#if STACK_OVERFLOW_CHECK >= 2
				if (!initialized) setStackLimits();
#endif
				return f(...args);
			} finally {
				runtimeInitialized = initialized;
#if EXIT_RUNTIME
				runtimeExited = exited;
#endif
			}
#else
			return f(...args);
#endif
		}
		function text(p) {
			return new TextDecoder('utf-8', {ignoreBOM: true}).decode(HEAPU8.slice(p, HEAPU8.indexOf(0, p)));
		}
		function check(n, syscall, path) {
			if (n >= 0) return n;
			var code = codes[-n] || 'E' + -n;
			var e = new Error(`${code}: ${text(raw(STRERROR, -n))}, ${syscall}` + (path === undefined ? '' : ` '${path}'`));
			e['errno'] = -n;
			e['code'] = code;
			e['syscall'] = syscall;
			if (path !== undefined) e['path'] = path;
			throw e;
		}
		// f gets the address of size bytes, which begin with `bytes`
		function withMemory(size, bytes, f) {
			var p = raw(ALLOC, size);
			if (!p) check(-{{{ cDefs.ENOMEM }}}, 'malloc');
			try {
				HEAPU8.set(bytes, p);
				return f(p);
			} finally {
				raw(FREE, p);
			}
		}
		function call(number, syscall, path, arg, enter = raw) {
			if (typeof path != 'string') throw new TypeError(`${syscall}: the path is no string`);
			var bytes = new TextEncoder().encode(path + '\0');
			if (bytes.indexOf(0) < bytes.length - 1) check(-{{{ cDefs.EINVAL }}}, syscall, path);
			return check(withMemory(bytes.length, bytes, (p) => enter(number, p, arg)), syscall, path);
		}
		// of what may be {mode}, {encoding}, a mode or an encoding
		var option = (options, name, type) => typeof options == type ? options : options?.[name] ?? undefined;
		function withFile(number, path, mode, f) {
			var fd = call(number, 'open', path, mode), done;
			try {
				f(fd);
				done = true;
			} finally {
				var err = raw(CLOSE, fd);
				if (done) check(err, 'close', path);
			}
		}
		function stat(number, path) {
			var names = ['dev', 'ino', 'mode', 'nlink', 'uid', 'gid', 'rdev', 'size', 'blksize', 'blocks', 'atimeMs', 'mtimeMs', 'ctimeMs'];
			return withMemory(names.length * 8, [], (p) => {
				call(number, number == STAT ? 'stat' : 'lstat', path, p);
				var numbers = new Float64Array(HEAPU8.slice(p, p + names.length * 8).buffer);
				var result = {};
				names.forEach((name, k) => result[name] = numbers[k]);
				var is = (type) => () => (result['mode'] & {{{ cDefs.S_IFMT }}}) == type;
				result['isFile'] = is({{{ cDefs.S_IFREG }}});
				result['isDirectory'] = is({{{ cDefs.S_IFDIR }}});
				result['isSymbolicLink'] = is({{{ cDefs.S_IFLNK }}});
				return result;
			});
		}
		function readdir(path) {
			var names = [], p = call(LIST, 'readdir', path);
			for (var at = p; HEAPU8[at]; at = HEAPU8.indexOf(0, at) + 1) names.push(text(at));
			raw(FREE, p);
			return names;
		}
		function writeFile(path, data, options) {
			var encoding = option(options, 'encoding', 'string');
			if (encoding && !/^utf-?8$/i.test(encoding)) throw new TypeError(`writeFile: text is written in UTF-8, not in ${encoding}`);
			if (typeof data == 'string') data = new TextEncoder().encode(data);
			else if (ArrayBuffer.isView(data)) data = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
			else if (/ArrayBuffer\]$/.test({}.toString.call(data))) data = new Uint8Array(data);
			else throw new TypeError('writeFile: the data are no string, ArrayBuffer or view of one');
			// a view of the program's memory is cut off when that grows
			if (data.buffer === HEAPU8.buffer) data = data.slice();
			withFile(CREATE, path, option(options, 'mode', 'number') ?? 0o666, (fd) => {
				for (var at = 0; at < data.length;) {
					var part = data.subarray(at, at + CHUNK);
					at += withMemory(part.length, part, (p) => check(raw(WRITE, fd, p, part.length), 'write', path));
				}
			});
		}
		function readFile(path, options) {
			var encoding = option(options, 'encoding', 'string');
			var decoder = encoding && new TextDecoder(encoding, {ignoreBOM: true});
			var data = new Uint8Array(stat(STAT, path)['size']), size = 0;
			withFile(OPEN, path, 0, (fd) => withMemory(CHUNK, [], (p) => {
				for (;;) {
					var n = check(raw(READ, fd, p, CHUNK), 'read', path);
					if (!n) break;
					if (size + n > data.length) {
						// it has grown, or does not tell its size
						var old = data;
						data = new Uint8Array(2 * size + n);
						data.set(old);
					}
					data.set(HEAPU8.subarray(p, p + n), size);
					size += n;
				}
			}));
			data = size == data.length ? data : data.slice(0, size);
			return decoder ? decoder.decode(data) : data;
		}
		function mkdir(path, options) {
			var mode = option(options, 'mode', 'number') ?? 0o777;
			if (!options?.['recursive'] || typeof path != 'string') {
				call(MKDIR, 'mkdir', path, mode);
				return;
			}
			for (var at = 0; at >= 0;) {
				at = path.indexOf('/', at + 1);
				var part = at < 0 ? path : path.slice(0, at);
				try {
					call(MKDIR, 'mkdir', part, mode);
				} catch (e) {
					if (e['code'] != 'EEXIST' || !stat(STAT, part)['isDirectory']()) throw e;
				}
			}
		}
		function rm(path, options) {
			try {
				if (!stat(LSTAT, path)['isDirectory']()) {
					call(UNLINK, 'unlink', path);
					return;
				}
				if (options?.['recursive']) {
					for (var name of readdir(path)) rm(path + '/' + name, options);
				}
				call(RMDIR, 'rmdir', path);
			} catch (e) {
				if (e['code'] != 'ENOENT' || !options?.['force']) throw e;
			}
		}
		function counters(path) {
			// vfs_opfs_counters, in its order
			var names = ['hits', 'misses', 'evictions', 'reads', 'bytes_read', 'writes', 'bytes_written', 'truncates', 'flushes',
				'sync', 'room', 'age', 'close', 'rename', 'commit', 'checkpoint', 'commits'];
			var get = Module['_vfs__opfs_counters'];
			if (!get) throw new Error('Module.vfs.counters: this program has no vfs_opfs_pool');
			var bytes = new TextEncoder().encode(path + '\0'), result = {};
			withMemory(names.length * 8 + bytes.length, [], (p) => {
				HEAPU8.set(bytes, p + names.length * 8);
				check(early(get, p + names.length * 8, p), 'counters', path);
				var numbers = new Float64Array(HEAPU8.slice(p, p + names.length * 8).buffer);
				names.forEach((name, k) => result[name] = numbers[k]);
			});
			return result;
		}
		function open(options) {
			var start = Module['_vfs__opfs_prepare'];
			if (!start) throw new Error('Module.vfs.prepare: this program has no vfs_opfs_pool');
			return new Promise((resolve, reject) => {
				var id = open.ends.push((err, message) => {
					if (!err) return resolve();
					var e = new Error(message);
					e['code'] = codes[-err];
					reject(e);
				}) - 1;
				var bytes = new TextEncoder().encode((options?.['directory'] ?? 'vfsfs') + '\0');
				withMemory(bytes.length, bytes, (p) =>
					early(start, p, options?.['capacity'] ?? 0, id));
			});
		}
		open.ends = [];
		function mount(options) {
			var f = vfsApi.mount, path = options['mount'], directory = options['directory'] ?? 'vfsfs';
			if (!f) throw new Error('Module.vfs.prepare: to mount a pool from JavaScript, link with -lvfsfs_pool.js');
			mkdir(path, {'recursive': true});
			var bytes = new TextEncoder().encode(path + '\0' + directory + '\0');
			var err = withMemory(bytes.length, bytes, (p) => early(f, p));
			if (!err) return;
			var e = new Error(text(early(f, 0)));
			e['code'] = codes[-err];
			throw e;
		}
		// main, once the pool is open, or cannot be: then vfs_mount tells why
		function prepare(options) {
			var before = !runtimeInitialized, mounts = options?.['mount'] !== undefined;
			var ready = open(options);
			if (mounts) ready = ready.then(() => mount(options));
			if (before) {
				var name = 'vfs-prepare-' + open.ends.length;
				var go = () => {
#if MODULARIZE
					// up to Emscripten 5 the program runs in there
					try {
						removeRunDependency(name);
					} catch (e) {
						if (typeof readyPromiseReject == 'undefined') throw e;
						readyPromiseReject(e);
					}
#else
					removeRunDependency(name);
#endif
				};
				addRunDependency(name);
				// behind what the caller has waiting for `ready`
				Promise.resolve().then(() => ready.then(go, (e) => {
					// main is not run, and a factory's promise is rejected
					if (mounts) addOnInit(() => { throw e });
					go();
				}));
			}
			return ready;
		}
		// what libvfsfs_tar.js builds on
		vfsApi.inner = {OPEN, CREATE, READ, WRITE, CLOSE, raw, early, check, call, text, withMemory};
		Module['vfsPrepared'] = (id, err, message) => open.ends[id](err, message);
		return {
			'prepare': prepare,
			'counters': counters,
			'writeFile': writeFile,
			'readFile': readFile,
			'readdir': readdir,
			'mkdir': mkdir,
			'rmdir': (path) => { call(RMDIR, 'rmdir', path) },
			'rm': rm,
			'stat': (path) => stat(STAT, path),
			'lstat': (path) => stat(LSTAT, path),
			'sync': () => { check(raw(SYNC), 'sync') },
		};
	},
});

// Each program that has the core has one of these: with it comes the export.
for (const name of ['emscripten_date_now', 'emscripten_resize_heap']) {
	(LibraryManager.library[name + '__deps'] ||= []).push('vfs__js');
}
extraLibraryFuncs.push('$vfsApi');
