#!/usr/bin/env bash
# Runs the benchmarks one after another and writes docs/performance.md.
# CANDOUR_BENCH_COUNT is how often each is run (default 5).
set -euo pipefail
cd "$(dirname "$0")/.."
count=${CANDOUR_BENCH_COUNT:-5}
out=$(mktemp)
trap 'rm -f "$out"' EXIT
# The erasure benchmark and that of the copy want 1,000,000 records.
export CANDOUR_BENCH_RECORDS=${CANDOUR_BENCH_RECORDS:-1000000}
bench() { go test -run='^$' -timeout 60m -count="$count" "$@" | tee -a "$out"; }
bench -bench='^BenchmarkUse$' ./policy
bench -bench='^Benchmark(Page|MemberPage)$' ./internal/web
bench -bench='^Benchmark(OutboxToLeaf|CommitToCheckpoint)$' -benchtime=1x ./internal/evidence
bench -bench='^Benchmark(BatchedWrites|SingleDurable|ReadBy|Look|Export)' -benchtime=1x ./internal/vault
bench -bench='^BenchmarkSignIn$' -benchtime=1x ./internal/identity
bench -bench='^BenchmarkAccessPack' -benchtime=1x ./internal/rights
count=$((count < 3 ? count : 3))
bench -bench='^BenchmarkErase' -benchtime=1x ./internal/vault
go run ./scripts/performance <"$out" >docs/performance.md.new
mv docs/performance.md.new docs/performance.md
cat docs/performance.md
