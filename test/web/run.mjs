// Runs programs in a browser as `node FILE.js` runs them in Node: their lines
// come out here, and their exit code is this one's. Several programs share one
// browser, and get a summary line each.
//
//   node run.mjs [--browser chromium|firefox] [--mt] [--page] [--insecure]
//                [--profile FOLDER] [--timeout SECONDS] FILE.js... [ARGUMENT...]
//
// --mt serves the headers that -pthread programs need; --page runs the program
// in the page itself instead of a worker; --insecure at an origin that is not
// secure. --profile keeps the browser's profile in FOLDER, and the origin: a
// later run finds what this one leaves in OPFS. What follows the last FILE.js,
// or --, are arguments for each program.
import {launch, run} from './harness.mjs';

const usage = 'usage: run.mjs [--browser chromium|firefox] [--mt] [--page] [--insecure] [--profile FOLDER] [--timeout SECONDS] FILE.js... [ARGUMENT...]';
const options = {};
let name = 'chromium';
const words = process.argv.slice(2);
while (words[0]?.startsWith('--') && words[0] !== '--') {
	const word = words.shift();
	if (word === '--browser')
		name = words.shift();
	else if (word === '--mt')
		options.isolated = true;
	else if (word === '--page')
		options.where = 'page';
	else if (word === '--insecure')
		options.secure = false;
	else if (word === '--profile')
		options.profile = words.shift();
	else if (word === '--timeout')
		options.timeout = Number(words.shift());
	else
		words.length = 0;
}
const files = [];
while (words[0]?.endsWith('.js'))
	files.push(words.shift());
if (words[0] === '--')
	words.shift();
options.args = words;
if (!files.length || options.timeout === 0 || Number.isNaN(options.timeout)) {
	console.error(usage);
	process.exit(2);
}

let status = 0;
let session;
try {
	for (const file of files) {
		session ??= await launch(name, options.profile);
		const begin = Date.now();
		const {code, failure} = await run(session.browser, file, options);
		const seconds = ((Date.now() - begin) / 1000).toFixed(1);
		const how = failure ?? (code ? `exit code ${code}` : '');
		if (files.length > 1)
			console.error(`${code ? 'FAILED' : 'ok'} ${file} (${name}, ${seconds} s)${how && `: ${how}`}`);
		else if (failure)
			console.error(`vfsfs: ${file} (${name}): ${failure}`);
		status ||= code;
		if (failure) {	// the next one starts in a sound browser
			await session.close();
			session = undefined;
		}
	}
} catch (error) {
	console.error(`vfsfs: ${error.message}`);
	status = 1;
} finally {
	await session?.close();
}
process.exit(status);
