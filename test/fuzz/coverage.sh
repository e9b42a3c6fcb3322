#!/bin/sh
# What the corpus reaches: the branches of the path, stream and memory code,
# and the errnos of each call. Run from the top of the repository, as root, with
# clang, llvm-cov and llvm-profdata of one version:
#
#	test/fuzz/coverage.sh [inputs...]
#
# Ends with 1 where fewer than 90 % of the branches are reached, or an errno of
# test/fuzz/errnos.txt was not seen.
set -eu

dir=test/fuzz
out=build/cov/fuzz
[ $# -gt 0 ] || set -- $dir/corpus
version=$(clang -dumpversion | cut -d. -f1)
cov=$(command -v "llvm-cov-$version" || command -v llvm-cov)
profdata=$(command -v "llvm-profdata-$version" || command -v llvm-profdata)
mkdir -p $out

clang -O0 -g -std=gnu11 -Iinclude ${UTHASH:+-I"$UTHASH"} -DSTANDALONE \
	-fprofile-instr-generate -fcoverage-mapping \
	$dir/*.c lib/*.c backends/*/*.c -o $out/fuzz_diff
LLVM_PROFILE_FILE=$out/%p.profraw $out/fuzz_diff -e $out/errnos "$@"
$profdata merge -o $out/profile $out/*.profraw
rm -f $out/*.profraw

$cov report $out/fuzz_diff -instr-profile=$out/profile -show-branch-summary \
	-show-region-summary=false -show-functions=false \
	lib/path.c lib/stream.c lib/dentry.c lib/name.c lib/open.c lib/attr.c \
	lib/dir.c lib/fd.c lib/blocks*.c backends/mem/mem.c | tee $out/report |
	awk '$1 == "Filename" || /\.c / || $1 == "TOTAL" { print $1, $(NF - 2), $(NF - 1), $NF }'

status=0
awk '$1 == "TOTAL" && $NF + 0 < 90 { exit 1 }' $out/report || {
	echo "fewer than 90 % of the branches"
	status=1
}
grep -v '^#' $dir/errnos.txt | LC_ALL=C sort >$out/wanted
LC_ALL=C sort -o $out/errnos $out/errnos
LC_ALL=C comm -23 $out/wanted $out/errnos >$out/missing
if [ -s $out/missing ]; then
	echo "errnos that the corpus does not show:"
	cat $out/missing
	status=1
fi
exit $status
