#!/bin/sh
# What a pool does where the browser's quota is used up. Ends with a line
# "N passed, N failed".
#
#   quota.sh chromium [MiB]
#
# quota.mjs tells what is done. PROGRAM: quota.c, linked; default build/wasm/quota.js.
set -eu
here=$(dirname "$0")
browser=${1:-}
. "$here/outside.sh"
exec node "$here/quota.mjs" "${PROGRAM:-$here/../../build/wasm/quota.js}" "$@"
