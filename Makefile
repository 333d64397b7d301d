# Getuige: everything a newcomer types. `make` alone prints the list.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

DATA ?= ./var
MEDIA ?=
TESTS ?= tests
# How many tests run side by side (on two cores four, because tests wait as well), and that those of a file run one after another, in the order that pytest gives.
WORKERS ?= 4
# Tests of single modules wait for nothing, and each process reads all files of tests first.
FEWER_WORKERS ?= 3
SPREAD := --dist loadfile --no-loadscope-reorder
SECONDS_OF_FAULTS ?= 60
SECONDS_OF_SOAK ?= 600
SECONDS_OF_BENCH ?= 840
# A bench that is ended keeps what it measured until then.
IN_TIME := timeout --foreground -s INT -k 60 $(SECONDS_OF_BENCH)
# Figures about durability are of a disk; tests keep their files in memory where they may.
ON_DISK := TMPDIR=$${TMPDIR:-/var/tmp}

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip --disable-pip-version-check -qq
# Wheels only, but for nkeys and bagit, which have none; they are built with what requirements/build.txt pins.
PINNED := --require-hashes --only-binary :all: --no-binary nkeys,bagit --no-build-isolation
WEB := server/web
FOREIGN := tests/interop/foreign
# Programs of the virtual environment first: nats-server, and node and npm when the machine has none.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# Tests start hundreds of processes; each would compile the project anew.
export PYTHONDONTWRITEBYTECODE :=
export GETUIGE_DATA := $(DATA)
export GETUIGE_MEDIA := $(MEDIA)

.PHONY: help setup run demo test test-quick faults soak check bench bench-evidence bench-uploads bench-alarms verifier format docs lock programs clean

help: ## Print this list
	@echo "Getuige: make <what>   (DATA=folder, default ./var; MEDIA=folder with photos, sound and clips of your own)"
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 17

setup: $(VENV)/.run $(WEB)/vendor ## Install what running needs: .venv with hashed pins, libraries of the pages

run: setup ## Start Getuige on this machine, play the main job through it, keep serving (Ctrl-C stops)
	@$(VENV)/bin/getuige run

demo: setup ## Play the same and stop; exit code 0 only when every step held
	@$(VENV)/bin/getuige demo

test: setup $(VENV)/.dev $(FOREIGN)/node_modules/.package-lock.json programs ## Run all tests but those of `make faults` (TESTS=path for some of them)
	@$(PYTHON) -m pytest -n $(WORKERS) $(SPREAD) $(TESTS)

test-quick: setup $(VENV)/.dev ## Run the tests of single modules that start no program, with fewer generated examples (about a minute)
	@GETUIGE_EFFORT=0.2 $(PYTHON) -m pytest -m "not faults and not need and not starts" -n $(FEWER_WORKERS) $(SPREAD) tests/unit tests/property

faults: setup $(VENV)/.dev programs ## What is long and rare: things broken for longer and more often, every engine, every mutant (SECONDS_OF_FAULTS=60)
	@GETUIGE_FAULTS_S=$(SECONDS_OF_FAULTS) $(PYTHON) -m pytest -p no:randomly -m faults $(TESTS)

soak: setup $(VENV)/.dev programs ## Presses for ten minutes while everything goes wrong, then without a database; a crowd of 10,000 (SECONDS_OF_SOAK=600)
	@GETUIGE_SOAK_S=$(SECONDS_OF_SOAK) GETUIGE_CROWD=10000 $(PYTHON) -m pytest -p no:randomly -q -s -m faults \
	  tests/faults/bridge/test_chaos.py tests/faults/bridge/test_crowd.py \
	  tests/faults/bridge/test_what_a_bridge_stands_on.py::test_with_the_database_gone_presses_are_stored_sent_and_claimed_and_the_journal_has_each_once

check: setup $(VENV)/.dev ## Lint, types, import rules, JavaScript types, and drift of OpenAPI, README, --help and acts
	@$(PYTHON) infra/toolchain/check.py

bench: setup $(VENV)/.dev ## Measure on this machine; prints the disk's latency beside each figure
	@$(ON_DISK) $(PYTHON) -m pytest -p no:randomly -q -s tests/bench/*.py

bench-evidence: setup $(VENV)/.dev ## Measure evidence/ beside bare peers, 15 minutes at most: var/bench/evidence.json (GETUIGE_BENCH_GIB=10 for more, DOCS=1 writes docs/performance.md)
	@status=0; $(ON_DISK) $(IN_TIME) $(PYTHON) -m pytest -p no:randomly -q -s tests/bench/evidence.py tests/bench/first_touch.py || status=$$?; \
	  $(if $(DOCS),$(PYTHON) -m tests.bench.tables evidence first_touch;) exit $$status

bench-uploads: setup $(VENV)/.dev $(FOREIGN)/node_modules/.package-lock.json ## Measure uploads and statements beside bare peers, 15 minutes at most: var/bench/uploads.json (GETUIGE_BENCH_GIB=4 for more, DOCS=1 writes docs/performance.md)
	@status=0; $(ON_DISK) $(IN_TIME) $(PYTHON) -m pytest -p no:randomly -q -s tests/bench/sealed_uploads.py tests/bench/uploads.py tests/bench/statement_cost.py tests/bench/statements.py || status=$$?; \
	  $(if $(DOCS),$(PYTHON) -m tests.bench.tables uploads statements;) exit $$status

bench-alarms: setup $(VENV)/.dev programs ## Measure presses beside bare peers, 15 minutes at most: var/bench/alarms.json (PART="storm or fault" for some of it, DOCS=1 writes docs/performance.md)
	@status=0; $(ON_DISK) GETUIGE_BENCH_S=$(SECONDS_OF_BENCH) $(PYTHON) -m pytest -p no:randomly -q -s $(if $(PART),-k "$(PART)") \
	  tests/bench/process_starts.py tests/bench/alarms.py tests/bench/alarms_in_hardship.py tests/bench/alarms_in_a_crowd.py || status=$$?; \
	  $(if $(DOCS),$(PYTHON) -m tests.bench.alarm_table;) exit $$status

verifier: setup ## Build the verifier as one file: dist/getuige-verify.pyz
	@mkdir -p dist
	@$(PYTHON) -m evidence.bundle.making.zipapp dist/getuige-verify.pyz

format: $(VENV)/.dev ## Lay out and mend the Python code as `make check` wants it
	@$(VENV)/bin/ruff check --fix . ; $(VENV)/bin/ruff format .

docs: setup ## Write docs/cli.md, docs/openapi.json, the tables in docs/formats (acts.md, verdicts.md) and the page's (meta-schema.js, acts.js, pinned.js, sentences.js, made.js) anew from the code (make check compares)
	@$(PYTHON) infra/toolchain/cli_page.py
	@$(PYTHON) infra/toolchain/acts_page.py
	@$(PYTHON) -m server.web.meta_schema
	@$(PYTHON) -m server.web.verifier_tables
	@$(PYTHON) -m tests.support.verdicts_page
	@$(PYTHON) -m server.openapi --write docs/openapi.json

lock: $(VENV)/.dev ## Pin the newest allowed packages anew, with hashes (requirements/*.txt)
	@bash infra/toolchain/lock.sh $(VENV)

programs: ## Install the Debian packages of programs that tests drive (root and apt; otherwise names them)
	@bash infra/toolchain/programs.sh

clean: ## Remove what was installed or cached here; data (DATA) stays
	rm -rf $(VENV) $(WEB)/node_modules $(FOREIGN)/node_modules $(WEB)/vendor .cache .mypy_cache .ruff_cache .pytest_cache \
	  .import_linter_cache .hypothesis dist

# ------------------------------------------------------------------------------------- stamps: a second start is quick
$(PYTHON):
	@bash infra/toolchain/venv.sh $(VENV)

$(VENV)/.run: requirements/build.txt requirements/run.txt requirements/demo.txt requirements/report.txt pyproject.toml | $(PYTHON)
	@echo "Installing the pinned packages (requirements/run.txt; demo.txt and report.txt, which an installation may do without)"
	@$(PIP) install $(PINNED) -r requirements/build.txt
	@$(PIP) install $(PINNED) -r requirements/run.txt
	@$(PIP) install $(PINNED) -r requirements/demo.txt -r requirements/report.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "Installing the pinned packages for tests (requirements/dev.txt)"
	@$(PIP) install $(PINNED) -r requirements/dev.txt
	@touch $@

$(VENV)/.node: requirements/node.txt infra/toolchain/node.sh | $(VENV)/.run
	@bash infra/toolchain/node.sh $(VENV)
	@touch $@

# npm writes this file itself when it is done.
$(WEB)/node_modules/.package-lock.json: $(WEB)/package-lock.json $(VENV)/.node
	@echo "Installing the libraries of the pages (npm ci --ignore-scripts)"
	@npm --prefix $(WEB) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(FOREIGN)/node_modules/.package-lock.json: $(FOREIGN)/package-lock.json $(VENV)/.node
	@echo "Installing clients and servers of other people that tests drive (npm ci --ignore-scripts)"
	@npm --prefix $(FOREIGN) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB)/vendor: $(WEB)/node_modules/.package-lock.json $(WEB)/vendor.sha256 $(WEB)/vendor.py
	@$(PYTHON) -m server.web.vendor
	@touch $@
