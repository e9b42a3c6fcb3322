// Before main: the pool that kill_writer.c mounts. Further arguments: noflush, the
// handles' flush does nothing; cut, the journal loses the later half of its frames.
Module.preRun = [].concat(Module.preRun ?? [], () => {
	const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
	const cut = async () => {
		const dir = await (await navigator.storage.getDirectory()).getDirectoryHandle("kill");
		for (const name of ["journal.0", "journal.1"]) {
			const file = await (await dir.getFileHandle(name)).createSyncAccessHandle();
			const header = new DataView(new ArrayBuffer(40));
			const first = file.read(header, {at: 0}) == 40 ? 40 + header.getUint32(24, true) : 0;
			const size = file.getSize();
			if (size > first)
				file.truncate(first + Math.floor((size - first) / 2));
			file.flush();
			file.close();
		}
	};
	const start = async () => {
		if (Module.arguments.includes("noflush"))
			FileSystemSyncAccessHandle.prototype.flush = () => {};
		if (Module.arguments.includes("cut"))
			await cut();
		// the program before it, in the same browser, may hold the pool a little longer
		for (let tries = 0; ; tries++) {
			try {
				return await Module.vfs.prepare({directory: "/kill", capacity: 12});
			} catch (e) {
				if (e.code != "EBUSY" || tries == 50)
					throw e;
				await sleep(100);
			}
		}
	};
	addRunDependency("kill");
	start().catch((e) => console.log(`prepare: ${e.message}`)).then(() => removeRunDependency("kill"));
});
