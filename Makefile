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

.PHONY: help demo local playground test check audit mapping bench mutants schema docs drift build deploy smoke \
	log hand-on forget redrive backfill preflight environment

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: .venv/tools ## the whole bridge on this machine, step by step; VERBOSE=1 shows all JSON
	cargo build --quiet --workspace --bins
	python -m tools.demo

local: .venv/tools ## the bridge on this machine until Ctrl-C; CRM=http://127.0.0.1:9200/ gets its events
	cargo build --quiet --workspace --bins
	python -m tools.keep_running $(CRM)

playground: .venv/tools ## the bridge before your eyes: a page on this machine, until Ctrl-C
	cargo build --quiet --workspace --bins
	python -m tools.playground

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

mapping: ## a CRM's mapping, checked and shown there and back; FILE=mappings/hubspot.json
	@test -n "$(FILE)" || { echo "\`FILE\` is not set, expected a mapping, such as mappings/hubspot.json" >&2; exit 2; }
	@cargo run --quiet --package mapping --bin mapping-check -- $(FILE)

bench: .venv/tools ## what a start and a request cost: docs/performance.md
	@$(MAKE) --quiet target/bench/function.cjs || echo "NOT MEASURED: AWS's SDK for JavaScript, because it cannot be installed"
	cargo build --quiet --release --package enrich-opportunity --package patch-opportunity
	cargo bench --quiet --package bridge-tests --bench pipeline
	cargo bench --quiet --package mapping --bench mapping
	cargo bench --quiet --package bridge-tests --bench functions
	python -m tools.check_entropy "$${CARGO_TARGET_DIR:-target}/release"

# The bench's function in JavaScript with its SDK in one file, and what runs it.
target/bench/function.cjs: tests/bench/sdks/function.mjs tests/bench/sdks/package.json
	mkdir -p $(@D)
	cp $^ $(@D)
	ln -sf "$$(command -v node)" $(@D)/node
	cd $(@D) && npm install --silent --no-audit --no-fund && npx esbuild function.mjs --log-level=warning \
		--bundle --minify --platform=node --target=node20 --outfile=$(@F)

mutants: .venv/bin/cargo-mutants ## changes that no test notices; MUTANTS="--file shared/model/src/lock.rs"
	@status=0; \
	cargo mutants --output target/mutants-model --package model $(MUTANTS) || status=$$?; \
	cargo mutants --output target/mutants-functions --package enrich-opportunity --package patch-opportunity \
		--package sweep-opportunities --test-package enrich-opportunity,patch-opportunity,sweep-opportunities,bridge-tests $(MUTANTS) || status=$$?; \
	exit $$status

schema: .venv/tools ## openapi.json with the schema of an opportunity in it, and openapi-3.0.json made of it
	python -m tools.embed_schema
	python -m tools.openapi_3_0

docs: .venv/tools ## openapi.json as a page for people, in target/docs
	python -m tools.render_openapi

drift: .venv/tools ## what AWS has changed in its model since this release; DRIFT=--record
	python -m tools.drift $(DRIFT)

build: .venv/tools ## the functions as they are deployed; ARCHITECTURE=x86_64
	sam build --config-env $(or $(ENVIRONMENT),sandbox) --parameter-overrides Architecture=$(ARCHITECTURE)
	python -m tools.check_build $(ARCHITECTURE)

deploy: environment preflight build ## to AWS; ENVIRONMENT=sandbox, PARAMETERS=file:///path/to/parameters.yaml
	sam deploy --config-env $(ENVIRONMENT) --parameter-overrides \
		Catalog=$(CATALOG_$(ENVIRONMENT)) Architecture=$(ARCHITECTURE) $(PARAMETERS) \
		$(if $(TAGS),--tags $(TAGS)) $(if $(ROLE),--role-arn $(ROLE))

smoke: environment .venv/tools ## a stack from end to end, without a write; ENVIRONMENT=sandbox, ID=O1234567
	python -m tools.smoke opportunity-bridge-$(ENVIRONMENT) "$(ID)"

log: environment .venv/tools ## warnings and errors; ENVIRONMENT=production, SINCE=3h, FIND=O1234567 for all of it
	@python -m tools.log opportunity-bridge-$(ENVIRONMENT) $(if $(SINCE),--since $(SINCE)) $(if $(FIND),--find "$(FIND)")

hand-on: environment .venv/tools ## opportunities, once more as they are; ENVIRONMENT=production, IDS="O1 O2"
	python -m tools.hand_on opportunity-bridge-$(ENVIRONMENT) $(IDS)

forget: environment .venv/tools ## what the memory has of an opportunity, deleted; ENVIRONMENT=production, ID=O1
	python -m tools.forget opportunity-bridge-$(ENVIRONMENT) $(ID)

redrive: environment .venv/tools ## events in the dead-letter queues, tried again; ENVIRONMENT=production
	python -m tools.redrive opportunity-bridge-$(ENVIRONMENT)

backfill: environment .venv/tools ## what was modified SINCE=2024-01-01, handed on to the CRM; ENVIRONMENT=production
	python -m tools.backfill opportunity-bridge-$(ENVIRONMENT) $(or $(SINCE),$(error `SINCE` is not set, expected a date such as 2024-01-01)) $(UNTIL)
# What is wrong is said before the minutes of building.
preflight: environment .venv/tools
	@python -m tools.preflight $(ENVIRONMENT) $(PARAMETERS)

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
