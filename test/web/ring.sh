#!/bin/sh
# The ring transport in a browser: threads at once, in a worker and in a page; the proxy
# dies and hangs at calls of a workload; no proxy can be had; where the worker's script
# comes from.
#
#   ring.sh chromium|firefox FOLDER          a bounded part of the calls
#   ring.sh chromium|firefox FOLDER all      every call
#
# A page of Firefox 153 crashes or hangs at times where a worker starts others, of
# Emscripten's threads too: there the threads' program is the page's, each run of
# deaths is short, and a run that ends so, for which the harness has a sentence, is
# made again, twice at most.
set -u
browser=$1 folder=$2 how=${3:-some}
here=$(dirname "$0")
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 1' HUP INT TERM
passed=0 failed=0
# Firefox hangs for good where it does.
[ "$browser" = firefox ] && seconds=90 || seconds=3000

run() { # [OPTION...] PROGRAM [ARGUMENT...]
	for try in 1 2 3; do
		"$here/run.sh" --browser "$browser" --mt --timeout "$seconds" "$@" >"$log" 2>&1
		status=$?
		[ "$browser" = firefox ] && grep -q '^vfsfs: .*\(the page has crashed\|no exit within\)' "$log" || break
		echo "# again, after try $try: $(tail -n 1 "$log")"
	done
	grep -v ' passed, .* failed$' "$log"
	# shellcheck disable=SC2046
	set -- $(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log") 0 0
	passed=$((passed + $1)) failed=$((failed + $2))
	[ $status = 0 ] || [ "$2" != 0 ] || failed=$((failed + 1))
}

faults() { # WHAT CALLS STEP: in runs of 12 calls
	most=100000
	[ "$browser" = chromium ] || most=6
	first=1
	while [ $first -le "$2" ]; do
		run "$folder/ring_fault.js" "$1" "$3" $first $most
		first=$((first + most * $3))
	done
}

[ "$browser" = firefox ] || run "$folder/ring_threads.js"
run --page "$folder/ring_page.js"
run "$folder/ring_script.js"
run "$folder/ring_script.js" -- libvfsfs-worker.js
run "$folder/ring_script.js" missing
run "$folder/ring_script.js" -- ring_no_wait.js no-wait-async
run "$folder/ring_fault.js" none
if [ "$how" = all ]; then
	faults die 330 1
	faults die-growing 380 1
	faults hang 330 1
	faults hang-growing 380 1
else
	faults die 330 29
	faults die-growing 380 43
	faults hang 330 71
	faults hang-growing 380 97
fi
echo "$passed passed, $failed failed"
[ $failed = 0 ]
