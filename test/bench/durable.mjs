// Runs the durable programs (built by the Makefile here) with every peer in turn, in a
// browser, and prints the design's second table as it is on this machine. A goal is a
// ratio between peers of this run. durable.sh is the way to call it.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cell, crashed, print, ratio, run, summary } from './report.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const option = (name, otherwise) => {
	const i = process.argv.indexOf('--' + name);
	return i < 0 ? otherwise : process.argv[i + 1];
};
const out = option('out', join(here, '../../build/bench'));
const browser = option('browser', 'chromium');
const quick = process.argv.includes('--quick');

// Row, what it is, and its goal: less than a number times what a peer's row takes.
const ROWS = [
	['open', 'open and close', 1.5, 'mem', 'open'],
	['stat', 'stat', 1.5, 'mem', 'stat'],
	['create', 'create and unlink', 1, 'raw', 'sync4k'],
	['rename', 'rename there and back', 1, 'raw', 'sync4k'],
	['append100', 'append 100 bytes', 0.006, 'raw', 'append100'],
	['pread_in', 'pread 4 KiB, in the cache', 1.3, 'mem', 'pread_in'],
	['pwrite_in', 'pwrite 4 KiB, in the cache', 1.3, 'mem', 'pwrite_in'],
	['pread_past', 'pread 4 KiB, past the cache', 1.1, 'raw', 'pread_past'],
	['pwrite_past', 'pwrite 4 KiB, past the cache', 1, 'raw', 'pwrite_past'],
	['sync4k', 'write 4 KiB and fsync', 1.15, 'raw', 'sync4k'],
];
const NAMES = { raw: 'raw handle', wasmfs: 'WasmFS', sahpool: 'sahpool', mem: 'memory', pool: 'pool' };
const MODES = ['memory', 'delete', 'truncate', 'persist', 'wal'];
const CALLS = ['read', 'write', 'truncate', 'getSize', 'flush'];

async function measure(program, peer, args) {
	const { ok, stdout } = await run(join(here, '../web/run.sh'), ['--browser', browser, '--mt',
		'--timeout', '300', join(out, `${program}-${peer}.js`), '--', ...args], 320);
	const rows = {};
	for (const line of ok ? stdout.split('\n') : []) {
		const [row, ...values] = line.trim().split('\t');
		if (values.length)
			rows[row] = values.map(Number);
	}
	return rows;
}

function verdict(mine, limit) {
	return !(mine && limit) ? '' : mine.low < limit ? 'met' : mine.low < 1.1 * limit ? 'nearly' : 'MISSED';
}

async function files() {
	const args = quick ? ['-r', '3', '-t', '5'] : ['-r', '9', '-t', '20'];
	const samples = {};
	for (let round = 0; round < (quick ? 1 : 2); round++)
		for (const peer of ['raw', 'mem', 'pool', 'wasmfs'])
			for (const [row, values] of Object.entries(await measure('durable', peer, args)))
				((samples[peer] ??= {})[row] ??= []).push(...values);
	const counts = await measure('durable', 'pool', ['-k', 'calls']);
	const at = (peer, row) => summary(samples[peer]?.[row]);
	const peers = ['raw', 'wasmfs', 'mem', 'pool'];
	const lines = [['', ...peers.map((p) => NAMES[p]), 'pool: goal', '', '', 'its calls for each: ' + CALLS.join(', ')]];
	for (const [row, label, times, peer, base] of ROWS) {
		const mine = at('pool', row), limit = at(peer, base)?.low;
		lines.push([label, ...peers.map((p) => cell(at(p, row))),
			`< ${times} × ${NAMES[peer]}${base === row ? '' : `, ${base}`}`, ratio(mine?.low / limit),
			verdict(mine, times * limit), (counts[row] ?? []).map((n) => +n.toFixed(3)).join(', ')]);
	}
	print(lines);
	return at('raw', 'sync4k');
}

async function sql(sync) {
	const args = ['-r', quick ? '2' : '5'], samples = {};
	for (const peer of ['sahpool', 'pool', 'wasmfs'])
		samples[peer] = await measure('sql', peer, args);
	const at = (peer, row) => summary(samples[peer]?.[row]);
	const peers = ['sahpool', 'wasmfs', 'pool'];
	const lines = [['SQLite', ...peers.map((p) => NAMES[p]), 'pool: goal', '', '']];
	for (const mode of MODES) {
		const mine = at('pool', `sql_${mode}`), limit = at('pool', 'sql_memory')?.low;
		lines.push([`speedtest1's script, ${mode}`, ...peers.map((p) => cell(at(p, `sql_${mode}`))),
			mode === 'memory' ? '' : '< 1.15 × memory', ratio(mine?.low / limit), mode === 'memory' ? '' : verdict(mine, 1.15 * limit)]);
	}
	for (const mode of MODES) {
		const mine = at('pool', `commit_${mode}`), limit = sync?.low;
		lines.push([`commit of a row, ${mode}`, ...peers.map((p) => cell(at(p, `commit_${mode}`))),
			mode === 'memory' ? '' : '< 1.18 × raw handle, sync4k', ratio(mine?.low / limit), mode === 'memory' ? '' : verdict(mine, 1.18 * limit)]);
	}
	print(lines);
}

console.log(`${new Date().toISOString()}  ${browser}  load ${readFileSync('/proc/loadavg', 'latin1').split(' ')[0]}\n`);
await sql(await files());
process.exit(crashed ? 1 : 0);
