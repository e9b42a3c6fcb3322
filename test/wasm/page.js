// What a page gives: print and printErr, or, for the cases that are about
// them, a function for each byte.
(() => {
	if (typeof process == 'undefined' || require('worker_threads').isMainThread === false) return;
	var fs = require('fs'), say = (s) => fs.writeSync(1, s);
	var input = ['o', 'n', 'e', '\n', undefined, 't', 'w', 'o', '\n', null].map((c) => c && c.charCodeAt(0));
	if (process.argv[2] == 'four') {
		Module['stdout'] = (c) => say(c + ' ');
		process.on('exit', () => say('\n'));
		return;
	}
	Module['print'] = (s) => say('print: ' + s + '\n');
	Module['printErr'] = (s) => say('err: ' + s + '\n');
	if (process.argv[2] == 'lines') Module['stdin'] = () => input.length ? input.shift() : null;
})();
