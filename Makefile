# The commands of this repository. Each installs what it needs into this folder.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0
CARGO_AUDIT := 0.22.2
CARGO_DENY := 0.20.2
CARGO_MUTANTS := 27.1.0
DYNOXIDE := 1.2.1
ADVISORIES := https://github.com/rustsec/advisory-db
ARCHITECTURE ?= arm64
CATALOG_sandbox := Sandbox
CATALOG_production := AWS

INSTALL := cargo install --quiet --debug --locked --root .venv --target-dir target/tools

.PHONY: help demo local test check audit bench mutants schema build deploy redrive environment

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: .venv/tools ## the whole bridge on this machine, step by step
	cargo build --quiet --workspace --bins
	python -m tools.demo

local: .venv/tools ## the bridge on this machine until Ctrl-C; CRM=http://127.0.0.1:9200/ gets its events
	cargo build --quiet --workspace --bins
	python -m tools.keep_running $(CRM)

test: .venv/tools .venv/dynamodb ## every test
	cargo test --quiet --workspace
	python -m unittest discover --top-level-directory . --start-directory tests

check: .venv/tools .venv/bin/cargo-deny ## formatting, lints, documentation, template, dependencies, connections
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

audit: .venv/bin/cargo-deny .venv/bin/cargo-audit ## known vulnerabilities, by RustSec's database
	cargo deny check advisories
	cargo audit --deny yanked

bench: .venv/tools ## what a start and a request cost: docs/performance.md
	cargo build --quiet --release --package enrich-opportunity --package patch-opportunity
	cargo bench --quiet --package bridge-tests --bench pipeline
	cargo bench --quiet --package bridge-tests --bench functions
	python -m tools.check_entropy "$${CARGO_TARGET_DIR:-target}/release"

mutants: .venv/bin/cargo-mutants ## changes that no test notices; MUTANTS="--file shared/model/src/lock.rs"
	@status=0; \
	cargo mutants --output target/mutants-model --package model $(MUTANTS) || status=$$?; \
	cargo mutants --output target/mutants-functions --package enrich-opportunity --package patch-opportunity \
		--test-package enrich-opportunity,patch-opportunity,bridge-tests $(MUTANTS) || status=$$?; \
	exit $$status

schema: .venv/tools ## openapi.json with the schema of an opportunity in it, and openapi-3.0.json made of it
	python -m tools.embed_schema
	python -m tools.openapi_3_0

build: .venv/tools ## both functions as they are deployed; ARCHITECTURE=x86_64
	sam build --config-env $(or $(ENVIRONMENT),sandbox) --parameter-overrides Architecture=$(ARCHITECTURE)
	python -m tools.check_build $(ARCHITECTURE)

deploy: environment build ## to AWS; ENVIRONMENT=sandbox, PARAMETERS=file:///path/to/parameters.yaml
	sam deploy --config-env $(ENVIRONMENT) --parameter-overrides \
		Catalog=$(CATALOG_$(ENVIRONMENT)) Architecture=$(ARCHITECTURE) $(PARAMETERS)

redrive: environment .venv/tools ## events in the dead-letter queues, tried again; ENVIRONMENT=production
	python -m tools.redrive opportunity-bridge-$(ENVIRONMENT)

# A command that touches a stack has no default: it would be the wrong one some night.
environment:
	@test -n "$(CATALOG_$(ENVIRONMENT))" || { echo "\`ENVIRONMENT\` is \
	$(if $(ENVIRONMENT),\`$(ENVIRONMENT)\`,not set), expected \`sandbox\` or \`production\`" >&2; exit 2; }

.venv/tools: tools/requirements.txt
	python3 -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --requirement tools/requirements.txt
	touch $@

# A DynamoDB for the tests: one static binary.
.venv/dynamodb: | .venv/tools
	npm install --silent --no-audit --no-fund --prefix $@.part @dynoxide/linux-x64@$(DYNOXIDE)
	mv $@.part $@

.venv/bin/cargo-deny: | .venv/tools
	$(INSTALL) --version $(CARGO_DENY) cargo-deny

.venv/bin/cargo-audit: | .venv/tools
	$(INSTALL) --version $(CARGO_AUDIT) cargo-audit

.venv/bin/cargo-mutants: | .venv/tools
	$(INSTALL) --version $(CARGO_MUTANTS) cargo-mutants
