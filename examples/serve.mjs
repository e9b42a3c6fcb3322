// Serves a folder on 127.0.0.1, for trying the examples: OPFS needs https:// or a
// page of this machine. Prints the address.
//
//   node serve.mjs FOLDER [PORT] ['NAME: VALUE'...]     PORT: 8000; then headers for all
import {createReadStream, statSync} from 'node:fs';
import {createServer} from 'node:http';
import {extname, join, normalize} from 'node:path';

const [folder, port = '8000', ...headers] = process.argv.slice(2);
const types = {
	'.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm',
};
createServer((request, response) => {
	let file = join(folder, normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname)));
	if (statSync(file, {throwIfNoEntry: false})?.isDirectory())
		file = join(file, 'index.html');
	const found = statSync(file, {throwIfNoEntry: false})?.isFile();
	response.writeHead(found ? 200 : 404, {
		'Content-Type': types[extname(file)] ?? 'application/octet-stream', 'Cache-Control': 'no-cache',
		...Object.fromEntries(headers.map((header) => header.split(/: */, 2))),
	});
	if (found)
		createReadStream(file).pipe(response);
	else
		response.end();
}).listen(Number(port), '127.0.0.1', function () {
	console.log(`http://127.0.0.1:${this.address().port}/`);
});
