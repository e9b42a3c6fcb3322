#!/bin/sh
# The tests that make sense in wasm only: that Emscripten's own filesystem is
# not there, standard input and output to the byte, start and end of a program,
# and each way of linking. Prints a line for each test, and the sums.
#
#   EMCC=emcc NODE=node LIBS="build/wasm build/wasm-mt build/wasm64 build/wasm-pic" \
#	test/wasm/run.sh [PATTERN]
#
# LIBS: the folders of the archives; what has no archive there is skipped.
# Closure's tests need EM_CLOSURE_COMPILER or a google-closure-compiler in PATH.
set -u
EMCC=${EMCC:-emcc}
NODE=${NODE:-node}
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/test/wasm
pattern=${1:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

passed=0 failed=0 skipped=0
st='' mt='' m64='' pic=''
for dir in ${LIBS:-$root/build/wasm $root/build/wasm-mt $root/build/wasm64 $root/build/wasm-pic}; do
	dir=$(cd "$root" && cd "$dir" 2>/dev/null && pwd) || continue
	case $dir in
	*64*) [ ! -f "$dir/libvfsfs.a" ] || m64=$dir ;;
	*pic*) [ ! -f "$dir/libvfsfs.a" ] || pic=$dir ;;
	*)
		[ ! -f "$dir/libvfsfs.a" ] || st=$dir
		[ ! -f "$dir/libvfsfs-mt.a" ] || mt=$dir
		;;
	esac
done
closure=${EM_CLOSURE_COMPILER:-$(command -v google-closure-compiler || true)}

# build OUTPUT SOURCE FLAG...: with the archive that the flags ask for.
build() {
	out=$1 source=$2
	shift 2
	case " $* " in
	*" -pthread "*) archive="-L$mt -lvfsfs-mt" ;;
	*" -sMAIN_MODULE"*) archive="-L$pic -lvfsfs" ;;
	*" -sMEMORY64"*) archive="-L$m64 -lvfsfs" ;;
	*) archive="-L$st -lvfsfs" ;;
	esac
	case " $* " in
	*" -sMAIN_MODULE"*) fatal='' ;; # wasm-ld warns that its format may change
	*) fatal=-Wl,--fatal-warnings ;; # a signature that libc's does not match is one
	esac
	# Emscripten's own externs have warnings with newer closure compilers.
	# shellcheck disable=SC2086
	"$EMCC" -Wall -Wextra -Werror -Wno-closure $fatal -I"$root/include" "$source" $archive "$@" \
		-o "$out" >build.log 2>&1 || {
		grep -v 'cache:\|system_libs:' build.log | cut -c 1-300 | head -n 12
		return 1
	}
}

# same EXPECTED FOUND
same() {
	cmp -s "$1" "$2" && return
	echo "expected:" && head -c 600 "$1" && echo && echo "found:" && head -c 600 "$2" && echo
	return 1
}

# says EXPECTED COMMAND...: its output is that line or those lines.
says() {
	printf '%s\n' "$1" >expected
	shift
	"$@" >found 2>&1
	same expected found
}

# t NAME COMMAND...: one test; in a subshell of its own, so it may cd and exit.
t() {
	name=$1
	shift
	case $name in *"$pattern"*) ;; *) return 0 ;; esac
	if ("$@") >test.log 2>&1; then
		passed=$((passed + 1))
		echo "ok $name"
	else
		failed=$((failed + 1))
		echo "not ok $name"
		cut -c 1-200 test.log | head -n 20 | sed 's/^/    /'
	fi
}

# with WHAT VALUE NAME COMMAND...: t, where VALUE is not empty.
with() {
	what=$1 value=$2
	shift 2
	if [ -n "$value" ]; then
		t "$@"
	else
		case $1 in *"$pattern"*) ;; *) return 0 ;; esac
		skipped=$((skipped + 1))
		echo "skip $1: no $what"
	fi
}

[ -n "$st" ] || {
	echo "no libvfsfs.a in ${LIBS:-build/wasm}" >&2
	exit 2
}

# ---- What is in the output ----

no_filesystem_in_javascript() {
	build all.js "$here/all_calls.c" -O1 --minify=0 || build all.js "$here/all_calls.c" -O1 || return
	! grep -nE 'FS\.createPath|MEMFS|ErrnoError|SYSCALLS|PIPEFS|SOCKFS|FS_create' all.js || return
	"$NODE" "$here/imports.js" all.wasm
}
t no_filesystem_in_javascript no_filesystem_in_javascript

# Beside others of libstubs, each call of which libstubs has a stub is ours.
not_the_stub() { # CALL FLAG...
	call=$1
	shift
	build stubs.js "$here/stubs.c" -O1 "-DCALL_$call" "$@" && says 'ours 42 0' "$NODE" stubs.js
}
for call in umask sync setrlimit getrlimit getuid geteuid getgid getegid getresuid getresgid \
	getgroups link flock socketpair; do
	t "not_the_stub $call" not_the_stub $call
	with libvfsfs-mt.a "$mt" "not_the_stub_pthread $call" not_the_stub $call -pthread
done

# ---- Ways of linking: hello prints the same in each ----

hello() {
	source=$root/examples/hello/hello.c
	build hello.js "$source" "$@" || return
	"$NODE" hello.js >found || return
	same "$root/examples/hello/expected.txt" found
}
# A module that is a function: the program is in its own file.
module() {
	build hello.mjs "$root/examples/hello/hello.c" "$@" || return
	echo 'import create from "./hello.mjs"; await create();' >use.mjs
	"$NODE" use.mjs >found || return
	same "$root/examples/hello/expected.txt" found
}
modularize() {
	build hello.js "$root/examples/hello/hello.c" -O2 -sMODULARIZE "$@" || return
	echo 'require("./hello.js")();' >use.js
	"$NODE" use.js >found || return
	same "$root/examples/hello/expected.txt" found
}
t hello_O0 hello -O0
t hello_O3 hello -O3
t hello_Oz hello -Oz
t hello_exit_runtime hello -O1 -sEXIT_RUNTIME=1
t hello_exit_runtime_assertions hello -O0 -sEXIT_RUNTIME=1
t hello_safe_heap hello -O1 -sSAFE_HEAP -sASSERTIONS=2 -sSTACK_OVERFLOW_CHECK=2
t hello_memory_growth hello -O2 -sALLOW_MEMORY_GROWTH
t hello_sanitized hello -O1 -fsanitize=address,undefined -sALLOW_MEMORY_GROWTH
# Emscripten 6.0.5 links no C program with -flto alone: undefined
# __cxa_increment_exception_refcount.
t hello_lto hello -O2 -flto -fwasm-exceptions
# Up to Emscripten 3 the archive must be compiled with -fPIC for that.
case $("$EMCC" --version) in *") 3."*) ;; *) pic=${pic:-$st} ;; esac
with "-fPIC libvfsfs.a" "$pic" hello_main_module_1 hello -O1 -sMAIN_MODULE=1
with "-fPIC libvfsfs.a" "$pic" hello_main_module_2 hello -O2 -sMAIN_MODULE=2
t hello_modularize modularize
t hello_es6 module -O2 -sEXPORT_ES6 -sMODULARIZE
with closure "$closure" hello_closure hello -Oz --closure 1
with closure "$closure" hello_closure_es6 module -O2 -sEXPORT_ES6 -sMODULARIZE --closure 1
# Node before 20.16 has no getBuiltinModule, and an ES module there no require
# but Emscripten's.
without_builtin() { # COMMAND...: runs hello so
	"$@" || return
	echo 'Object.defineProperty(process, "getBuiltinModule", { value: undefined });' >old.cjs
	[ "$1" != modularize ] || echo 'import create from "./hello.js"; await create();' >use.mjs
	[ "$1" != hello ] || echo 'import "./hello.js";' >use.mjs
	"$NODE" -r ./old.cjs use.mjs >found
	same "$root/examples/hello/expected.txt" found
}
t older_node without_builtin hello -O1
t older_node_modularize without_builtin modularize
t older_node_es6 without_builtin module -O2 -sEXPORT_ES6 -sMODULARIZE
with closure "$closure" older_node_closure_es6 without_builtin module -O2 -sEXPORT_ES6 -sMODULARIZE --closure 1
with closure "$closure" hello_closure_web_builds build web.js "$root/examples/hello/hello.c" -O2 --closure 1 -sENVIRONMENT=web
with libvfsfs-mt.a "$mt" hello_pthread hello -O2 -pthread
with libvfsfs-mt.a "$mt" hello_pthread_growth hello -O2 -pthread -sALLOW_MEMORY_GROWTH -Wno-pthreads-mem-growth
with libvfsfs-mt.a "$mt" hello_pthread_sanitized hello -O1 -pthread -fsanitize=address -sALLOW_MEMORY_GROWTH -Wno-pthreads-mem-growth
with libvfsfs-mt.a "$mt" hello_proxy_to_pthread hello -O1 -pthread -sPROXY_TO_PTHREAD -sEXIT_RUNTIME=1
with libvfsfs-mt.a "$mt" hello_pthread_es6 module -O2 -pthread -sEXPORT_ES6 -sMODULARIZE
memory64() {
	"$NODE" -e 'new WebAssembly.Memory({ address: "i64", initial: 1n, index: "i64" })' 2>/dev/null ||
		set -- -sMEMORY64=2 "$@"
	hello -O2 "$@"
}
with "64-bit libvfsfs.a" "$m64" hello_memory64 memory64 -sMEMORY64 -Wno-deprecated

mydev() {
	build mydev.js "$root/examples/mydev/mydev.c" -O1 || return
	"$NODE" mydev.js >found
	same "$here/mydev.expected" found
}
t mydev mydev

embedded_files() {
	mkdir -p files/of/many
	echo 'one' >files/of/many/one.txt
	: >files/empty
	build embed.js "$here/embed.c" -O1 --embed-file files@/lib/files --embed-file files/of/many/one.txt@/tmp/one "$@" || return
	says 'one
one
0' "$NODE" embed.js
}
t embedded_files embedded_files
with libvfsfs-mt.a "$mt" embedded_files_pthread embedded_files -pthread
with "64-bit libvfsfs.a" "$m64" embedded_files_memory64 embedded_files -sMEMORY64 -Wno-deprecated

# ---- The wrong archive ----

# wrong ARCHIVE-FOLDER NAME FLAG...: links it by hand; the log is in wrong.log.
wrong() {
	dir=$1 name=$2
	shift 2
	"$EMCC" -O1 "$root/examples/hello/hello.c" -L"$dir" -l"$name" "$@" -o wrong.js >wrong.log 2>&1
}
single_in_pthread_program_does_not_link() {
	! wrong "$st" vfsfs -pthread || { echo "it links"; return 1; }
	grep 'shared-memory is disallowed by' wrong.log
}
threaded_in_single_program_says_so() {
	wrong "$mt" vfsfs-mt || return 0
	! "$NODE" wrong.js >wrong.log 2>&1 || { echo "it runs"; return 1; }
	grep 'link this one with -lvfsfs' wrong.log
}
with libvfsfs-mt.a "$mt" single_in_pthread_program_does_not_link single_in_pthread_program_does_not_link
with libvfsfs-mt.a "$mt" threaded_in_single_program_says_so threaded_in_single_program_says_so

# ---- Standard output ----

"$NODE" -e 'const b = []; for (let k = 0; k < 256; k++) b.push(k); for (let k = 255; k >= 128; k--) b.push(k, 65);
	require("fs").writeFileSync("bytes", Buffer.from(b))'
build_stdio() {
	[ -f stdio.js ] || build stdio.js "$here/stdio.c" -O1
}
stdout_bytes_to_file() {
	build_stdio && "$NODE" stdio.js bytes >found && same bytes found
}
stdout_bytes_to_pipe() {
	build_stdio && "$NODE" stdio.js bytes | cat >found && same bytes found
}
stderr_bytes() {
	build_stdio && "$NODE" stdio.js errors 2>found && same bytes found
}
last_line_without_newline() {
	build_stdio && "$NODE" stdio.js tail >found && printf 'first\nlast' >expected && same expected found
}
slow_reader_gets_all() {
	build_stdio && "$NODE" stdio.js big | (sleep 1; cat) | cksum >found
	"$NODE" -e 'process.stdout.write("0123456789abcdef".repeat(65536))' >big && cksum <big >expected
	same expected found
}
# process.stdout of Node makes the pipe non-blocking.
nonblocking_pipe_gets_all() {
	build_stdio && echo 'process.stdout.fd;' >touch.js
	"$NODE" -r ./touch.js stdio.js big | (sleep 1; cat) | cksum >found
	"$NODE" -e 'process.stdout.write("0123456789abcdef".repeat(65536))' >big && cksum <big >expected
	same expected found
}
closed_pipe_is_EPIPE() {
	build_stdio && ("$NODE" stdio.js epipe 2>found) | true
	printf 'write: Broken pipe\n' >expected && same expected found
}
for name in stdout_bytes_to_file stdout_bytes_to_pipe stderr_bytes last_line_without_newline \
	slow_reader_gets_all nonblocking_pipe_gets_all closed_pipe_is_EPIPE; do
	t $name $name
done

# ---- Standard input ----

stdin_from_file() {
	build_stdio && "$NODE" stdio.js cat <bytes >found && same bytes found
}
stdin_from_pipe() {
	build_stdio && (cat bytes; sleep 0.3; cat bytes) | "$NODE" stdio.js cat >found
	cat bytes bytes >expected && same expected found
}
stdin_through_stdio() {
	build_stdio && "$NODE" stdio.js fcat <bytes >found && same bytes found
}
stdin_from_dev_null() {
	build_stdio && "$NODE" stdio.js cat </dev/null >found && : >expected && same expected found
}
stdin_nonblocking_waits() {
	build_stdio && echo 'process.stdin.fd;' >touch.js
	(sleep 0.5; cat bytes) | "$NODE" -r ./touch.js stdio.js cat >found && same bytes found
}
stdin_big() {
	build_stdio && "$NODE" -e 'process.stdout.write("0123456789abcdef".repeat(65536))' >big
	"$NODE" stdio.js cat <big >found && same big found
}
for name in stdin_from_file stdin_from_pipe stdin_through_stdio stdin_from_dev_null \
	stdin_nonblocking_waits stdin_big; do
	t $name $name
done

# ---- Terminals ----

redirected_is_no_terminal() {
	build_stdio && "$NODE" stdio.js terminal >found
	printf 'printf\nwrite\nisatty 0 window -1\n' >expected && same expected found
}
terminal_has_a_window() {
	build_stdio && script -qec "stty rows 33 cols 77; $NODE stdio.js terminal" /dev/null </dev/null | tr -d '\r' >found
	printf 'printf\nwrite\nisatty 1 window 33x77\n' >expected && same expected found
}
dev_null_is_no_terminal() {
	build_stdio && says 'isatty 0 errno ENOTTY' "$NODE" stdio.js devnull
}
t redirected_is_no_terminal redirected_is_no_terminal
with script "$(command -v script || true)" terminal_has_a_window terminal_has_a_window
t dev_null_is_no_terminal dev_null_is_no_terminal

# ---- The page's functions ----

# page CASE EXPECTED FLAG...: stdio.c under page.js, which gives Module.print and the rest.
page() {
	case=$1
	printf '%b' "$2" >expected
	shift 2
	build page.js "$here/stdio.c" "$@" --pre-js "$here/page.js" || return
	"$NODE" page.js "$case" >found 2>&1
	same expected found
}
t print_gets_whole_lines_of_text page print 'print: gr\0303\0274n \0342\0202\0254\nprint: \nerr: oops\nprint: tail\n' -O1
t print_with_assertions page print 'print: gr\0303\0274n \0342\0202\0254\nprint: \nerr: oops\nprint: tail\n' -O0
t print_with_exit_runtime page print 'print: gr\0303\0274n \0342\0202\0254\nprint: \nerr: oops\nprint: tail\n' -O1 -sEXIT_RUNTIME=1
with closure "$closure" print_with_closure page print 'print: gr\0303\0274n \0342\0202\0254\nprint: \nerr: oops\nprint: tail\n' -O2 --closure 1
t stdout_callback_gets_each_byte page four '0 255 10 97 \n' -O1
t stdin_callback_gives_lines page lines 'print: 3 one\nprint: -1 Resource temporarily unavailable\nprint: 3 two\nprint: 0\n' -O1
with libvfsfs-mt.a "$mt" thread_prints_through_main page thread 'print: from a thread\nprint: main\n' -O1 -pthread
with libvfsfs-mt.a "$mt" proxied_main_prints_through_main page print 'print: gr\0303\0274n \0342\0202\0254\nprint: \nerr: oops\nprint: tail\n' -O1 -pthread -sPROXY_TO_PTHREAD -sEXIT_RUNTIME=1

# What Module inherits.
class_of_page() {
	build class.js "$here/stdio.c" -sMODULARIZE "$@" || return
	printf '%s\n' 'const text = "a\nb\n";
		class Page {
			at = 0;
			arguments = ["lines"];
			print(s) { console.log("print: " + s) }
			stdin() { return text.charCodeAt(page.at++) || null }
		}
		const page = new Page();
		require("./class.js")(page)' >use.js
	says 'print: 1 a
print: 1 b
print: 0
print: 0' "$NODE" use.js
}
t class_of_page class_of_page -O1
t class_of_page_assertions class_of_page -O0

# As in a browser: no process, console.log and prompt. Node stands in for it.
web() { # CASE EXPECTED
	printf '%b' "$2" >expected
	[ -f browser.js ] || build browser.js "$here/stdio.c" -O1 -sENVIRONMENT=web -sSINGLE_FILE || return
	echo 'var answers = ["one", "gr\u00fc\u00dfe", null];
		globalThis.window = globalThis;
		globalThis.prompt = () => answers.shift();
		var Module = { arguments: [process.argv[2]] };
		var code = require("fs").readFileSync("browser.js", "utf8");
		delete globalThis.process;
		(0, eval)("var Module = " + JSON.stringify(Module) + ";" + code);' >use.js
	"$NODE" use.js "$1" >found 2>&1
	same expected found
}
t browser_console_gets_lines web print 'gr\0303\0274n \0342\0202\0254\n\noops\ntail\n'
t browser_prompt_is_stdin web lines '3 one\n7 gr\0303\0274\0303\0237e\n0\n0\n'
t browser_is_a_terminal web terminal 'printf\nwrite\nisatty 1 window 24x80\n'

# ---- The end of a program ----

end() { # CASE STATUS EXPECTED FLAG...
	case=$1 status=$2
	printf '%b' "$3" >expected
	shift 3
	build end.js "$here/end.c" "$@" || return
	"$NODE" end.js "$case" >found 2>/dev/null
	code=$?
	same expected found || return
	[ $code = "$status" ] || { echo "status $code"; return 1; }
}
for flags in -O0 '-O2' '-O2 -sEXIT_RUNTIME=1' '-O0 -sEXIT_RUNTIME=1'; do
	# shellcheck disable=SC2086
	t "return_flushes $flags" end return 3 'unfinished' $flags
	# shellcheck disable=SC2086
	t "exit_flushes $flags" end exit 4 'unfinished' $flags
	# shellcheck disable=SC2086
	t "exit_in_a_timer_flushes $flags" end timer 5 'main\nunfinished' $flags
	# shellcheck disable=SC2086
	t "force_exit_flushes $flags" end force 6 'unfinished' $flags
done
t end_of_node_flushes end never 0 'main\nunfinished' -O2
t abort_keeps_what_was_written end abort 1 'written\n' -O2
atexit_runs_before_the_flush() {
	end atexit 0 'mainhandler' -O2 -sEXIT_RUNTIME=1
}
t atexit_runs_before_the_flush atexit_runs_before_the_flush
many_modules_cost_no_listener() {
	build many.js "$here/end.c" -O1 -sMODULARIZE || return
	echo 'const c = require("./many.js");
		(async () => { for (let k = 0; k < 20; k++) await c({ arguments: ["quiet"] });
		console.log(process.listenerCount("exit")) })()' >use.js
	says 1 "$NODE" use.js
}
t many_modules_cost_no_listener many_modules_cost_no_listener

# ---- Start, addresses ----

constructor_may_use_files() {
	build ctor.js "$here/constructor.c" -O1 && says 'constructor: made, main: found, cwd /' "$NODE" ctor.js
}
t constructor_may_use_files constructor_may_use_files
bad_addresses_are_EFAULT() {
	build efault.js "$here/efault.c" -O1 --pre-js "$here/page.js" && "$NODE" efault.js
}
t bad_addresses_are_EFAULT bad_addresses_are_EFAULT
no_file_is_a_socket() {
	build sockets.js "$here/sockets.c" -O1 "$@" && "$NODE" sockets.js
}
t no_file_is_a_socket no_file_is_a_socket
with "64-bit libvfsfs.a" "$m64" no_file_is_a_socket_memory64 no_file_is_a_socket -sMEMORY64 -Wno-deprecated
full_memory_is_an_error() {
	build full.js "$here/full.c" -O1 "$@" && says full "$NODE" full.js
}
t full_memory_is_an_error full_memory_is_an_error -sALLOW_MEMORY_GROWTH -sMAXIMUM_MEMORY=32MB
t full_memory_is_an_error_without_growth full_memory_is_an_error -sABORTING_MALLOC=0
what_libc_lacks() {
	build libc.js "$here/libc.c" -O1 "$@" && "$NODE" libc.js
}
t what_libc_lacks what_libc_lacks
t what_the_program_brings what_libc_lacks -DOWN
shared_memory_objects() {
	build shm.js "$here/shm.c" -O1 && says 'hello 1777' "$NODE" shm.js
}
t shared_memory_objects shared_memory_objects
poll_waits() {
	build poll.js "$here/poll.c" -O1 "$@" && "$NODE" poll.js
}
t poll_waits poll_waits
with libvfsfs-mt.a "$mt" poll_waits_pthread poll_waits -pthread -sPTHREAD_POOL_SIZE=1 -sPROXY_TO_PTHREAD -sEXIT_RUNTIME
threads() {
	build threads.js "$here/threads.c" -O1 -pthread -sPTHREAD_POOL_SIZE=4 -sEXIT_RUNTIME=1 || return
	"$NODE" threads.js | LC_ALL=C sort | uniq -c >found
	printf '    100 line of thread %d\n' 0 1 2 3 >expected
	same expected found
}
with libvfsfs-mt.a "$mt" threads_lines_are_whole threads

# ---- Module.vfs ----

api() {
	build api.js "$here/js_api.c" --js-library "$root/lib/wasm/libvfsfs.js" --pre-js "$here/js_api.js" "$@" || return
	"$NODE" api.js >found 2>&1
	same "$here/js_api.expected" found
}
t js_api_O0 api -O0
t js_api_O2 api -O2
t js_api_growth api -O3 -sALLOW_MEMORY_GROWTH
with closure "$closure" js_api_closure api -Oz --closure 1
with libvfsfs-mt.a "$mt" js_api_pthread api -O1 -pthread
with "64-bit libvfsfs.a" "$m64" js_api_memory64 api -O1 -sMEMORY64 -Wno-deprecated
js_api_modularize() {
	build apim.js "$here/js_api.c" --js-library "$root/lib/wasm/libvfsfs.js" -O2 -sMODULARIZE || return
	printf '%s\n' 'require("./apim.js")({ preRun(m) { m.vfs.mkdir("/in"); m.vfs.writeFile("/in/a.txt", "x\n") } })
		.then((m) => console.log(m.vfs.readFile("/tmp/out", "utf8")))' >use.js
	says 'main read x
from C' "$NODE" use.js
}
t js_api_modularize js_api_modularize

# The runtime is gone, the files are not.
js_api_after_exit() {
	printf '%s\n' 'Module["onExit"] = () => setTimeout(() => console.log(Module["vfs"].readFile("/tmp/out", "utf8")));
		Module["preRun"] = () => { Module["vfs"].mkdir("/in"); Module["vfs"].writeFile("/in/a.txt", "x\n") };' >after.js
	build apix.js "$here/js_api.c" --js-library "$root/lib/wasm/libvfsfs.js" --pre-js after.js -sEXIT_RUNTIME "$@" || return
	says 'main read x
from C' "$NODE" apix.js
}
t js_api_after_exit js_api_after_exit -O1
t js_api_after_exit_assertions js_api_after_exit -O0

# ---- The pool before main: where it cannot be had, as in Node, main is not run ----

no_opfs='there is no OPFS here: it takes Chrome 108, Firefox 111, Safari 16.4 or later'
pool() {
	cat "$root/lib/wasm/libvfsfs.js" "$root/lib/wasm/libvfsfs_pool.js" >pool.js
	build app.js "$root/examples/start/visits.c" --js-library pool.js "$@"
}
pool_option() {
	pool "$@" || return
	"$NODE" app.js >found 2>&1 && echo 'it ended well' && return 1
	[ "$(sed 1q found)" = "$no_opfs" ] && ! grep visit. found || { cat found && return 1; }
}
t pool_option_O0 pool_option -O0
t pool_option_assertions pool_option -O0 -sASSERTIONS=2
t pool_option_O2 pool_option -O2
with closure "$closure" pool_option_closure pool_option -Oz --closure 1
with libvfsfs-mt.a "$mt" pool_option_pthread pool_option -O1 -pthread
pool_option_modularize() {
	pool -O1 -sMODULARIZE || return
	echo 'require("./app.js")({ printErr() {} }).catch((e) => console.log(e.code, e.message))' >use.js
	says "EOPNOTSUPP $no_opfs" "$NODE" use.js
}
t pool_option_modularize pool_option_modularize
pool_option_off() {
	pool -O1 -sMODULARIZE || return
	echo 'require("./app.js")({ vfsPool: false, preRun: (m) => m.vfs.mkdir("/data") })' >use.js
	says 'This is visit 1.' "$NODE" use.js
}
t pool_option_off pool_option_off
# ---- Streams: trees as tar, files ----

streams() {
	build tar.js "$here/tar.c" --js-library "$root/lib/wasm/libvfsfs.js" --js-library "$root/lib/wasm/libvfsfs_tar.js" \
		--pre-js "$here/tar.js" -sALLOW_MEMORY_GROWTH "$@" || return
	"$NODE" tar.js >found 2>&1
	same "$here/tar.expected" found
}
t js_streams_O0 streams -O0
t js_streams_O2 streams -O2
with closure "$closure" js_streams_closure streams -Oz --closure 1
with libvfsfs-mt.a "$mt" js_streams_pthread streams -O1 -pthread -Wno-pthreads-mem-growth
with "64-bit libvfsfs.a" "$m64" js_streams_memory64 streams -O1 -sMEMORY64 -Wno-deprecated
# Who does not ask for it does not get it.
no_tar_unless_asked_for() {
	build api.js "$here/js_api.c" --js-library "$root/lib/wasm/libvfsfs.js" -O1 --profiling-funcs || return
	! grep -a vfs_tar api.wasm && ! grep exportTar api.js
}
t no_tar_unless_asked_for no_tar_unless_asked_for

echo "$passed passed, $failed failed${skipped:+, $skipped skipped}"
[ $failed = 0 ]
