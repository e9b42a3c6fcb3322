// Prints the C program that stands inside a function of Emscripten's test_*.py:
//   node inline.mjs test_core.py test_fscanf
import { readFileSync } from 'node:fs';

const [file, name] = process.argv.slice(2);
const text = readFileSync(file, 'utf8');
const start = text.indexOf(`  def ${name}(self`);
if (start < 0) throw new Error(`${file} has no ${name}`);
const body = text.slice(start, text.indexOf('\n  def ', start));
// a raw string that includes a header: it needs no unescaping
const program = [...body.matchAll(/r'''([\s\S]*?)'''/g)].map(m => m[1])
	.find(s => s.includes('#include'));
if (!program) throw new Error(`${name} holds no program`);
process.stdout.write(program.replace(/^\\\n/, ''));
