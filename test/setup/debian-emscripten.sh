#!/bin/sh
# Makes a small Debian of release $1 with its Emscripten in the cache folder,
# where it is not there yet. tools/ has one wrapper for each program, which
# finds its folder by its own name, so the folder may be moved.
#
#   debian-emscripten.sh RELEASE        (as root; emscripten.sh calls it)
set -eu
here=$(dirname "$0")
. "$here/common.sh"
release=$1
log=$cache/emscripten-$release.log

wrappers() { # FOLDER
	cp "$here/in-root.sh" "$1/in-root.sh"
	mkdir "$1/tools"
	for program in "$1"/usr/bin/em* "$1"/usr/bin/wasm-* "$1/usr/bin/node"; do
		# Debian's does not find its own folder through the link in /usr/bin
		[ "${program##*/}" != emnm ] || continue
		wrapper=$1/tools/${program##*/}
		cat >"$wrapper" <<-'END'
			#!/bin/sh
			tools=${0%/*}
			exec "$tools/../in-root.sh" "${tools%/*}" "${0##*/}" "$@"
		END
		chmod 755 "$wrapper"
	done
}

# shellcheck disable=SC2317
fill() { # FOLDER
	say "installing Emscripten from Debian $release into ${1%.new} (about a minute)"
	# The mount namespace ends with debootstrap, so nothing stays mounted in
	# the folder, whatever happens.
	# shellcheck disable=SC2046
	DEBIAN_FRONTEND=noninteractive logged "$log" \
		unshare --mount debootstrap --variant=minbase \
		--include=ca-certificates,emscripten,nodejs,make \
		--keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
		"$release" "$1" $(mirror)
	rm -rf "$1"/var/cache/apt/archives/*.deb "$1"/var/lib/apt/lists/*_*
	wrappers "$1"

	say "compiling Emscripten's libraries (about a minute)"
	echo 'int main(void) { return 0; }' >"$1/empty.c"
	logged "$log" "$1/tools/emcc" "$1/empty.c" -o "$1/empty.js"
	rm -f "$1"/empty.*
}

unshare --mount true 2>/dev/null ||
	die "Emscripten from Debian needs the right to mount, which this container does not have"
once "$cache/emscripten-$release" fill
