#!/bin/sh
# The Makefile and the scripts of this folder with an Emscripten that only
# pretends: which one is taken, when things are made anew, what is said where
# something is missing. Works on a copy of the tree.
#
#   test/setup/selftest.sh
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tree" "$work/tree/test"
cp -r "$root/Makefile" "$root/lib" "$root/include" "$root/backends" "$work/tree"
cp -r "$root/test/setup" "$work/tree/test"
cd "$work/tree" || exit
unset EMCC VFSFS_CACHE MAKEFLAGS MAKELEVEL
export VFSFS_CACHE="$work/cache"
passed=0 failed=0

t() { # NAME COMMAND...
	name=$1
	shift
	if ("$@") >"$work/log" 2>&1; then
		echo "ok $name"
		passed=$((passed + 1))
	else
		echo "not ok $name"
		tail -n 12 "$work/log"
		failed=$((failed + 1))
	fi
}

# pretend FOLDER VERSION: an Emscripten without a node of its own; it writes its
# name into each file that it is to make.
pretend() {
	mkdir -p "$1"
	cat >"$1/emcc" <<-EOF
		#!/bin/sh
		case \$1 in --version) echo "emcc (Emscripten gcc/clang-like replacement) $2 ()"; exit ;; esac
		for argument; do
			[ "\$before" != -o ] || echo $1 >"\$argument"
			before=\$argument
		done
	EOF
	printf '#!/bin/sh\necho made >"$2"\n' >"$1/emar"
	printf '#!/bin/sh\necho /usr/bin/env\n' >"$1/em-config"
	chmod 755 "$1/emcc" "$1/emar" "$1/em-config"
}
pretend "$work/one" 6.0.1
pretend "$work/two" 6.0.2
pretend "$work/old" 3.1.2

# runs FOLDER: the folder that emscripten.sh printed runs that Emscripten.
runs() {
	"$printed/emcc" -o "$work/made" && grep -qx "$1" "$work/made"
}
each_has_a_folder() {
	one=$(EMCC=$work/one/emcc test/setup/emscripten.sh) && two=$(EMCC=$work/two/emcc test/setup/emscripten.sh) &&
		printed=$one && runs "$work/one" && printed=$two && runs "$work/two"
}
a_relative_name() {
	printed=$(EMCC=../one/emcc test/setup/emscripten.sh) && cd / && runs "$work/one"
}
a_link() {
	mkdir "$work/bin" && ln -s ../one/emcc "$work/bin/emcc" &&
		printed=$(EMCC=$work/bin/emcc test/setup/emscripten.sh) && runs "$work/one"
}
too_old() {
	! EMCC=$work/old/emcc test/setup/emscripten.sh >"$work/said" 2>&1 && grep 'set EMCC to a newer one' "$work/said"
}
t 'two Emscriptens have a folder each' each_has_a_folder
t 'EMCC may be a relative name' a_relative_name
t 'EMCC may be a link' a_link
t 'an old Emscripten is refused' too_old

lib() { # VARIABLE=VALUE...
	make "$@" lib >"$work/made" 2>&1 || { cat "$work/made"; return 1; }
}
from_the_command_line() {
	lib EMCC="$work/one/emcc" && grep -qx "$work/one" build/wasm/lib/path.o
}
the_cache_too() {
	lib EMCC="$work/one/emcc" VFSFS_CACHE="$work/other" && ls "$work/other"/emscripten-local-*
}
nothing_twice() {
	lib EMCC="$work/one/emcc" && lib EMCC="$work/one/emcc" && ! grep '\.o$' "$work/made"
}
made_anew() {
	lib EMCC="$work/two/emcc" && grep -qx "$work/two" build/wasm/lib/path.o && grep -qx "$work/two" build/wasm-mt/lib/path.o
}
uthash_elsewhere() {
	mkdir -p "$work/ut" && echo '/* mine */' >"$work/ut/uthash.h" && rm -rf build/include &&
		make UTHASH="$work/ut" build/include/uthash.h && grep mine build/include/uthash.h
}
t 'EMCC on the command line of make' from_the_command_line
t 'VFSFS_CACHE on the command line of make' the_cache_too
t 'nothing is made twice' nothing_twice
t 'another compiler makes all anew' made_anew
t 'UTHASH on the command line of make' uthash_elsewhere

says() { # SENTENCE COMMAND...: it fails with that
	sentence=$1
	shift
	! "$@" >"$work/said" 2>&1 && grep "$sentence" "$work/said"
}
t 'HOME is not set' says 'HOME is not set: name a folder' \
	env -u HOME -u VFSFS_CACHE -u XDG_CACHE_HOME test/setup/packages.sh build
t 'the cache cannot be made' says 'cannot be written: name another folder' \
	env VFSFS_CACHE=/proc/none test/setup/packages.sh build
no_sqlite() {
	printf '#!/bin/sh\nexit 1\n' >test/setup/sqlite.sh
	says 'no SQLite: see the line above' make EMCC="$work/one/emcc" build/demo/shell.o
}
t 'no SQLite' no_sqlite
echo "$passed passed, $failed failed"
[ $failed = 0 ]
