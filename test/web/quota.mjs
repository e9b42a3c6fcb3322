// What a pool does at the browser's quota: runs quota.c again and again in one
// Chromium, whose quota for the program's origin is set by its debugging protocol.
//
//   node quota.mjs PROGRAM.js chromium [MiB]
//
// MiB: what may be written beyond the pool's beginning; default 12.
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {launch, run} from './harness.mjs';

const [program, name, size = '12'] = process.argv.slice(2);
if (!program || name !== 'chromium' || !(Number(size) > 0)) {
	console.error('usage: quota.mjs PROGRAM.js chromium [MiB]');
	process.exit(2);
}
const profile = mkdtempSync(join(tmpdir(), 'vfsfs-quota-'));
let passed = 0, failed = 0, runs = 0;
let files = [];	// as quota.c says it

async function part(session, ...steps) {
	const said = [];
	const now = [];
	const {code, failure} = await run(session.browser, program, {
		args: [...steps, '--', String(++runs), ...files], profile,
		line: (stream, text) => {
			const [, file] = /^file (.*)/.exec(text) ?? [];
			if (file)
				now.push(file);
			else
				said.push(text);
		},
	});
	const mounted = said.some((text) => text.startsWith('ok mount'));
	if (failure || (code && !said.some((text) => text.startsWith('not ok'))))
		said.push(`not ok ${failure ?? `exit code ${code}`}`);
	for (const text of said) {
		console.log(`${steps.join(' ')}: ${text}`);
		passed += text.startsWith('ok ');
		failed += text.startsWith('not ok');
	}
	if (mounted)	// else all is as it was
		files = now;
	return mounted;
}

let session;
try {
	session = await launch(name, profile);
	await part(session, 'begin');
	const origin = `http://127.0.0.1:${readFileSync(join(profile, 'vfsfs-port'), 'utf8')}`;
	const page = await session.browser.newPage();
	const protocol = await page.createCDPSession();
	const usage = async () => (await protocol.send('Storage.getUsageAndQuota', {origin})).usage;
	const setQuota = (quotaSize) => protocol.send('Storage.overrideQuotaForOrigin', {origin, quotaSize});
	const quota = await usage() + Number(size) * 2 ** 20;
	// Chromium takes room back from a file when its handle is closed: so what one
	// file gives up another has, for certain, in the next mount only. And it allots
	// room to a file by 1 MiB and more: so two files give it up for one that grows.
	const ways = [
		['replace', 'check'], ['', 'check', 'replace', 'check'],
		['remove try', 'more'], ['', 'remove try', 'more'],
		['cut try', 'more'], ['', 'cut try', 'more'],
	];
	for (const style of ['large', 'small']) {
		for (const way of ways) {
			const [first, ...others] = way;
			await setQuota(quota);
			for (const steps of [`${style} ${first}`.trim(), ...others, 'clear']) {
				const mounted = await part(session, ...steps.split(' '));
				console.log(`usage: ${await usage()} of ${quota} bytes`);
				if (!mounted) {	// what is there is looked at with more room
					await setQuota(4 * quota);
					await part(session, 'check');
					await part(session, 'clear');
					break;
				}
			}
		}
	}
} catch (error) {
	console.log(`not ok ${error.stack}`);
	failed++;
} finally {
	await session?.close();
	rmSync(profile, {recursive: true, force: true, maxRetries: 5});
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
