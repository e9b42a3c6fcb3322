// A classic worker; visits.js is Emscripten's plain output.
self.Module = {
	print: (line) => postMessage(line),
	printErr: (line) => postMessage(line),
};
importScripts('visits.js');
