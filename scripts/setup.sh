#!/usr/bin/env bash
# Sets up what the build, the tests or the comparisons need: scripts/setup.sh build|test|bench.
# Installs Debian packages only where one is missing, so a second call is quick.
set -euo pipefail
cd "$(dirname "$0")/.."

need() { # need PROGRAM PACKAGE: note PACKAGE unless PROGRAM is there
	command -v "$1" >/dev/null 2>&1 || missing+=("$2")
}

missing=()
need go golang
if [ "${1:-build}" = test ]; then
	need git git
	need node nodejs
	need npm npm
	need chromium chromium
	need firefox-esr firefox-esr
	need baresip baresip
	need tshark tshark
	need ip iproute2
	need sipp sip-tester
	need sox sox
	need sqlite3 sqlite3
	compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
fi
if [ "${1:-build}" = bench ]; then
	need kamailio kamailio
	need rtpengine rtpengine-daemon
	need taskset util-linux
fi

if [ ${#missing[@]} -gt 0 ]; then
	if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
		echo "missing: ${missing[*]}; install these Debian packages, or run this as root on Debian" >&2
		exit 1
	fi
	echo "installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if [ "${1:-build}" = test ]; then
	for dir in frontend e2e; do
		if [ ! -e "$dir/node_modules/.package-lock.json" ] || [ "$dir/package-lock.json" -nt "$dir/node_modules/.package-lock.json" ]; then
			(cd "$dir" && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error)
		fi
	done
fi
