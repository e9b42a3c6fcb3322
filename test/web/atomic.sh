#!/bin/sh
# atomic.c in a browser: twice in the same profile. Ends with 1 where one of them failed.
#
#   atomic.sh chromium|firefox atomic.js
set -u
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
trap 'exit 1' HUP INT TERM
failed=0
for word in '' again; do
	# shellcheck disable=SC2086
	"$(dirname "$0")/run.sh" --browser "$1" --profile "$profile" "$2" $word || failed=1
done
exit $failed
