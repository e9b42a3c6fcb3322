// sqlite-wasm in a worker, with its opfs-sahpool VFS: its calls for the page.
import init from './sqlite/index.mjs';

const said = [];	// warnings and errors
const note = (...words) => said.push(words.filter((word) => typeof word !== 'object' || word instanceof Error).join(' '));
globalThis.sqlite3ApiConfig = {
	warn: note, error: note,
	disable: {vfs: {'opfs': true, 'opfs-vfs': true, 'opfs-wl': true}},
};
const sqlite3 = await init();
let pool, kept;

// Each in its turn; gives the last one's rows.
function run(db, sqls) {
	return sqls.map((sql) => db.exec(sql, {rowMode: 'array', returnValue: 'resultRows'})).pop();
}

const calls = {
	// options: installOpfsSAHPoolVfs's; the handles of a worker that was just
	// ended may take a moment
	async open(options) {
		for (let tries = options.tries ?? 100; ; tries--) {
			try {
				pool = await sqlite3.installOpfsSAHPoolVfs({
					preserveOnInitFailure: true, forceReinitIfPreviouslyFailed: true, ...options});
				return;
			} catch (e) {
				if (e.name !== 'NoModificationAllowedError' || tries === 0)
					throw e;
			}
			await new Promise((done) => setTimeout(done, 20));
		}
	},
	run(file, ...sql) {
		const db = new pool.OpfsSAHPoolDb(file);
		try {
			return run(db, sql);
		} finally {
			db.close();
		}
	},
	// the same, and the database stays open
	begin(file, ...sql) {
		kept = new pool.OpfsSAHPoolDb(file);
		return run(kept, sql);
	},
	// a database in memory
	image(...sql) {
		const db = new sqlite3.oo1.DB(':memory:');
		try {
			run(db, sql);
			return sqlite3.capi.sqlite3_js_db_export(db);
		} finally {
			db.close();
		}
	},
	names: () => pool.getFileNames().sort(),
	bytes: (file) => pool.exportFile(file),
	import: (file, bytes) => pool.importDb(file, bytes),
	unlink: (file) => pool.unlink(file),
	capacity: () => pool.getCapacity(),
	add: (n) => pool.addCapacity(n),
	reduce: (n) => pool.reduceCapacity(n),
	wipe: () => pool.wipeFiles(),
	remove: () => pool.removeVfs(),
	said: () => said.splice(0),
};

self.onmessage = async ({data: [id, name, ...args]}) => {
	try {
		postMessage([id, await calls[name](...args)]);
	} catch (e) {
		postMessage([id, undefined, `${name}: ${e.name}: ${e.message}`]);
	}
};
postMessage([0]);
