#!/bin/sh
# What is checked without running anything: format, clang-tidy, cppcheck, the
# one-way rule of the house, exported names, headers that stand alone, sizes.
# Prints a line for each; ends with 1 where one found something.
#
#   lint.sh     after `make all lib`: EMCC names the emcc for the size budget
set -u
cd "$(dirname "$0")/.." || exit
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

check() { # NAME COMMAND...
	name=$1
	shift
	if "$@" >"$work/out" 2>&1; then
		echo "ok $name"
	else
		echo "not ok $name"
		head -n 40 "$work/out"
		failed=$((failed + 1))
	fi
}

sources=$(git ls-files 'lib/*.c' 'backends/*.c')
core=$(echo "$sources" | grep -v '^lib/wasm/')
formatted=$(git ls-files '*.c' '*.h')
scripts=$(git ls-files '*.sh' .ci/run)
cflags="-std=gnu11 -Iinclude -Ibuild/include"

format() { clang-format --dry-run -Werror $formatted; }
tidy() { ! clang-tidy --quiet $core -- $cflags 2>&1 | grep -v 'warnings generated'; }
cppchecked() {
	cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability \
		--suppress=missingIncludeSystem --suppress=unknownMacro --suppress=preprocessorErrorDirective --inline-suppr \
		--std=c11 -Iinclude '-DEM_JS(...)=' --max-configs=12 $core
}
shellchecked() { shellcheck -x -P SCRIPTDIR -S warning -e SC2034,SC2154,SC2046,SC3013 $scripts; }

# A backend sees include/vfsfs/ and backends/opfs_common/ only, and so does lib/wasm beside its own; the
# core names no backend. vfsfs-pool sees its backend, and has files of its own.
includes() {
	! grep -nE '^#include "' $(git ls-files 'backends/*/tool/*.[ch]') |
		grep -vE '"(\.\./(\.\./opfs_common/)?)?(opfs_directory|opfs_port|pool|overlay|tool|browser)\.h"' || return 1
	! grep -nE '^#include "' $(git ls-files 'backends/*.[ch]' ':!backends/*/tool/*') |
		grep -vE '"(\.\./opfs_common/)?(opfs_|journal|store|cache|bytes|pool)[a-z_]*\.h"' || return 1
	! grep -nE '^#include ("[^w]|"w[^a]|<vfsfs/(backend|blocks))' $(git ls-files 'lib/wasm/*.c') || return 1
	! grep -nE '\b(vfs_mem|vfs_dev|vfs_opfs[a-z_]*)\b' $(git ls-files 'lib/*.c' | grep -v '^lib/wasm/')
}

# The layers of lib/README.md: an object uses those of its own layer and below.
layer() {
	case $1 in
	node | time | cred | blocks*) echo 1 ;;
	dentry | device) echo 2 ;;
	fd) echo 3 ;;
	path) echo 4 ;;
	trace | open | dup | stream | name | attr | dir | fcntl | fallocate | atomic | mmap | mount) echo 5 ;;
	tar*) echo 6 ;;
	*) echo "no layer for $1 in test/lint.sh" >&2 && echo 0 ;;
	esac
}
layers() {
	for object in build/gcc/lib/*.o; do
		file=$(basename "$object" .o)
		level=$(layer "$file")
		nm "$object" | awk -v file="$file" -v level="$level" '
			$2 ~ /[TDBRC]/ { print "D", $3, file, level }
			$1 == "U" { print "U", $2, file, level }'
	done >"$work/symbols"
	awk '$1 == "D" { at[$2] = $4; where[$2] = $3 }
	     $1 == "U" { use[NR] = $0 }
	     END {
		for (i in use) {
			split(use[i], u, " ")
			if ((u[2] in at) && at[u[2]] > u[4] && u[4] > 0) {
				print u[3] ".c uses " u[2] " of " where[u[2]] ".c, a layer above it"
				bad = 1
			}
		}
		exit bad
	     }' "$work/symbols"
}

# Every name that the archives define is ours, or one that libc expects of us.
exported() {
	ours='(vfs_|__syscall_|__wasi_fd_|__em_js_|__em_lib_deps_)'
	ours="$ours|^(_emscripten_fs_load_embedded_files|_(mmap|munmap|msync)_js)$"
	libc='^(fallocate|syncfs|renameat2|futimes|lutimes|flock|ttyname_r)$'
	names nm build/gcc/libvfsfs.a '^vfs_' &&
		names llvm-nm build/lib/libvfsfs.a "^$ours|$libc" &&
		names llvm-nm build/lib/libvfsfs-mt.a "^$ours|$libc"
}

names() { # NM ARCHIVE PATTERN: it defines names, and each one matches
	"$1" -g --defined-only "$2" | awk 'NF == 3 { print $3 }' >"$work/names"
	[ -s "$work/names" ] && ! grep -vE "$3" "$work/names"
}

headers() {
	for header in include/vfsfs/*.h; do
		for how in 'gcc -std=c11 -x c' 'clang -std=c11 -x c' 'g++ -std=c++17 -x c++' 'clang++ -std=c++17 -x c++'; do
			$how -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only -Wno-pragma-once-outside-header \
				-Wno-nested-anon-types -Wno-gnu-anonymous-struct -include "$header" - </dev/null || return 1
		done
	done
}

# Bytes of wasm and JS, gzip -9, of a program with fopen, opendir and stat.
budget() {
	most=$1
	"$EMCC" -Oz test/bench/size.c -Lbuild/lib -lvfsfs -o "$work/size.js" || return 1
	is=$(($(gzip -9c "$work/size.js" | wc -c) + $(gzip -9c "$work/size.wasm" | wc -c)))
	echo "$is bytes, the budget is $most"
	[ "$is" -le "$most" ]
}

clean_tree() {
	! git ls-files | grep -vE '^(Makefile|README\.md|CHANGELOG\.md|LICENSE|\.[a-z-]+|(\.ci|lib|include|backends|test|examples)/.*)$'
}

check 'format' format
check 'clang-tidy' tidy
check 'cppcheck' cppchecked
check 'shellcheck' shellchecked
check 'includes go one way' includes
check 'layers of the core' layers
check 'exported names' exported
check 'headers stand alone' headers
check 'top level' clean_tree
if [ -n "${EMCC:-}" ]; then
	check 'size budget' budget 19700
fi
[ $failed = 0 ]
