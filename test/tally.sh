#!/bin/sh
# Runs one part of the tests and notes how many of its tests passed and failed,
# for the closing line of `make test`: from cmocka's sums, from a closing line
# "N passed, N failed", or else the part itself counts as one test.
#
#   tally.sh NAME COMMAND...    always ends with 0: the sum tells
#   tally.sh --start            forgets what was noted
#   tally.sh --sum              prints the table and the closing line; 1 where a
#                               test failed, or none ran
set -u
notes=${TALLY:-build/tally}
case $1 in
--start)
	mkdir -p "$(dirname "$notes")"
	: >"$notes"
	exit 0
	;;
--sum)
	awk '{ printf "%-28s %6d passed %4d failed %5d s\n", $1, $2, $3, $4; p += $2; f += $3 }
	     END { printf "%d passed, %d failed\n", p, f; exit f > 0 || p == 0 }' "$notes"
	exit
	;;
esac
name=$1
shift
log=$notes.$(echo "$name" | tr -c 'a-zA-Z0-9.\n' '-').log
begin=$(date +%s)
printf '%s ...\n' "$name"
"$@" >"$log" 2>&1
status=$?
took=$(($(date +%s) - begin))
counts=$(awk '
	/^\[  PASSED  \] [0-9]+ test/ { p += $4; seen = 1 }
	/^\[  FAILED  \] [0-9]+ test/ { f += $4; seen = 1 }
	/^[0-9]+ passed, [0-9]+ failed/ { p += $1; f += $3; seen = 1 }
	END { if (seen) print p + 0, f + 0 }' "$log")
[ -n "$counts" ] || counts="$([ $status = 0 ] && echo 1 0 || echo 0 1)"
passed=${counts% *}
failed=${counts#* }
# a part that broke off counts as a failure, whatever it said before
[ $status = 0 ] || [ "$failed" != 0 ] || failed=1
echo "$name $passed $failed $took" >>"$notes"
if [ "$failed" != 0 ]; then
	grep -E '^not ok|FAILED  \] [a-z]|LINE|ERROR|error:|AddressSanitizer|ThreadSanitizer|runtime error' "$log" | head -n 40
	echo "--- the end of $log:"
	tail -n 25 "$log"
fi
printf '%s: %s passed, %s failed (%s s)\n' "$name" "$passed" "$failed" "$took"
exit 0
