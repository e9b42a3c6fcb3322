// Runs one program, Emscripten's classic output, in the dedicated worker (or,
// with --page, in the page) that harness.mjs opens, and reports what it prints
// and how it ends. The address's query is {program, args}. A thread of a
// -pthread program is a worker with this same script.
(() => {
	const {program, args} = JSON.parse(decodeURIComponent(
		self.document ? location.search.slice(1) : self.location.search.slice(1)));
	const isThread = self.name?.startsWith('em-pthread');

	// A thread's messages to its parent wait until that returns to its event
	// loop: a channel to the page does not.
	const channel = isThread && new BroadcastChannel('vfsfs');
	const report = self.document ? (...message) => vfsfsReport(...message)
		: isThread ? (...message) => channel.postMessage(message)
		: (...message) => postMessage(message);
	const crash = (what) => {
		if (what === 'unwind' || what?.name === 'ExitStatus')
			return;
		const {message, stack} = what ?? {};
		report('crash', String(!message ? what : stack?.includes(message) ? stack : `${message}\n${stack ?? ''}`).trimEnd());
	};

	self.Module = {
		arguments: args,
		print: (line) => report('out', String(line)),
		printErr: (line) => report('err', String(line)),
		onAbort: (what) => report('crash', `abort: ${what}`),
	};
	console.log = console.info = (...words) => report('out', words.join(' '));
	console.warn = console.error = (...words) => report('err', words.join(' '));
	self.addEventListener('error', (event) => crash(event.error ?? event.message));
	self.addEventListener('unhandledrejection', (event) => crash(event.reason));

	if (!isThread) {
		let exited = false;
		// Later, as a callback that throws may first end the runtime, and
		// well (Emscripten 6).
		const exit = (code) => {
			if (!exited)
				setTimeout(report, 0, 'exit', code);
			exited = true;
		};
		// With -sEXIT_RUNTIME there is onExit. Without, the code stays in a
		// global variable, which only Closure hides. Where something keeps the
		// program going after main, its end is a later exit().
		Module.onExit = exit;
		Module.postRun = () => {
			report('returned');
			if (typeof EXITSTATUS === 'undefined' && !('EXITSTATUS' in self))
				return;
			if (runtimeKeepaliveCounter > 0)
				EXITSTATUS = undefined;
			const timer = setInterval(() => {
				if (EXITSTATUS !== undefined) {
					clearInterval(timer);
					exit(EXITSTATUS);
				}
			}, 5);
		};
	}
	if (self.document) {
		const script = document.createElement('script');
		script.src = program;
		script.onerror = () => report('crash', `${program} could not be loaded`);
		document.head.append(script);
	} else {
		importScripts(program);
	}
})();
