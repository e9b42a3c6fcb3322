// examples/persist: what survives reloads and crashes of the browser, and what a person
// is told where it cannot.
import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {launch} from './harness.mjs';
import {kill} from './processes.mjs';

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const read = (page, id) => page.$eval(`#${id}`, (element) => element.value ?? element.textContent);

function same(found, expected) {
	if (found !== expected)
		throw new Error(`'${found}', not '${expected}'`);
}

export async function persist({name, serve, shows, test}) {
	const profile = mkdtempSync(join(tmpdir(), 'vfsfs-persist-'));
	const {url, stop} = await serve('persist');
	let session = await launch(name, profile);
	let page, visit = 0, text = '';

	// The next visit, in a new tab: what was there is there.
	async function open() {
		page = await session.browser.newPage();
		await page.goto(url);
		await counted();
	}
	async function counted() {
		await shows(page, 'visits', `This is visit ${++visit}.`);
		same(await read(page, 'notes'), text);
	}
	async function type(words) {
		text += words;
		await page.evaluate((value) => {
			const notes = document.getElementById('notes');
			notes.value = value;
			notes.dispatchEvent(new Event('input'));
		}, text);
	}
	// As in a crash of the machine nothing of the browser gets to do anything more.
	async function crash() {
		await kill(session.browser.process().pid);
		await session.close();
		session = await launch(name, profile);
	}

	try {
		await test('persist: counts, over a reload too', async () => {
			await open();
			await page.reload();
			await counted();
		});
		await test('persist: notes are there after a reload', async () => {
			await page.type('#notes', 'milk\n');
			text = 'milk\n';
			await shows(page, 'state', 'saved');
			await page.reload();
			await counted();
		});
		await test('persist: what is typed is not saved before the pause', async () => {
			await type('eggs\n');
			await sleep(500);
			same(await read(page, 'state'), 'not saved yet');
			await shows(page, 'state', 'saved');
		});
		await test('persist: a hidden page is synced, and survives a crash', async () => {
			await page.evaluate(() => { window.setTimeout = () => 0; });	// no pause
			await type('bread\n');
			await sleep(100);
			same(await read(page, 'state'), 'not saved yet');
			await session.browser.newPage();
			same(await page.evaluate(() => document.visibilityState), 'hidden');
			await shows(page, 'state', 'saved');
			await crash();
			await open();
		});
		await test('persist: a crash while one types leaves the notes whole', async () => {
			const before = text;
			await type('a');
			for (const letter of 'pples')
				await type(letter);
			await crash();
			page = await session.browser.newPage();
			await page.goto(url);
			await shows(page, 'visits', `This is visit ${++visit}.`);
			const found = await read(page, 'notes');
			if (!`${before}apples`.startsWith(found) || !found.startsWith(before))
				throw new Error(`'${found}' is there`);
			text = found;
		});
		await test('persist: a second tab is told, and can try again', async () => {
			const first = page;
			page = await session.browser.newPage();
			await page.goto(url);
			await shows(page, 'error', 'the pool is open in another tab or worker');
			await first.close();
			await page.click('#again');
			await counted();
		});
		await test('persist: the store is downloaded as a tar archive', async () => {
			const base64 = await page.evaluate(() => new Promise((done) => {
				URL.createObjectURL = (blob) => {	// what the link is made from
					const reader = new FileReader();
					reader.onload = () => done(reader.result.split(',')[1]);
					reader.readAsDataURL(blob);
					return '#';
				};
				document.getElementById('download').click();
			}));
			const store = Buffer.from(base64, 'base64');
			const tar = (...args) => execFileSync('tar', args, {input: store, encoding: 'utf8'});
			same(tar('-t').split('\n').sort().join(' ').trim(), './ notes.txt visits');
			same(tar('-xO', 'notes.txt'), text);
			same(tar('-xO', 'visits'), `${visit}\n`);
		});
		await test('persist: a store that was uploaded is there', async () => {
			const store = join(profile, 'store');
			mkdirSync(store);
			writeFileSync(join(store, 'visits'), '41\n');
			writeFileSync(join(store, 'notes.txt'), 'from elsewhere');
			execFileSync('tar', ['-C', store, '-cf', `${store}.tar`, '.']);
			await (await page.$('#file')).uploadFile(`${store}.tar`);
			visit = 41;
			text = 'from elsewhere';
			await counted();
			await crash();
			await open();
		});
		await test('persist: a file that is no archive is told, and changes nothing', async () => {
			const file = join(profile, 'no.tar');
			writeFileSync(file, 'x'.repeat(5000));
			await (await page.$('#file')).uploadFile(file);
			await shows(page, 'error', /EBADMSG/);
			await page.reload();
			await counted();
		});
		await test('persist: an origin that is not secure is told', async () => {
			const other = await session.browser.newPage();
			await other.goto(url.replace('127.0.0.1', 'vfsfs.test'));
			await shows(other, 'error', 'OPFS needs a secure origin: serve the page from https:// or from localhost');
			await other.close();
		});
		if (name === 'firefox')	// Chromium's have an OPFS in memory
			await test('persist: a private window is told', secret);
		if (name === 'chromium')
			await test('persist: a full disk is told, and the notes stay', full);
	} finally {
		stop();
		await session.close();
		rmSync(profile, {recursive: true, force: true, maxRetries: 5});
	}

	async function secret() {
		const folder = mkdtempSync(join(tmpdir(), 'vfsfs-private-'));
		writeFileSync(join(folder, 'prefs.js'), 'user_pref("browser.privatebrowsing.autostart", true);\n');
		const other = await launch(name, folder);
		try {
			const tab = await other.browser.newPage();
			await tab.goto(url);
			await shows(tab, 'error', 'this browser refuses OPFS here, as some do in private windows');
		} finally {
			await other.close();
			rmSync(folder, {recursive: true, force: true, maxRetries: 5});
		}
	}
	// The quota is set by Chromium's debugging protocol.
	async function full() {
		const protocol = await page.createCDPSession();
		const origin = url.slice(0, -1);
		const {usage} = await protocol.send('Storage.getUsageAndQuota', {origin});
		await protocol.send('Storage.overrideQuotaForOrigin', {origin, quotaSize: usage + 100000});
		const before = text;
		await type('x'.repeat(4 << 20));
		await shows(page, 'error', 'The notes could not be saved: No space left on device');
		same(await read(page, 'state'), 'not saved yet');
		await protocol.send('Storage.overrideQuotaForOrigin', {origin});
		text = before;
		await page.reload();
		await counted();
		await type('and it goes on\n');
		await shows(page, 'state', 'saved');
		await page.reload();
		await counted();
	}
}
