#!/bin/sh
# What the corpus reaches: the branches of the path, stream and memory code,
# and the errnos of each call. Run from the top of the repository, as root, with
# clang, llvm-cov and llvm-profdata of one version:
#
#	test/fuzz/coverage.sh [inputs...]
#
# Ends with 1 where fewer than 90 % of the branches are reached, or an errno of
# test/fuzz/errnos.txt was not seen. The branches that were not reached are in
# build/cov/fuzz/missed.
#
# What cannot happen here is not counted: a branch that was not reached and
# whose line has one of the strings below.
set -eu

dir=test/fuzz
out=build/cov/fuzz
[ $# -gt 0 ] || set -- $dir/corpus
version=$(clang -dumpversion | cut -d. -f1)
cov=$(command -v "llvm-cov-$version" || command -v llvm-cov)
profdata=$(command -v "llvm-profdata-$version" || command -v llvm-profdata)
mkdir -p $out
files="lib/path.c lib/stream.c lib/dentry.c lib/name.c lib/open.c lib/attr.c lib/dir.c
	lib/fd.c $(echo lib/blocks*.c) backends/mem/mem.c"

cat >$out/cannot <<'END'
memory ends: test/fault
alloc(
if (!d)
if (!copy)
if (!block)
if (!slot)
if (!memory)
if (!node)
if (!room)
if (!p) {
if (memory) {
if (!fill_extent(
if (!vfs__block_slot(
if (m->root)
get_pages(
vfs__blocks_make(
vfs__reserve(
slot ? malloc
if (d)
count > (size_t)-1
an op that neither backend has, or that both have
node_ops->link
node_ops->unlink
node_ops->rmdir
node_ops->rename
node_ops->symlink
node_ops->setattr
node_ops->getattr
node_ops->truncate)
(dir, p->name.ptr, p->name.len, n)
to->name.ptr, to->name.len, victim
ops->writev
ops->readv
stream_ops->open
stream_ops->flush
stream_ops->dup
stream_ops->close
stream_ops->fsync
stream_ops->llseek ?
VFS_CAP_SYMLINKS
VFS_CAP_LINKS
if (offset >= node->size)
SEEK_DATA ? offset : node->size
->mknod)
a function that the tests link always
if (!vfs_blocks_allocate)
if (!vfs_blocks_map)
if (vfs_blocks_unmap)
another thread between two steps
__atomic_compare_exchange_n
if (!*old)
vfs__fd_replace(
too many for a test: 2^32 links, 2^20 descriptors
UINT32_MAX
n > VFS__FD_MAX
fd < VFS__FD_MAX
SIZE_MAX
END

clang -O1 -g -std=gnu11 -Iinclude -Ibuild/include ${UTHASH:+-I"$UTHASH"} -DSTANDALONE \
	-fprofile-instr-generate -fcoverage-mapping \
	$dir/*.c lib/*.c backends/*/*.c -lpthread -o $out/fuzz_diff
LLVM_PROFILE_FILE=$out/%p.profraw $out/fuzz_diff -e $out/errnos "$@"
$profdata merge -o $out/profile $out/*.profraw
rm -f $out/*.profraw

# shellcheck disable=SC2086
$cov show $out/fuzz_diff -instr-profile=$out/profile -show-branches=count \
	-show-expansions $files >$out/show
awk -v cannot=$out/cannot '
	BEGIN { while ((getline s <cannot) > 0) strings[++n] = s }
	/^\// { file = $0; sub(/:$/, "", file); sub(/.*\/(lib|backends)\//, "", file) }
	/^ *[0-9]+\|/ { line = $0 + 0; text[line] = $0; sub(/^ *[0-9]+\|[^|]*\|/, "", text[line]) }
	/^[ |]*Branch \(/ {
		at = $0; sub(/.*Branch \(/, "", at); at += 0
		if ($0 ~ /^ *\| *\|/) at = line # in a macro
		zeros = gsub(/(True|False): 0[],]/, "&")
		can = 1
		for (i = 1; i <= n && zeros; i++)
			if (index(text[at], strings[i])) can = 0
		if (zeros && can) {
			printf "%s:%d: %s\n", file, at, text[at] >missed
			miss[file] += zeros; misses += zeros
		}
		count = can ? 2 : 2 - zeros
		all[file] += count; sum += count
	}
	END {
		for (f in all)
			printf "%-16s %5d branches, %3d not reached, %5.1f %%\n", f, all[f], miss[f],
				100 - 100 * miss[f] / all[f] | "sort"
		close("sort")
		printf "all %d branches, %d not reached, %.1f %%\n", sum, misses, 100 - 100 * misses / sum
		exit misses > sum / 10
	}' missed=$out/missed $out/show || {
	echo "fewer than 90 % of the branches"
	status=1
}
grep -v '^#' $dir/errnos.txt | LC_ALL=C sort >$out/wanted
LC_ALL=C sort -o $out/errnos $out/errnos
LC_ALL=C comm -23 $out/wanted $out/errnos >$out/missing
echo "$(grep -c . $out/wanted) errnos asked for, $(grep -c . $out/missing || :) not shown"
if [ -s $out/missing ]; then
	cat $out/missing
	status=1
fi
exit ${status:-0}
