// Put before sahpool_pool.c's output, which is a worker: its calls for the page,
// each on paths below /pool.
const reports = [];	// what the mount found damaged
const at = (path) => `/pool/${path}`;
const c = (name, ...args) => {
	const err = Module.ccall(`pool_${name}`, 'number', args.map((a) => typeof a), args);
	if (err)
		throw new Error(`${name} ${args.join(' ')}: ${Module.ccall('pool_message', 'string', ['number'], [err])} (${-err})`);
};
const calls = {
	// the handles of a worker that was just ended may take a moment
	async mount(directory, capacity) {
		for (let tries = 100; ; tries--) {
			try {
				await Module.vfs.prepare({directory, capacity});
				break;
			} catch (e) {
				if (e.code !== 'EBUSY' || tries === 0)
					throw e;
			}
			await new Promise((done) => setTimeout(done, 20));
		}
		c('mount', directory);
	},
	prepare: (directory) => Module.vfs.prepare({directory}),
	reports: () => reports.splice(0),
	unmount: () => c('unmount'),
	rename: (from, to) => c('rename', at(from), at(to)),
	link: (from, to) => c('link', at(from), at(to)),
	symlink: (target, path) => c('symlink', target, at(path)),
	chmod: (path, mode) => c('chmod', at(path), mode),
	fsync: (path) => c('fsync', at(path)),
	overwrite: (path, pos, text) => c('overwrite', at(path), pos, text),
	write: (path, data) => Module.vfs.writeFile(at(path), data),
	read: (path) => Module.vfs.readFile(at(path)),
	copy: (from, to) => Module.vfs.writeFile(at(to), Module.vfs.readFile(at(from))),
	mkdir: (path) => Module.vfs.mkdir(at(path), {recursive: true}),
	rm: (path) => Module.vfs.rm(at(path), {recursive: true}),
	importSahpool: (pool, to) => Module.vfs.importSahpool(pool, to),
	readAnywhere: (path) => Module.vfs.readFile(path),
	sync: () => Module.vfs.sync(),
	// every file by its path: what stat tells, a link's target, a file's bytes
	tree(path = '') {
		const all = {};
		for (const name of Module.vfs.readdir(at(path)).sort()) {
			const file = path + name, {mode, nlink, size, mtimeMs, ino} = Module.vfs.lstat(at(file));
			const entry = all[file] = {mode: (mode & 0o7777).toString(8), nlink, mtimeMs, ino};
			if ((mode & 0o170000) === 0o120000) {
				entry.target = Module.ccall('pool_target', 'string', ['string'], [at(file)]);
			} else if ((mode & 0o170000) === 0o40000) {
				Object.assign(all, calls.tree(`${file}/`));
			} else {
				entry.size = size;
				try {
					entry.bytes = Module.vfs.readFile(at(file));
				} catch (e) {
					entry.error = e.code;
				}
			}
		}
		return all;
	},
};
const answer = async ({data: [id, name, ...args]}) => {
	try {
		postMessage([id, await calls[name](...args)]);
	} catch (e) {
		postMessage([id, undefined, e.message]);
	}
};
var Module = {
	printErr: (line) => postMessage([-1, line]),
	onRuntimeInitialized: () => {
		self.onmessage = answer;
		postMessage([0]);
	},
};
