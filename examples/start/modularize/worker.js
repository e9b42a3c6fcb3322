// A classic worker; visits.js is linked with -sMODULARIZE -sEXPORT_NAME=createVisits.
importScripts('visits.js');

createVisits({
	vfsPool: {directory: '/visits', capacity: 8, mount: '/data'},
	print: (line) => postMessage(line),
	printErr: (line) => postMessage(line),
}).catch(() => {});	// printErr has told
