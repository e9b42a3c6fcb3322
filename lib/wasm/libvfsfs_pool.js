/*
 * Files that stay, for a program that is not changed: before main a pool in OPFS is
 * mounted, in the dedicated worker in which the program runs.
 *
 *   emcc app.c -lvfsfs -lvfsfs_pool.js     (before Emscripten 4: --js-library FILE)
 *
 * Module.vfsPool, where it is set, says which and where:
 *
 *   directory   of OPFS; 'vfsfs'
 *   capacity    files that it has room for from the beginning; 32
 *   mount       the directory of the program to mount it on; '/data'
 *
 * false: none. Where it cannot be mounted, main is not run, a sentence that says why is on
 * standard error, and a factory's promise (-sMODULARIZE) is rejected with it.
 *
 * make puts libvfsfs.js in front of this: Module.vfs is there too.
 */
addToLibrary({
	$vfsPoolStart__deps: ['$vfsApi', 'vfs__js_mount'].concat(LibraryManager.library['$addOnPreRun'] ? ['$addOnPreRun'] : []),
	$vfsPoolStart__postset: 'vfsPoolStart();',
	$vfsPoolStart: () => {
		vfsApi.mount = (names) => _vfs__js_mount(names);
		addOnPreRun(() => {
			var options = Module['vfsPool'];
			if (options === false) return;
			Module['vfs']['prepare'](Object.assign({'capacity': 32, 'mount': '/data'}, options)).catch((e) => err(e.message));
		});
	},
});

// As libvfsfs.js has vfs__js linked.
for (const name of ['emscripten_date_now', 'emscripten_resize_heap']) {
	(LibraryManager.library[name + '__deps'] ||= []).push('vfs__js_mount');
}
extraLibraryFuncs.push('$vfsPoolStart');
