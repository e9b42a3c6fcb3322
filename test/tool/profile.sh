#!/bin/sh
# vfsfs-pool on a browser's own profile: a pool that a program has unmounted, and one that
# it has not, by the names that the browser's database has.
#
#   profile.sh chromium|firefox VFSFS-POOL tar_pool.js
set -u
here=$(cd "$(dirname "$0")" && pwd)
browser=$1 tool=$2 program=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
passed=0 failed=0
seq 0 999999 >"$work/same"

fail() {
	echo "not ok $how: $1"
	cat "$work/said" 2>/dev/null
	failed=$((failed + 1))
}
look() { # WHERE TEXT: what there is at the path of the pool
	"$tool" check "$1" >"$work/said" 2>&1 || { fail check && return; }
	grep -qx "$2" "$work/said" || { fail "no \"$2\"" && return; }
	grep -q '^3 files of 13777781 bytes, 3 directories, 1 others, in 16 slots' "$work/said" || { fail count && return; }
	"$tool" extract "$1" -C "$work/out-$how" && cmp "$work/same" "$work/out-$how/tree/same" || { fail extract && return; }
	"$tool" copy "$1" "$work/copy-$how" && "$tool" repair "$work/copy-$how" && "$tool" check "$work/copy-$how" >"$work/said" &&
		grep -qx 'closed cleanly' "$work/said" || { fail copy && return; }
	! "$tool" list "${1%/tar}" >"$work/said" 2>&1 && grep -qF "  $1" "$work/said" || { fail 'the pools there are' && return; }
	echo "ok $how"
	passed=$((passed + 1))
}
for how in unmounted left; do
	"$here/../web/run.sh" --browser "$browser" --profile "$work/$how" "$program" "$how" >"$work/said" 2>&1 || {
		fail 'the program'
		continue
	}
	case $browser in
	firefox) where=$(echo "$work/$how"/storage/default/http*/fs)/tar ;;
	*) where="$work/$how/Default/File System/000/t/tar" ;;
	esac
	case $how in
	unmounted) look "$where" 'closed cleanly' ;;
	*) look "$where" 'not closed cleanly: the journal tells what the slots lack' ;;
	esac
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
