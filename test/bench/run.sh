#!/bin/sh
# Measures libvfsfs beside its peers, all in one run, and prints a table.
#
#   run.sh [--quick] [--browser NAME] [--design] [--rows ROW,...]
#
#   --quick    one round of short samples, no sizes
#   --browser  also there, through test/web/
#   --design   also the peers' columns beside those in the design
#   --rows     only these (names as bench.c prints them)
#
# Variables: OUT (programs; default build/bench), VFSFS_LIB (the archives;
# default build/lib), VFSFS_LDFLAGS, VFSFS_MT_LDFLAGS (how they are linked),
# EMCC, VFSFS_CACHE. Timings never decide the exit code, crashes do.
set -eu
cd "$(dirname "$0")"
. ../setup/common.sh

tools=$(../setup/emscripten.sh)
PATH=$(printf ':%s:' "$PATH" | sed "s#:$tools:#:#; s/^://; s/:$//") # its node is for programs
OUT=${OUT:-$(cd ../.. && pwd)/build/bench}
mkdir -p "$OUT"
[ -e "${VFSFS_LIB:=../../build/lib}/libvfsfs.a" ] || rm -f "$OUT"/*-vfsfs.*
[ -e "$VFSFS_LIB/libvfsfs-mt.a" ] || rm -f "$OUT"/mt-vfsfs.*

target='time size'
case " $* " in
*' --quick '* | *' --rows '*) target='time' ;;
*)
	EM_CLOSURE_COMPILER=$(../setup/closure.sh)
	export EM_CLOSURE_COMPILER
	;;
esac

# shellcheck disable=SC2086 # two targets
make --no-print-directory -s EMCC="$tools/emcc" OUT="$OUT" VFSFS_LIB="$VFSFS_LIB" $target >&2
node=$(command -v node || echo "$tools/node")
exec "$node" run.mjs --out "$OUT" --node "$tools/node" "$@"
