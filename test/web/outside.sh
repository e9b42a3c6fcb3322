# shellcheck shell=sh disable=SC2154
# For scripts that start browsers themselves; each sources it, with $browser and
# $here set. Sees to the browser, and takes out of PATH the node beside Debian's
# emcc, which lives in another root, where there is no browser.

outer=
IFS=:
for folder in $PATH; do
	[ -e "$folder/../in-root.sh" ] || outer=$outer${outer:+:}$folder
done
unset IFS
PATH=$outer
case $browser in
firefox) "$here/../setup/packages.sh" firefox ;;
*) "$here/../setup/packages.sh" browser ;;
esac
