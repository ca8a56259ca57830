# Two commands: `make run` shows the main job, `make test` proves it. Nothing else is needed than make and Python.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MINISTACK := .venv-ministack
PIP := -m pip install --quiet --disable-pip-version-check
PORT ?= 8000
export PIP_NO_INPUT = 1

.PHONY: run test lint types format package bench clean help

help:  ## Say what there is to do
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/.run: requirements.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing what the local stack needs (once)"
	@$(BIN)/python $(PIP) -r requirements.txt $$($(BIN)/python local/extras.py run)
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "installing what the tests need (once)"
	@$(BIN)/python $(PIP) $$($(BIN)/python local/extras.py dev)
	@touch $@

$(VENV)/.bench: $(VENV)/.dev
	@echo "installing what the benches need (once)"
	@$(BIN)/python $(PIP) $$($(BIN)/python local/extras.py bench)
	@touch $@

$(MINISTACK)/.ready: tests/ministack.txt
	@echo "installing MiniStack in an environment of its own (once)"
	@test -x $(MINISTACK)/bin/python || $(PYTHON) -m venv $(MINISTACK)
	@$(MINISTACK)/bin/python $(PIP) -r tests/ministack.txt
	@touch $@

run: $(VENV)/.run  ## Start everything on this machine and show a purchase
	@exec $(BIN)/python -m local --port $(PORT)

test: $(VENV)/.dev $(MINISTACK)/.ready lint types  ## Run every check that this machine can run
	@$(BIN)/python -m tests.run

lint: $(VENV)/.dev  ## Check style and the direction of imports
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports --no-cache

types: $(VENV)/.dev  ## Check types
	@$(BIN)/mypy

format: $(VENV)/.dev  ## Format the code
	@$(BIN)/ruff check --fix-only . ; $(BIN)/ruff format .

package: $(VENV)/.dev  ## Package the functions into out/
	@AWS_DEFAULT_REGION=us-east-1 $(BIN)/chalice package --stage $(or $(STAGE),dev) --merge-template infra/tally.yaml out/$(or $(STAGE),dev)

bench: $(VENV)/.bench  ## Measure what a use costs the client and what the jobs cost, and draw the latter
	@$(BIN)/python -m bench.uses
	@$(BIN)/python -m bench.jobs

clean:  ## Forget the environments and the local state
	rm -rf $(VENV) $(MINISTACK) .local out
