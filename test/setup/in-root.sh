#!/bin/sh
# Runs a program of another Debian release, from the folder that debootstrap
# made, on this machine's files: every top-level folder that is not the
# release's own is visible inside under its own name; of those that are, the
# working folder, the cache, and the folders of /usr and /var that are people's.
# An argument that names something else there is refused: inside it would be
# another file. PATH is the release's: the wrappers that call this stand in the
# outer one.
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
for dir in /usr/local /usr/src /var/tmp /var/www "$(cd "$root/.." && pwd -P)" "$here"; do
	[ ! -d "$dir" ] || [ "$dir" -ef "$root$dir" ] || bind "$dir"
done

# What an argument names, or the folder where it will be, must be the same in there.
before=
for argument; do
	[ "$before" != -o ] || argument=-o$argument
	before=$argument
	case $argument in
	-o/*/*) argument=${argument%/*} ;;
	esac
	path=${argument#-[ILo]}
	case $path in
	/etc/* | /usr/* | /var/*)
		if [ -e "$path" ] && [ ! "$path" -ef "$root$path" ]; then
			echo "vfsfs: this $1 is of another Debian, in which $path is not this machine's: use what is elsewhere" >&2
			exit 1
		fi
		;;
	esac
done
exec chroot "$root" /usr/bin/env -C "$here" \
	-u VFSFS_IN_ROOT -u EM_CONFIG -u LD_LIBRARY_PATH -u PYTHONHOME -u PYTHONPATH \
	PATH=/usr/bin:/bin EM_FROZEN_CACHE= EM_CACHE=/var/cache/emscripten "$@"
