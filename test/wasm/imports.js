// imports.js FILE.wasm: fails where the program still asks JavaScript for a
// syscall on files.
const program = new WebAssembly.Module(require('fs').readFileSync(process.argv[2]));
const left = WebAssembly.Module.imports(program).map((i) => i.name)
	.filter((n) => /^(__syscall_|fd_|path_|_mmap_js|_munmap_js|_msync_js|__wasi_)/.test(n));
console.log(left.join(' '));
process.exit(left.length ? 1 : 0);
