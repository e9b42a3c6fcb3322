// The end of a browser as a crash of the machine is one: all of its processes at once.
import {readdirSync, readFileSync} from 'node:fs';

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// All processes of the browser: puppeteer makes it the leader of a session.
function processes(leader) {
	const all = new Map();
	for (const entry of readdirSync('/proc')) {
		if (!/^\d+$/.test(entry))
			continue;
		try {
			const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
			const [status, parent, , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
			if (status !== 'Z')
				all.set(Number(entry), {parent: Number(parent), session: Number(session)});
		} catch {	// it has ended
		}
	}
	const below = (id) => all.has(id) && (id === leader || all.get(id).session === leader || below(all.get(id).parent));
	return [...all.keys()].filter(below);
}

// SIGKILL for the browser whose first process has this number, until nothing of it is
// left. Returns how many processes there were.
export async function kill(leader) {
	let victims = processes(leader);
	const number = victims.length;
	for (let tries = 0; victims.length && tries < 100; tries++) {
		for (const id of victims) {
			try {
				process.kill(id, 'SIGKILL');
			} catch {	// it has ended
			}
		}
		await sleep(10);
		const left = processes(leader);
		victims = [...new Set([...left, ...victims.filter((id) => left.includes(id))])];
	}
	return number;
}
