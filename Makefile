# The commands of this repository. Each installs what it needs; nothing outlives it.
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: demo test check

demo: .venv/installed ## the whole bridge on this machine, step by step
	cargo build --quiet --workspace --bins
	python tests/demo.py

test: .venv/installed ## every test
	cargo test --quiet --workspace
	python -m unittest discover --start-directory tests/clients

check: .venv/installed ## formatting, lints, documentation, template
	cargo fmt --all --check
	cargo clippy --quiet --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --quiet --workspace --no-deps
	python tests/lint_template.py template.yaml

.venv/installed: tests/requirements.txt
	python3 -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --requirement tests/requirements.txt
	touch $@
