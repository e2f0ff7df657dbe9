SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
# A uv that is already there, else the pinned one from PyPI inside .venv. It never downloads an interpreter.
UV := UV_PYTHON_DOWNLOADS=never $(or $(shell command -v uv),$(BIN)/uv)
LOCK := UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --python $(BIN)/python

.PHONY: help
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[36m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: .venv/.ready ## Create the environment .venv (Airflow, the package, the test tools)

.venv/.ready: requirements.txt requirements-dev.txt pyproject.toml
	@echo "setup: creating .venv (a minute or two the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@command -v uv >/dev/null || test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt -r requirements-dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: lock
lock: setup ## Compile requirements*.in into pinned, hashed requirements*.txt
	@$(LOCK) requirements.in -o requirements.txt
	@$(LOCK) requirements-dev.in -o requirements-dev.txt
	@$(LOCK) requirements-browser.in -o requirements-browser.txt

.PHONY: demo
demo: setup ## Start everything, run the DAGs once on a sample payroll, show the outcomes
	@$(BIN)/python -m include.demo up

.PHONY: down
down: ## Stop everything that make demo started
	@test ! -x $(BIN)/python || $(BIN)/python -m include.demo down

# The slow layer in full, or a share of it: SLOW_SHARE=0.1 is what CI runs.
SLOW_SHARE ?= 1

# Tests wait more than they compute: more processes than cores. A file's tests stay together.
PROCESSES ?= 3

.PHONY: test
test: setup ## Run the tests without their slow layer (PROCESSES=0: in one)
	@$(BIN)/python -m pytest -m "not slow" --numprocesses $(PROCESSES) --dist loadfile $(PYTEST)

.PHONY: test-slow
test-slow: setup ## Run the slow layer: real components, many examples (SLOW_SHARE=0.1: a tenth)
	@SLOW_SHARE=$(SLOW_SHARE) $(BIN)/python -m pytest -m slow $(PYTEST)

# SCREENSHOTS=docs/cockpit takes the pictures of docs/cockpit.md anew.
.PHONY: test-browser
test-browser: setup ## Look at the cockpit in Debian's Chromium after a demo run (installs what it needs)
	@command -v chromium >/dev/null || { SUDO=$$(test $$(id -u) = 0 || echo sudo); \
		$$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1; }
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements-browser.txt
	@DIMONA_BROWSER=1 $(BIN)/python -m pytest tests/browser $(PYTEST)

# Chaos: RUNS=10 takes ten minutes; ONLY=k repeats one of them (docs/testing.md).
RUNS ?= 10
SEED ?= 1
EMPLOYMENTS ?= 80

.PHONY: chaos
chaos: setup ## Kill and fail a real Airflow at random, compare its ledger with the truth (RUNS=10 SEED=1)
	@$(BIN)/python -m tests.chaos --runs $(RUNS) --seed $(SEED) --employments $(EMPLOYMENTS) \
		$(if $(ONLY),--only $(ONLY)) $(if $(KEEP),--keep)

# Secrets for docker-compose.yaml: CLIENT_ID=… PRIVATE_KEY=file (docs/deployment.md). Needs no environment.
.PHONY: secrets
secrets: ## Make the folder secrets/ for a deployment (CLIENT_ID=… PRIVATE_KEY=file.pem)
	@$(PYTHON) -m include.deployment secrets secrets --client-id "$(CLIENT_ID)" --private-key "$(PRIVATE_KEY)"

# Compose: STANDINS=script builds local stand-ins where no registry can be reached (docs/testing.md).
.PHONY: test-compose
test-compose: setup ## Bring docker-compose.yaml up, kill a worker and a triggerer, compare ledger and truth
	@$(BIN)/python -m tests.compose $(if $(STANDINS),--standins "$(STANDINS)")

# WORKERSxTRIGGERERS; the image is the one that test-compose has built (docs/deployment.md).
SCALE ?= 1x1 2x1 4x1 1x2 2x2

.PHONY: bench-compose
bench-compose: setup ## Measure docker-compose.yaml with 1, 2, 4 workers and 1, 2 triggerers (SCALE="1x1 2x2")
	@$(BIN)/python -m tests.compose.scale $(SCALE)

# A month of a synthetic employer in simulated time: seconds (docs/testing.md).
WORKERS ?= 240

.PHONY: month
month: setup ## Take a month of payroll through planner, submission and simulator (SEED=1 WORKERS=240)
	@PYTHONPATH=tests $(BIN)/python -m tests.month --seed $(SEED) --workers $(WORKERS)

# Benchmarks: FULL=1 for the long forms, CELLS="imports submission" for some of them (docs/benchmarks.md).
.PHONY: bench
bench: setup ## Measure: one table of all cells (FULL=1 for the long ones, CELLS="imports" for some)
	@$(BIN)/python -m bench $(if $(FULL),--full) $(if $(CELLS),--only $(CELLS)) --seed $(SEED)

# What is in build/ from before would go into the wheel too.
DIST ?= dist

.PHONY: wheel
wheel: setup ## Build the package airflow-provider-dimona into dist/ (DIST=folder)
	@rm -rf build
	@$(UV) build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir $(DIST) .
	@rm -rf build plugins/airflow_provider_dimona.egg-info # else Airflow finds the package twice
	@ls $(DIST)/airflow_provider_dimona-*.whl

# Each Python that pyenv has, or that is on the path, in an environment of its own; needs minutes.
.PHONY: pythons
pythons: setup ## Install the hashed requirements on Python 3.11, 3.12 and 3.13, and use them
	@$(BIN)/python -m tests.pythons

.PHONY: format
format: setup ## Format the code and fix what ruff can fix
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

.PHONY: lint
lint: setup ## Check format, lint rules, types and the architecture
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: check
check: lint test ## Check everything: what CI calls
