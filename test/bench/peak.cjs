// Preloaded into node (-r): on exit, the most memory that the process ever held
// (VmHWM, Linux), in KiB, on stderr.
process.on('exit', () => {
	const status = require('fs').readFileSync('/proc/self/status', 'latin1');
	console.error('peak\t' + /VmHWM:\s*(\d+)/.exec(status)[1]);
});
