BIN := .venv/bin
# three even on two cores: what drives a browser mostly waits
PYTEST := $(BIN)/pytest -n 3 --dist loadgroup
MANAGE_IN_TESTS := DJANGO_SETTINGS_MODULE=config.settings_test $(BIN)/python manage.py
MAKEFLAGS += --no-print-directory
export PYTHONDONTWRITEBYTECODE := # each of the many processes would compile all of it anew

.PHONY: help run test tests lint bench figures mutants chaos screenshots lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

run: ## everything on this machine, on embedded services, at http://127.0.0.1:8000 (PORT= moves it); data in var/
	@scripts/install
	@exec $(BIN)/python manage.py up

test: ## all checks and tests, on throw-away services
	@scripts/install dev
	@scripts/install-browser
	@scripts/install-lforms
	@$(MAKE) -j 2 lint tests # side by side: neither uses both cores all the time

tests:
	@$(PYTEST)

lint: ## style and known weaknesses, types, import direction, templates, migrations
	@scripts/install dev
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/djlint --lint --quiet frontend
	@$(MANAGE_IN_TESTS) makemigrations --check --dry-run

bench: ## measures, against the targets written beside them
	@scripts/install dev
	@rm -rf var/bench
	@$(BIN)/pytest -m bench -s tests/benchmarks; status=$$?; $(BIN)/python -m tests.benchmarks.figures; exit $$status

figures: ## writes what `make bench` measured last into the README
	@$(BIN)/python -m tests.benchmarks.figures --readme

mutants: ## breaks the screening rules in every small way; the tests must notice nine of ten
	@scripts/install dev
	@scripts/mutants

chaos: ## kills processes and services at random; takes long
	@scripts/install dev
	@scripts/install-browser
	@$(BIN)/pytest -m chaos

screenshots: ## takes the pictures of the README anew
	@scripts/install dev
	@scripts/install-browser
	@$(BIN)/python scripts/screenshots.py

lock: ## writes the lock files from pyproject.toml
	@scripts/install dev
	@scripts/lock

clean: ## removes what was installed and built; keeps the data in var/
	@rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis mutants test-results staticfiles
