#!/bin/sh
# Measures files that stay: the pool beside the bare handles, memory and WasmFS, and
# SQLite on it beside sqlite-wasm, all in one run, in a browser; prints tables.
#
#   durable.sh [--browser chromium|firefox] [--quick]
#
# Variables as run.sh's. Timings never decide the exit code, crashes do.
set -eu
cd "$(dirname "$0")"
. ../setup/common.sh

tools=$(../setup/emscripten.sh)
PATH=$(printf ':%s:' "$PATH" | sed "s#:$tools:#:#; s/^://; s/:$//") # its node is for programs
OUT=${OUT:-$(cd ../.. && pwd)/build/bench}
mkdir -p "$OUT"
make --no-print-directory -s EMCC="$tools/emcc" OUT="$OUT" VFSFS_LIB="${VFSFS_LIB:-../../build/lib}" \
	SQLITE="$(../setup/sqlite.sh)" SQLITE_WASM="$(../setup/sqlite-wasm.sh)" durable >&2
exec node durable.mjs --out "$OUT" "$@"
