#!/bin/sh
# Prints a folder with SQLite's own build for browsers, npm's @sqlite.org/sqlite-wasm:
# index.mjs, sqlite3.wasm.
#
#   sqlite-wasm.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
version=3.54.1-build1
sha256=06aaad2dd0b58a46631000a31a4469afff4abeffbc383f37372b6590396d9bbd

# shellcheck disable=SC2317
fill() { # FOLDER
	say "fetching sqlite-wasm $version"
	mkdir "$1"
	logged "$cache/sqlite-wasm.log" npm pack --pack-destination "$1" "@sqlite.org/sqlite-wasm@$version"
	echo "$sha256  $(echo "$1"/*.tgz)" | sha256sum -c --quiet - >&2 ||
		die "sqlite-wasm $version does not have the checksum that it should"
	tar -xf "$1"/*.tgz -C "$1" --strip-components=1
	rm "$1"/*.tgz
}

have npm || "$here/packages.sh" browser
folder=$cache/sqlite-wasm-$version
once "$folder" fill
echo "$folder/dist"
