#!/bin/sh
# opfs_port.c in a browser: twice in the same profile, then, without threads, where
# there is no OPFS for it: in the page itself, and at an origin that is not secure
# (which has no threads). With threads, in the page as well. Ends with 1 where one of
# them failed.
#
#   opfs_port.sh chromium|firefox [...-mt/]opfs_port.js
set -u
browser=$1 program=$2
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
trap 'exit 1' HUP INT TERM
failed=0
case $program in *-mt/*) mt=--mt ;; *) mt= ;; esac
run() { # ARGUMENT OPTION...
	word=$1
	shift
	# shellcheck disable=SC2086
	"$(dirname "$0")/run.sh" --browser "$browser" $mt "$@" "$program" $word || failed=1
}
run '' --profile "$profile"
run again --profile "$profile"
if [ -n "$mt" ]; then
	run '' --page
else
	run none --page
	run none --insecure
fi
exit $failed
