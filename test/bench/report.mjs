// What the benchmark's runners share: running a program, medians, tables.
import { spawn } from 'node:child_process';

export let crashed = 0;

export function run(command, args, seconds = 120) {
	return new Promise((resolve) => {
		const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
		let stdout = '', stderr = '', late = false;
		child.stdout.on('data', (s) => { stdout += s; });
		child.stderr.on('data', (s) => { stderr += s; });
		const timer = setTimeout(() => { late = true; child.kill('SIGKILL'); }, seconds * 1000);
		const end = (code, error) => {
			clearTimeout(timer);
			if (code !== 0) {
				crashed++;
				console.error(`bench: ${late ? `no end in ${seconds} s` : error ?? `exit ${code}`}: ` +
					`${command} ${args.join(' ')}\n${(stdout + stderr).split('\n').slice(-12).join('\n')}`);
			}
			resolve({ ok: code === 0, stdout, stderr });
		};
		child.on('error', (e) => end(-1, e.message));
		child.on('close', (code, signal) => end(code, signal && `killed by ${signal}`));
	});
}

function quantile(sorted, q) {
	const at = (sorted.length - 1) * q, i = Math.floor(at);
	return sorted[i] + (at - i) * ((sorted[i + 1] ?? sorted[i]) - sorted[i]);
}

export function summary(values) {
	if (!values?.length)
		return null;
	const s = [...values].sort((a, b) => a - b);
	return { median: quantile(s, 0.5), low: quantile(s, 0.25), high: quantile(s, 0.75), n: s.length };
}

const digits = (x) => x.toFixed(x < 10 ? 1 : 0);
export const time = (ns) => ns >= 1e6 ? digits(ns / 1e6) + ' ms' : ns >= 10e3 ? digits(ns / 1e3) + ' µs' :
	ns >= 1e3 ? (ns / 1e3).toFixed(2) + ' µs' : digits(ns) + ' ns';
export const cell = (m) => !m ? '–' : time(m.median) +
	(m.n > 1 ? ` ±${Math.round(50 * (m.high - m.low) / m.median)}%` : ' (once)');
export const ratio = (x) => !isFinite(x) ? '–' : x < 0.01 ? x.toFixed(4) : x < 10 ? x.toFixed(2) : x.toFixed(0);

export function print(lines) {
	const widths = lines[0].map((_, i) => Math.max(...lines.map((l) => [...l[i]].length)));
	lines.forEach((l, k) => {
		console.log(l.map((c, i) => i ? ' '.repeat(widths[i] - [...c].length) + c :
			c + ' '.repeat(widths[i] - [...c].length)).join('  ').trimEnd());
		if (!k)
			console.log('-'.repeat(widths.reduce((a, b) => a + b + 2, -2)));
	});
	console.log();
}
