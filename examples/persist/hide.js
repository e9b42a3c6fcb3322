// Calls f when the page goes out of sight, is frozen or left: the last moment at which
// a browser, above all on a phone, promises that code of it runs.
export function onHide(f) {
	document.addEventListener('visibilitychange', () => {
		if (document.visibilityState === 'hidden')
			f();
	});
	document.addEventListener('freeze', f);
	addEventListener('pagehide', f);
}
