// The rows of durable_sql.c with sqlite-wasm's own opfs-sahpool, which has no shared
// memory: WAL in exclusive mode only. A program for test/web/.
(async () => {
	const args = Module.arguments, samples = Number(args[args.indexOf('-r') + 1] ?? 5);
	const {default: init} = await import('./sqlite/index.mjs');
	globalThis.sqlite3ApiConfig = {disable: {vfs: {'opfs': true, 'opfs-vfs': true, 'opfs-wl': true}}};
	const sqlite3 = await init();
	const pool = await sqlite3.installOpfsSAHPoolVfs({name: 'bench', clearOnInit: true, initialCapacity: 12});
	// In pieces: exec copies what is left of its text for each statement.
	const pieces = [''];
	for (const line of (await (await fetch('durable.sql')).text()).split('\n')) {
		pieces[pieces.length - 1] += line + '\n';
		if (line.endsWith(';') && pieces[pieces.length - 1].length > 4096)
			pieces.push('');
	}
	const open = (mode) => {
		const db = mode === 'memory' ? new sqlite3.oo1.DB(':memory:') : new pool.OpfsSAHPoolDb(`/${mode}`);
		db.exec((mode === 'wal' ? 'PRAGMA locking_mode=exclusive;' : '') + `PRAGMA journal_mode=${mode}`);
		return db;
	};
	for (const mode of ['memory', 'delete', 'truncate', 'persist', 'wal']) {
		const whole = [], commit = [];
		for (let s = 0; s < samples; s++) {
			pool.unlink(`/${mode}`);
			const db = open(mode), start = performance.now();
			for (const piece of pieces)
				db.exec(piece);
			whole.push(((performance.now() - start) * 1e6).toFixed(0));
			db.close();
		}
		Module.print([`sql_${mode}`, ...whole].join('\t'));
		pool.unlink(`/${mode}`);
		const db = open(mode);
		db.exec('CREATE TABLE t(a INTEGER PRIMARY KEY, b)');
		for (let s = 0; s < samples; s++) {
			const start = performance.now();
			for (let k = 0; k < 200; k++)
				db.exec("INSERT INTO t(b) VALUES('one row of forty-one bytes or there about')");
			commit.push(((performance.now() - start) * 1e6 / 200).toFixed(0));
		}
		db.close();
		Module.print([`commit_${mode}`, ...commit].join('\t'));
	}
	await pool.removeVfs();
	Module.onExit(0);
})().catch((e) => {
	Module.printErr(`durable_sahpool: ${e.message}`);
	Module.onExit(1);
});
