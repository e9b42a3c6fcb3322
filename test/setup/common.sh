# shellcheck shell=sh
# What the scripts of this folder share; each sources it. Everything that they
# fetch or build goes into $cache, outside the source tree; removing a folder
# there makes the next run fetch it again.

say() { echo "vfsfs: $*" >&2; }
die() {
	say "$*"
	exit 1
}

[ -n "${VFSFS_CACHE:-${XDG_CACHE_HOME:-${HOME:-}}}" ] ||
	die "HOME is not set: name a folder for what is fetched, with VFSFS_CACHE"
cache=${VFSFS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vfsfs}
case $cache in /*) ;; *) cache=$PWD/$cache ;; esac
mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] ||
	die "$cache cannot be written: name another folder for what is fetched, with VFSFS_CACHE"
have() { command -v "$1" >/dev/null 2>&1; }

# once FOLDER COMMAND...: FOLDER is made by `COMMAND... FOLDER.new` and gets its
# name when that has ended well, so a folder that exists is whole. Two callers
# at once: the second waits.
once() {
	folder=$1
	shift
	[ ! -d "$folder" ] || return 0
	exec 9>"$folder.lock"
	flock -n 9 || {
		say "waiting for another process that makes $folder"
		flock 9
	}
	if [ ! -d "$folder" ]; then
		rm -rf --one-file-system "$folder.new"
		"$@" "$folder.new"
		mv "$folder.new" "$folder"
	fi
	exec 9>&-
}

# logged FILE COMMAND...: runs COMMAND with its output in FILE; where it fails,
# the last lines are shown.
logged() {
	log=$1
	shift
	"$@" >"$log" 2>&1 </dev/null || {
		tail -n 8 "$log" >&2
		die "that failed; the whole output is in $log"
	}
}

# The mirror that this machine's apt takes Debian from, with a / at its end;
# where there is none (Ubuntu), debootstrap's own; else nothing.
mirror() {
	if [ -n "${DEBIAN_MIRROR:-}" ]; then
		echo "${DEBIAN_MIRROR%/}/"
		return
	fi
	# shellcheck disable=SC2016
	uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
		'Origin: Debian' 'Label: Debian' 2>/dev/null | grep -m 1 '^http' || true)
	# Before the first `apt-get update` origins are not known: the release's
	# name has to do.
	if [ -z "$uri" ] && grep -qs '^ID=debian' /etc/os-release; then
		codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
		uri=$(apt-get update --print-uris 2>/dev/null |
			sed -n "s,^'\(http.*/\)dists/${codename:-sid}/InRelease'.*,\1,p" | head -n 1)
	fi
	if [ -z "$uri" ] && have debootstrap; then
		uri=$(sed -n 's/^DEF_MIRROR="\(.*\)"/\1/p' "$(command -v debootstrap)")
	fi
	[ -z "$uri" ] || echo "${uri%/}/"
}

# debian_file POOL-PATH SHA256: prints the name of a file of Debian's archive,
# fetched once into the cache; a wrong checksum is an error.
debian_file() {
	file=$cache/sources/${1##*/}
	if [ ! -f "$file" ]; then
		mkdir -p "$cache/sources"
		uri=$(mirror)
		[ -n "$uri" ] || die "this machine's apt knows no Debian mirror: set DEBIAN_MIRROR to the URI of one"
		say "fetching ${1##*/}"
		if [ -x /usr/lib/apt/apt-helper ]; then
			/usr/lib/apt/apt-helper -qq -o APT::Sandbox::User=root download-file "$uri$1" "$file.$$" >&2
		else
			curl -fsSL -o "$file.$$" "$uri$1"
		fi || die "$uri$1 could not be fetched"
		echo "$2  $file.$$" | sha256sum -c --quiet - >&2 || {
			rm -f "$file.$$"
			die "${1##*/} does not have the checksum that it should"
		}
		mv "$file.$$" "$file"
	fi
	echo "$file"
}
