#!/bin/sh
# Makes sure that this machine has the tools and headers that a group of
# targets needs. What is looked for is the command or the file itself, so that
# tools from elsewhere count; what is missing is installed where that is
# possible (as root, with apt), else named in one sentence.
#
#   packages.sh GROUP...    groups: build tool lint fuzz fuse gnulib sqlite
#                                   emscripten browser firefox
set -eu
. "$(dirname "$0")/common.sh"

# Lines of "command-or-file package". Firefox and Chromium may also be named by
# the variables that test/web/ reads.
wanted() {
	case $1 in
	build) cat <<-END ;;
		gcc gcc
		/usr/include/stdio.h libc6-dev
		make make
		pkg-config pkg-config
		${UTHASH:-/usr/include}/uthash.h uthash-dev
		/usr/include/cmocka.h libcmocka-dev
		END
	tool) cat <<-END ;;
		/usr/include/sqlite3.h libsqlite3-dev
		/usr/include/leveldb/c.h libleveldb-dev
		bsdtar libarchive-tools
		END
	lint) cat <<-END ;;
		clang-format clang-format
		clang-tidy clang-tidy
		cppcheck cppcheck
		shellcheck shellcheck
		llvm-nm llvm
		END
	fuzz)
		echo clang clang
		have clang || return 0
		major=$(clang -dumpversion | sed 's/\..*//')
		if [ -z "$(find "$(clang -print-resource-dir)/" -name 'libclang_rt.fuzzer*' | head -n 1)" ]; then
			echo / "libclang-rt-$major-dev"
		fi
		;;
	fuse) cat <<-END ;;
		pkg-config pkg-config
		/usr/include/fuse3/fuse.h libfuse3-dev
		fusermount3 fuse3
		END
	gnulib) cat <<-END ;;
		autoconf autoconf
		automake automake
		patch patch
		make make
		END
	sqlite) cat <<-END ;;
		gcc gcc
		/usr/include/stdio.h libc6-dev
		make make
		tclsh tcl
		xz xz-utils
		END
	emscripten) cat <<-END ;;
		debootstrap debootstrap
		/usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring
		/etc/ssl/certs/ca-certificates.crt ca-certificates
		xz xz-utils
		END
	browser) cat <<-END ;;
		${CHROMIUM:-chromium} chromium
		node nodejs
		npm npm
		END
	firefox) cat <<-END ;;
		${FIREFOX:-firefox-esr} firefox-esr
		node nodejs
		npm npm
		END
	esac
}

missing() {
	for group in "$@"; do wanted "$group"; done | while read -r what package; do
		case $what in
		/) echo "$package" ;;
		/*) [ -e "$what" ] || echo "$package" ;;
		*) have "$what" || echo "$package" ;;
		esac
	done | sort -u | tr '\n' ' ' | sed 's/ $//'
}

# Chromium and Firefox are snaps on Ubuntu, which the tests cannot drive and a
# container cannot run: they are told of, once, and left out.
snap() {
	[ -n "$updated" ] || say "Ubuntu's $1 is a snap, which the tests cannot drive: install another build and name it with $2="
}
without_snaps() {
	for package in "$@"; do
		case $package in
		chromium) snap chromium CHROMIUM ;;
		firefox-esr) snap firefox FIREFOX ;;
		*) echo "$package" ;;
		esac
	done
}

apt_install() {
	DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
		-o DPkg::Lock::Timeout=300 "$@" >"$cache/apt-install.log" 2>&1 </dev/null
}

for group in "$@"; do
	case $group in
	build | tool | lint | fuzz | fuse | gnulib | sqlite | emscripten | browser | firefox) ;;
	*) die "there is no package group '$group'" ;;
	esac
done

# Three rounds and a last look: the lists of packages may have to be fetched
# first, and what clang's libraries are called depends on the clang.
updated=
for _ in 1 2 3 4; do
	packages=$(missing "$@")
	[ -n "$packages" ] || exit 0
	have apt-get || die "please install what Debian calls $packages"
	if grep -qs '^ID=ubuntu' /etc/os-release; then
		# shellcheck disable=SC2086
		packages=$(without_snaps $packages | tr '\n' ' ')
		[ -n "$packages" ] || exit 1
	fi
	[ "$(id -u)" = 0 ] ||
		die "please install what is missing: sudo apt-get install --no-install-recommends $packages"
	say "installing $packages"
	# shellcheck disable=SC2086
	if ! apt_install $packages; then
		if [ -n "$updated" ]; then
			tail -n 8 "$cache/apt-install.log" >&2
			die "apt-get install failed; its whole output is in $cache/apt-install.log"
		fi
		updated=1
		say "fetching the lists of packages first"
		logged "$cache/apt-update.log" apt-get update -q
	fi
done
die "still missing after the installation: $(missing "$@")"
