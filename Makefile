# The desk in two commands: `make desk` and `make test`. `make help` lists the rest.
# A bare machine needs Python 3.11 or newer, a C++ compiler and make; everything else is installed into .venv.

.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV_PYTHON := .venv/bin/python
DESK := .venv/bin/desk
PYTEST := $(VENV_PYTHON) -m pytest
CODE := controllers services scripts tests

.PHONY: help
help:  ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: desk
desk: install  ## start the desk; SECONDS=120 stops it by itself, ARGS='--bots bot1,bot2' passes flags of `desk up`
	@$(DESK) up $(if $(filter command line,$(origin SECONDS)),--for $(SECONDS)) $(ARGS)

.PHONY: test
test: install-dev  ## tidy, unit, property, port, golden, simulation and end-to-end tests, with a coverage table
	@$(VENV_PYTHON) -m scripts.setup.run_tests $(ARGS)

.PHONY: check
check: install-dev  ## format, lint, types, import contracts, tidy tests, generated references
	.venv/bin/ruff format --check $(CODE)
	.venv/bin/ruff check $(CODE)
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(DESK) docs generate --check
	$(PYTEST) tests/tidy

.PHONY: format
format: install-dev  ## rewrite the code in the desk's format and mend what the linter can
	.venv/bin/ruff format $(CODE)
	.venv/bin/ruff check --fix $(CODE)

.PHONY: docs
docs: install-dev  ## write docs/reference/*.md anew
	$(DESK) docs generate

.PHONY: drills
drills: install-dev  ## kills and faults against the desk, one report; about half an hour
	$(DESK) drill all

.PHONY: bench
bench: install-dev  ## what a decision, an order, a host tick and an event cost on this machine
	$(DESK) bench all

.PHONY: doctor
doctor: install  ## what is missing, wrong or busy on this machine, and the command that mends it
	@$(DESK) doctor

.PHONY: lock
lock: install  ## compile requirements/*.in into hash-pinned locks (keeps the pins there are; delete a line to move it)
	.venv/bin/uv pip compile --python-version 3.11 --override requirements/override.txt --generate-hashes \
		--no-emit-index-url --no-header --no-annotate -q -o requirements/dev.txt requirements/dev.in
	.venv/bin/uv pip compile --python-version 3.11 --override requirements/override.txt --generate-hashes \
		--no-emit-index-url --no-header --no-annotate -q -c requirements/dev.txt -o requirements/desk.txt requirements/desk.in

.PHONY: install
install:
	@$(if $(PYTHON),,echo "PYTHON_MISSING: no Python 3.11 or newer on the PATH. Next: install it, or make desk PYTHON=/path/to/python3" >&2; exit 1)
	@$(PYTHON) scripts/setup/bootstrap.py desk

.PHONY: install-dev
install-dev:
	@$(if $(PYTHON),,echo "PYTHON_MISSING: no Python 3.11 or newer on the PATH. Next: install it, or make test PYTHON=/path/to/python3" >&2; exit 1)
	@$(PYTHON) scripts/setup/bootstrap.py dev
