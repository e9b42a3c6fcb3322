#!/bin/sh
# Prints a folder whose node_modules has Vite, in the versions that the lock file of
# examples/start/vite pins.
#
#   vite.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
example=$here/../../examples/start/vite

# shellcheck disable=SC2317
fill() { # FOLDER
	say "installing Vite (about ten seconds)"
	mkdir "$1"
	cp "$example/package.json" "$example/package-lock.json" "$1/"
	(
		cd "$1"
		logged "$cache/vite.log" npm ci --ignore-scripts --no-audit --no-fund
	)
}

have npm || "$here/packages.sh" browser
folder=$cache/vite-$(cksum <"$example/package-lock.json" | tr ' ' -)
once "$folder" fill
echo "$folder"
