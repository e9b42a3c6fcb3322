# shellcheck shell=sh
# What the outside suites share: fetching them into the cache, choosing a part,
# running tests two at a time, and judging their verdicts against a list of
# expected failures. A suite's script sources this file after setting `suite`,
# and supplies two functions:
#
#   suite_prepare       fetches, configures and compiles what it needs
#   suite_one NAME      runs one test; prints "ok", "skip - why" or "not ok - why"
#
# and a table, $here/$suite.table, whose first fields are the tests' names.
#
# From the environment:
#   EMCC            the compiler to test with (emcc); emar etc. are beside it
#   NODE            what runs the programs (node)
#   VFSFS_LDFLAGS   how to link the library: "-L... -lvfsfs". Empty: Emscripten's
#                   own filesystem; -sWASMFS: WasmFS
#   VFSFS_CACHE     where fetched and compiled things are kept
#   VFSFS_MIRROR    a Debian mirror, where apt's own configuration names none
#   TIMEOUT         seconds for one test (60)
#   JOBS            tests at a time (2)
#   EXPECTED        the list of expected failures; by default the one beside the
#                   script, when the library is linked, and none otherwise
set -eu
LC_ALL=C
export LC_ALL
: "${EMCC:=emcc}" "${NODE:=node}" "${VFSFS_LDFLAGS=}" "${TIMEOUT:=60}" "${JOBS:=2}"
: "${VFSFS_CACHE:=${XDG_CACHE_HOME:-${HOME:?}/.cache}/vfsfs}"
: "${part:=1/1}" "${only:=}"
# tests run in folders of their own: no path may depend on where we are
absolute() {
	path=$(command -v "$1") || { echo "$1: not found" >&2; exit 2; }
	case $path in /*) echo "$path" ;; *) echo "$PWD/$path" ;; esac
}
EMCC=$(absolute "$EMCC") NODE=$(absolute "$NODE")
VFSFS_LDFLAGS=$(echo "$VFSFS_LDFLAGS" | sed "s|-L *\([^/ ]\)|-L$PWD/\1|g")
tools=$(dirname "$EMCC")
cache=$VFSFS_CACHE/suites

die() {
	echo "$suite: $*" >&2
	exit 2
}

while [ $# -gt 0 ]; do
	case $1 in
	--part) part=$2; shift ;;
	--one) one=$2; shift ;;
	-*) die "usage: $0 [--part N/M] [NAME...]" ;;
	*) only="$only $1" ;;
	esac
	shift
done

# --- fetching -------------------------------------------------------------

# apt on a state of its own, so that the machine's lists, sources and packages
# stay as they are. It checks signatures and checksums as ever.
own_apt() {
	tool=$1
	shift
	"$tool" -q -o Dir::Etc::SourceList="$cache/apt/sources.list" \
		-o Dir::Etc::SourceParts="$cache/apt/none" \
		-o Dir::State::Lists="$cache/apt/lists" \
		-o Dir::Cache="$cache/apt/cache" \
		-o APT::Sandbox::User="$(id -un)" "$@"
}

# fetch_debian SUITE deb|deb-src PACKAGE: into the current folder
fetch_debian() {
	mirror=${VFSFS_MIRROR:-$(apt-get indextargets --format '$(SITE)' \
		'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)}
	[ -n "$mirror" ] || die "no Debian mirror in apt's configuration; set VFSFS_MIRROR"
	mkdir -p "$cache/apt/none" "$cache/apt/lists/partial" \
		"$cache/apt/cache/archives/partial"
	echo "$2 [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" \
		>"$cache/apt/sources.list"
	own_apt apt-get update >&2
	case $2 in
	deb) own_apt apt-get download "$3" >&2 ;;
	deb-src) own_apt apt-get source --download-only "$3" >&2 ;;
	esac
}

# Everything compiled is kept for each compiler by itself.
version=$("$EMCC" -dumpversion 2>/dev/null | head -n 1)
[ -n "$version" ] || die "$EMCC does not run"

# --- running --------------------------------------------------------------

# run_limited COMMAND...: output to $log, status 124 when it took too long.
# It reads nothing: a test that wants input says so.
run_limited() {
	timeout -k 5 "$TIMEOUT" "$@" >>"$log" 2>&1 </dev/null
}

# on_tty COMMAND...: the same, on a terminal of 24 lines and 80 columns.
on_tty() {
	echo "stty rows 24 cols 80; exec timeout -k 5 $TIMEOUT $*" >on-tty.sh
	code=0
	command script -qec 'sh on-tty.sh' /dev/null >from-tty 2>&1 </dev/null || code=$?
	tr -d '\r' <from-tty >>"$log"
	return $code
}

# The compiler gets longer: its first links compile the system libraries.
compiler() {
	timeout -k 5 900 "$@" >>"$log" 2>&1 </dev/null
}

# The reason shown for a failure: the first line of the log that complains, or
# else its last line; without the folders in front of a source's name.
last_words() {
	{
		grep -aiE 'assert|error|abort|fail|undefined' "$log" |
			grep -avE '^ *at |^Node\.js|node:internal|^ *throw ' || tail -n 1 "$log"
	} | head -n 1 | sed 's|/[^ :]*/||g' | cut -c1-150
}

# The names this run is about: every M-th line of the table, or those named.
names() {
	sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$here/$suite.table" |
		awk -v only="$only" -v part="$part" '
		BEGIN { split(part, p, "/"); n = split(only, o, " ")
			for (i = 1; i <= n; i++) want[o[i]] = 1 }
		seen[$1]++ { next }
		n ? $1 in want : count++ % p[2] == p[1] - 1 { print $1 }'
}

expected_reason() { # the reason NAME (or NAME@VERSION, for one emcc) is listed with
	[ -n "$EXPECTED" ] || return 0
	sed -n -e "s/^${1}[[:space:]][[:space:]]*//p" \
		-e "s/^${1}@${version}[[:space:]][[:space:]]*//p" "$EXPECTED" | head -n 1
}

main() {
	# one of the worker processes that the loop below starts
	if [ -n "${one:-}" ]; then
		log=$work/$one.log
		rm -rf "$work/$one.d"
		mkdir -p "$work/$one.d"
		: >"$log"
		cd "$work/$one.d"
		suite_one "$one" >"$work/$one.verdict" 2>>"$log" ||
			echo "not ok - $suite.sh itself failed" >"$work/$one.verdict"
		exit 0
	fi
	case $VFSFS_LDFLAGS in
	*-lvfsfs*) : "${EXPECTED=$here/$suite.expected}" ;;
	*) : "${EXPECTED=}" ;;
	esac
	[ -z "$EXPECTED" ] || sed -e '/^#/d' -e 's/[@[:space:]].*//' "$EXPECTED" |
		while read -r name; do
			grep -qE "^${name:-.*}([[:space:]]|$)" "$here/$suite.table" ||
				die "$EXPECTED lists $name, which is no test"
		done
	suite_prepare
	work=$(mktemp -d "${TMPDIR:-/tmp}/vfsfs-$suite.XXXXXX")
	export work EMCC NODE VFSFS_LDFLAGS VFSFS_CACHE TIMEOUT
	names >"$work/names"
	xargs -P "$JOBS" -I{} "$0" --one {} <"$work/names" || die "xargs failed"
	passed=0 failed=0 expected=0 skipped=0
	while read -r name; do
		verdict=$(cat "$work/$name.verdict" 2>/dev/null) || verdict="not ok - no verdict"
		reason=$(expected_reason "$name")
		case $verdict in
		ok)
			if [ -n "$reason" ]; then
				failed=$((failed + 1))
				echo "not ok $name - passes, but is listed as an expected failure"
			else
				passed=$((passed + 1))
				echo "ok $name"
			fi
			;;
		skip*)
			skipped=$((skipped + 1))
			echo "skip $name${verdict#skip}"
			;;
		*)
			if [ -n "$reason" ]; then
				expected=$((expected + 1))
				echo "expected-fail $name - $reason"
			else
				failed=$((failed + 1))
				echo "not ok $name${verdict#not ok}"
			fi
			;;
		esac
	done <"$work/names"
	if [ "$failed" -gt 0 ]; then
		echo "logs: $work"
	else
		rm -rf "$work"
	fi
	echo "$suite on Emscripten $version: $expected expected failures, $skipped skipped"
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
