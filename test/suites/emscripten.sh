#!/bin/sh
# Emscripten's own filesystem tests, those in pure C and C++, from its Debian
# source package. emscripten.table lists them; emscripten.expected lists those
# that may fail, each with its reason. common.sh says how to run this.
#
# One version of the tests serves every compiler: that of Debian's sid when they
# were fetched; the table was made for 6.0.5. Sources are compiled once for each
# compiler and kind of filesystem, and kept.
suite=emscripten
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

source=$cache/emscripten
case $VFSFS_LDFLAGS in
*-lvfsfs*) kind=vfsfs ;;
*WASMFS*) kind=wasmfs ;;
*) kind=jsfs ;;
esac
objects=$cache/emscripten-$version-$kind

suite_prepare() {
	mkdir -p "$cache" "$objects"
	[ ! -d "$source" ] || return 0
	rm -rf "$source.new" "$cache/emscripten-src"
	mkdir -p "$source.new" "$cache/emscripten-src"
	(
		cd "$cache/emscripten-src"
		fetch_debian sid deb-src emscripten
		tar -xf emscripten_*.orig.tar.* -C "$source.new" --strip-components=2 \
			--wildcards '*/test/*' --exclude='*/test/third_party/*'
	)
	rm -rf "$cache/emscripten-src"
	mv "$source.new" "$source"
}

# The table's fields are separated by bars that a space follows.
field() {
	awk -v n="$1" 'BEGIN { FS = " *[|]( +|$)" } { print $n }' row
}

# contains EXPECTED OUTPUT: the whole text of one file stands in the other
contains() {
	awk 'BEGIN { RS = "\001" } FILENAME == ARGV[1] { want = $0; next }
		{ have = have $0 }
		END { sub(/[ \n]+$/, "", want); exit want != "" && !index(have, want) }' "$1" "$2"
}

put_files() { # makes the files a row wants; sets $embed
	embed=
	: >stdin
	for word in $(field 5); do
		name=${word%%[=<]*}
		[ "$name" = stdin ] || embed="$embed --embed-file $name"
		mkdir -p "$(dirname "$name")"
		case $word in
		src.c=) cp program.c src.c ;; # a program that reads its own source
		*=*) printf '%b' "$(echo "${word#*=}" | tr '~' ' ')" >"$name" ;;
		*) cp "$source/${word#*<}" "$name" ;;
		esac
	done
}

compile() { # makes $objects/$test.o from the row's source
	[ ! -f "$objects/$test.o" ] || [ "$here/emscripten.table" -nt "$objects/$test.o" ] || return 0
	define=
	case $kind in
	vfsfs) define=$(field 7 | sed 's/tty//') ;;
	jsfs) define=-DMEMFS ;;
	wasmfs) define='-DWASMFS -sWASMFS' ;;
	esac
	compiler "$EMCC" -I"$source" $flags $define -Wno-unused-command-line-argument \
		-c "$program" -o "$objects/$test.o"
}

# run COMMAND...: its input is the file stdin; with the word tty in the row's last
# field and the library linked, a terminal
run() {
	case $kind,$(field 7) in
	vfsfs,*tty*)
		on_tty "$@"
		;;
	*) timeout -k 5 "$TIMEOUT" "$@" <stdin >>"$log" 2>>"$errors" ;;
	esac
}

suite_one() {
	test=$1
	grep "^$test  *|" "$here/emscripten.table" >row
	from=$(field 2) flags=$(field 3) wanted=$(field 4)
	case $from in
	*:*)
		program=program.c
		"$NODE" "$here/inline.mjs" "$source/test_${from%%:*}.py" "${from#*:}" >program.c
		;;
	*) program=$source/$from ;;
	esac
	put_files
	compile || { echo "not ok - does not compile: $(last_words)"; return; }
	case $wanted in
	*@*) cp "$source/${from%.*}.out" wanted ;;
	*) printf '%b' "$wanted" >wanted ;;
	esac

	libraries=$VFSFS_LDFLAGS
	[ $kind = vfsfs ] || libraries="$libraries -sFORCE_FILESYSTEM"
	case $flags in
	*-pthread*) libraries=$(echo "$libraries" | sed 's/-lvfsfs\( \|$\)/-lvfsfs-mt\1/') ;;
	esac
	flags=$(echo "$flags" | sed 's/-x c++//')
	driver=$EMCC
	case $from$flags$(field 3) in
	*.cpp* | *'-x c++'*) driver=$tools/em++ ;;
	esac
	compiler "$driver" "$objects/$test.o" -o "$test.js" $flags $embed $libraries ||
		{ echo "not ok - does not link: $(last_words)"; return; }

	# what the program says on standard error is part of what is expected:
	# in its order, or after the rest
	: >"$log"
	status=0
	case $(field 4) in
	'>@') errors=errors ;;
	*) errors=$log ;;
	esac
	run "$NODE" "$test.js" $(field 6) || status=$?
	[ "$errors" = "$log" ] || cat "$errors" >>"$log"
	case $status in
	0)
		if contains wanted "$log"; then
			echo ok
		else
			diff wanted "$log" >differences || true
			echo "not ok - output differs: $(grep '^[<>]' differences | head -n 1 | cut -c1-120)"
		fi
		;;
	124 | 137) echo "not ok - took more than $TIMEOUT s" ;;
	*) echo "not ok - status $status: $(last_words)" ;;
	esac
}

main
