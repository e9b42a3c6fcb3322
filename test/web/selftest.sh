#!/bin/sh
# Shows that a program's end in a browser is told as it was: success as success,
# and an exit code, an abort, a crash, a hang and an uncaught exception as
# failures. Uses the emcc on PATH and nothing of the library.
#
#   selftest.sh [chromium|firefox]...
set -eu
run=$(dirname "$0")/run.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

cat >"$dir/end.c" <<'EOC'
#include <emscripten.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void later(void) { exit(7); }
static void throws(void *p) { EM_ASM({ throw new Error("thrown later") }); }

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	printf("to stdout: %s\n", how);
	fprintf(stderr, "to stderr\n");
	if (!strcmp(how, "isolated"))
		return EM_ASM_INT({ return self.crossOriginIsolated ? 4 : 5; });
	if (!strcmp(how, "secure"))
		return EM_ASM_INT({ return self.isSecureContext ? 4 : 5; });
	if (!strcmp(how, "visit"))
		return EM_ASM_INT({ return localStorage.visits = 1 + +(localStorage.visits || 0); });
	if (!strcmp(how, "return"))
		return 3;
	if (!strcmp(how, "exit"))
		exit(3);
	if (!strcmp(how, "later"))
		emscripten_set_main_loop(later, 0, 1);
	if (!strcmp(how, "abort"))
		abort();
	if (!strcmp(how, "trap"))
		__builtin_trap();
	if (!strcmp(how, "throw"))
		EM_ASM({ throw new Error("thrown"); });
	if (!strcmp(how, "callback"))
		emscripten_async_call(throws, NULL, 20);
	if (!strcmp(how, "hang"))
		for (;;)
			EM_ASM({ performance.now(); });
	return 0;
}
EOC
# stay.js keeps its runtime after main, as is the default; leave.js does not.
emcc "$dir/end.c" -o "$dir/stay.js"
emcc "$dir/end.c" -sEXIT_RUNTIME=1 -o "$dir/leave.js"

failures=0
expect() { # CODE PATTERN WORD... : run.sh ends with CODE and prints PATTERN
	code=$1 pattern=$2
	shift 2
	status=0
	"$run" --browser "$browser" --timeout 60 "$@" >"$dir/out" 2>&1 || status=$?
	if [ $status != "$code" ] || ! grep -q "$pattern" "$dir/out"; then
		echo "FAILED in $browser: $*: ended with $status, not $code and '$pattern':"
		sed 's/^/    /' "$dir/out"
		failures=$((failures + 1))
	fi
}

for browser in "${@:-chromium}"; do
	both="$dir/stay.js $dir/leave.js"
	# shellcheck disable=SC2086
	{
		expect 0 '^ok .*leave.js' $both well
		expect 0 'to stdout: two words' "$dir/stay.js" 'two words'
		expect 3 'FAILED .*leave.js .*exit code 3' $both return
		expect 3 'FAILED .*leave.js .*exit code 3' $both exit
		expect 7 'FAILED .*leave.js .*exit code 7' $both later
	}
	expect 3 'to stderr' --page "$dir/stay.js" return
	expect 5 'to stdout' "$dir/stay.js" isolated
	expect 4 'to stdout' --mt "$dir/stay.js" isolated
	expect 4 'to stdout' "$dir/stay.js" secure
	expect 5 'to stdout' --insecure "$dir/stay.js" secure
	expect 1 'to stdout' --profile "$dir/$browser" --page "$dir/stay.js" visit
	expect 2 'to stdout' --profile "$dir/$browser" --page "$dir/stay.js" visit
	expect 1 'abort' "$dir/stay.js" abort
	expect 1 'unreachable' "$dir/stay.js" trap
	expect 1 'thrown' "$dir/stay.js" throw
	expect 1 'thrown later' "$dir/leave.js" callback
	expect 1 'no such file' "$dir/none.js"
	expect 124 'no exit within 3 s' --timeout 3 "$dir/stay.js" hang
	[ $failures != 0 ] || echo "ok: the harness in $browser"
done
exit $((failures != 0))
