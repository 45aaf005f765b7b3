# The commands of this repository. Each installs what it needs into this folder.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0
CARGO_AUDIT := 0.22.2
CARGO_DENY := 0.20.2
ADVISORIES := https://github.com/rustsec/advisory-db
ENVIRONMENT ?= sandbox
ARCHITECTURE ?= arm64
CATALOG_sandbox := Sandbox
CATALOG_production := AWS

INSTALL := cargo install --quiet --debug --locked --root .venv --target-dir target/tools

.PHONY: demo test check audit bench schema build deploy redrive

demo: .venv/tools ## the whole bridge on this machine, step by step
	cargo build --quiet --workspace --bins
	python -m tools.demo

test: .venv/tools ## every test
	cargo test --quiet --workspace
	python -m unittest discover --top-level-directory . --start-directory tests/template
	python -m unittest discover --top-level-directory . --start-directory tests/clients

check: .venv/tools .venv/bin/cargo-deny ## formatting, lints, documentation, template, dependencies
	ruff format --quiet --check
	ruff check --quiet
	cargo fmt --all --check
	cargo clippy --quiet --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet --workspace --no-deps
	python -m tools.lint_template template.yaml
	cargo fetch --quiet --locked
	cargo deny --offline check bans licenses sources
	cargo test --quiet --package bridge-tests --test bridge gates::
	@if GIT_TERMINAL_PROMPT=0 git ls-remote --exit-code $(ADVISORIES) HEAD >/dev/null; then $(MAKE) audit; \
	else echo "NOT CHECKED: known vulnerabilities, because $(ADVISORIES) cannot be reached"; fi

audit: .venv/bin/cargo-deny .venv/bin/cargo-audit ## known vulnerabilities, by RustSec's database
	cargo deny check advisories
	cargo audit --deny yanked

bench: ## what a start and a request cost: docs/performance.md
	cargo build --quiet --release --package enrich-opportunity --package patch-opportunity
	cargo bench --quiet --package bridge-tests --bench pipeline
	cargo bench --quiet --package bridge-tests --bench functions

schema: .venv/tools ## the schema of an opportunity, embedded in openapi.json
	python -m tools.embed_schema

build: .venv/tools ## both functions, as they are deployed
	sam build --config-env $(ENVIRONMENT) --parameter-overrides Architecture=$(ARCHITECTURE)
	python -m tools.check_build $(ARCHITECTURE)

deploy: build ## to AWS; ENVIRONMENT=production, PARAMETERS=file:///path/to/parameters.yaml
	sam deploy --config-env $(ENVIRONMENT) --parameter-overrides \
		Catalog=$(CATALOG_$(ENVIRONMENT)) Architecture=$(ARCHITECTURE) $(PARAMETERS)

redrive: .venv/tools ## what lies in the dead-letter queues, back on its way
	python -m tools.redrive opportunity-bridge-$(ENVIRONMENT)

.venv/tools: tools/requirements.txt
	python3 -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --requirement tools/requirements.txt
	touch $@

.venv/bin/cargo-deny: | .venv/tools
	$(INSTALL) --version $(CARGO_DENY) cargo-deny

.venv/bin/cargo-audit: | .venv/tools
	$(INSTALL) --version $(CARGO_AUDIT) cargo-audit
