#!/bin/sh
# Runs a program of another Debian release, from the folder that debootstrap
# made, on this machine's files: every top-level folder that is not the
# release's own is visible inside under its own name, the working folder too.
# PATH is the release's: the wrappers that call this stand in the outer one.
#
#   in-root.sh FOLDER PROGRAM [ARGUMENT...]     (as root)
set -eu
root=$1
shift
if [ -z "${VFSFS_IN_ROOT:-}" ]; then
	exec env VFSFS_IN_ROOT=1 unshare --mount "$0" "$root" "$@"
fi
bind() {
	mkdir -p "$root$1"
	mount --rbind "$1" "$root$1"
}
for dir in /*; do
	case $dir in
	/bin | /boot | /etc | /lib* | /sbin | /usr | /var) ;;
	*) if [ -d "$dir" ] && [ ! -L "$dir" ]; then bind "$dir"; fi ;;
	esac
done
here=$(pwd -P)
[ -d "$root$here" ] || bind "$here"
exec chroot "$root" /usr/bin/env -C "$here" \
	-u VFSFS_IN_ROOT -u EM_CONFIG -u LD_LIBRARY_PATH -u PYTHONHOME -u PYTHONPATH \
	PATH=/usr/bin:/bin EM_FROZEN_CACHE= EM_CACHE=/var/cache/emscripten "$@"
