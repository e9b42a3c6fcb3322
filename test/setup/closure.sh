#!/bin/sh
# Prints Google's closure compiler, from npm, for EM_CLOSURE_COMPILER: Debian's
# Emscripten has none.
#
#   closure.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
version=20260927.0.0

# shellcheck disable=SC2317
fill() { # FOLDER
	say "installing the closure compiler (about ten seconds)"
	mkdir "$1"
	logged "$cache/closure.log" npm install --no-audit --no-fund --prefix "$1" \
		"google-closure-compiler@$version"
}

have npm || "$here/packages.sh" browser
folder=$cache/closure-$version
once "$folder" fill
echo "$folder/node_modules/.bin/google-closure-compiler"
