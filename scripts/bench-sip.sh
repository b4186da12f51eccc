#!/usr/bin/env bash
# Measures the telephone service against Kamailio and rtpengine, in turns: the
# server on one processor, the load on another. What is given is passed on to
# scripts/benchsip, such as -only register -rounds 5 -long 5s.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
go test -c -o "$out/server" ./internal/sip
go build -o "$out/load" ./scripts/benchsip
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"
taskset -c 1 "$out/load" -server "$out/server" "$@"
