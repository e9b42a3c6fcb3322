// Both end in order: a pool goes from sqlite-wasm to the library and back, and
// nothing is lost.
import {equal, filled, hasRows, leave, ours, pattern, rows, same, sqlite, test, unchanged} from './sahpool_fixture.mjs';

const header = new TextEncoder().encode('SQLite format 3\0');
const text = (bytes) => new TextDecoder().decode(bytes);

test('a_pool_of_sqlites_mounts_with_its_files', async (directory) => {
	const s = await sqlite(directory);
	await s.run('/a.db', filled('a'));
	await s.run('/sub/b.db', filled('b', 2000));
	const a = await s.bytes('/a.db'), b = await s.bytes('/sub/b.db');
	const capacity = await s.capacity();
	s.end();

	const v = await ours(directory);
	const tree = await v.tree();
	equal(Object.keys(tree), ['a.db', 'sub', 'sub/b.db'], 'the tree');
	equal(tree['a.db'].bytes, a, 'a.db');
	equal(tree['sub/b.db'].bytes, b, 'sub/b.db');
	equal(tree['a.db'].size, a.length, 'the size of a.db');
	equal(tree['a.db'].bytes.slice(0, 16), header, 'the header of a.db');
	equal(await v.reports(), [], 'what is reported');
	await v.rename('a.db', 'renamed.db');
	await v.copy('sub/b.db', 'sub/copy.db');
	await v.write('notes.txt', 'of ours');
	await leave(v);

	const t = await sqlite(directory);
	equal(await t.names(), ['/notes.txt', '/renamed.db', '/sub/b.db', '/sub/copy.db'], 'the names');
	equal(await t.capacity(), capacity, 'the capacity');
	await hasRows(t, '/renamed.db', 'a');
	await hasRows(t, '/sub/b.db', 'b', 2000);
	await hasRows(t, '/sub/copy.db', 'b', 2000);
	equal(text(await t.bytes('/notes.txt')), 'of ours', 'notes.txt');
	equal(await t.said(), [], 'what sqlite-wasm said');
	await t.run('/renamed.db', rows('a', 301, 900));
	const renamed = await t.bytes('/renamed.db');
	t.end();

	const w = await ours(directory);
	equal(await w.read('renamed.db'), renamed, 'renamed.db, with more rows');
	equal(await w.read('sub/b.db'), b, 'sub/b.db');
	await leave(w);
});

test('files_of_sqlites_pool_are_copied_and_it_stays', async (directory) => {
	const s = await sqlite(directory);
	await s.run('/a.db', filled('a'));
	await s.run('/sub/b.db', filled('b', 2000));
	const a = await s.bytes('/a.db'), b = await s.bytes('/sub/b.db');
	s.end();

	const v = await ours();
	let paths;
	for (let tries = 0; !paths && tries < 50; tries++) {	// its handles may take a moment to go
		paths = await v.importSahpool(directory, '/tmp/copied').catch(() => undefined);
		await new Promise((done) => setTimeout(done, 20));
	}
	equal(paths, ['/tmp/copied/a.db', '/tmp/copied/sub/b.db'], 'the paths');
	equal(await v.readAnywhere('/tmp/copied/a.db'), a, 'a.db');
	equal(await v.readAnywhere('/tmp/copied/sub/b.db'), b, 'sub/b.db');
	v.end();

	const root = await navigator.storage.getDirectory(), pool = await root.getDirectoryHandle(directory), names = [];
	for await (const name of pool.keys())
		names.push(name);
	equal(names, ['.opaque'], 'what is in the directory');
	const t = await sqlite(directory);
	equal(await t.names(), ['/a.db', '/sub/b.db'], 'the names');
	await hasRows(t, '/sub/b.db', 'b', 2000);
	t.end();

	// one of ours has more to tell than its headers
	const w = await ours(directory);
	await leave(w);
	const x = await ours();
	equal(await x.importSahpool(directory, '/tmp/copied').then(() => 'copied', (e) => e.message), "EINVAL: Invalid argument, importSahpool '" + directory + "'", 'the answer');
	x.end();
});

// A pool of ours with one of each kind of file.
async function furnished(directory) {
	const s = await sqlite();
	const image = await s.image(filled('one')), other = await s.image(filled('two'));
	s.end();
	const v = await ours(directory, 12);
	await v.write('one.db', image);
	await v.mkdir('deep/er');
	await v.write('deep/er/two.db', other);
	await v.write('gone.db', other);
	await v.write('notes.txt', 'some notes');
	await v.chmod('notes.txt', 0o640);
	await v.chmod('one.db', 0o600);
	await v.symlink('deep/er/two.db', 'link');
	await v.link('notes.txt', 'deep/again.txt');
	await v.write('empty', '');
	await v.write('large', pattern(1 << 20));
	await v.mkdir('nothing');
	await v.chmod('nothing', 0o700);
	const tree = await v.tree();
	await leave(v);
	return {image, other, tree};
}

test('a_pool_of_ours_opens_in_sqlite', async (directory) => {
	const {image, other} = await furnished(directory);
	const s = await sqlite(directory);
	const names = await s.names();
	equal(names.filter((name) => !/^\/(notes|deep\/again)\.txt$/.test(name)),
		['/deep/er/two.db', '/empty', '/gone.db', '/large', '/one.db'], 'the names');
	equal(names.length, 6, 'the number of files, two names of one being one');
	equal(await s.capacity(), 12, 'the capacity');
	equal(await s.bytes('/one.db'), image, 'one.db');
	equal(await s.bytes('/deep/er/two.db'), other, 'two.db');
	equal(await s.bytes('/large'), pattern(1 << 20), 'large');
	equal(await s.bytes('/empty'), new Uint8Array(0), 'empty');
	await hasRows(s, '/one.db', 'one');
	await hasRows(s, '/deep/er/two.db', 'two');
});

test('what_sqlite_changes_is_seen', async (directory) => {
	const {tree} = await furnished(directory);
	const s = await sqlite(directory);
	await s.run('/one.db', rows('one', 301, 3000), 'UPDATE t SET s = s');
	await s.run('/deep/er/two.db', 'DELETE FROM t WHERE n > 10', 'VACUUM');
	equal(await s.unlink('/gone.db'), true, 'unlink');
	await s.run('/new/added.db', filled('added'));
	const one = await s.bytes('/one.db'), two = await s.bytes('/deep/er/two.db'), added = await s.bytes('/new/added.db');
	s.end();

	const v = await ours(directory);
	const after = await v.tree();
	equal(await v.reports(), [], 'what is reported');
	unchanged(after, tree, ['one.db', 'deep/er/two.db', 'gone.db', 'new', 'new/added.db']);
	equal(after['gone.db'], undefined, 'gone.db');
	equal(after['one.db'].bytes, one, 'one.db');
	equal(after['one.db'].mode, '600', 'the mode of one.db');
	equal(after['deep/er/two.db'].bytes, two, 'two.db');
	equal(after['new/added.db'].bytes, added, 'added.db');
	await leave(v);

	const t = await sqlite(directory);
	await hasRows(t, '/one.db', 'one', 3000);
	await hasRows(t, '/deep/er/two.db', 'two', 10);
	await hasRows(t, '/new/added.db', 'added');
	equal(await t.said(), [], 'what sqlite-wasm said');
});

test('opening_in_sqlite_changes_nothing', async (directory) => {
	const {tree} = await furnished(directory);
	const s = await sqlite(directory);
	await hasRows(s, '/one.db', 'one');
	s.end();
	const v = await ours(directory);
	unchanged(await v.tree(), tree);
});

test('many_turns', async (directory) => {
	for (let turn = 1; turn <= 4; turn++) {
		const v = await ours(directory);
		await v.write(`file${turn}`, pattern(5000 * turn, turn));
		await v.mkdir(`dir${turn}`);
		if (turn > 1)
			await v.rename(`t${turn - 1}.db`, `dir${turn}/t${turn - 1}.db`);
		await leave(v);
		const s = await sqlite(directory);
		if ((await s.capacity()) < 12)
			await s.add(12);
		await s.run(`/t${turn}.db`, filled(`t${turn}`));
		for (let k = 1; k < turn; k++) {
			await hasRows(s, `/dir${k + 1}/t${k}.db`, `t${k}`);
			equal(await s.bytes(`/file${k}`), pattern(5000 * k, k), `file${k}`);
		}
		s.end();
	}
});

test('a_file_imported_over_another', async (directory) => {
	const {tree, other} = await furnished(directory);
	const s = await sqlite(directory);
	await s.import('/one.db', other);
	const bytes = await s.bytes('/one.db');	// it sets two of the image's bytes
	s.end();
	const v = await ours(directory);
	const after = await v.tree();
	unchanged(after, tree, ['one.db']);
	equal(after['one.db'].bytes, bytes, 'one.db');
	await leave(v);
	const t = await sqlite(directory);
	await hasRows(t, '/one.db', 'two');
});

test('a_file_imported_over_another_keeps_its_mode_and_links', async (directory) => {
	const {tree, other} = await furnished(directory);
	const s = await sqlite(directory);
	const name = (await s.names()).find((path) => /notes|again/.test(path));
	await s.import(name, other);
	s.end();
	const v = await ours(directory);
	const after = await v.tree();
	for (const path of ['notes.txt', 'deep/again.txt']) {
		equal(after[path]?.mode, tree[path].mode, `the mode of ${path}`);
		equal(after[path].nlink, 2, `the links of ${path}`);
	}
});

test('a_file_that_sqlite_deletes_loses_all_its_names', async (directory) => {
	const {tree} = await furnished(directory);
	const s = await sqlite(directory);
	const name = (await s.names()).find((path) => /notes|again/.test(path));
	await s.unlink(name);
	s.end();
	const v = await ours(directory);
	unchanged(await v.tree(), tree, ['notes.txt', 'deep/again.txt']);
	equal((await v.tree())['notes.txt'], undefined, 'notes.txt');
	equal((await v.tree())['deep/again.txt'], undefined, 'again.txt');
});

test('a_deleted_and_made_again_file_is_new', async (directory) => {
	const {tree} = await furnished(directory);
	const s = await sqlite(directory);
	await s.unlink('/one.db');
	await s.run('/one.db', filled('again', 10));
	const bytes = await s.bytes('/one.db');
	s.end();
	const v = await ours(directory);
	unchanged(await v.tree(), tree, ['one.db']);
	equal(await v.read('one.db'), bytes, 'one.db');
});

test('a_wiped_pool_is_empty', async (directory) => {
	await furnished(directory);
	const s = await sqlite(directory);
	await s.wipe();
	s.end();
	const v = await ours(directory);
	equal(Object.keys(await v.tree()), ['deep', 'deep/er', 'link', 'nothing'], 'the tree');
	for (let k = 0; k < 12; k++)
		await v.write(`file${k}`, pattern(9000, k));
	await leave(v);
	const w = await ours(directory);
	for (let k = 0; k < 12; k++)
		equal(await w.read(`file${k}`), pattern(9000, k), `file${k}`);
});

test('slots_that_sqlite_adds_and_removes', async (directory) => {
	const {tree} = await furnished(directory);
	const s = await sqlite(directory);
	equal(await s.reduce(3), 3, 'slots removed');
	s.end();
	const v = await ours(directory);
	unchanged(await v.tree(), tree);
	await leave(v);
	const t = await sqlite(directory);
	await t.add(4);
	await t.run('/added.db', filled('added'));
	t.end();
	const w = await ours(directory);
	unchanged(await w.tree(), tree, ['added.db']);
	await leave(w);
	const u = await sqlite(directory);
	await hasRows(u, '/added.db', 'added');
	await hasRows(u, '/one.db', 'one');
});

// The slots that are left are settled like any others.
test('an_unmount_is_clean_after_sqlite_has_removed_slots', async (directory) => {
	const v = await ours(directory, 40);
	await v.write('first', pattern(9000));
	await leave(v);
	const s = await sqlite(directory);
	await s.reduce(30);
	s.end();
	const w = await ours(directory);
	await w.rename('first', 'renamed');
	for (let k = 0; k < 8; k++)
		await w.write(`file${k}`, pattern(9000, k));
	await leave(w);
	const t = await sqlite(directory);
	equal(await t.names(), [0, 1, 2, 3, 4, 5, 6, 7].map((k) => `/file${k}`).concat('/renamed'), 'the names');
	for (let k = 0; k < 8; k++)
		equal(await t.bytes(`/file${k}`), pattern(9000, k), `file${k}`);
});

test('a_full_pool_opens_in_sqlite', async (directory) => {
	const v = await ours(directory, 6);
	for (let k = 0; k < 6; k++)
		await v.write(`file${k}`, pattern(9000, k));
	await leave(v);
	const s = await sqlite(directory);
	for (let k = 0; k < 6; k++)
		equal(await s.bytes(`/file${k}`), pattern(9000, k), `file${k}`);
	await s.add(2);
	await s.run('/a.db', filled('a'));
	s.end();
	const w = await ours(directory);
	equal(Object.keys(await w.tree()).length, 7, 'the number of files');
});

test('the_default_directory', async () => {
	const s = await sqlite();
	await s.open({});
	await s.run('/a.db', filled('a'));
	s.end();
	const v = await ours('.opfs-sahpool');
	equal(Object.keys(await v.tree()), ['a.db'], 'the tree');
});

// ---- What sqlite-wasm was in the middle of ----

test('a_hot_journal_passes_through', async (directory) => {
	const s = await sqlite(directory);
	await s.run('/hot.db', filled('hot', 2000));
	const before = await s.bytes('/hot.db');
	await s.begin('/hot.db', 'PRAGMA cache_size = 4', 'BEGIN', "UPDATE t SET s = 'half'");
	const torn = await s.bytes('/hot.db'), journal = await s.bytes('/hot.db-journal');
	equal(same(before, torn), false, 'that pages are written');
	s.end();
	const v = await ours(directory);
	const tree = await v.tree();
	equal(Object.keys(tree), ['hot.db', 'hot.db-journal'], 'the tree');
	equal(tree['hot.db'].bytes, torn, 'hot.db');
	equal(tree['hot.db-journal'].bytes, journal, 'hot.db-journal');
	await v.write('notes.txt', 'more');
	await leave(v);
	const t = await sqlite(directory);
	equal(await t.names(), ['/hot.db', '/hot.db-journal', '/notes.txt'], 'the names');
	await hasRows(t, '/hot.db', 'hot', 2000);
	equal(await t.names(), ['/hot.db', '/notes.txt'], 'the names');
	t.end();
	const w = await ours(directory);
	equal(Object.keys(await w.tree()), ['hot.db', 'notes.txt'], 'the tree');
});

test('a_wal_passes_through', async (directory) => {
	const exclusive = 'PRAGMA locking_mode = exclusive';
	const s = await sqlite(directory);
	await s.begin('/w.db', exclusive, 'PRAGMA journal_mode = wal', filled('w', 500));
	const wal = await s.bytes('/w.db-wal');
	equal(wal.length > 4096, true, 'that the WAL has pages');
	s.end();
	const v = await ours(directory);
	equal(await v.read('w.db-wal'), wal, 'w.db-wal');
	await leave(v);
	const t = await sqlite(directory);
	await hasRows(t, '/w.db', 'w', 500, exclusive);
});

test('temporary_files_of_sqlites_are_no_files', async (directory) => {
	const s = await sqlite(directory);
	await s.run('/a.db', filled('a', 2000));
	await s.begin('/a.db', 'PRAGMA temp_store = file', 'PRAGMA cache_size = 4',
		'CREATE TEMP TABLE x AS SELECT * FROM t', 'PRAGMA temp.cache_size = 4',
		"INSERT INTO x SELECT n + 5000, s FROM t", "BEGIN", "UPDATE x SET s = s || s");
	equal((await s.names()).length > 1, true, 'that there is a temporary file');
	s.end();
	const v = await ours(directory);
	equal(Object.keys(await v.tree()).filter((name) => !/-journal$/.test(name)), ['a.db'], 'the tree');
	await leave(v);
	const t = await sqlite(directory);
	await hasRows(t, '/a.db', 'a', 2000);
	equal(await t.names(), ['/a.db'], 'the names');
});
