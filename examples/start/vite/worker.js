// visits.mjs is linked with -sMODULARIZE -sEXPORT_ES6 -sENVIRONMENT=worker.
import createVisits from './visits.mjs';

createVisits({
	print: (line) => postMessage(line),
	printErr: (line) => postMessage(line),
}).catch(() => {});	// printErr has told
