// Kills a browser in which a program writes into a pool, starts it again on the
// same profile, and has another run of the program check what is there.
//
//   node kill.mjs PROGRAM.js chromium|firefox N [SEED] [fsync|claim|noflush|prove]
//
// fsync: N kills; after every third one the browser is killed once more, while the
// pool is mounted. The others show what the check sees. claim: the program confirms
// without fsync, so losses must be found. noflush: the handles' flush does nothing,
// which a kill of processes may not show. prove: after each second kill what is there
// is damaged in many ways, each of which the check must see; after the others half of
// the journal is cut off before the pool is mounted.
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {launch, run} from './harness.mjs';
import {kill} from './processes.mjs';

const [program, name, count, word, how = 'fsync'] = process.argv.slice(2);
const kills = Number(count);
const first = Number(word || Date.now() % 1e9);
if (!program || !(kills > 0) || !Number.isInteger(first) || !['fsync', 'claim', 'noflush', 'prove'].includes(how)) {
	console.error('usage: kill.mjs PROGRAM.js chromium|firefox N [SEED] [fsync|claim|noflush|prove]');
	process.exit(2);
}
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const profile = mkdtempSync(join(tmpdir(), 'vfsfs-kill-'));
let passed = 0, failed = 0, unflushed = 0, inSync = 0, losses = 0, again = 0, mounting = 0;

// Numbers in [0, 1) that follow from the seed.
let state = first >>> 0;
function random() {
	state = (state + 0x6d2b79f5) >>> 0;
	let t = Math.imul(state ^ state >>> 15, state | 1);
	t ^= t + Math.imul(t ^ t >>> 7, t | 61);
	return ((t ^ t >>> 14) >>> 0) / 2 ** 32;
}

function result(good, text) {
	console.log(`${good ? 'ok' : 'not ok'} ${text}`);
	if (good)
		passed++;
	else
		failed++;
}

// Lets the program write and kills the browser. Returns what the program had said.
async function writeAndKill(session, seed) {
	const said = {confirmed: -1, bytes: 0, syncing: false};
	const other = [];
	let begun;
	const beginning = new Promise((done) => { begun = done; });
	const line = (stream, text) => {
		const [, kind, index, bytes] = /^(sync|confirmed|writing) (\d+) (\d+)$/.exec(text) ?? [];
		if (!kind) {
			other.push(text);
			return;
		}
		said.syncing = kind === 'sync';
		said.bytes = Number(bytes);
		if (kind === 'confirmed') {
			said.confirmed = Number(index);
			begun();
		}
	};
	const args = ['write', String(seed), String(random() < 0.5 ? 0 : 1 << 20)];
	if (how === 'claim' || how === 'noflush')
		args.push(how);
	const end = run(session.browser, program, {args, profile, line});
	await Promise.race([beginning, end]);
	await Promise.race([sleep(50 + 1200 * random() + (how === 'prove' ? 500 : 0)), end]);
	await kill(session.browser.process().pid);
	const {failure} = await end;
	if (said.confirmed < 0 || other.length)
		said.failure = `the program did not write: ${[...other, failure].join('; ')}`;
	return said;
}

// Kills the browser while the pool is mounted, or just behind that.
async function mountAndKill(session, seed, confirmed) {
	let last = '', begun;
	const beginning = new Promise((done) => { begun = done; });
	const line = (stream, text) => {
		last = text;
		begun();
	};
	const end = run(session.browser, program, {args: ['check', seed, confirmed, 'say'].map(String), profile, line});
	await Promise.race([beginning, end]);
	await sleep(30 * random());
	await kill(session.browser.process().pid);
	await end;
	again++;
	mounting += last.startsWith('mounting');
}

// Returns whether all was well, and the lines that the program printed.
async function look(session, ...args) {
	const lines = [];
	const {code, failure} = await run(session.browser, program, {args: args.map(String), profile,
		line: (stream, text) => lines.push(text)});
	if (failure)
		lines.push(failure);
	return {good: code === 0, lines};
}

async function another(session) {
	await session.close();
	return launch(name, profile);
}

async function round(k, session, seed) {
	const said = await writeAndKill(session, seed);
	session = await another(session);
	if (said.failure) {
		result(false, `kill ${k}: ${said.failure}`);
		return session;
	}
	if (how === 'fsync' && k % 3 === 0) {
		await mountAndKill(session, seed, said.confirmed);
		session = await another(session);
	}
	unflushed += said.syncing || said.bytes > 0;
	inSync += said.syncing;
	const cut = how === 'prove' && k % 2 === 0;
	const {good, lines} = await look(session, how === 'prove' && !cut ? 'prove' : 'check', seed, said.confirmed,
		random() < 0.5 ? 'leave' : 'unmount', cut ? 'cut' : '');
	losses += !good && (how === 'claim' || cut);
	const text = `kill ${k}: confirmed ${said.confirmed}, ${lines.at(-1)}; ` +
		(said.syncing ? `inside a sync of ${said.bytes} bytes` : `${said.bytes} bytes or more not flushed`);
	if (how === 'claim' || cut) {
		console.log(`${good ? 'nothing lost' : 'a loss was found'}: ${text}`);
		return session;
	}
	for (const line of lines.filter((each) => /^(not )?ok /.test(each)))
		result(line.startsWith('ok'), `kill ${k}: ${line.replace(/^(not )?ok /, '')}`);
	result(good, text);
	if (!good)
		console.log(lines.map((each) => `    ${each}`).join('\n'));
	return session;
}

console.log(`${kills} kills of ${name}, seed ${first}, ${how}`);
let session;
try {
	session = await launch(name, profile);
	for (let k = 1; k <= kills; k++)
		session = await round(k, session, (first + k) >>> 0);
} catch (error) {
	result(false, error.stack);
} finally {
	await session?.close();
	rmSync(profile, {recursive: true, force: true, maxRetries: 5});
}
const share = Math.round(100 * unflushed / kills);
const summary = `${unflushed} of ${kills} kills (${share} %) landed while writes were not flushed, ${inSync} of them inside a sync`;
if (how === 'fsync') {
	result(share >= 80, summary);
	console.log(`${again} kills more at a mount, ${mounting} of them before it had returned`);
} else {
	console.log(summary);
}
if (how === 'claim' || how === 'prove')
	result(losses > 0, `a loss was found after ${losses} of the kills where there had to be one`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
