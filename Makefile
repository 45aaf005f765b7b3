# The commands of this repository. Each installs what it needs into this folder.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0
CARGO_AUDIT := 0.22.2
CARGO_AUDITABLE := 0.7.7
CARGO_DENY := 0.20.2
CARGO_MUTANTS := 27.1.0
DYNOXIDE := 1.2.1
ADVISORIES := https://github.com/rustsec/advisory-db
ARCHITECTURE ?= arm64
ARCHITECTURES ?= arm64 x86_64
CATALOG_sandbox := Sandbox
CATALOG_production := AWS

INSTALL := cargo install --quiet --debug --locked --root .venv --target-dir target/tools
# Links the list of its crates into each program. `cargo auditable` runs the program that CARGO names instead of
# cargo; that is `env`, which runs the rest of the line.
AUDITABLE := CARGO=env cargo-auditable auditable -u CARGO
# The memory of `demo`, `local` and `playground`, where there can be one: MEMORY=off leaves it out.
MEMORY ?= on
RUNS_SERVER := $(and $(filter Linux-x86_64,$(shell uname -sm | tr ' ' -)),$(shell command -v npm 2>/dev/null))
MEMORY_SERVER := $(if $(RUNS_SERVER),$(if $(filter-out off,$(MEMORY)),.venv/dynamodb))
FLAG_arm64 := --arm64
FLAG_x86_64 := --x86-64

.PHONY: help demo local playground test check audit mapping bench mutants schema docs drift build deploy smoke \
	log hand-on forget redrive backfill release try-release notes preflight environment release-programs

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: .venv/tools $(MEMORY_SERVER) ## run the whole bridge on this machine, step by step; VERBOSE=1 shows all JSON
	cargo build --quiet --workspace --bins
	python -m tools.demo

local: .venv/tools $(MEMORY_SERVER) ## run the bridge on this machine until Ctrl-C; CRM=http://127.0.0.1:9200/ gets its events
	cargo build --quiet --workspace --bins
	python -m tools.local $(CRM)

playground: .venv/tools $(MEMORY_SERVER) ## show the bridge at work on a page in the browser, until Ctrl-C; MAPPING=mappings/salesforce.json
	cargo build --quiet --workspace --bins
	python -m tools.playground $(MAPPING)

test: .venv/tools .venv/dynamodb ## run every test
	cargo test --quiet --workspace
	TEST_MEMORY=keys cargo test --quiet --package bridge-tests --test bridge -- \
		$(addprefix --skip ,memory_events:: memory_interleavings:: memory_table:: idempotency:: parked:: sweep::a_backfill)
	python -m unittest discover --top-level-directory . --start-directory tests

check: .venv/tools .venv/bin/cargo-deny ## check formatting, lints, documentation, template, dependencies, connections
	cargo fmt --all --check
	ruff format --quiet --check
	ruff check --quiet
	cargo clippy --quiet --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet --workspace --no-deps
	python -m tools.lint_template template.yaml
	cargo fetch --quiet --locked
	cargo deny --offline check bans licenses sources
	cargo test --quiet --package bridge-tests --test bridge gates::
	python -m tools.check_entropy "$${CARGO_TARGET_DIR:-target}/debug"
	@if GIT_TERMINAL_PROMPT=0 git ls-remote --exit-code $(ADVISORIES) HEAD >/dev/null; then $(MAKE) audit; \
	else echo "NOT CHECKED: known vulnerabilities, because $(ADVISORIES) cannot be reached"; fi

audit: .venv/bin/cargo-deny .venv/bin/cargo-audit ## look for known vulnerabilities in RustSec's database
	cargo deny check advisories
	cargo audit --deny yanked

mapping: ## check a CRM's mapping and convert an example both ways; FILE=mappings/hubspot.json
	@test -n "$(FILE)" || { echo "\`FILE\` is not set, expected a mapping, such as mappings/hubspot.json" >&2; exit 2; }
	@cargo run --quiet --package mapping --bin mapping-check -- $(FILE)

bench: .venv/tools ## measure what a start and a request cost: docs/performance.md
	@$(MAKE) --quiet target/bench/function.cjs || echo "NOT MEASURED: AWS's SDK for JavaScript, because it cannot be installed"
	cargo build --quiet --release --package enrich-opportunity --package patch-opportunity
	cargo bench --quiet --package bridge-tests --bench pipeline
	cargo bench --quiet --package mapping --bench mapping
	cargo bench --quiet --package bridge-tests --bench functions
	python -m tools.check_entropy "$${CARGO_TARGET_DIR:-target}/release"

# The bench's JavaScript function bundled with its SDK, and the Node that runs it.
target/bench/function.cjs: tests/bench/sdks/function.mjs tests/bench/sdks/package.json
	mkdir -p $(@D)
	cp $^ $(@D)
	ln -sf "$$(command -v node)" $(@D)/node
	cd $(@D) && npm install --silent --no-audit --no-fund && npx esbuild function.mjs --log-level=warning \
		--bundle --minify --platform=node --target=node20 --outfile=$(@F)

# The functions are built and tested in a copy of this folder, with `.venv` in it for the memory's server.
mutants: .venv/bin/cargo-mutants .venv/dynamodb ## find changes that no test notices; MUTANTS="--file shared/model/src/lock.rs"
	@status=0; \
	cargo mutants --output target/mutants-model --package model $(MUTANTS) || status=$$?; \
	cargo mutants --output target/mutants-functions --gitignore false --package enrich-opportunity \
		--package patch-opportunity --package sweep-opportunities \
		--test-package enrich-opportunity,patch-opportunity,sweep-opportunities,bridge-tests $(MUTANTS) \
		-- --lib --test bridge || status=$$?; \
	exit $$status

schema: .venv/tools ## update the opportunity's schema in openapi.json, and openapi-3.0.json
	python -m tools.embed_schema
	python -m tools.openapi_3_0

docs: .venv/tools ## render openapi.json as a page for people, in target/docs
	python -m tools.render_openapi

drift: .venv/tools ## show what AWS has changed in its model since this release; DRIFT=--record
	python -m tools.drift $(DRIFT)

# Keeps this machine's folders out of the programs, so that a commit gives the same bytes wherever it is built.
build release-programs: export RUSTFLAGS := --remap-path-prefix=$(CURDIR)=/opportunity-bridge \
	--remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo

build: .venv/tools | .venv/bin/cargo-auditable ## build the functions as they are deployed; ARCHITECTURE=x86_64
	$(AUDITABLE) sam build --config-env $(or $(ENVIRONMENT),sandbox) --parameter-overrides Architecture=$(ARCHITECTURE)
	python -m tools.check_build $(ARCHITECTURE)

deploy: environment preflight build ## deploy to AWS; ENVIRONMENT=sandbox, PARAMETERS=file:///path/to/parameters.yaml
	sam deploy --config-env $(ENVIRONMENT) --parameter-overrides \
		Catalog=$(CATALOG_$(ENVIRONMENT)) Architecture=$(ARCHITECTURE) $(PARAMETERS) \
		$(if $(TAGS),--tags $(TAGS)) $(if $(ROLE),--role-arn $(ROLE))

smoke: environment .venv/tools ## try a stack from end to end, without a write; ENVIRONMENT=sandbox, ID=O1234567
	python -m tools.smoke opportunity-bridge-$(ENVIRONMENT) "$(ID)"

log: environment .venv/tools ## show warnings and errors; ENVIRONMENT=production, SINCE=3h, FIND=O1234567 for every line about it
	@python -m tools.log opportunity-bridge-$(ENVIRONMENT) $(if $(SINCE),--since $(SINCE)) $(if $(FIND),--find "$(FIND)")

hand-on: environment .venv/tools ## send opportunities to the CRM again, as they are now; ENVIRONMENT=production, IDS="O1 O2"
	python -m tools.hand_on opportunity-bridge-$(ENVIRONMENT) $(IDS)

forget: environment .venv/tools ## delete what the memory holds of an opportunity; ENVIRONMENT=production, ID=O1234567
	python -m tools.forget opportunity-bridge-$(ENVIRONMENT) $(ID)

redrive: environment .venv/tools ## retry the events in the dead-letter queues; ENVIRONMENT=production
	python -m tools.redrive opportunity-bridge-$(ENVIRONMENT)

backfill: environment .venv/tools ## send the CRM what was modified since a date; ENVIRONMENT=production, SINCE=2024-01-01
	python -m tools.backfill opportunity-bridge-$(ENVIRONMENT) $(or $(SINCE),$(error `SINCE` is not set, expected a date such as 2024-01-01)) $(UNTIL)

release: .venv/tools ## write an archive into dist for people without Rust; ARCHITECTURES="arm64 x86_64"
	@set -e; for architecture in $(ARCHITECTURES); do \
		$(MAKE) --no-print-directory release-programs ARCHITECTURE=$$architecture; done
	python -m tools.release write $(ARCHITECTURES)

# Keeps the programs of one architecture, because the next build overwrites them.
release-programs: build
	$(AUDITABLE) cargo lambda build --quiet --release --locked --bin mapping-check $(FLAG_$(ARCHITECTURE))
	python -m tools.release take $(ARCHITECTURE)

try-release: .venv/tools ## start everything in that archive once
	cargo build --quiet --workspace --bins
	python -m unittest tests.release.try_release

notes: .venv/tools ## print what the changelog says of a version; TAG=v0.1.0
	@python -m tools.release notes "$(TAG)"

# Finds what is wrong before the minutes of building.
preflight: environment .venv/tools
	@python -m tools.preflight $(ENVIRONMENT) $(PARAMETERS)

# Commands that touch a stack have no default environment: one night it would be the wrong one.
environment:
	@test -n "$(CATALOG_$(ENVIRONMENT))" || { echo "\`ENVIRONMENT\` is \
	$(if $(ENVIRONMENT),\`$(ENVIRONMENT)\`,not set), expected \`sandbox\` or \`production\`" >&2; exit 2; }

.venv/tools: tools/requirements.txt
	python3 -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --requirement tools/requirements.txt
	touch $@

# A DynamoDB on this machine: one static binary.
.venv/dynamodb: | .venv/tools
	npm install --silent --no-audit --no-fund --prefix $@.part @dynoxide/linux-x64@$(DYNOXIDE)
	mv $@.part $@

.venv/bin/cargo-deny: | .venv/tools
	$(INSTALL) --version $(CARGO_DENY) cargo-deny

.venv/bin/cargo-audit: | .venv/tools
	$(INSTALL) --version $(CARGO_AUDIT) cargo-audit

.venv/bin/cargo-auditable: | .venv/tools
	$(INSTALL) --version $(CARGO_AUDITABLE) cargo-auditable

.venv/bin/cargo-mutants: | .venv/tools
	$(INSTALL) --version $(CARGO_MUTANTS) cargo-mutants
