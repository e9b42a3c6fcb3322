// The sahpool tests, as a program in a page: sahpool.sh runs it.
(async () => {
	await import('./sahpool_clean.mjs');
	await import('./sahpool_odd.mjs');
	await import('./sahpool_crash.mjs');
	const {run} = await import('./sahpool_fixture.mjs');
	Module.onExit(await run() ? 1 : 0);
})();
