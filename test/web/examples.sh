#!/bin/sh
# The examples in a browser. Ends with a line "N passed, N failed".
#
#   examples.sh chromium|firefox [NAME]      NAME: only tests whose names have it
#
# FOLDER: what `make examples` has built; default build/examples. examples.mjs tells more.
set -eu
here=$(dirname "$0")
browser=${1:-}
. "$here/outside.sh"
VITE=$("$here/../setup/vite.sh")
export VITE
exec node "$here/examples.mjs" "${FOLDER:-$here/../../build/examples}" "$@"
