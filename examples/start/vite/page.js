// Vite finds the worker by this expression, and packs it with its imports.
const worker = new Worker(new URL('./worker.js', import.meta.url), {type: 'module'});
worker.onmessage = (event) => {
	document.getElementById('says').textContent = event.data;
};
