/*
 * The workers of the ring transport (opfs_ring.h): one supervisor, started by the
 * program, which starts proxies, started by it. One proxy serves: it owns the sync
 * access handles and does what requests in the program's memory ask for. The other
 * stands by. Where the serving one dies, or a caller finds it silent, the supervisor
 * ends it, which frees its handles, and the other opens them again and does again
 * what has no answer.
 *
 * The supervisor is always in its event loop, so it can do that, and start the next
 * one, while all threads of the program wait. In Chromium a proxy that is not in its
 * event loop holds its handles for 2 seconds after terminate().
 *
 * Each worker gets {memory, ring}: the program's memory, and the address of a
 * vfs__ring; a proxy its number too, the supervisor the one before the first.
 */
'use strict';
(() => {
	/* struct vfs__ring: words of 32 bits, then doubles, then requests. */
	const PENDING = 0, PROXY = 1, BEAT = 2, HELP = 3, ANSWERS = 4, NONE = 5, REASON = 6;
	const FIRST = 4, TOTAL = 5, USED = 6; /* of 8 bytes */
	const REQUESTS = 16; /* words; each has 16: */
	const STATE = 0, OP = 1, RESULT = 1, FILE = 2, TEXT = 3, LENGTH = 4, POSITION = 5, ROOM = 6;
	const ASKED = 1, DONE = 2;
	/* struct vfs__ring_file, in units of 8 and 4 bytes */
	const NEXT = 0, PATH = 1, PATH_LENGTH = 2, END = 3, OPEN_ = 8;
	/* enum vfs__ring_op; the first five are of names */
	const OPEN = 0, CREATE = 1, REMOVE = 2, MKDIR = 3, LIST = 4, READ = 5, WRITE = 6,
		SIZE = 7, TRUNCATE = 8, FLUSH = 9, CLOSE = 10, SPACE = 11;

	/* Why there is none: reasons of opfs_ring_start.c. */
	const NO_HANDLES = 3, NOT_STARTED = 5;

	/* ms from the end of one proxy to the start of the next: in Firefox 153 a worker that
	 * starts another while one is ending may hang in it, or the page crash; so may one
	 * that starts two at once. */
	const AGAIN = 250;
	const PATIENCE = 10000; /* ms for a handle that the last proxy may still have */
	const IDLE = 20;        /* ms without a request before the event loop turns */
	const SPIN = 2000;      /* looks at the requests before that */

	let memory, words, bytes, doubles, ring;

	/* Views of the memory up to an address: it may have grown. */
	const see = (end) => {
		if (bytes && end <= bytes.length) return;
		bytes = new Uint8Array(memory.buffer);
		doubles = new Float64Array(memory.buffer);
	};
	const tell = (at) => {
		Atomics.add(words, at, 1);
		Atomics.notify(words, at);
	};
	const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
	/* Something to wait for while words[at] is `is`: nothing where it is not. */
	const change = (at, is) => {
		if (!Atomics.waitAsync) return Atomics.load(words, at) === is && sleep(5);
		const wait = Atomics.waitAsync(words, at, is);
		return wait.async && wait.value;
	};

	/* ---- The supervisor ---- */

	const supervise = async (first) => {
		const proxies = new Map(); /* by number */
		let last = first, serving = 0, failed = 0, ever = false;

		const never = (reason) => {
			Atomics.store(words, REASON, reason);
			tell(ANSWERS);
		};
		const appoint = () => {
			serving = 0;
			for (const [number, proxy] of proxies) if (proxy.ready && !serving) serving = number;
			if (serving) Atomics.store(words, NONE, 0);
			Atomics.store(words, PROXY, serving);
			Atomics.notify(words, PROXY);
		};
		const lose = (number) => {
			const proxy = proxies.get(number);
			if (!proxy) return;
			proxy.worker.terminate();
			proxies.delete(number);
			failed = proxy.ready ? 0 : failed + 1;
			if (number === serving) appoint();
			if (failed > 2 && !ever) return never(NOT_STARTED);
			if (failed > 2 && !serving) Atomics.store(words, NONE, 1);
			more();
		};
		/* There are two, and one at a time is starting. */
		const more = () => setTimeout(() => {
			if (proxies.size < 2 && [...proxies.values()].every(({ready}) => ready)) start();
		}, AGAIN);
		const start = () => {
			const number = ++last, worker = new Worker(location.href, {name: `vfsfs-proxy-${number}`});
			const proxy = {worker, ready: false};
			proxies.set(number, proxy);
			worker.onerror = (event) => {
				event.preventDefault();
				lose(number);
			};
			worker.onmessage = ({data}) => {
				if (data) return never(data);
				proxy.ready = ever = true;
				if (!serving) appoint();
				more();
			};
			worker.postMessage({memory, ring, number});
		};

		start();
		for (let help = 0;;) {
			await change(HELP, help);
			help = Atomics.load(words, HELP);
			if (help && help === serving) lose(help);
		}
	};

	/* ---- Names ---- */

	const dirs = new Map(); /* promises, by path; any failure forgets them */
	const directory = (path, create) => {
		let dir = !create && dirs.get(path);
		if (!dir) {
			const cut = path.lastIndexOf('/');
			dir = path ? directory(path.slice(0, Math.max(cut, 0)), create).then((parent) =>
				parent.getDirectoryHandle(path.slice(cut + 1), {create}))
				: navigator.storage.getDirectory().catch(() => { throw {name: 0} });
			if (dirs.size > 99) dirs.clear();
			dirs.set(path, dir);
		}
		return dir;
	};
	const parent = (path) => directory(path.slice(0, Math.max(path.lastIndexOf('/'), 0)));
	const name = (path) => path.slice(path.lastIndexOf('/') + 1);
	/* What makes an error's index in the table of opfs_ring_names.c. */
	const fail = (e) => {
		dirs.clear();
		return -2 - ['NotFoundError', 'NoModificationAllowedError', 'QuotaExceededError',
			'NS_ERROR_FILE_NO_DEVICE_SPACE', 0].indexOf(e?.name);
	};
	/* Again while the last proxy may still have the file, for `ms`. */
	const patiently = async (ms, act) => {
		for (const end = performance.now() + ms;;) {
			try {
				return await act();
			} catch (e) {
				if (e.name !== 'NoModificationAllowedError' || performance.now() > end) throw e;
				tell(BEAT);
				await sleep(5);
			}
		}
	};
	const access = async (path, create) =>
		(await (await parent(path)).getFileHandle(name(path), {create})).createSyncAccessHandle();
	const text = (at, length) => {
		see(at + length);
		return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes.slice(at, at + length));
	};

	/* The names below a directory, each after a byte that is 1 for a directory and
	 * before a NUL, and how long that is; nothing is written where it does not fit. */
	const list = async (path, at, room) => {
		const parts = [];
		let length = 0;
		for await (const entry of (await directory(path)).values()) {
			const part = new TextEncoder().encode(`\x01${entry.name}\0`);
			if (part.indexOf(0) < part.length - 1) continue; /* no file's name in C */
			part[0] = entry.kind === 'directory' ? 1 : 0;
			parts.push(part);
			length += part.length;
		}
		if (length > room) return length;
		see(at + length);
		for (const part of parts) {
			bytes.set(part, at);
			at += part.length;
		}
		return length;
	};

	/* ---- The proxy ---- */

	const files = new Map(); /* open handles, by the address of their vfs__ring_file */

	const opened = (file, handle) => {
		see(file + 40);
		doubles[file / 8 + END] = 0;
		files.set(file, handle);
		Atomics.store(new Int32Array(memory.buffer), file / 4 + OPEN_, 1);
	};
	/* again: the last proxy may have done it, and may not be gone yet. */
	const byName = async (op, request, again) => {
		const path = text(doubles[request + TEXT], doubles[request + LENGTH]);
		const file = doubles[request + FILE];
		if (op === LIST) return list(path, doubles[request + POSITION], doubles[request + ROOM]);
		if (op === MKDIR) return directory(path, true).then(() => 0);
		if (op === REMOVE) {
			try {
				await patiently(again ? PATIENCE : 0, async () => (await parent(path)).removeEntry(name(path)));
			} catch (e) {
				if (!again || e.name !== 'NotFoundError') throw e;
			}
			dirs.delete(path);
		} else if (!files.has(file)) {
			opened(file, await patiently(again ? PATIENCE : 0, () => access(path, op === CREATE)));
		}
		return 0;
	};

	/*
	 * The bytes moved, or what is wrong. Where there is no room, Chrome throws, or
	 * answers with a short count, or in incognito windows with -8 as a number of 32
	 * bits. Where the host fails, Firefox answers with a number left over from
	 * something else. So a short read must be at the end of the file.
	 */
	const move = (file, handle, request, writes) => {
		const at = doubles[request + TEXT], length = doubles[request + LENGTH], position = doubles[request + POSITION];
		see(at + length);
		const view = bytes.subarray(at, at + length);
		const n = handle[writes ? 'write' : 'read'](view, {at: position});
		if (n !== length && writes) return n < 0x80000000 || n === 0xfffffff8 ? -4 : -1;
		if (n !== length && (n > length || handle.getSize() > position + n)) return -1;
		if (writes && length) doubles[file / 8 + END] = Math.max(doubles[file / 8 + END], position + length);
		return n;
	};
	const byHandle = (op, request) => {
		const file = doubles[request + FILE], handle = files.get(file), end = file / 8 + END;
		if (op === SPACE) {
			estimate();
			return 0;
		}
		see(file + 40);
		if (op === CLOSE) {
			files.delete(file);
			Atomics.store(new Int32Array(memory.buffer), file / 4 + OPEN_, 0);
			handle?.close();
			return 0;
		}
		if (!handle) return -1;
		if (op === READ || op === WRITE) return move(file, handle, request, op === WRITE);
		if (op === SIZE) return handle.getSize();
		if (op === FLUSH) {
			/* is what was written still there? */
			if (handle.getSize() < doubles[end]) return -4;
			handle.flush();
			return 0;
		}
		const size = doubles[request + POSITION];
		handle.truncate(size);
		if (size > doubles[end] && handle.getSize() !== size) return -4; /* incognito windows */
		doubles[end] = size;
		return 0;
	};

	const estimate = () => navigator.storage.estimate?.().then(({quota, usage}) => {
		doubles[ring / 8 + TOTAL] = quota;
		doubles[ring / 8 + USED] = usage;
	}, () => {});

	const isOpen = (file) => Atomics.load(new Int32Array(memory.buffer), file / 4 + OPEN_);

	/* Opens what the proxy before had open; callers are told that it is alive. */
	const takeOver = async () => {
		const all = [], end = performance.now() + 2 * PATIENCE;
		const pulse = setInterval(() => performance.now() < end && tell(BEAT), 50);
		see(ring + 4096);
		for (let file = doubles[ring / 8 + FIRST]; file; file = doubles[file / 8 + NEXT]) {
			see(file + 40);
			if (!isOpen(file)) continue;
			const here = file;
			all.push((async () => {
				const path = text(doubles[here / 8 + PATH], doubles[here / 8 + PATH_LENGTH]);
				if (!isOpen(here)) return; /* a thread has just seen its close, and freed the path */
				const handle = await patiently(PATIENCE, () => access(path, false));
				files.set(here, handle);
			})().catch(fail)); /* what cannot be had is EIO */
		}
		await Promise.all(all);
		clearInterval(pulse);
	};

	/* So that the supervisor hears of it. */
	const die = (e) => setTimeout(() => { throw e; });

	const serve = async (number) => {
		let names = 0, mask;
		let under = 0; /* requests whose promises are under way */

		const answer = (k, result) => {
			const request = REQUESTS + 16 * k;
			if (Atomics.load(words, PROXY) !== number) return;
			doubles[(ring / 4 + request) / 2 + RESULT] = result;
			Atomics.store(words, request + STATE, DONE);
			Atomics.notify(words, request + STATE);
		};
		const take = (k, again) => {
			const op = words[REQUESTS + 16 * k + OP], request = (ring / 4 + REQUESTS) / 2 + 8 * k;
			if (Atomics.load(words, REQUESTS + 16 * k + STATE) !== ASKED || under >>> k & 1) return;
			if (op > LIST) {
				let result;
				try {
					result = byHandle(op, request);
				} catch (e) {
					result = fail(e);
				}
				answer(k, result);
				return;
			}
			names++;
			under |= 1 << k;
			byName(op, request, again).catch(fail).then((result) => {
				names--;
				under &= ~(1 << k);
				answer(k, result);
				tell(ANSWERS);
			}).catch(die);
		};
		/* Nothing to wait for: there are requests. */
		const rest = () => {
			if (names) return change(PENDING, 0);
			for (let k = 0; k < SPIN; k++) if (Atomics.load(words, PENDING)) return false;
			return Atomics.wait(words, PENDING, 0, IDLE) === 'timed-out' && change(PENDING, 0);
		};

		for (let current; (current = Atomics.load(words, PROXY)) !== number;) await change(PROXY, current);
		await takeOver();
		estimate();
		Atomics.store(words, PENDING, 0);
		for (let k = 0; k < 32; k++) take(k, true);
		while (Atomics.load(words, PROXY) === number) {
			const wait = rest();
			if (wait) await wait;
			mask = Atomics.exchange(words, PENDING, 0);
			for (; mask; mask &= mask - 1) take(31 - Math.clz32(mask & -mask), false);
		}
	};

	onmessage = ({data}) => {
		onmessage = null;
		({memory, ring} = data);
		words = new Int32Array(memory.buffer, ring, REQUESTS * 33);
		see(0);
		if (!data.number) {
			supervise(data.first);
		} else if (!globalThis.FileSystemFileHandle?.prototype.createSyncAccessHandle) {
			postMessage(NO_HANDLES);
		} else {
			postMessage(0);
			serve(data.number).catch(die);
		}
	};
})();
