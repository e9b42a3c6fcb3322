#!/bin/sh
# Prints a folder with SQLite in few files: sqlite3.c, sqlite3.h, shell.c and
# speedtest1.c, made once from Debian's source package by SQLite's own make.
#
#   sqlite.sh
set -eu
here=$(dirname "$0")
. "$here/common.sh"
sqlite=3.46.1
sha256=d0cdd2ece271b29e7ce18095745d892517ee26d0f270065b3a25c2e9eb11639c

# shellcheck disable=SC2317
fill() { # FOLDER
	"$here/packages.sh" sqlite
	tarball=$(debian_file pool/main/s/sqlite3/sqlite3_$sqlite.orig.tar.xz $sha256)
	say "making SQLite's amalgamation (about ten seconds)"
	mkdir -p "$1/src"
	tar -xf "$tarball" -C "$1/src" --strip-components=1
	(
		cd "$1/src"
		logged "$cache/sqlite.log" ./configure --disable-tcl --disable-readline
		logged "$cache/sqlite.log" make sqlite3.c shell.c
	)
	for file in sqlite3.c sqlite3.h shell.c test/speedtest1.c; do
		mv "$1/src/$file" "$1/"
	done
	rm -rf "$1/src"
}

folder=$cache/sqlite-$sqlite
once "$folder" fill
echo "$folder"
