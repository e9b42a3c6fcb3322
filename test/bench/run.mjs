// Runs the benchmark's programs (built by the Makefile here) with every peer in
// turn, in Node and in a browser if one is named, and prints one table for
// each: medians, half the distance between the quartiles, and the design's
// goals. run.sh is the way to call it.
//
// The design's times are of a quiet machine of its own. A goal is judged here
// twice: as its ratio to "bare C" in the design's table, against the same ratio
// in this run; and in nanoseconds, stretched by how much slower bare C runs
// here than there (the median over its rows). What is compared is the lower
// quartile: other work on the machine only ever adds.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { cell, crashed, print, ratio, run, summary, time } from './report.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const option = (name, otherwise) => {
	const i = process.argv.indexOf('--' + name);
	return i < 0 ? otherwise : process.argv[i + 1];
};
const out = option('out', join(here, '../../build/bench'));
const node = option('node', process.execPath);
const browser = option('browser');
const only = option('rows')?.split(',');
const quick = process.argv.includes('--quick');
const showDesign = process.argv.includes('--design');

const NAMES = { jsfs: 'JS FS', wasmfs: 'WasmFS', bare: 'bare C', vfsfs: 'vfsfs' };
const us = 1000, ms = 1000 * us;

// Name, what it is, the design's JS FS, WasmFS, bare C and goal, in ns; a goal
// below 2 is that times bare C, measured side by side.
const ROWS = [
	['copy4k', 'copy 4 KiB of memory', 0, 0, 50, 0],
	['open', 'open and close', 2.7 * us, 262, 26, 60],
	['open8', '... eight directories deep', 5.8 * us, 589, 71, 130],
	['stat', 'stat', 2.1 * us, 201, 18, 45],
	['stat_missing', 'stat of a missing file', 2.3 * us, 164, 14, 35],
	['fstat', 'fstat', 258, 25, 2, 8],
	['lseek', 'lseek', 42, 7, 2, 8],
	['dup', 'dup and close', 98, 36, 2, 8],
	['write1', 'write 1 byte', 109, 58, 7.5, 14],
	['read1', 'read 1 byte', 79, 23, 7, 14],
	['append100', 'append 100 bytes', 650, 79, 13, 25],
	['create', 'create and unlink', 6.2 * us, 653, 61, 180],
	['rename', 'rename there and back', 16.8 * us, 985, 71, 200],
	['dir_create', 'of 10,000 entries: create', 8.6 * us, 9.4 * us, 350, 600],
	['dir_stat', '... stat', 3.9 * us, 8.8 * us, 290, 400],
	['dir_unlink', '... unlink', 3.8 * us, 7.0 * us, 180, 400],
	['dir_readdir', '... readdir', 800, 70, 6, 20],
	['mkdir_deep', 'mkdir 1,000 deep', 4 * ms, 25 * us, 2.8 * us, 5 * us],
	['pread4k', 'pread 4 KiB in 64 MiB', 1.0 * us, 376, 307, 1.1],
	['pwrite4k', 'pwrite 4 KiB', 500, 226, 161, 1.1],
	['seq_write', 'write 256 MiB from empty', 364 * us, 41 * us, 20 * us, 1.1],
	['seq_overwrite', '... overwrite', 3.9 * us, 2.46 * us, 2.42 * us, 1.1],
	['seq_read', '... read', 3.5 * us, 2.37 * us, 2.25 * us, 1.1],
	['truncate', 'truncate to 16 MiB and 0', 91 * us, 140 * us, 4, 100],
	['mt_open', '-pthread: open and close', 29 * us, 1300, 65, 140],
	['mt_stat', '... stat', 13 * us, 904, 27, 70],
	['mt_read1', '... read 1 byte', 16 * us, 153, 18, 35],
];

const built = (program) => Object.keys(NAMES).filter((p) => existsSync(join(out, `${program}-${p}.js`)));

// samples[peer][row]: what all runs of a peer gave.
function collect(samples, peer, stdout) {
	for (const line of stdout.split('\n')) {
		const [row, ...values] = line.trim().split('\t');
		if (ROWS.some((r) => r[0] === row))
			((samples[peer] ??= {})[row] ??= []).push(...values.map(Number));
	}
}

// The peers take turns, each time in another order. A run of the JS FS takes
// seconds in two places, so it goes there once.
async function eachProgram(round, step) {
	for (const program of ['bench', 'mt']) {
		const peers = built(program);
		for (let i = 0; i < peers.length; i++) {
			const peer = peers[(i + round) % peers.length];
			const args = quick ? ['-r', '3', '-t', '2'] : ['-r', '7', '-t', '3'];
			if (peer === 'jsfs' && program === 'bench' && (quick || round))
				args.push('-x', quick ? 'mkdir_deep' : 'mkdir_deep,seq');
			if (only)
				args.push('-o', only.map((r) => r.replace(/^(seq|dir)_.*/, '$1')).join(','));
			await step(program, peer, args);
		}
	}
}

async function timeNode() {
	const samples = {};
	for (let round = 0; round < (quick ? 1 : 3); round++)
		await eachProgram(round, async (program, peer, args) => {
			const { ok, stdout } = await run(node, [join(out, `${program}-${peer}.js`), ...args]);
			if (ok)
				collect(samples, peer, stdout);
		});
	return samples;
}

async function timeBrowser() {
	const samples = {}, harness = join(here, '../web/run.sh');
	if (!existsSync(harness)) {
		console.error(`bench: no ${harness}, so nothing in ${browser}`);
		return samples;
	}
	for (let round = 0; round < (quick ? 1 : 2); round++)
		await eachProgram(round, async (program, peer, args) => {
			// --mt for all: an isolated page has the finer clock.
			const { ok, stdout } = await run(harness, ['--browser', browser, '--mt', '--timeout', '120',
				join(out, `${program}-${peer}.js`), '--', ...args], 150);
			if (ok)
				collect(samples, peer, stdout);
		});
	return samples;
}

// A miss that is smaller than the two spreads together, and than a tenth, is no
// clear one.
function verdict(mine, bare, limit, limitNs) {
	const spread = (m) => (m.high - m.low) / 2 / m.median;
	const ratio = mine.low / bare.low, byTime = mine.low < limitNs;
	if (ratio < limit)
		return byTime ? 'met' : 'met (time: missed)';
	if (ratio < limit * (1 + Math.min(0.1, spread(mine) + spread(bare))))
		return 'within the spread';
	return byTime ? 'MISSED (time: met)' : 'MISSED';
}

function table(title, samples) {
	const peers = Object.keys(NAMES).filter((p) => samples[p]);
	const stats = {};
	for (const p of peers)
		stats[p] = Object.fromEntries(Object.entries(samples[p]).map(([r, v]) => [r, summary(v)]));
	const slower = (peer, column) => summary(ROWS.filter((r) => r[column] && stats[peer]?.[r[0]])
		.map((r) => stats[peer][r[0]].low / r[column]))?.median;
	const machine = slower('bare', 4);

	console.log(title);
	const lines = [['', ...peers.map((p) => NAMES[p]), 'vfsfs/JS FS', 'vfsfs/bare', 'goal', 'goal here', '']];
	for (const [row, label, , , bareNs, goal] of ROWS) {
		if (!peers.some((p) => stats[p][row]))
			continue;
		const mine = stats.vfsfs?.[row]?.low, bare = stats.bare?.[row]?.low;
		const limit = goal < 2 ? goal : goal / bareNs;
		const limitNs = goal < 2 ? goal * bare : goal * machine;
		lines.push([label, ...peers.map((p) => cell(stats[p][row])),
			ratio(mine / stats.jsfs?.[row]?.low), ratio(mine / bare),
			goal ? '< ' + ratio(limit) : '', goal ? '< ' + time(limitNs) : '',
			goal && mine && bare ? verdict(stats.vfsfs[row], stats.bare[row], limit, limitNs) : '']);
	}
	print(lines);

	if (machine)
		console.log(`This machine against the design's (median over the rows): ` +
			['jsfs', 'wasmfs', 'bare'].filter((p) => stats[p])
				.map((p) => `${NAMES[p]} × ${ratio(slower(p, { jsfs: 2, wasmfs: 3, bare: 4 }[p]))}`).join(', ') + '\n');
	if (showDesign && machine) {
		const designed = [['measured / design', 'JS FS', 'WasmFS', 'bare C', 'JS FS/bare, design', 'WasmFS/bare, design']];
		for (const [row, label, jsfs, wasmfs, bare] of ROWS) {
			const m = (p) => stats[p]?.[row]?.low;
			if (jsfs && m('bare'))
				designed.push([label, ratio(m('jsfs') / jsfs), ratio(m('wasmfs') / wasmfs), ratio(m('bare') / bare),
					`${ratio(m('jsfs') / m('bare'))}, ${ratio(jsfs / bare)}`,
					`${ratio(m('wasmfs') / m('bare'))}, ${ratio(wasmfs / bare)}`]);
		}
		print(designed);
	}
}

// Peak of the whole process over that of the same program with nothing to do.
async function memory() {
	const lines = [['memory for a 512 MiB file, × its size', 'process, peak', 'wasm memory', 'when written again', '']];
	const size = 512 * 1024;
	for (const peer of built('memory')) {
		const peak = [], heap = [];
		for (const mib of ['0', '512']) {
			const { ok, stdout, stderr } = await run(node,
				['-r', join(here, 'peak.cjs'), join(out, `memory-${peer}.js`), mib]);
			if (!ok)
				break;
			peak.push(Number(/peak\t(\d+)/.exec(stderr)?.[1]));
			heap.push(/heap\t(\d+)\t(\d+)\t(\d+)/.exec(stdout)?.slice(1).map((b) => b / 1024));
		}
		if (peak.length < 2)
			continue;
		const times = (peak[1] - peak[0]) / size, [start, first, second] = heap[1];
		lines.push([NAMES[peer], times.toFixed(3), ((first - start) / size).toFixed(3),
			second > first ? `+ ${((second - first) / size).toFixed(3)}` : 'not more',
			peer === 'vfsfs' ? (times < 1.03 && second <= first ? 'met' : 'MISSED') : peer === 'bare' ? 'goal < 1.030' : '']);
	}
	print(lines);
}

function sizes() {
	const lines = [['a program with fopen, opendir, stat', '-Oz', 'gzip', '--closure 1', 'gzip', '']];
	for (const [peer, name] of [['jsfs', 'JS FS'], ['wasmfs', 'WasmFS'], ['nofs', 'no filesystem'], ['vfsfs', 'vfsfs']]) {
		const total = (program) => {
			const files = ['wasm', 'js'].map((e) => join(out, `${program}-${peer}.${e}`)).filter(existsSync);
			return files.length < 2 ? null : [
				files.reduce((n, f) => n + statSync(f).size, 0),
				files.reduce((n, f) => n + gzipSync(readFileSync(f), { level: 9 }).length, 0)];
		};
		const plain = total('size'), closure = total('sizec');
		if (!plain)
			continue;
		const met = plain[1] < 15000 && (!closure || closure[1] < 14000);
		lines.push([name, ...[...plain, ...(closure ?? [NaN, NaN])].map((n) => isNaN(n) ? '–' : (n / 1000).toFixed(1) + ' KB'),
			peer === 'vfsfs' ? (met ? 'met' : 'MISSED') : peer === 'nofs' ? 'goal < 15, < 14' : '']);
	}
	if (lines.length > 1)
		print(lines);
}

const cpu = /model name\s*: (.*)/.exec(readFileSync('/proc/cpuinfo', 'latin1'))?.[1];
console.log(`${new Date().toISOString()}  ${cpu}  load ${readFileSync('/proc/loadavg', 'latin1').split(' ')[0]}\n`);
table('Node', await timeNode());
if (!only)
	await memory();
if (!only && !quick)
	sizes();
if (browser)
	table(browser, await timeBrowser());
process.exit(crashed ? 1 : 0);
