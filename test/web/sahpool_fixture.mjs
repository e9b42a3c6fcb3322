// What the sahpool tests share: workers whose calls are promises, tests, and what
// they compare. Runs in a page.
const CALL = 30000;	// milliseconds that a call may take
const running = new Set();
const filter = new RegExp(Module.arguments[0] ?? '');

// A worker whose calls are this object's methods. end() is what a tab's death is
// to it: nothing more of it runs.
async function start(script, options) {
	const worker = new Worker(script, options), waiting = new Map();
	let last = 0, end;
	const died = (why) => {
		for (const {fail} of waiting.values())
			fail(new Error(why));
		waiting.clear();
	};
	const wait = (id, what) => new Promise((done, fail) => {
		const timer = setTimeout(() => fail(new Error(`${what}: no answer`)), CALL);
		waiting.set(id, {done, fail, timer});
	});
	worker.onmessage = ({data: [id, result, error]}) => {
		const call = waiting.get(id);
		if (!call) {
			console.log(`# ${result}`);
			return;
		}
		waiting.delete(id);
		clearTimeout(call.timer);
		if (error === undefined)
			call.done(result);
		else
			call.fail(new Error(error));
	};
	worker.onerror = (event) => died(`${script}: ${event.message}`);
	running.add(end = () => {
		worker.terminate();
		died('the worker has ended');
		running.delete(end);
	});
	const ready = wait(0, script);
	await ready;
	return new Proxy({}, {
		get: (_, name) => name === 'then' ? undefined : name === 'end' ? end : (...args) => {
			const answer = wait(++last, name);
			worker.postMessage([last, name, ...args]);
			return answer;
		},
	});
}

// Our program with a pool mounted, and sqlite-wasm with one installed.
export async function ours(directory, capacity) {
	const worker = await start('sahpool_pool.js');
	if (directory !== undefined)
		await worker.mount(directory, capacity);
	return worker;
}

export async function sqlite(directory, options) {
	const worker = await start('sahpool_sqlite.mjs', {type: 'module'});
	if (directory !== undefined)
		await worker.open({name: 'tested', directory, ...options});
	return worker;
}

// Our program unmounts, and ends.
export async function leave(worker) {
	await worker.unmount();
	worker.end();
}

const tests = [];
export function test(name, body) {
	tests.push([name, body]);
}

// sahpool.expected: tests that fail, and why.
async function expected() {
	const lines = (await (await fetch('sahpool.expected')).text()).split('\n');
	return new Map(lines.filter((line) => /^\w/.test(line)).map((line) => line.match(/(\S+)\s*(.*)/).slice(1)));
}

// Prints a line for each test and the sum; an expected failure counts as neither.
// Gives the number that failed.
export async function run() {
	const reasons = await expected();
	let passed = 0, failed = 0;
	for (const name of reasons.keys())
		if (!tests.some(([other]) => other === name))
			tests.push([name, () => { throw new Error('sahpool.expected has it, and there is no such test'); }]), reasons.delete(name);
	for (const [name, body] of tests) {
		if (!filter.test(name))
			continue;
		const reason = reasons.get(name);
		let error;
		try {
			await body(name);
			if (reason !== undefined)
				error = new Error('passes, but is listed as an expected failure');
		} catch (e) {
			if (reason === undefined)
				error = e;
			else
				console.log(`expected ${name}: ${e.message.slice(0, 300)}`);
		}
		if (error) {
			console.log(`not ok ${name}: ${error.message}`);
			console.log((error.stack ?? '').replace(/^/gm, '#   '));
			failed++;
		} else if (reason === undefined) {
			console.log(`ok ${name}`);
			passed++;
		}
		for (const end of [...running])
			end();
	}
	console.log(`${passed} passed, ${failed} failed`);
	return failed;
}

function text(value) {
	return value instanceof Uint8Array ? `${value.length} bytes` : JSON.stringify(value);
}

export function same(a, b) {
	if (a instanceof Uint8Array && b instanceof Uint8Array)
		return a.length === b.length && a.every((byte, k) => byte === b[k]);
	return JSON.stringify(a) === JSON.stringify(b);
}

export function equal(is, wanted, what) {
	if (same(is, wanted))
		return;
	let where = '';
	if (is instanceof Uint8Array && wanted instanceof Uint8Array && is.length === wanted.length)
		where = `, from byte ${is.findIndex((byte, k) => byte !== wanted[k])} on`;
	throw new Error(`${what} is ${text(is)} and should be ${text(wanted)}${where}`);
}

export async function refused(promise, pattern, what) {
	const message = await promise.then(() => 'no error', (e) => e.message);
	if (!pattern.test(message))
		throw new Error(`${what}: ${message}`);
}

// Two trees but for some entries, and for what was set aside as damaged: files by
// what they are and hold.
export function unchanged(after, before, except = []) {
	const rest = (tree) => Object.keys(tree).filter((path) => !except.includes(path) && !path.startsWith('.lost+found')).sort();
	equal(rest(after), rest(before), 'the tree');
	for (const path of rest(before)) {
		const {bytes: is, ...isStat} = after[path], {bytes: was, ...wasStat} = before[path];
		equal(isStat, wasStat, path);
		if (was)
			equal(is, was, path);
	}
}

// ---- Databases ----

// SQL for a table with `count` rows that are told from another's by `name`.
export const filled = (name, count = 300) => `
	CREATE TABLE t(n INTEGER PRIMARY KEY, s TEXT);
	${rows(name, 1, count)}`;
export const rows = (name, from, to) => `
	INSERT INTO t WITH RECURSIVE c(n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM c WHERE n < ${to})
		SELECT n, '${name} row ' || n || printf('%.*c', 60, '.') FROM c;`;

export async function hasRows(worker, file, name, count = 300, ...first) {
	equal(await worker.run(file, ...first, 'PRAGMA integrity_check'), [['ok']], `${file}'s integrity`);
	const all = await worker.run(file, ...first, 'SELECT n, s FROM t ORDER BY n');
	const wanted = Array.from({length: count}, (_, k) => [k + 1, `${name} row ${k + 1}${'.'.repeat(60)}`]);
	equal(all, wanted, `what is in ${file}`);
}

// Bytes that are the file's own.
export function pattern(size, seed = 1) {
	const bytes = new Uint8Array(size);
	for (let k = 0, v = seed; k < size; k++) {
		v = v * 1103515245 + 12345 >>> 0;
		bytes[k] = v >>> 16;
	}
	return bytes;
}

// ---- Slots, while nobody has them open ----

const HEADER = 4096;

async function opaque(directory) {
	let dir = await navigator.storage.getDirectory();
	for (const part of [...directory.split('/').filter((word) => word), '.opaque'])
		dir = await dir.getDirectoryHandle(part);
	return dir;
}

// Each slot: its path ('': free), its whole header, its data, and patch(), which
// writes to it.
export async function slots(directory) {
	const all = [];
	for await (const [name, handle] of await opaque(directory)) {
		const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
		const path = new TextDecoder().decode(bytes.subarray(0, Math.max(0, bytes.indexOf(0))));
		all.push({name, path, header: bytes.slice(0, HEADER), data: bytes.slice(HEADER), async patch(at, data) {
			const to = await released(() => handle.createWritable({keepExistingData: true}));
			await to.write({type: 'write', position: at, data});
			await to.close();
		}});
	}
	return all;
}

// The handles of a worker that was just ended may take a moment.
async function released(open) {
	for (let tries = 100; ; tries--) {
		try {
			return await open();
		} catch (e) {
			if (e.name !== 'NoModificationAllowedError' || tries === 0)
				throw e;
		}
		await new Promise((done) => setTimeout(done, 20));
	}
}

// A header as older versions wrote them: without a digest.
export async function undigest(slot) {
	await slot.patch(515, new Uint8Array([slot.header[515] & ~0x80, 0, 0, 0, 0, 0, 0, 0, 0]));
}
