#!/bin/sh
# Trees and files as streams, over a pool in a browser: test/wasm/tar.js says the same
# there as in Node over memory.
#
#   tar.sh BROWSER tar_pool.js
set -u
here=$(cd "$(dirname "$0")" && pwd)
found=$(mktemp)
trap 'rm -f "$found"' EXIT
"$here/run.sh" --browser "$1" "$2" >"$found" 2>&1 || {
	cat "$found"
	exit 1
}
diff "$here/../wasm/tar.expected" "$found" && echo '1 passed, 0 failed'
