#!/bin/sh
# A pool of vfs_opfs_pool and of sqlite-wasm's opfs-sahpool in turn, in a browser:
# what one leaves the other finds. PROGRAM.js is sahpool_pool.c's.
#
#   sahpool.sh chromium|firefox PROGRAM.js [TEST]      TEST: those whose names match
set -eu
here=$(cd "$(dirname "$0")" && pwd)
browser=$1
program=$(cd "$(dirname "$2")" && pwd)/${2##*/}
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
sqlite=$("$here/../setup/sqlite-wasm.sh")
ln -s "$here"/sahpool*.js "$here"/sahpool*.mjs "$here/sahpool.expected" "$folder"
ln -s "$program" "${program%.js}.wasm" "$folder"
ln -s "$sqlite" "$folder/sqlite"
"$here/run.sh" --browser "$browser" --page --timeout 400 "$folder/sahpool.js" -- "$@"
