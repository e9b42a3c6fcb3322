#!/bin/sh
# Prints a folder with cmocka compiled by an Emscripten: include/cmocka.h,
# lib/libcmocka.a, lib/libcmocka-mt.a for -pthread and, from Emscripten 4 on,
# lib/libcmocka64.a for -sMEMORY64. Made once for each version of Emscripten,
# from Debian's source package.
#
#   cmocka-wasm.sh [EMCC]
set -eu
. "$(dirname "$0")/common.sh"
emcc=${1:-emcc}
cmocka=1.1.7
sha256=810570eb0b8d64804331f82b29ff47c790ce9cd6b163e98d47a4807047ecad82

version=$("$emcc" --version 2>/dev/null | sed -n '1s/^emcc.*) \([0-9][0-9.]*\).*/\1/p')
[ -n "$version" ] || die "$emcc is no working emcc"

variant() { # FOLDER LIBRARY FLAG...
	into=$1
	library=$into/lib/$2
	shift 2
	"$emcc" -O1 -w "$@" \
		-DHAVE_UINTPTR_T -DHAVE_INTTYPES_H -DHAVE_MALLOC_H -DHAVE_SIGNAL_H \
		-DHAVE_STRINGS_H -DHAVE_SNPRINTF -DHAVE_VSNPRINTF -DHAVE_STRSIGNAL \
		-DHAVE_STRUCT_TIMESPEC -DHAVE_CLOCK_REALTIME -DHAVE_GCC_THREAD_LOCAL_STORAGE \
		-I"$into/src/include" -c "$into/src/src/cmocka.c" -o "$into/cmocka.o"
	"${emcc%emcc}emar" rcs "$library" "$into/cmocka.o"
}

# shellcheck disable=SC2317
fill() { # FOLDER
	tarball=$(debian_file pool/main/c/cmocka/cmocka_$cmocka.orig.tar.xz $sha256)
	say "compiling cmocka $cmocka with Emscripten $version (some seconds)"
	mkdir -p "$1/src" "$1/include" "$1/lib"
	tar -xf "$tarball" -C "$1/src" --strip-components=1
	# cmocka.h guesses uintptr_t wrongly for wasm32.
	{
		echo '#define HAVE_UINTPTR_T 1'
		cat "$1/src/include/cmocka.h"
	} >"$1/include/cmocka.h"
	variant "$1" libcmocka.a
	variant "$1" libcmocka-mt.a -pthread
	case $version in
	3.*) ;;
	*) variant "$1" libcmocka64.a -sMEMORY64 ;;
	esac
	rm -rf "$1/src" "$1/cmocka.o"
}

folder=$cache/cmocka-$cmocka-emscripten-$version
once "$folder" fill
echo "$folder"
