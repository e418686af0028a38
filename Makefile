# Needs Python 3.11 or later, make and a C library; everything else is installed into .venv.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH_JSON := .benchmarks/latest.json
# Tests of what pyproject.toml wants every branch of.
COVERING := tests/zkpay/stark tests/zkpay/verifier tests/zkpay/ledger/test_tree.py tests/zkpay/policy/language \
	tests/circuits/test_bounds.py tests/circuits/test_intervals.py tests/attacks/test_engine_statement.py

# The first interpreter that is new enough; `make PYTHON=/path/to/python3.12 test` chooses another.
PYTHON ?= $(shell for candidate in python3 python3.11 python3.12 python3.13 python3.14; do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$candidate" && break; done)

.DEFAULT_GOAL := help
.PHONY: help setup demo test attack campaign coverage bounds lint types bench check clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Create .venv with zkpay and its development tools

$(STAMP): pyproject.toml
	@python="$(PYTHON)"; \
	if [ -z "$$python" ]; then \
		echo "zkpay needs Python 3.11 or later; python3 here is: $$(python3 --version 2>&1)."; \
		echo "Install a newer one, or name it: make PYTHON=/path/to/python3.11 ..."; exit 1; \
	fi; \
	if ! "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "zkpay needs Python 3.11 or later; $$python is: $$("$$python" --version 2>&1)."; exit 1; \
	fi; \
	$(BIN)/python -c pass 2>/dev/null && exit 0; \
	echo "Creating $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv --clear $(VENV) || { \
		echo "'$$python -m venv' failed. On Debian and Ubuntu: apt install python3-venv"; rm -rf $(VENV); exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(STAMP)

demo: $(STAMP) ## Run the main job on generated data: commit, prove, verify, receipt
	@folder="$$(mktemp -d)/zkpay-demo" && $(BIN)/zkpay demo --dir "$$folder"

test: $(STAMP) ## Run the tests
	$(BIN)/python -m pytest -q -n 2 --dist loadfile $(PYTEST_ARGS)

attack: $(STAMP) ## Run the attacks alone, with a short slice of each campaign; `make test` has them too
	$(BIN)/python -m pytest -q -n 2 --dist loadfile tests/attacks $(PYTEST_ARGS)

campaign: $(STAMP) ## Run all campaigns for hours, or some: ARGS="cells --seconds 600"; see tests/campaigns
	$(BIN)/python -m tests.campaigns $(ARGS)

coverage: $(STAMP) ## Fail where a branch of verifier, transcript, Merkle tree or bounds has no test
	$(BIN)/coverage run -m pytest -q $(COVERING)
	$(BIN)/coverage report

bounds: $(STAMP) ## Run the tests with every index of the kernels checked; compiles them once more
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$(CURDIR)/$(VENV)/checked-kernels \
		$(BIN)/python -m pytest -q -n 2 --dist loadfile $(PYTEST_ARGS)

lint: $(STAMP) ## Check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP) ## Check types, strictly
	$(BIN)/mypy
	$(BIN)/mypy $(wildcard tests bench)

bench: $(STAMP) ## Measure kernels, prove and verify; figures also go to .benchmarks/latest.json
	@mkdir -p $(dir $(BENCH_JSON))
	$(BIN)/python -m pytest bench -q --benchmark-enable --benchmark-only --benchmark-json=$(BENCH_JSON) $(PYTEST_ARGS)

check: lint types test ## All that must pass before a commit

clean: ## Remove .venv, caches and build output
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .benchmarks
	find zkpay circuits cli tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
