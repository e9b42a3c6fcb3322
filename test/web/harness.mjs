// A browser for tests: starts Chromium or Firefox with an empty profile, serves
// a folder to it on 127.0.0.1, and runs programs (Emscripten's output) in a
// dedicated worker of a page. Each program gets a port, and so an origin, of
// its own: an empty OPFS. A profile that is given by its folder is kept, and so
// is its origin. Relies on puppeteer-core, which test/setup/ installs outside
// of the tree, and on nothing else.
import {execFileSync} from 'node:child_process';
import {createReadStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {basename, delimiter, dirname, extname, join, resolve, sep} from 'node:path';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
// Resolved to 127.0.0.1 by the browsers that launch starts: no secure origin.
const insecure = 'vfsfs.test';
const types = {
	'.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript',
	'.wasm': 'application/wasm', '.json': 'application/json',
};
const page = `<!doctype html><meta charset="utf-8"><title>vfsfs</title>
<link rel="icon" href="data:,"><body>`;

// Serves a folder, program.js and an empty page (/). isolated: with the headers
// that SharedArrayBuffer asks for. What a page posts to /vfsfs-report, a JSON
// array of messages, goes to report one by one; gone is called when a page ends
// that had asked for /vfsfs-alive, which is never answered in full. port: 0 for
// any. Returns {port, close}.
export async function serve(folder, {isolated = false, port = 0, report = () => {}, gone = () => {}} = {}) {
	const root = resolve(folder);
	const headers = {'Cache-Control': 'no-store'};
	if (isolated) {
		headers['Cross-Origin-Opener-Policy'] = 'same-origin';
		headers['Cross-Origin-Embedder-Policy'] = 'require-corp';
		headers['Cross-Origin-Resource-Policy'] = 'same-origin';
	}
	const server = createServer((request, response) => {
		const path = decodeURIComponent(new URL(request.url, 'http://x').pathname);
		if (path === '/') {
			response.writeHead(200, {...headers, 'Content-Type': 'text/html'}).end(page);
			return;
		}
		if (path === '/vfsfs-alive') {
			// Firefox closes a dead page's connection at its next byte only.
			response.writeHead(200, headers).flushHeaders();
			const beat = setInterval(() => response.write('.'), 1000);
			response.on('close', () => {
				clearInterval(beat);
				gone();
			});
			return;
		}
		if (path === '/vfsfs-report') {
			const parts = [];
			request.on('data', (part) => parts.push(part));
			request.on('end', () => {
				response.writeHead(204, headers).end();
				for (const message of JSON.parse(Buffer.concat(parts)))
					report(...message);
			});
			return;
		}
		const file = path === '/vfsfs-program.js' ? join(here, 'program.js') : resolve(root, `.${path}`);
		const known = path === '/vfsfs-program.js' || file.startsWith(root + sep);
		if (!known || !statSync(file, {throwIfNoEntry: false})?.isFile()) {
			response.writeHead(404, headers).end();
			return;
		}
		const type = types[extname(file)] ?? 'application/octet-stream';
		response.writeHead(200, {...headers, 'Content-Type': type});
		createReadStream(file).pipe(response);
	});
	await new Promise((done, fail) => server.once('error', fail).listen(port, '127.0.0.1', done));
	return {
		port: server.address().port,
		close() {
			server.close();
			server.closeAllConnections?.();
		},
	};
}

function executable(name) {
	const [variable, ...names] = name === 'firefox'
		? ['FIREFOX', 'firefox-esr', 'firefox'] : ['CHROMIUM', 'chromium', 'google-chrome'];
	const given = process.env[variable];
	const found = given?.includes('/') ? [given] : (given ? [given] : names).flatMap((file) =>
		process.env.PATH.split(delimiter).map((folder) => join(folder, file)));
	const path = found.find(existsSync);
	if (!path)
		throw new Error(`no ${name} here: run test/setup/packages.sh ${name === 'firefox' ? name : 'browser'}, or name one with ${variable}=`);
	return path;
}

// Starts a browser, on a profile in the folder `kept`, or on one of its own.
// Returns {browser, close}: puppeteer's Browser, and what ends it and removes
// its own profile.
export async function launch(name, kept) {
	if (name !== 'chromium' && name !== 'firefox')
		throw new Error(`no browser '${name}': chromium or firefox`);
	const executablePath = executable(name);
	const folder = execFileSync(join(here, '../setup/puppeteer.sh'), {encoding: 'utf8',
		stdio: ['ignore', 'pipe', 'inherit']}).trim();
	const puppeteer = createRequire(join(folder, 'package.json'))('puppeteer-core');
	const own = mkdtempSync(join(tmpdir(), 'vfsfs-profile-'));
	const profile = kept ? resolve(kept) : own;
	mkdirSync(profile, {recursive: true});
	const forget = () => rmSync(own, {recursive: true, force: true, maxRetries: 5});
	process.once('exit', forget);
	const args = name === 'firefox' ? [] : [
		'--disable-background-networking', '--disable-component-update', '--disable-sync',
		'--no-first-run', '--disable-dev-shm-usage', '--disable-gpu',
		`--host-resolver-rules=MAP ${insecure} 127.0.0.1`,
		...(process.getuid() === 0 ? ['--no-sandbox'] : []),
	];
	const browser = await puppeteer.launch({
		browser: name === 'firefox' ? 'firefox' : 'chrome',
		executablePath, args, userDataDir: profile, headless: true,
		env: {...process.env, TMPDIR: own},
		extraPrefsFirefox: {
			'datareporting.policy.dataSubmissionEnabled': false,
			'network.dns.localDomains': insecure,
		},
	});
	return {
		browser,
		async close() {
			const gone = new Promise((done) => browser.process().once('exit', done));
			const stuck = setTimeout(() => browser.process().kill('SIGKILL'), 5000);
			await browser.close().catch(() => {});
			if (browser.process().exitCode === null && browser.process().signalCode === null)
				await gone;
			clearTimeout(stuck);
			forget();
			process.removeListener('exit', forget);
		},
	};
}

// In the page: starts program.js, in a worker or in the page, and posts what it
// reports, in order; what comes while a post is under way goes with the next.
function start(script, inWorker) {
	fetch('/vfsfs-alive');
	const waiting = [];
	let posting = false;
	const post = async () => {
		posting = true;
		while (waiting.length)
			await fetch('/vfsfs-report', {method: 'POST', body: JSON.stringify(waiting.splice(0))});
		posting = false;
	};
	self.vfsfsReport = (...message) => {
		waiting.push(message);
		if (!posting)
			post();
	};
	new BroadcastChannel('vfsfs').onmessage = (event) => vfsfsReport(...event.data);
	if (!inWorker) {
		document.body.append(Object.assign(document.createElement('script'), {src: script}));
		return;
	}
	const worker = new Worker(script);
	worker.onmessage = (event) => vfsfsReport(...event.data);
	worker.onerror = (event) => vfsfsReport('crash', event.message || 'the worker could not be started');
}

// Runs one program to its end. Returns {code, failure}: its exit code, and a
// sentence where it did not come to an exit; code is then 1, or 124 after the
// timeout. where: 'worker' or 'page'. secure: whether the origin is. profile: the
// folder that the browser was launched on, where that is kept. line(stream, text)
// gets each line printed.
export async function run(browser, file, {
	args = [], isolated = false, timeout = 120, where = 'worker', secure = true, profile,
	line = (stream, text) => process[stream].write(`${text}\n`),
} = {}) {
	if (!existsSync(file))
		return {code: 1, failure: 'there is no such file'};
	let returned = false;
	let finish;
	const end = new Promise((done) => { finish = done; });
	const failed = (failure, code = 1) => finish({code, failure});
	const report = (kind, what) => {
		if (kind === 'out')
			line('stdout', what);
		else if (kind === 'err')
			line('stderr', what);
		else if (kind === 'returned')
			returned = true;
		else if (kind === 'exit')
			finish({code: what});
		else
			failed(what);
	};
	const timer = setTimeout(() => failed(`no exit within ${timeout} s${returned
		? '; main has returned (where Closure hides its exit code, -sEXIT_RUNTIME shows it)' : ''}`, 124), timeout * 1000);
	const origin = profile && join(profile, 'vfsfs-port');
	const server = await serve(dirname(resolve(file)), {isolated, report,
		port: origin && existsSync(origin) ? Number(readFileSync(origin)) : 0,
		gone: () => failed('the page has crashed')});
	if (origin)
		writeFileSync(origin, String(server.port));
	const url = `http://${secure ? '127.0.0.1' : insecure}:${server.port}/`;
	const query = `?${encodeURIComponent(JSON.stringify({program: `/${basename(file)}`, args}))}`;
	const inWorker = where === 'worker';
	let tab;
	(async () => {
		tab = await browser.newPage();
		await tab.goto(url + (inWorker ? '' : query));
		await tab.evaluate(start, `/vfsfs-program.js${inWorker ? query : ''}`, inWorker);
	})().catch((error) => failed(error.message));
	const result = await end;
	clearTimeout(timer);
	await Promise.race([tab?.close().catch(() => {}), new Promise((done) => setTimeout(done, 3000).unref())]);
	server.close();
	return result;
}
