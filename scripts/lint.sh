#!/usr/bin/env bash
# Formatting, vet, staticcheck and known vulnerabilities.
set -euo pipefail
cd "$(dirname "$0")/.."

bad=$(go tool goimports -l -local candour $(git ls-files '*.go'))
if [ -n "$bad" ]; then
	printf 'not in the order of gofmt and goimports (run go tool goimports -w -local candour):\n%s\n' "$bad" >&2
	exit 1
fi
go vet ./...
(cd e2e/acme && go vet ./...)
go tool staticcheck ./...

# The database of vulnerabilities may be out of reach; that must be told apart
# from a finding (exit code 3).
code=0
out=$(go tool govulncheck ./... 2>&1) || code=$?
case $code in
0) echo "govulncheck: clean" ;;
3) echo "$out" >&2; exit 1 ;;
*) echo "govulncheck could not ask its database: $(tail -n 1 <<<"$out")" ;;
esac
