#!/bin/sh
# run.mjs with what it needs: a browser, and this machine's own node. (The node
# beside Debian's emcc, which may be the first in PATH, lives in another root,
# where there is no browser.)
#
#   run.sh [--browser chromium|firefox] [OPTION...] FILE.js... [ARGUMENT...]
set -eu
here=$(dirname "$0")
case " $* " in
*' --browser firefox '*) group=firefox ;;
*) group=browser ;;
esac

outer=
IFS=:
for folder in $PATH; do
	[ -e "$folder/../in-root.sh" ] || outer=$outer${outer:+:}$folder
done
unset IFS
PATH=$outer
"$here/../setup/packages.sh" $group
exec node "$here/run.mjs" "$@"
