#!/bin/sh
# Prints a folder whose node_modules has puppeteer-core, which drives the
# browsers, in the versions that test/web/package-lock.json pins. It downloads
# no browser.
#
#   puppeteer.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/common.sh"
web=$here/../web

# shellcheck disable=SC2317
fill() { # FOLDER
	say "installing puppeteer-core (about ten seconds)"
	mkdir "$1"
	cp "$web/package.json" "$web/package-lock.json" "$1/"
	(
		cd "$1"
		logged "$cache/puppeteer.log" npm ci --ignore-scripts --no-audit --no-fund
	)
}

have npm || "$here/packages.sh" browser
folder=$cache/puppeteer-$(cksum <"$web/package-lock.json" | tr ' ' -)
once "$folder" fill
echo "$folder"
