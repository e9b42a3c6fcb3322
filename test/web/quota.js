// Before main: the pool that quota.c mounts. The program before it, in the same
// browser, may hold it a little longer.
Module.preRun = [].concat(Module.preRun ?? [], () => {
	const start = async () => {
		for (let tries = 0; ; tries++) {
			try {
				return await Module.vfs.prepare({directory: "/quota", capacity: 48});
			} catch (e) {
				if (e.code != "EBUSY" || tries == 50)
					throw e;
				await new Promise((done) => setTimeout(done, 100));
			}
		}
	};
	addRunDependency("quota");
	start().catch((e) => console.log(`prepare: ${e.message}`)).then(() => removeRunDependency("quota"));
});
