# Two commands do everything: `make run` and `make test`. See README.md.
PY ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/bash
.DEFAULT_GOAL := help

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/made: requirements.txt pyproject.toml requirements.in
	@tools/make-venv $(PY) $(VENV) requirements.txt
	@touch $@

$(VENV)/made-dev: $(VENV)/made requirements-dev.txt
	@tools/make-venv $(PY) $(VENV) requirements-dev.txt
	@touch $@

run: $(VENV)/made ## start everything on http://127.0.0.1:8000 (PORT, HOST, DATA_DIR override)
	@exec $(BIN)/civicloop run

test: $(VENV)/made-dev ## every test at its short size
	@tools/run-tests

test-long: $(VENV)/made-dev ## the same tests at full size
	@SIZE=long tools/run-tests

lint: $(VENV)/made-dev ## ruff, mypy, import-linter
	@tools/lint

bench: $(VENV)/made-dev ## all benchmarks at small sizes
	@tools/run-benches

.PHONY: help run test test-long lint bench
