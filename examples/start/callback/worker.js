self.Module = {
	print: (line) => postMessage(line),
	printErr: (line) => postMessage(line),
};
importScripts('callback.js');
