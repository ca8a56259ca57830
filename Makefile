# Two commands: `make run` shows the main job, `make test` proves it. Nothing else is needed than make and Python.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MINISTACK := .venv-ministack
NPM := tests/web/npm/node_modules
PIP := -m pip install --quiet --disable-pip-version-check
PORT ?= 8000
STAGE ?= dev
export PIP_NO_INPUT = 1

.PHONY: run test lint types format openapi package deploy destroy deploy-test restore-drill stripe-sync screenshots tally audit bench bench-cold clean help

help:  ## Say what there is to do
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/.run: requirements.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing what the local stack needs (once)"
	@$(BIN)/python $(PIP) -r requirements.txt $$($(BIN)/python local/extras.py run)
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "installing what the tests need (once)"
	@$(BIN)/python $(PIP) $$($(BIN)/python local/extras.py dev cli deploy)
	@touch $@

$(VENV)/.cli: $(VENV)/.run
	@echo "installing what the operators' command needs (once)"
	@$(BIN)/python $(PIP) $$($(BIN)/python local/extras.py cli)
	@touch $@

$(VENV)/.bench: $(VENV)/.dev
	@echo "installing what the benches need (once)"
	@$(BIN)/python $(PIP) $$($(BIN)/python local/extras.py bench)
	@touch $@

$(VENV)/.audit: $(VENV)/.bench
	@echo "installing what asks for known weaknesses (once)"
	@$(BIN)/python $(PIP) $$($(BIN)/python local/extras.py audit)
	@touch $@

$(VENV)/.deploy: $(VENV)/.run
	@echo "installing what packaging needs (once)"
	@$(BIN)/python $(PIP) $$($(BIN)/python local/extras.py deploy)
	@touch $@

$(VENV)/.functions: $(VENV)/.run requirements.txt
	@echo "fetching what the functions are packaged with (once)"
	@$(BIN)/python -m infra.dependencies
	@touch $@

$(MINISTACK)/.ready: tests/ministack.txt
	@echo "installing MiniStack in an environment of its own (once)"
	@test -x $(MINISTACK)/bin/python || $(PYTHON) -m venv $(MINISTACK)
	@$(MINISTACK)/bin/python $(PIP) -r tests/ministack.txt
	@touch $@

$(NPM)/.ready: tests/web/npm/package-lock.json
	@if command -v npm >/dev/null; then echo "installing what the web tests need of npm (once)"; \
	  cd tests/web/npm && { npm ci --silent --no-audit --no-fund && touch node_modules/.ready || echo "they can't be had: the tests that need them are left out"; }; \
	else echo "there is no npm: the tests that need it are left out"; fi

run: $(VENV)/.run  ## Start everything on this machine and show a purchase
	@exec $(BIN)/python -m local --port $(PORT)

test: $(VENV)/.dev $(VENV)/.functions $(MINISTACK)/.ready $(NPM)/.ready lint types  ## Run every check that this machine can run
	@$(BIN)/python -m tests.run

lint: $(VENV)/.dev  ## Check style and the direction of imports
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports --no-cache

types: $(VENV)/.dev  ## Check types
	@$(BIN)/mypy

format: $(VENV)/.dev  ## Format the code
	@$(BIN)/ruff check --fix-only . ; $(BIN)/ruff format .

openapi: $(VENV)/.run  ## Write the OpenAPI document and the JavaScript client from the routes
	@$(BIN)/python -m infra.openapi
	@$(BIN)/python -m infra.javascript

package: $(VENV)/.deploy  ## Package the functions into out/ (STAGE=dev, staging or prod)
	@$(BIN)/python -m infra.package --stage $(STAGE)

deploy: $(VENV)/.deploy  ## Put a stage into an AWS account (STAGE=dev; SET="Name=value …" for parameters)
	@$(BIN)/python -m infra.deploy --stage $(STAGE) $(if $(SET),--set $(SET))

destroy: $(VENV)/.deploy  ## End a stage's stack; its tables stay (STAGE=dev)
	@$(BIN)/python -m infra.deploy --stage $(STAGE) --destroy

deploy-test: $(VENV)/.dev $(VENV)/.functions $(MINISTACK)/.ready  ## Deploy the package on this machine, and use it
	@$(BIN)/python -m pytest tests/deployment

restore-drill: $(VENV)/.run  ## Restore a stage's tables beside the running ones, and compare (STAGE=dev AT=2026-11-26T12:00:00Z)
	@$(BIN)/python -m infra.restore_drill --stage $(STAGE) $(if $(AT),--at $(AT))

stripe-sync: $(VENV)/.run  ## Bring Stripe to what the catalogue offers (DRY=1: say what would change)
	@$(BIN)/python -m infra.stripe_sync $(if $(DRY),--dry-run)

tally: $(VENV)/.cli  ## Look after wallets: make tally ARGS="wallet acct_you"
	@$(BIN)/python -m cli $(ARGS)

audit: $(VENV)/.audit  ## Ask PyPI and npm for known weaknesses of what is used here
	@$(BIN)/python -m infra.audit

screenshots: $(VENV)/.dev  ## Take the pictures of the dashboard that the papers show
	@$(BIN)/python -m tests.web.screenshots

bench: $(VENV)/.bench  ## Measure what a use costs the client and what the jobs cost, and draw the latter
	@$(BIN)/python -m bench.uses
	@$(BIN)/python -m bench.jobs

bench-cold: $(VENV)/.deploy  ## Measure what a cold start costs, against botocore alone
	@$(BIN)/python -m infra.package
	@$(BIN)/python -m bench.cold

clean:  ## Forget the environments and the local state
	rm -rf $(VENV) $(MINISTACK) $(NPM) .local out
