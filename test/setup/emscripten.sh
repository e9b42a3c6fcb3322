#!/bin/sh
# Prints a folder to put in front of PATH that has emcc, em++, emar, node and
# the rest of Emscripten. It is that of the emcc which EMCC names or which is
# on PATH, where that is new enough; else, on Debian as root, Debian's own,
# installed once into the cache folder (debian-emscripten.sh).
#
#   emscripten.sh [newest|3.1.69]
set -eu
here=$(dirname "$0")
. "$here/common.sh"
oldest=3.1.69

version() { "$1" --version 2>/dev/null | sed -n '1s/^emcc.*) \([0-9][0-9.]*\).*/\1/p'; }

suits() { # VERSION: is it what was asked for?
	case $wanted in
	newest) [ "$(printf '%s\n' $oldest "$1" | sort -V | head -n 1)" = $oldest ] ;;
	*) [ "$1" = "$wanted" ] ;;
	esac
}

debian_root() { [ "$(id -u)" = 0 ] && have apt-get; }

# A folder for an emcc of this machine: its own where it is complete. Debian's
# keeps its compiled libraries where they cannot be written, and an emsdk has
# its node elsewhere: those get wrappers, in a folder for each.
folder_of() {
	real=$(readlink -f "$1")
	# a link to something else (ccache) is left alone
	case ${real##*/} in emcc*) ;; *) real=$(cd "$(dirname "$1")" && pwd)/emcc ;; esac
	bin=$(dirname "$real")
	if [ "$bin" != /usr/bin ] && [ -x "$bin/emar" ] && [ -x "$bin/node" ]; then
		echo "$bin"
		return
	fi
	own=$cache/emscripten-local-$(echo "$bin" | cksum | tr ' ' -)
	tools=$own/tools
	mkdir -p "$tools" "$own/cache"
	node=$("$bin/em-config" NODE_JS 2>/dev/null | sed "s/[]['\"]//g; s/,.*//")
	for tool in emcc em++ emar emranlib emcmake emconfigure emmake embuilder node; do
		program=$bin/$tool
		[ $tool != node ] || program=${node:-$(command -v node)} || die "there is no node for $1"
		{
			echo '#!/bin/sh'
			case $bin in
			/usr/bin | /usr/share/emscripten) echo "export EM_FROZEN_CACHE= EM_CACHE='$own/cache'" ;;
			esac
			echo "exec '$program' \"\$@\""
		} >"$tools/$tool.$$"
		chmod 755 "$tools/$tool.$$"
		mv "$tools/$tool.$$" "$tools/$tool"
	done
	echo "$tools"
}

case ${1:-newest} in
newest) wanted=newest releases='sid trixie' ;;
3.1.69) wanted=3.1.69 releases=trixie ;;
*) die "usage: emscripten.sh [newest|3.1.69]" ;;
esac

# With EMCC= set, that one and no other.
if [ "$wanted" = newest ] && [ -n "${EMCC:-}" ]; then
	emcc=$(command -v "$EMCC") || die "EMCC is $EMCC, which is no program"
	found=$(version "$emcc")
	suits "${found:-0}" ||
		die "$emcc is Emscripten ${found:-of an unknown version}, and libvfsfs needs $oldest or newer: set EMCC to a newer one, or leave it unset"
	folder_of "$emcc"
	exit
fi
emcc=$(command -v emcc || true)
if [ -n "$emcc" ]; then
	found=$(version "$emcc")
	if suits "${found:-0}"; then
		folder_of "$emcc"
		exit
	fi
	if ! debian_root; then
		die "$emcc is Emscripten ${found:-of an unknown version}, and ${wanted} is wanted (at least $oldest): put a newer one in front in PATH, or name it with EMCC="
	fi
	[ "$wanted" != newest ] ||
		say "$emcc is Emscripten ${found:-of an unknown version}, older than $oldest, and is left aside for Debian's newest; to choose another, name it with EMCC="
fi
debian_root ||
	die "there is no emcc on PATH: install Emscripten $oldest or newer, or run this as root on Debian, where it is fetched"

for release in $releases; do
	failed=$cache/emscripten-$release.failed
	if [ ! -d "$cache/emscripten-$release" ]; then
		if [ "$release $wanted" = 'sid newest' ] && [ -d "$cache/emscripten-trixie" ] &&
			[ -n "$(find "$failed" -mtime -1 2>/dev/null)" ]; then
			continue
		fi
		"$here/packages.sh" emscripten
		if ! "$here/debian-emscripten.sh" "$release"; then
			say "no Emscripten could be had from Debian $release"
			touch "$failed"
			continue
		fi
	fi
	[ "$wanted $release" != 'newest trixie' ] ||
		say "Debian's newest Emscripten could not be installed: $oldest is used, and the newest is tried again in a day, or when $cache/emscripten-sid.failed is removed"
	folder=$cache/emscripten-$release
	cmp -s "$here/in-root.sh" "$folder/in-root.sh" || {
		cp "$here/in-root.sh" "$folder/in-root.sh.$$"
		mv "$folder/in-root.sh.$$" "$folder/in-root.sh"
	}
	echo "$folder/tools"
	exit
done
die "Emscripten could not be installed: put an emcc of $oldest or newer in PATH"
