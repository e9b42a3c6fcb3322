// Before main: the pool that atomic.c mounts. The run before may hold it a little longer.
Module.preRun = [].concat(Module.preRun ?? [], () => {
	const start = async () => {
		for (let tries = 0; ; tries++) {
			try {
				return await Module.vfs.prepare({directory: "/atomic", capacity: 8});
			} catch (e) {
				if (e.code != "EBUSY" || tries == 50)
					throw e;
				await new Promise((done) => setTimeout(done, 100));
			}
		}
	};
	addRunDependency("atomic");
	start().catch((e) => console.log(`prepare: ${e.message}`)).then(() => removeRunDependency("atomic"));
});
