#!/bin/sh
# `make install`, then hello built from the installed tree only: by a CMake
# project as emcmake configures it, and by the flags that pkg-config tells.
#
#   EMCC=emcc NODE=node test/wasm/install.sh
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
make -s -C "$root" install PREFIX="$prefix"
failed=0

verdict() { # NAME FILE.js
	if [ "$("$NODE" "$2")" = "$(cat "$root/examples/hello/expected.txt")" ]; then
		echo "ok $1"
	else
		echo "not ok $1"
		failed=$((failed + 1))
	fi
}

mkdir "$work/project"
cp "$root/examples/hello/hello.c" "$work/project"
cat >"$work/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.16)
project(hello C)
find_package(vfsfs REQUIRED)
add_executable(hello hello.c)
target_link_libraries(hello vfsfs::vfsfs)
END
# What emcmake passes; Debian's Emscripten may live in a root without cmake.
tools=$(dirname "$EMCC")
modules=$("$tools/em-config" EMSCRIPTEN_ROOT 2>/dev/null || true)
for folder in "$modules" "$tools/../usr/share/emscripten" "$tools"; do
	[ ! -f "$folder/cmake/Modules/Platform/Emscripten.cmake" ] || break
done
cmake -DCMAKE_TOOLCHAIN_FILE="$folder/cmake/Modules/Platform/Emscripten.cmake" \
	-DCMAKE_MODULE_PATH="$folder/cmake/Modules" -DEMSCRIPTEN_ROOT_PATH="$tools" \
	-Dvfsfs_DIR="$prefix/lib/cmake/vfsfs" -S "$work/project" -B "$work/build" >"$work/log" 2>&1 &&
	cmake --build "$work/build" >>"$work/log" 2>&1 || tail -n 20 "$work/log"
verdict 'CMake finds the library' "$work/build/hello.js"

# shellcheck disable=SC2046
"$EMCC" "$root/examples/hello/hello.c" -o "$work/hello.js" \
	$(PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config --cflags --libs vfsfs)
verdict 'pkg-config tells the flags' "$work/hello.js"
echo "$((2 - failed)) passed, $failed failed"
[ $failed = 0 ]
