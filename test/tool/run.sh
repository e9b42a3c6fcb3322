#!/bin/sh
# vfsfs-pool on pools that are sound, that a killed program left, and that are damaged in
# each way of test/crash/test_damage.c: what it says, its exit status, and that looking
# changes nothing.
#
#   run.sh VFSFS-POOL
set -u
tool=$(cd "$(dirname "$1")" && pwd)/${1##*/}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit
passed=0 failed=0

t() { # NAME COMMAND...
	name=$1
	shift
	if ("$@") >log 2>&1; then
		echo "ok $name"
		passed=$((passed + 1))
	else
		echo "not ok $name"
		tail -n 15 log
		failed=$((failed + 1))
	fi
}

# status N COMMAND...: it ends with that; its output is in `said`.
status() {
	wanted=$1
	shift
	"$@" >said 2>&1
	is=$?
	[ $is = "$wanted" ] && return
	echo "status $is, not $wanted: $*"
	cat said
	return 1
}
says() { # TEXT...
	for text; do
		grep -qF -- "$text" said || {
			echo "does not say: $text"
			cat said
			return 1
		}
	done
}
sums() { (cd "$1" && find . -type f -exec sha256sum {} + | sort); }
unchanged() { # POOL COMMAND...: it leaves the pool as it is
	sums "$1" >sums.before
	pool=$1
	shift
	"$@" || return
	sums "$pool" | cmp sums.before - || {
		echo "it has changed the pool"
		return 1
	}
}
flip() { # FILE OFFSET: a bit
	byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
	# shellcheck disable=SC2059
	printf "\\$(printf %o $((byte ^ 4)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# ---- Pools ----

mkdir -p tree/d/deep tree/closed
seq 100 | head -c 100 >tree/a
seq 2000 | head -c 5000 >tree/d/b
seq 20000 | head -c 70000 >tree/d/deep/c
: >tree/e
seq 40000 90000 | head -c 120000 >tree/f
ln tree/f tree/d/again
ln -s ../a tree/d/link
chmod 640 tree/a
chmod 500 tree/closed
touch -d '2020-02-02 02:02:02.123456789Z' tree/d/b
tar --format=pax -cf tree.tar -C tree .
(cd tree && find . -printf '%p %M %s %T@ %l %n\n' | sed 's/^\(. d[^ ]*\) [0-9]*/\1/; s/ d\([^ ]*\) [0-9]* / d\1 /' | sort) >tree.list
list_of() { (cd "$1" && find . -path ./.lost+found -prune -o -printf '%p %M %s %T@ %l %n\n' | sed 's/ d\([^ ]*\) [0-9]* / d\1 /' | sort); }

status 0 "$tool" import sound tree.tar || exit 1
# Its data is written and closed; then it waits for more, and dies.
mkfifo pipe
"$tool" import left pipe >/dev/null 2>&1 &
child=$!
{
	cat tree.tar
	sleep 1 # the end of the archive has come, the end of the pipe has not
	kill -9 $child
} >pipe
wait $child 2>/dev/null

new() { # NAME: a copy to be damaged
	rm -rf damaged
	cp -a "$1" damaged
}
# The file with the snapshot: the other is room for the next one.
journal() { grep -lr --binary-files=text '^VFSJ' damaged/journal.* | head -n 1; }
# The slot of a file, by its path in the header.
slot() { grep -lr --binary-files=text "^/$1" damaged/.opaque | head -n 1; }

# ---- Sound ----

sound_is_told() {
	unchanged sound status 0 "$tool" check sound && says 'closed cleanly' '6 files' sound &&
		! grep -q damaged said
}
t sound_is_told sound_is_told
listed() {
	unchanged sound status 0 "$tool" list sound && says '-rw-r-----' ' 100 ' ' /a' ' /d/link -> ../a' '2020-02-02T02:02:02Z /d/b' &&
		status 0 "$tool" list sound d/deep /a && says /d/deep/c /a && ! grep -q /f said && status 2 "$tool" list sound nothing
}
t listed listed
extracted() {
	unchanged sound status 0 "$tool" extract sound -C out || return
	diff -r tree out && list_of out | grep -v '^\. ' >is && grep -v '^\. ' tree.list | diff - is
}
t extracted extracted
extracted_in_part() {
	status 0 "$tool" extract sound /d/deep a -C part && [ "$(find part -type f | sort | xargs)" = 'part/a part/d/deep/c' ] &&
		status 2 "$tool" extract sound nothing -C part
}
t extracted_in_part extracted_in_part
as_tar() {
	sums sound >sums.before && "$tool" tar sound >sound.tar && sums sound | cmp sums.before - && tar -tf sound.tar | grep -q '^d/deep/c$' &&
		status 0 "$tool" import again sound.tar && "$tool" tar again | cmp - sound.tar
}
t as_tar as_tar
copied() {
	status 0 "$tool" copy sound copy && sums sound >sums.before && sums copy | cmp sums.before - && status 2 "$tool" copy sound copy
}
t copied copied
imported_below() {
	new sound
	status 0 "$tool" import damaged tree.tar -C new/place && status 0 "$tool" extract damaged new/place -C out2 && diff -r tree out2/new/place &&
		status 0 "$tool" check damaged
}
t imported_below imported_below
bad_archives_are_refused() {
	new sound
	head -c 3000 tree.tar >cut.tar
	status 2 "$tool" import damaged cut.tar && says 'Bad message' && status 0 "$tool" check damaged && status 2 "$tool" import damaged nothing.tar
}
t bad_archives_are_refused bad_archives_are_refused
repair_of_a_sound_one() {
	new sound
	status 0 "$tool" repair damaged && says 'nothing was damaged' && status 0 "$tool" check damaged && says 'closed cleanly'
}
t repair_of_a_sound_one repair_of_a_sound_one
usage() {
	status 0 "$tool" --help && says usage && status 2 "$tool" && says usage && status 2 "$tool" check && status 2 "$tool" check a b &&
		status 2 "$tool" extract sound && status 2 "$tool" frob sound && status 2 "$tool" copy sound && status 2 "$tool" list sound -C x
}
t usage usage
no_pool() {
	mkdir -p other && status 2 "$tool" check other && says 'there is no pool' && status 2 "$tool" check nowhere &&
		status 2 "$tool" repair other && status 2 "$tool" import other tree.tar && [ -z "$(ls other)" ] && [ ! -e nowhere ]
}
t no_pool no_pool
in_use() {
	slot=$(find sound/.opaque -type f | head -n 1)
	unchanged sound status 2 flock "$slot" "$tool" repair sound && says 'open in another'
}
t in_use in_use

# ---- Left by a program that was killed ----

killed_is_told_and_whole() {
	unchanged left status 0 "$tool" check left && says 'not closed cleanly' sound &&
		unchanged left status 0 "$tool" extract left -C killed.out && cmp tree/d/deep/c killed.out/d/deep/c && cmp tree/f killed.out/f
}
t killed_is_told_and_whole killed_is_told_and_whole
killed_is_closed_by_repair() {
	new left
	status 0 "$tool" repair damaged && status 0 "$tool" check damaged && says 'closed cleanly' && status 0 "$tool" extract damaged f -C killed.out2 && cmp tree/f killed.out2/f
}
t killed_is_closed_by_repair killed_is_closed_by_repair

# ---- Damaged ----

# damaged STATUS TEXT FILE...: check says so, the files are whole, repair mends it.
damaged() {
	wanted=$1 text=$2
	shift 2
	unchanged damaged status "$wanted" "$tool" check damaged && says "$text" || return
	rm -rf found
	unchanged damaged "$tool" extract damaged -C found 2>/dev/null || return
	for file; do cmp "tree/$file" "found/$file" || return; done
	status 0 "$tool" repair damaged || return
	status 0 "$tool" check damaged && says 'closed cleanly' sound || return
	rm -rf found
	"$tool" extract damaged -C found || return
	for file; do cmp "tree/$file" "found/$file" || return; done
}
a_bit_of_a_header() {
	new sound
	flip "$(slot d/b)" 8
	damaged 1 'damaged: the header of slot' a d/b d/deep/c e f d/again
}
t a_bit_of_a_header a_bit_of_a_header
# Headers have one name each of a file's: f is there as one of its two.
a_bit_of_the_journal() {
	new sound
	flip "$(journal)" 100
	damaged 1 'it cannot be read: names are from the slots' a d/b d/deep/c e &&
		{ cmp tree/f found/f || cmp tree/f found/d/again; } && [ -n "$(ls found/.lost+found)" ]
}
t a_bit_of_the_journal a_bit_of_the_journal
a_shorter_slot() {
	new sound
	truncate -s 5000 "$(slot d/deep/c)"
	damaged 0 'SQLite has written it, or it was cut' a d/b e f
}
t a_shorter_slot a_shorter_slot
a_shorter_slot_of_a_killed_one() {
	rm -rf damaged && cp -a left damaged
	big=$(find damaged/.opaque -size +100k | head -n 1)
	[ -n "$big" ] && truncate -s 50000 "$big" && damaged 1 'its slot is shorter' d/deep/c && find found/.lost+found -type f | grep .
}
t a_shorter_slot_of_a_killed_one a_shorter_slot_of_a_killed_one
a_shorter_journal() {
	new sound
	truncate -s 200 "$(journal)"
	damaged 1 'it cannot be read: names are from the slots' a d/b d/deep/c e
}
t a_shorter_journal a_shorter_journal
a_slot_removed() {
	new sound
	rm "$(slot d/deep/c)"
	damaged 1 'is missing, so it is gone' a d/b e f
}
t a_slot_removed a_slot_removed
a_journal_of_junk() {
	new sound
	head -c 3000 tree/f | dd of="$(journal)" conv=notrunc status=none
	damaged 1 'it cannot be read: names are from the slots' a d/b d/deep/c e
}
t a_journal_of_junk a_journal_of_junk
no_journal_as_sqlite_leaves_it() {
	new sound
	rm damaged/journal.*
	damaged 0 'no journal: names are from the slots' a d/b d/deep/c e
}
t no_journal_as_sqlite_leaves_it no_journal_as_sqlite_leaves_it
# Bits anywhere: nothing crashes, and what repair leaves is sound.
any_damage_is_survived() {
	awk 'BEGIN { srand(7); for (k = 0; k < 120; k++) print rand(), rand() * rand() }' >places
	for run in $(seq 40); do
		new "$([ $((run % 2)) = 0 ] && echo sound || echo left)"
		find damaged -type f -size +0 | sort >files
		sed -n "$((run * 3 - 2)),$((run * 3))p" places | while read -r which where; do
			file=$(awk -v at="$which" '{ a[NR] = $0 } END { print a[int(at * NR) + 1] }' files)
			flip "$file" "$(awk -v at="$where" -v size="$(wc -c <"$file")" 'BEGIN { print int(at * size) }')"
		done
		"$tool" check damaged >said 2>&1
		[ $? -lt 2 ] || { cat said; return 1; }
		rm -rf found
		status 0 "$tool" extract damaged -C found && status 0 "$tool" repair damaged && status 0 "$tool" check damaged || return
	done
}
t any_damage_is_survived any_damage_is_survived

echo "$passed passed, $failed failed"
[ $failed = 0 ]
