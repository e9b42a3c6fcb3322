// Our program ends without unmounting, as it does when its tab is closed; then
// sqlite-wasm opens the pool, and then our program does. sqlite-wasm knows nothing of
// our journal: it sees the headers, and so the names, of the last clean unmount, and
// frees the slots that had no file then.
import {equal, filled, hasRows, leave, ours, pattern, rows, same, sqlite, test, unchanged} from './sahpool_fixture.mjs';

// Files of before: small and large, databases.
async function made(directory) {
	const s = await sqlite();
	const image = await s.image(filled('base', 1000)), small = await s.image(filled('new', 100));
	s.end();
	const v = await ours(directory, 16);
	for (const name of ['base.db', 'other.db', 'moved.db', 'replaced.db', 'deleted.db'])
		await v.write(name, image);
	await v.write('notes.txt', 'some notes');
	await v.chmod('notes.txt', 0o640);
	await v.symlink('notes.txt', 'link');
	await v.write('large', pattern(300000, 1));
	await v.write('patched', pattern(300000, 2));
	await leave(v);
	return small;
}

// What the session does that ends uncleanly: everything is synced. Gives the tree.
const added = ['new.small', 'new.large', 'new.db', 'replaced.db'];
async function abandoned(directory) {
	const small = await made(directory);
	const v = await ours(directory);
	await v.write('new.small', pattern(20000, 3));
	await v.fsync('new.small');
	await v.write('new.large', pattern(300000, 4));	// too large for the journal
	await v.fsync('new.large');
	await v.write('new.db', small);
	await v.fsync('new.db');
	await v.rename('moved.db', 'to.db');
	await v.rm('deleted.db');
	await v.write('temporary', pattern(30000, 5));
	await v.rename('temporary', 'replaced.db');
	await v.overwrite('patched', 5000, 'a patch of ours');
	await v.sync();
	const tree = await v.tree();
	v.end();
	return tree;
}

test('what_was_synced_is_there_after_an_unclean_end', async (directory) => {
	const tree = await abandoned(directory);
	const v = await ours(directory);
	unchanged(await v.tree(), tree);
	equal(await v.reports(), [], 'what is reported');
});

test('sqlite_opens_after_an_unclean_end', async (directory) => {
	await abandoned(directory);
	const s = await sqlite(directory);
	equal(await s.names(), ['/base.db', '/large', '/new.db', '/new.large', '/new.small', '/notes.txt', '/other.db', '/patched', '/replaced.db', '/to.db'],
		'the names, as of the last sync');
	await hasRows(s, '/base.db', 'base', 1000);
	await hasRows(s, '/other.db', 'base', 1000);
	await hasRows(s, '/to.db', 'base', 1000);
	equal(await s.bytes('/large'), pattern(300000, 1), 'large');
});

async function looked(directory) {
	const before = await abandoned(directory);
	const s = await sqlite(directory);
	await hasRows(s, '/base.db', 'base', 1000);
	s.end();
	return before;
}

test('a_look_of_sqlites_leaves_what_it_sees', async (directory) => {
	const before = await looked(directory);
	const v = await ours(directory);
	unchanged(await v.tree(), before, ['new.large']);
	await leave(v);
	const w = await ours(directory);
	unchanged(await w.tree(), before, ['new.large']);
});

test('a_look_of_sqlites_leaves_a_new_large_file', async (directory) => {
	const before = await looked(directory);
	const v = await ours(directory);
	unchanged(await v.tree(), before);
});

// What is not as it was, or nowhere: each is in a report.
async function told(worker, before, names) {
	const after = await worker.tree(), reports = await worker.reports();
	for (const name of names)
		if (!after[name]?.bytes || !same(after[name].bytes, before[name].bytes))
			equal(reports.some((sentence) => sentence.includes(name)), true, `that ${name} is in ${reports.length} reports`);
}

test('what_a_look_of_sqlites_damages_is_told', async (directory) => {
	const before = await looked(directory);
	await told(await ours(directory), before, Object.keys(before).filter((name) => before[name].bytes));
});

test('what_new_files_of_sqlites_damage_is_told', async (directory) => {
	const {before} = await filledUp(directory);
	await told(await ours(directory), before, Object.keys(before).filter((name) => before[name].bytes));
});

test('lost_data_never_reads_as_zeros', async (directory) => {
	await looked(directory);
	for (let turn = 0; turn < 3; turn++) {
		const v = await ours(directory);
		const entry = (await v.tree())['new.large'];
		if (entry?.bytes?.length)
			equal(entry.bytes, pattern(300000, 4), `new.large, at turn ${turn},`);
		await leave(v);
	}
});

// sqlite-wasm makes files in every slot that it thinks free.
async function filledUp(directory) {
	const before = await abandoned(directory);
	const s = await sqlite(directory), theirs = {};
	for (let k = (await s.names()).length; k < (await s.capacity()) - 1; k++) {
		await s.run(`/s${k}.db`, filled(`s${k}`));
		theirs[`s${k}.db`] = await s.bytes(`/s${k}.db`);
	}
	s.end();
	return {before, theirs};
}

test('new_files_of_sqlites_leave_those_that_it_sees', async (directory) => {
	const {before, theirs} = await filledUp(directory);
	const v = await ours(directory);
	const after = await v.tree();
	for (const name of Object.keys(theirs))
		equal(after[name].bytes, theirs[name], name);
	unchanged(after, before, [...added, ...Object.keys(theirs)]);
	await leave(v);
	const t = await sqlite(directory);
	for (const name of Object.keys(theirs))
		await hasRows(t, `/${name}`, name.slice(0, -3));
	await hasRows(t, '/to.db', 'base', 1000);
});

test('new_files_of_sqlites_leave_what_was_synced', async (directory) => {
	const {before, theirs} = await filledUp(directory);
	const v = await ours(directory);
	unchanged(await v.tree(), before, Object.keys(theirs));
});

// The slot of a deleted file, used again: sqlite-wasm sees the old name.
test('a_file_under_a_stale_name_survives_its_deletion', async (directory) => {
	const v = await ours(directory);
	for (let k = 0; k < 6; k++)
		await v.write(`file${k}`, pattern(50000, k));
	await leave(v);
	const w = await ours(directory);
	await w.rm('file3');
	await w.sync();
	await w.write('new', pattern(300000, 33));
	await w.fsync('new');
	const before = await w.tree();
	w.end();
	const s = await sqlite(directory);
	await s.unlink('/file3');	// it was, in its eyes
	s.end();
	const x = await ours(directory);
	unchanged(await x.tree(), before);
});

test('sqlite_deletes_a_file_after_an_unclean_end', async (directory) => {
	const before = await abandoned(directory);
	const s = await sqlite(directory);
	await s.unlink('/other.db');
	s.end();
	const v = await ours(directory);
	const after = await v.tree();
	equal(after['other.db'], undefined, 'other.db');
	unchanged(after, before, ['other.db', 'new.large']);
});

// ---- What sqlite-wasm commits ----

async function commits(directory, before, ...sql) {
	const s = await sqlite(directory);
	await s.run('/base.db', ...sql);
	const bytes = await s.bytes('/base.db');
	s.end();
	const v = await ours(directory);
	equal(await v.read('base.db'), bytes, 'base.db');
	await leave(v);
	const t = await sqlite(directory);
	await hasRows(t, '/base.db', 'done', before);
}
const update = "UPDATE t SET s = replace(s, 'base', 'done')";

test('what_sqlite_changes_in_place_is_seen_after_an_unclean_end', async (directory) => {
	await made(directory);
	const v = await ours(directory);
	v.end();
	await commits(directory, 1000, update);
});

test('rows_that_sqlite_adds_survive_a_mere_mount', async (directory) => {
	await made(directory);
	const v = await ours(directory);
	v.end();
	await commits(directory, 2000, update, rows('done', 1001, 2000));
});

test('rows_that_sqlite_adds_to_its_own_pool_survive_a_mere_mount', async (directory) => {
	const s = await sqlite(directory);
	await s.run('/base.db', filled('base', 1000));
	s.end();
	const v = await ours(directory);
	v.end();
	await commits(directory, 2000, update, rows('done', 1001, 2000));
});

test('rows_that_sqlite_adds_survive_our_changes_to_others', async (directory) => {
	await abandoned(directory);
	await commits(directory, 2000, update, rows('done', 1001, 2000));
});

// The journal has the database's first page, older than what sqlite-wasm commits.
test('our_pages_are_not_put_over_sqlites', async (directory) => {
	await made(directory);
	const v = await ours(directory);
	await v.overwrite('base.db', 80, 'ours');	// SQLite leaves these bytes alone
	await v.fsync('base.db');
	v.end();
	await commits(directory, 1000, update);
});

test('a_pool_mounts_whose_slots_sqlite_removed', async (directory) => {
	const before = await abandoned(directory);
	const s = await sqlite(directory);
	await s.reduce(16);
	s.end();
	const v = await ours(directory);
	unchanged(await v.tree(), before, added);
});
