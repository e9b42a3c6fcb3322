#!/bin/sh
# gnulib's own tests of the POSIX file functions, as Debian packages them,
# compiled for wasm and run in Node. gnulib.table lists them; gnulib.expected
# lists those that may fail, each with its reason. common.sh says how to run this.
#
# The sources are generated and configured once for each compiler and kept, with
# the objects; a run links them anew. Configuring answers, where it would have to
# run a program, what musl on Linux answers: so nothing that libvfsfs is to do is
# taken over by gnulib's own replacements, except where musl itself needs them.
suite=gnulib
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"

release=bookworm # whose gnulib, 20230209, the table was made for
source=$cache/gnulib
build=$cache/gnulib-$version
modules='access areadlink areadlink-with-size areadlinkat areadlinkat-with-size
canonicalize canonicalize-lgpl chdir chmod chown cloexec close closein copy-file
creat dirent-safer dprintf dup dup2 dup3 faccessat fbufmode fchdir fchmod-tests
fchmodat fchown-tests fchownat fclose fcntl fcntl-safer fdatasync fdopen fdopendir
fdutimensat fflush fgetc-tests flock fopen fopen-gnu fopen-safer fpending fpurge
fputc-tests fread-tests freadable freadahead freading freadptr freadseek freopen
freopen-safer fseek fseeko fseterr fstat fstatat fsync ftell ftello ftruncate fts
futimens fwritable fwrite-tests fwriting getcwd getcwd-lgpl getdelim getdtablesize
getline getndelim2 getumask glob ioctl isatty lchmod lchown link linkat lseek
lstat mkdir mkdirat mkfifo mkfifoat mknod open openat openat-safer perror
pipe-posix pipe2 pread pwrite read read-file readlink readlinkat remove rename
renameat renameatu rmdir select stat stat-time statat supersede symlink symlinkat
tempname truncate ttyname_r unistd-safer unlink unlinkat utime utimens utimensat
write xstdopen'
# what musl on Linux answered when configure ran there
answers='gl_cv_func_fchmodat_works=yes gl_cv_func_fchownat_nofollow_works=yes
gl_cv_func_fchownat_empty_filename_works=yes gl_cv_func_fflush_stdin=yes
gl_cv_func_fclose_stdin=yes gl_cv_func_getcwd_succeeds_beyond_4k=yes'

programs() { # every program that the table runs
	sed -e 's/#.*//' "$here/gnulib.table" |
		awk 'NF { print NF == 1 ? $1 : $2 }' | sort -u
}

generate() {
	"$here/../setup/packages.sh" gnulib || exit
	rm -rf "$source.new" "$cache/gnulib-deb"
	mkdir -p "$cache/gnulib-deb"
	(cd "$cache/gnulib-deb" && fetch_debian $release deb gnulib && dpkg-deb -x gnulib_*.deb .)
	"$cache/gnulib-deb/usr/share/gnulib/gnulib-tool" --create-testdir \
		--dir="$source.new" --single-configure $modules >"$cache/gnulib.log" 2>&1 ||
		die "gnulib-tool failed, see $cache/gnulib.log"
	rm -rf "$cache/gnulib-deb"
	mv "$source.new" "$source"
}

configure() {
	rm -rf "$build.new"
	mkdir -p "$build.new"
	(
		cd "$build.new"
		FORCE_UNSAFE_CONFIGURE=1 "$source/configure" $answers \
			--build="$("$source/build-aux/config.guess")" \
			--host=wasm32-unknown-linux-musl \
			CC="$EMCC" AR="$tools/emar" RANLIB="$tools/emranlib" CFLAGS=-O1
		make -j "$JOBS" -C gllib
		printf 'include Makefile\nsuite_headers: $(BUILT_SOURCES)\n' |
			make -C gltests -f - suite_headers
		make -j "$JOBS" -C gltests libtests.a $(programs | sed 's/$/.o/')
	) >"$cache/gnulib-$version.log" 2>&1 ||
		die "configuring or compiling failed, see $cache/gnulib-$version.log"
	mv "$build.new" "$build"
}

suite_prepare() {
	mkdir -p "$cache"
	[ -d "$source" ] || generate
	[ -d "$build" ] || configure
	if [ ! "$build/prelude.o" -nt "$here/prelude.c" ]; then
		"$EMCC" -O1 -c "$here/prelude.c" -o "$build/prelude.o"
	fi
}

link() { # link PROGRAM: makes PROGRAM.js here, once
	[ -f "$1.js" ] || compiler "$EMCC" -O1 "$build/gltests/$1.o" "$build/prelude.o" \
		"$build/gltests/libtests.a" "$build/gllib/libgnu.a" "$build/gltests/libtests.a" \
		-o "$1.js" -sEXIT_RUNTIME -sALLOW_MEMORY_GROWTH -sSTACK_SIZE=1MB \
		$VFSFS_LDFLAGS
}

# One line of the table: PROGRAM FDS ARGUMENT... Its exit status is the test's
# (77: it skips itself); what went wrong is printed.
step() {
	program=$1 fds=${2#-}
	shift 2
	link "$program" || { echo "not ok - does not link: $(last_words)"; return 1; }
	status=0
	if [ "$program.sh" = "$test" ] && [ "$fds" = sh ]; then
		script || status=$?
	elif [ "$fds" = tty ]; then
		on_tty "$NODE" "$program.js" "$@" || status=$?
	else
		SUITE_FDS=${fds#!} run_limited "$NODE" "$program.js" "$@" || status=$?
	fi
	case $fds,$status in
	!*,0) status=1 ;;
	!*,99) ;; # the prelude's own failure
	!*) status=0 ;;
	esac
	step="$program${*:+ $*}${fds:+ ($fds)}"
	case $status in
	0) return 0 ;;
	77) echo "skip - $(tail -n 1 "$log")" ;;
	124 | 137) echo "not ok - $step: took more than $TIMEOUT s" ;;
	*) echo "not ok - $step: status $status: $(last_words)" ;;
	esac
	return 1
}

# A script as it is: the program it runs stands in its folder.
script() {
	printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$NODE" "$PWD/$program.js" >"$program"
	chmod +x "$program"
	srcdir=$source/gltests run_limited sh "$source/gltests/$test"
}

suite_one() {
	test=$1
	case $test in
	*.sh) export SUITE_INPUT="$source/gltests/$test" ;;
	esac
	sed 's/#.*//' "$here/gnulib.table" | awk -v t="$test" '$1 == t' >steps
	while read -r _ program fds arguments; do
		step "${program:-$test}" "${fds:--}" $arguments || return 0
	done <steps
	echo ok
}

main
