# make run and make test are all that is needed; make help lists the rest.

GO      ?= go
BIN     := bin/toolgen
RUN_OUT ?= runs/quickstart

.PHONY: help run test check race fuzz golden determinism bench bench-repair bench-isolation torture bench-analysis gallery vuln reproduce build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# What is left out is code that our binary never runs and tables for debuggers; without
# them a build from nothing takes a fifth less time. The tag is read by arrow alone, which
# then takes encoding/json in place of a generated encoder. To debug, use go build.
build: ## build bin/toolgen
	$(GO) build -trimpath -tags tinygo -ldflags='-s -w' -gcflags=all=-dwarf=false -o $(BIN) ./cmd/toolgen

run: build ## play the quickstart tournament and draw its report
	$(BIN) run quickstart --out $(RUN_OUT) --force
	$(BIN) report $(RUN_OUT) -o $(RUN_OUT)-report

test: ## all tests
	$(GO) test -timeout 60m ./...

check: ## gofmt, go vet, staticcheck
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo 'not gofmt-clean:'; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	@cd bench/duckdb && $(GO) list -m all > /dev/null # its go.mod must follow ours

race: ## the tests under the race detector, without the slow ones
	$(GO) test -race -short ./...

FUZZTIME ?= 60s
fuzz: ## each fuzz target for FUZZTIME (60s)
	@for pkg in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
	  done; \
	done

golden: ## write the golden files anew; read the diff before you commit it
	$(GO) test $$(grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -n1 dirname | sort -u) -update

determinism: ## the same rows at 1, 2 and 8 workers, cold and warm, after a kill
	$(GO) test ./experiment -run 'Determinism' -count 1 -v

bench: ## the benchmarks of the pipeline
	$(GO) test ./pipeline/... ./datasets -run '^$$' -bench . -benchtime 3x

FAULTS ?= 210
bench-repair: ## inject FAULTS (210) faults, repair them and the faulty programs of the corpus; some hours on two cores
	$(GO) run ./cmd/bench-repair --faults $(FAULTS) --learn

bench-isolation: ## what processes of their own cost: the baseline and 4,000 versions, with and without; resumable, about an hour
	$(GO) run ./cmd/bench-isolation $(BENCH_FLAGS)

KILLS := runs/kills
torture: ## kill one process of a run, 50 times at random moments; resumable
	mkdir -p $(KILLS)
	TOOLGEN_TEST_KILLS=$(CURDIR)/$(KILLS) $(GO) test ./experiment -run TestProcessesKilled -count 1 -timeout 2h -v

bench-analysis: ## groups and fronts of 10 million evaluations, and writing them, against DuckDB
	cd bench/duckdb && $(GO) run . $(BENCH_FLAGS)

reproduce: build ## play the baseline (41 epochs), hold it against its committed lock, print the benchmark table
	rm -rf runs/baseline
	$(BIN) verify experiment/manifests/baseline.lock.json --out runs/baseline
	$(BIN) bench runs/baseline

GALLERY := latency pareto diversity fitness handoffs
gallery: build ## play the baseline and draw the pictures of docs/gallery anew; the report's needs Chromium
	$(BIN) run baseline --out runs/baseline -q > /dev/null
	mkdir -p docs/gallery
	for c in $(GALLERY); do for t in light dark; do $(BIN) plot $$c runs/baseline -o docs/gallery/$$c-$$t.svg --theme $$t > /dev/null || exit 1; done; done
	$(BIN) report runs/baseline -o runs/baseline-report > /dev/null
	! command -v chromium > /dev/null || chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1000,1000 --screenshot=docs/gallery/report.png file://$(CURDIR)/runs/baseline-report/index.html

VULNDB ?=
vuln: ## known vulnerabilities in what is called; VULNDB=file:///DIR names a copy of the database
	@echo 'govulncheck knows Go modules: it sees nothing of the Rust library inside of wasmtime-go, whose advisories SECURITY.md lists'
	$(GO) tool govulncheck $(if $(VULNDB),-db $(VULNDB)) ./...

clean: ## remove bin/ and runs/
	rm -rf bin runs
