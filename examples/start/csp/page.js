new Worker('worker.js').onmessage = (event) => {
	document.getElementById('says').textContent = event.data;
};
