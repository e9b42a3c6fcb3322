// The page: shows what worker.js tells, and tells it what is typed.
import {onHide} from './hide.js';

const [visits, notes, state, download, upload, file, error, again] =
	['visits', 'notes', 'state', 'download', 'upload', 'file', 'error', 'again'].map((id) => document.getElementById(id));
const worker = new Worker('worker.js');
let typed = 0;	// changes of the notes
let pause;

// The worker takes messages in order: it has what was typed before.
function sync() {
	clearTimeout(pause);
	worker.postMessage({sync: typed});
}
onHide(sync);

notes.addEventListener('input', () => {
	typed++;
	state.textContent = 'not saved yet';
	error.textContent = '';
	worker.postMessage({save: notes.value});
	clearTimeout(pause);
	pause = setTimeout(sync, 1000);
});

download.addEventListener('click', () => worker.postMessage({download: true}));
upload.addEventListener('click', () => file.click());
file.addEventListener('change', () => {
	worker.postMessage({upload: file.files[0]});
	file.value = '';
});
again.addEventListener('click', () => location.reload());

const shows = {
	ready({number, text}) {
		visits.textContent = `This is visit ${number}.`;
		notes.value = text;
		state.textContent = 'saved';
		notes.disabled = download.disabled = upload.disabled = false;
	},
	synced(change) {
		if (change === typed && !error.textContent)
			state.textContent = 'saved';
	},
	store(blob) {
		const link = Object.assign(document.createElement('a'), {href: URL.createObjectURL(blob), download: 'store.tar'});
		link.click();
		setTimeout(() => URL.revokeObjectURL(link.href), 60000);
	},
	uploaded() {
		location.reload();
	},
	error(sentence) {
		error.textContent = sentence;
		again.hidden = !notes.disabled;
	},
};
worker.onmessage = (event) => {
	for (const [name, what] of Object.entries(event.data))
		shows[name](what);
};
worker.onerror = (event) => shows.error(event.message);
