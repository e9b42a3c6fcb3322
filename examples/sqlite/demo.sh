#!/bin/sh
# SQLite, unmodified, through its own unix VFS: 100,000 rows, an index, queries,
# a vacuum and an integrity check, with a rollback journal and with a WAL, read
# through a mapping too. Run in Node and in Chromium; prints what ran, how long
# it took, and what the programs weigh beside the same on Emscripten's own two
# filesystems.
#
#   demo.sh FOLDER      with {hello,sqlite}-{vfsfs,jsfs,wasmfs}.js, as `make demo`
#                       builds them
set -eu
here=$(cd "$(dirname "$0")" && pwd)
web=$here/../../test/web/run.sh
node=${NODE:-node}
cd "$1"

load="CREATE TABLE t(id INTEGER PRIMARY KEY, number INT, name TEXT);
BEGIN;
WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 100000)
INSERT INTO t SELECT i, i * 7919 % 100003, 'row ' || i FROM c;
COMMIT;
CREATE INDEX by_number ON t(number);"
ask="SELECT 'rows: ' || count(*) FROM t;
SELECT 'sum of numbers below 50000: ' || sum(number) FROM t WHERE number < 50000;
DELETE FROM t WHERE id % 3 = 0;
VACUUM;
SELECT 'rows left: ' || count(*) FROM t;
SELECT 'integrity: ' || integrity_check FROM pragma_integrity_check;"
expected='rows: 100000
sum of numbers below 50000: 1249975000
rows left: 66667
integrity: ok'

now() { date +%s%N; }

sqlite() { # WHERE COMMAND...: both journal modes
	where=$1
	shift
	for mode in delete wal; do
		begin=$(now)
		got=$("$@" /demo.db "PRAGMA journal_mode=$mode;" "PRAGMA mmap_size=67108864;" "$load" "$ask") || {
			echo "$got"
			echo "SQLite failed in $where, journal_mode=$mode" >&2
			exit 1
		}
		took=$((($(now) - begin) / 1000000))
		if [ "$got" != "$(printf '%s\n67108864\n%s' "$mode" "$expected")" ]; then
			echo "SQLite answered wrongly in $where, journal_mode=$mode:" >&2
			echo "$got" >&2
			exit 1
		fi
		printf 'sqlite  %-9s journal_mode=%-7s %6d ms, start included\n' "$where" "$mode" $took
	done
}

hello() { # WHERE COMMAND...
	where=$1
	shift
	begin=$(now)
	got=$("$@") || exit 1
	took=$((($(now) - begin) / 1000000))
	if [ "$got" != "$(cat "$here/../hello/expected.txt")" ]; then
		echo "hello printed something else in $where:" >&2
		echo "$got" >&2
		exit 1
	fi
	printf 'hello   %-9s %-20s %6d ms, start included\n' "$where" '' $took
}

if [ -z "${NO_BROWSER:-}" ]; then # before anything is timed
	"$here/../../test/setup/packages.sh" browser
	"$here/../../test/setup/puppeteer.sh" >/dev/null
fi
echo "--- hello says:"
"$node" hello-vfsfs.js
echo
echo "--- the same in Node and Chromium, and SQLite:"
hello Node "$node" hello-vfsfs.js
sqlite Node "$node" sqlite-vfsfs.js
if [ -z "${NO_BROWSER:-}" ]; then
	hello Chromium "$web" hello-vfsfs.js
	sqlite Chromium "$web" sqlite-vfsfs.js
fi
printf '%s\n' "$expected" | sed 's/^/        /'

size() { stat -c %s "$1"; }
packed() { gzip -9c "$1" | wc -c; }
echo "--- sizes in bytes (gzip -9 in brackets):"
printf '%-8s %-22s %20s %20s\n' '' '' wasm js
for program in hello sqlite; do
	for fs in vfsfs jsfs wasmfs; do
		case $fs in
		vfsfs) name=libvfsfs ;;
		jsfs) name="Emscripten's JS FS" ;;
		wasmfs) name=WasmFS ;;
		esac
		file=$program-$fs
		printf '%-8s %-22s %10d (%7d) %9d (%6d)\n' $program "$name" \
			"$(size $file.wasm)" "$(packed $file.wasm)" \
			"$(size $file.js)" "$(packed $file.js)"
	done
done
