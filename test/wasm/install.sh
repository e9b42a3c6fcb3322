#!/bin/sh
# `make install`, then hello built from the installed tree only: by a CMake
# project as emcmake configures it, with what README says, and by the flags that
# pkg-config tells; each without threads and with them.
#
#   EMCC=emcc NODE=node test/wasm/install.sh
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
make -s -C "$root" install PREFIX="$prefix" || exit
passed=0 failed=0

t() { # NAME COMMAND...
	name=$1
	shift
	if "$@" >"$work/log" 2>&1; then
		echo "ok $name"
		passed=$((passed + 1))
	else
		echo "not ok $name"
		tail -n 20 "$work/log"
		failed=$((failed + 1))
	fi
}

says_hello() { # FILE.js
	"$NODE" "$1" >"$work/found" && cmp "$root/examples/hello/expected.txt" "$work/found"
}

mkdir "$work/project"
cp "$root/examples/hello/hello.c" "$work/project"
cat >"$work/project/CMakeLists.txt" <<'EOF'
cmake_minimum_required(VERSION 3.16)
project(hello C)
find_package(vfsfs ${WANTED} REQUIRED)
add_executable(hello hello.c)
target_link_libraries(hello vfsfs::${LIBRARY})
EOF
# What emcmake passes; Debian's Emscripten may live in a root without cmake.
tools=$(dirname "$EMCC")
modules=$("$tools/em-config" EMSCRIPTEN_ROOT 2>/dev/null || true)
for folder in "$modules" "$tools/../usr/share/emscripten" "$tools"; do
	[ ! -f "$folder/cmake/Modules/Platform/Emscripten.cmake" ] || break
done
configured() { # LIBRARY VERSION
	rm -rf "$work/build"
	cmake -DCMAKE_TOOLCHAIN_FILE="$folder/cmake/Modules/Platform/Emscripten.cmake" \
		-DCMAKE_MODULE_PATH="$folder/cmake/Modules" -DEMSCRIPTEN_ROOT_PATH="$tools" \
		-DLIBRARY="$1" -DWANTED="$2" -Dvfsfs_DIR="$prefix/lib/cmake/vfsfs" \
		-S "$work/project" -B "$work/build"
}
by_cmake() {
	configured "$@" && cmake --build "$work/build" && says_hello "$work/build/hello.js"
}
refused() {
	! configured "$@" >"$work/refusal" 2>&1 && grep 'with requested version' "$work/refusal"
}
t 'CMake finds the library' by_cmake vfsfs ''
t 'CMake finds the library with threads' by_cmake vfsfs-mt 0.1
t 'CMake refuses a version to come' refused vfsfs 0.1.999
t 'CMake refuses another minor version' refused vfsfs 0.0

by_pkg_config() { # LIBRARY
	flags=$(PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config --cflags --libs "$1") || return
	# shellcheck disable=SC2086
	"$EMCC" "$root/examples/hello/hello.c" -o "$work/hello.js" $flags && says_hello "$work/hello.js"
}
t 'pkg-config tells the flags' by_pkg_config vfsfs
t 'pkg-config tells the flags with threads' by_pkg_config vfsfs-mt
echo "$passed passed, $failed failed"
[ $failed = 0 ]
