#!/usr/bin/env bash
# Fails if `make generate` would change a file that is kept in git.
set -euo pipefail
cd "$(dirname "$0")/.."
before=$(git status --porcelain; git diff | sha256sum)
go generate ./...
(cd frontend && npm run --silent build)
after=$(git status --porcelain; git diff | sha256sum)
if [ "$before" != "$after" ]; then
	git status --porcelain >&2
	echo "generated files are out of date: run make generate and commit the result" >&2
	exit 1
fi
