#!/bin/sh
# Kills a browser again and again while a program writes into a pool; after each kill
# what the pool has is checked. Ends with a line "N passed, N failed".
#
#   kill.sh chromium|firefox N [SEED] [fsync|claim|noflush|prove]
#
# kill.mjs tells the last argument. PROGRAM: kill_writer.c, linked; default
# build/wasm/kill.js.
set -eu
here=$(dirname "$0")
browser=${1:-}
. "$here/outside.sh"
exec node "$here/kill.mjs" "${PROGRAM:-$here/../../build/wasm/kill.js}" "$@"
