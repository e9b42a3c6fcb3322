// The examples as a person meets them: each is served, opened in a browser, reloaded,
// opened a second time.
//
//   node examples.mjs FOLDER chromium|firefox [NAME]      FOLDER: build/examples
//
// FOLDER also has first.js: visits.c with examples_first.js.
// VITE: a folder whose node_modules has Vite. NODE: a node for it, where this one is
// too old.
import {spawn} from 'node:child_process';
import {rmSync, symlinkSync} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {launch, run} from './harness.mjs';
import {persist} from './examples_persist.mjs';

const [folder, name, only = ''] = process.argv.slice(2);
if (!folder || !['chromium', 'firefox'].includes(name)) {
	console.error('usage: examples.mjs FOLDER chromium|firefox [NAME]');
	process.exit(2);
}
const here = dirname(fileURLToPath(import.meta.url));
const servers = new Set();
let passed = 0, failed = 0;

// Runs what serves something, and gives {url, stop} when it has said where.
export function server(command, args, options) {
	const child = spawn(command, args, {detached: true, stdio: ['ignore', 'pipe', 'inherit'], ...options});
	const stop = () => {
		servers.delete(stop);
		try {
			process.kill(-child.pid);
		} catch {	// it has ended
		}
	};
	servers.add(stop);
	let said = '';
	return new Promise((done, fail) => {
		child.stdout.setEncoding('utf8').on('data', (text) => {
			said += text;
			// eslint-disable-next-line no-control-regex
			const [url] = /http:\/\/[\w.]+:\d+\//.exec(said.replace(/\x1b\[\d*m/g, '')) ?? [];
			if (url)
				done({url, stop});
		});
		child.on('error', fail);
		child.on('exit', (code) => fail(new Error(`${args.join(' ')} ended with ${code}: ${said}`)));
	});
}
const serve = (example, port = 0, ...headers) => server(process.execPath,
	[join(here, '../../examples/serve.mjs'), join(folder, example), String(port), ...headers]);

// Waits until the element has the text, a string or a RegExp.
export async function shows(page, id, text, seconds = 20) {
	const find = (where) => document.getElementById(where)?.textContent ?? '';
	const fits = (found) => typeof text === 'string' ? found === text : text.test(found);
	const end = Date.now() + 1000 * seconds;
	for (;;) {
		const found = await page.evaluate(find, id).catch((error) => `(${error.message})`);
		if (fits(found))
			return;
		if (Date.now() > end)
			throw new Error(`#${id} is '${found}', not ${text}`);
		await new Promise((wait) => setTimeout(wait, 20));
	}
}

async function test(title, f) {
	if (!title.includes(only) && !title.startsWith('persist'))
		return;
	const begin = Date.now();
	try {
		await f();
		passed++;
		console.log(`ok ${title} (${Date.now() - begin} ms)`);
	} catch (error) {
		failed++;
		console.log(`not ok ${title}: ${error.stack}`);
	}
}

// A page that counts its visits, from wherever it is served.
async function counts(browser, url) {
	const page = await browser.newPage();
	const violations = [];
	page.on('console', (message) => {
		if (/Content.Security.Policy/i.test(message.text()))
			violations.push(message.text());
	});
	await page.goto(url);
	await shows(page, 'says', 'This is visit 1.');
	await page.reload();
	await shows(page, 'says', 'This is visit 2.');
	const second = await browser.newPage();
	await second.goto(url);
	await shows(second, 'says', 'the pool is open in another tab or worker');
	await page.close();
	await second.reload();
	await shows(second, 'says', 'This is visit 3.');
	await second.close();
	if (violations.length)
		throw new Error(violations.join('\n'));
}

const policy = "Content-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";
const starts = {page: [], module: [], modularize: [], callback: [], csp: [policy]};

async function vite(browser, ...args) {
	const where = resolve(folder, 'vite');
	rmSync(join(where, 'node_modules'), {recursive: true, force: true});
	symlinkSync(join(process.env.VITE, 'node_modules'), join(where, 'node_modules'));
	const [major, minor] = process.versions.node.split('.').map(Number);
	const node = major > 20 || (major === 20 && minor >= 19) ? process.execPath : process.env.NODE ?? process.execPath;
	const program = join(where, 'node_modules/vite/bin/vite.js');
	for (const each of args) {
		const words = [program, ...each, '--host', '127.0.0.1'];
		if (each[0] === 'build') {
			const build = spawn(node, [program, 'build'], {cwd: where, stdio: ['ignore', 'inherit', 'inherit']});
			const code = await new Promise((done) => build.on('exit', done));
			if (code)
				throw new Error(`vite build: ${code}`);
			continue;
		}
		const {url, stop} = await server(node, words, {cwd: where});
		try {
			await counts(browser, url);
		} finally {
			stop();
		}
	}
}

let session;
try {
	session = await launch(name);
	for (const [example, headers] of Object.entries(starts)) {
		await test(`${example}: counts, and tells of a second tab`, async () => {
			const {url, stop} = await serve(example, 0, ...headers);
			await counts(session.browser, url);
			stop();
		});
	}
	await test('csp: the policy is in force', async () => {
		const {url, stop} = await serve('csp', 0, policy.replace(" 'wasm-unsafe-eval'", ''));
		const page = await session.browser.newPage();
		await page.goto(url);
		await shows(page, 'says', /^Aborted\(CompileError/);
		await page.close();
		stop();
	});
	await test('prepare: what waits for it comes before main', async () => {
		const lines = [];
		const {failure} = await run(session.browser, join(folder, 'first.js'), {line: (stream, text) => lines.push(text)});
		if (failure || lines.join() !== 'This is visit 42.')
			throw new Error([...lines, failure].join('; '));
	});
	await test('vite: dev counts', () => vite(session.browser, ['dev']));
	await test('vite: build and preview counts', () => vite(session.browser, ['build'], ['preview']));
	await session.close();
	session = undefined;
	if ('persist'.startsWith(only))	// each goes on from the one before
		await persist({name, serve, shows, test});
} catch (error) {
	failed++;
	console.log(`not ok ${error.stack}`);
} finally {
	await session?.close();
	for (const stop of servers)
		stop();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
