// Names that only one of the two can have, headers of other versions, damaged ones,
// and a pool that the other has open.
import {equal, filled, hasRows, leave, ours, pattern, refused, same, slots, sqlite, test, unchanged, undigest} from './sahpool_fixture.mjs';

const files = (tree) => Object.values(tree).filter((entry) => entry.size !== undefined);
const has = (tree, bytes) => files(tree).some((entry) => entry.bytes && same(entry.bytes, bytes));

async function made(directory, names) {
	const s = await sqlite(directory), data = [];
	await s.add(names.length);
	for (const [k, name] of names.entries()) {
		await s.import(name, await s.image(filled(`file ${k}`, 100 * k + 100)));
		data.push(await s.bytes(name));
	}
	s.end();
	return data;
}

// Whatever sqlite-wasm calls its files: the pool mounts, they are there, under some
// name, and when it has been unmounted sqlite-wasm has them still.
async function mounts(directory, names) {
	const data = await made(directory, names);
	const v = await ours(directory);
	const tree = await v.tree();
	for (const [k, name] of names.entries())
		equal(has(tree, data[k]), true, `that ${name} is there`);
	equal(files(tree).length, names.length, 'the number of files');
	await leave(v);
	const after = await slots(directory);
	for (const [k, name] of names.entries())
		equal(after.some((slot) => slot.path && same(slot.data, data[k])), true, `that sqlite-wasm has ${name}`);
}

test('names_with_no_slash_or_one_more', (d) => mounts(d, ['/one.db', 'two.db', '/three.db/', '/four//five.db']));
test('names_of_any_letters', (d) => mounts(d, ['/日本.db', '/\u{1f600}', '/a b?c#d%20.db']));
test('the_longest_name_of_sqlites', (d) => mounts(d, [`/${'abcdefghi/'.repeat(50)}abcdefghi`, '/other.db']));
test('names_with_dots', (d) => mounts(d, ['/./one.db', '/a/../two.db', '/three.db']));
test('a_file_in_a_file', (d) => mounts(d, ['/a', '/a/b', '/c/d', '/c']));
test('a_longer_name_than_ours', (d) => mounts(d, [`/${'x'.repeat(300)}`, '/other.db']));
test('the_name_slash', (d) => mounts(d, ['/', '/other.db']));
test('two_names_that_are_one_here', (d) => mounts(d, ['/a.db', '//a.db', 'a.db']));

test('a_mount_leaves_sqlites_names', async (directory) => {
	const names = ['/a', '/a/b', 'no.db', '/no.db', '/end/', `/${'x'.repeat(300)}`].sort();
	await made(directory, names);
	const v = await ours(directory);
	await leave(v);
	const s = await sqlite(directory);
	equal(await s.names(), names, 'the names');
});

test('names_too_long_for_sqlite', async (directory) => {
	const v = await ours(directory);
	const dir = 'd'.repeat(254), bytes = pattern(5000);
	await v.mkdir(dir);
	await v.write(`${dir}/${'f'.repeat(254)}`, bytes);	// 510 bytes with its slashes
	await v.write(`${dir}/${'g'.repeat(255)}`, bytes);
	const tree = await v.tree();
	await leave(v);
	const s = await sqlite(directory);
	const names = await s.names();
	equal(names.length, 2, 'the number of files');
	equal(names.includes(`/${dir}/${'f'.repeat(254)}`), true, 'that the longest name is as it is');
	for (const name of names)
		equal(await s.bytes(name), bytes, name);
	s.end();
	const w = await ours(directory);
	unchanged(await w.tree(), tree);
});

// ---- Headers ----

test('headers_are_sqlites_byte_for_byte', async (directory) => {
	const s = await sqlite(`${directory}/sqlite`);
	await s.run('/a.db', filled('a'));
	await s.run('/sub/b.db', filled('b'));
	const a = await s.bytes('/a.db'), b = await s.bytes('/sub/b.db');
	s.end();
	const v = await ours(`${directory}/ours`);
	await v.mkdir('sub');
	await v.write('first', a);
	await v.rename('first', 'a.db');
	await v.write('sub/b.db', b);
	await leave(v);
	const left = await slots(`${directory}/sqlite`), right = await slots(`${directory}/ours`);
	for (const path of ['/a.db', '/sub/b.db']) {
		const one = left.find((slot) => slot.path === path), other = right.find((slot) => slot.path === path);
		equal(other.header, one.header, `the header of ${path}`);
		equal(other.data, one.data, path);
	}
});

test('headers_without_a_digest', async (directory) => {
	const s = await sqlite(directory);
	await s.run('/a.db', filled('a'));
	await s.run('/b.db', filled('b'));
	s.end();
	for (const slot of await slots(directory))
		if (slot.path)
			await undigest(slot);
	const v = await ours(directory, 20);
	equal(Object.keys(await v.tree()), ['a.db', 'b.db'], 'the tree');
	await leave(v);
	const t = await sqlite(directory);
	await hasRows(t, '/a.db', 'a');
	await hasRows(t, '/b.db', 'b');
});

test('new_slots_hide_no_file_without_a_digest', async (directory) => {
	const names = Array.from({length: 12}, (_, k) => `/${k}.db`);
	const s = await sqlite(directory, {initialCapacity: 13});
	for (const name of names)
		await s.run(name, filled(name, 10));
	await s.reduce(1);
	s.end();
	for (const slot of await slots(directory))
		if (slot.path)
			await undigest(slot);
	const v = await ours(directory, 40);
	v.end();
	const t = await sqlite(directory);
	for (const name of names)
		await hasRows(t, name, name, 10);
});

test('new_slots_look_sound_to_sqlite', async (directory) => {
	const v = await ours(directory, 40);
	for (let k = 0; k < 10; k++)
		await v.write(`file${k}`, 'text');
	await leave(v);
	const s = await sqlite(directory);
	equal(await s.said(), [], 'what sqlite-wasm said');
});

test('two_slots_of_one_name', async (directory) => {
	const s = await sqlite(directory);
	await s.run('/a.db', filled('a'));
	await s.run('/b.db', filled('b', 500));
	const a = await s.bytes('/a.db'), b = await s.bytes('/b.db');
	s.end();
	const all = await slots(directory);
	await all.find((slot) => slot.path === '/b.db').patch(0, all.find((slot) => slot.path === '/a.db').header);
	const v = await ours(directory);
	const tree = await v.tree();
	equal([has(tree, a), has(tree, b)], [true, true], 'that both are there');
	equal((await v.reports()).length > 0, true, 'that it is reported');
});

test('data_with_a_torn_header_is_kept', async (directory) => {
	const s = await sqlite(directory);
	await s.run('/a.db', filled('a'));
	await s.run('/b.db', filled('b'));
	const a = await s.bytes('/a.db'), b = await s.bytes('/b.db');
	s.end();
	await (await slots(directory)).find((slot) => slot.path === '/b.db').patch(516, new Uint8Array(8));
	const v = await ours(directory);
	equal((await v.tree())['a.db'].bytes, a, 'a.db');
	for (let k = 0; k < 4; k++)
		await v.write(`file${k}`, pattern(9000, k));
	await v.write('one more', pattern(9000)).catch(() => {});
	await leave(v);
	equal((await slots(directory)).some((slot) => same(slot.data, b)), true, 'that the data is there');
});

// ---- Open elsewhere ----

test('sqlite_cannot_take_a_mounted_pool', async (directory) => {
	const v = await ours(directory);
	await v.write('a', pattern(100000));
	await leave(v);
	const w = await ours(directory);
	const s = await sqlite();
	// the default: it tries to remove what it could not open
	await refused(s.open({name: 'tested', directory, preserveOnInitFailure: false, tries: 0}),
		/NoModificationAllowedError/, 'installing');
	s.end();
	await w.write('b', pattern(200000));
	await w.fsync('b');
	const tree = await w.tree();
	await leave(w);
	const x = await ours(directory);
	unchanged(await x.tree(), tree);
});

test('a_pool_that_sqlite_has_is_busy', async (directory) => {
	const s = await sqlite(directory);
	await s.run('/a.db', filled('a'));
	const v = await ours();
	await refused(v.prepare(directory), /another tab/, 'preparing');
	await hasRows(s, '/a.db', 'a');
	s.end();
	await v.mount(directory);
	equal(Object.keys(await v.tree()), ['a.db'], 'the tree');
	await leave(v);
	const t = await sqlite(directory);
	await hasRows(t, '/a.db', 'a');
});
