# Everything a person does with this repository. `make run` and `make test`
# set up what they need; nothing has to be done before them.
SHELL := /bin/bash
.DEFAULT_GOAL := build
GO ?= go
DATA ?= data
LISTEN ?= 127.0.0.1:8080
ADMIN ?= 127.0.0.1:8081

.PHONY: build run test test-long lint unit browser generate generated icons bench bench-sip soak fuzz setup-build setup-test clean

build: setup-build ## bin/candour
	$(GO) build -o bin/candour ./cmd/candour

run: build ## start everything on the embedded default, with demonstration data
	bin/candour run --demo --data $(DATA) --listen $(LISTEN) --admin $(ADMIN)

test: setup-test lint generated build unit browser ## everything that must hold, within 25 minutes on 2 cores

test-long: setup-test build ## what takes longer: 200 kills, long fuzzing, larger stores
	CANDOUR_LONG=1 $(GO) test -count=1 -timeout 120m ./...
	$(MAKE) fuzz FUZZTIME=2m
	$(MAKE) soak

lint:
	scripts/lint.sh
	cd frontend && npm run --silent check

unit:
	$(GO) test -p 4 -timeout 15m ./... # much of it waits: two at a time leave the cores idle
	cd e2e/acme && $(GO) test ./...
	cd frontend && npm test --silent

browser: build
	cd e2e && npm test

generate: ## documentation of the rules, schema, browser code
	$(GO) generate ./...
	cd frontend && npm ci --no-audit --no-fund && npm run build

icons: setup-test ## the app's icons, from the operators' drawings
	node scripts/icons.mjs

generated: setup-test
	scripts/generated.sh

bench: setup-test build ## ratios against named baselines, written to docs/performance.md
	scripts/bench.sh

bench-sip: ## the telephone service against Kamailio and rtpengine, in turns
	scripts/setup.sh bench
	scripts/bench-sip.sh $(BENCHSIP)

SOAK ?= 10m
soak: ## calls at half of what the server can do: nothing grows, no record is lost
	scripts/bench-sip.sh -only soak -soak $(SOAK)

FUZZTIME ?= 10s
fuzz:
	scripts/fuzz.sh $(FUZZTIME)

setup-build:
	scripts/setup.sh build

setup-test:
	scripts/setup.sh test

clean:
	rm -rf bin data e2e/output
