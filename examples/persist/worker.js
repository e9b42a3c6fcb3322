// The worker that the program runs in; page.js is at the other end.
const notes = '/data/notes.txt';
const sentences = [];	// on standard error

function tell() {
	if (sentences.length)
		postMessage({error: sentences.splice(0).join('; ')});
}

function ready() {
	let text = '';
	try {
		text = Module.vfs.readFile(notes, {encoding: 'utf8'});
	} catch (error) {
		if (error.code !== 'ENOENT')
			throw error;
	}
	postMessage({ready: {number: Module._visit_number(), text}});
}

const does = {
	save(text) {
		const error = Module.UTF8ToString(Module._save_notes(Module.stringToNewUTF8(text)));
		if (error)
			postMessage({error: `The notes could not be saved: ${error}`});
	},
	sync(change) {
		Module.vfs.sync();
		postMessage({synced: change});
	},
	async download() {
		postMessage({store: await new Response(Module.vfs.exportTar('/data')).blob()});
	},
	// What the archive has replaces what is there; other files stay.
	async upload(file) {
		await Module.vfs.importTar('/data', file);
		Module.vfs.sync();
		postMessage({uploaded: true});
	},
};

self.Module = {
	preRun() {
		// main's vfs_mount tells why where that fails
		Module.vfs.prepare({directory: '/persist', capacity: 16}).catch(() => {});
	},
	printErr: (line) => sentences.push(line),
	onAbort: (why) => postMessage({error: String(why)}),
	postRun() {
		tell();
		if (Module._visit_number())
			ready();
	},
};
onmessage = async (event) => {
	try {
		for (const [name, what] of Object.entries(event.data))
			await does[name](what);
	} catch (error) {
		postMessage({error: error.message});
	}
};
importScripts('persist.js');
