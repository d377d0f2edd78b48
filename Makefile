# The few words of development. `make` alone lists them.

.DEFAULT_GOAL := help
.PHONY: help setup emulator gate-tools demo test lint docs bench chaos gates snapshots lock clean
.NOTPARALLEL:

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal
export PYTHON NO_UV

help: ## list these words
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## make .venv with all that development needs (uv where it is there, pip otherwise)
	@tools/setup dev

demo: ## tune a model of the World Series on this machine; sets itself up, under three minutes
	@tools/setup run
	@tools/demo

test: setup emulator gate-tools lint ## linters, types, import contracts and all tests; ARGS='-k store' chooses
	@$(PYTEST) $(ARGS)

emulator: setup ## the AWS emulator's environment, which `make test` sees to by itself
	@tools/emulator-env

gate-tools: setup
	@tools/gates-env

lint: setup ## ruff, mypy, import contracts, and a look for what must not be committed
	@$(BIN)/python tools/check_tree.py
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --strict src
	@$(BIN)/lint-imports --no-logo

docs: setup ## write the reference pages from the program; check that every link leads somewhere
	@$(BIN)/python tools/write_reference.py
	@$(BIN)/python tools/check_docs.py

bench: setup ## ours beside its peers, most of an hour; ARGS=--short for a minute, ARGS='--only peers' for one
	@tools/bench $(ARGS)

chaos: setup ## the full fault matrix (the quick form is part of `make test`)
	@STRATOLAB_CHAOS=full $(BIN)/python -m pytest -m chaos --timeout 3600 $(ARGS)

gates: setup gate-tools ## every gate over every sample's templates, all mutants, all decisions (`make test`: a part)
	@STRATOLAB_GATES=full $(PYTEST) -m gates --timeout 3600 $(ARGS)

snapshots: setup ## accept the present output of the command line as right (read the diff!)
	@$(BIN)/python -m pytest tests/cli --snapshot-update $(ARGS)

lock: ## refresh locks/ from pyproject.toml; ARGS='--upgrade' for the newest versions
	@tools/lock $(ARGS)

clean: ## remove .venv, caches and builds; never a lab
	@rm -rf .venv .emulator build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find src tests tools examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
