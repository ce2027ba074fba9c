# What a person types. Each target first does the set-up that it needs (setup/prepare): Debian
# packages, .venv, locked Python packages. Done once, that takes a moment.

BIN := .venv/bin
JOBS ?= 2
MINUTES ?= 10
SEATS ?= 4
.DEFAULT_GOAL := help
.PHONY: help demo test lint format chaos bench face-report dlib lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## open an exam hall on this machine and sit in it
	@setup/prepare demo
	@$(BIN)/exam-drill demo || [ $$? = 3 ] # 3: closed by the person before the end

test: lint ## all checks and tests; in CI a skipped test fails
	@$(BIN)/python -m pytest -n $(JOBS) -m "not chaos"

lint: ## form, types, directions of imports
	@setup/prepare test
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo "lint: 'make format' puts the form right"; exit 1; }
	@$(BIN)/mypy
	@mkdir -p build && $(BIN)/lint-imports --no-cache > build/lint-imports.txt || { cat build/lint-imports.txt; exit 1; }

format: ## put the form of the source right
	@setup/prepare test
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

chaos: ## the faults for as long as it takes: long sweeps, leaks by the wall clock, a day gone wrong
	@setup/prepare test
	@EXAMHALL_CHAOS=1 $(BIN)/python -m pytest --timeout 7200 tests/faults
	@$(BIN)/exam-drill chaos --minutes $(MINUTES) --seats $(SEATS) $(if $(SEED),--seed $(SEED))

bench: ## speeds and memory beside their baselines, written to build/bench/
	@setup/prepare test
	@$(BIN)/python -m benchmarks --json build/bench

dlib: ## build the fast dlib for this machine; demo and test take it from then on
	@setup/prepare dlib
	@appliance/faces/build_dlib.sh --python $(CURDIR)/$(BIN)/python
	@setup/prepare demo

# make face-report FOLDER, or make face-report FOLDER=...
ifeq (face-report,$(firstword $(MAKECMDGOALS)))
FOLDER ?= $(word 2,$(MAKECMDGOALS))
.PHONY: $(FOLDER)
$(eval $(FOLDER): ; @:)
endif
face-report: ## FOLDER: error rates of the face comparison on a folder of pictures per person
	@test -d "$(FOLDER)" || { echo "face-report: expected a folder with one folder of pictures per person: make face-report FOLDER"; exit 2; }
	@setup/prepare demo
	@$(BIN)/python -m appliance.faces.report "$(FOLDER)"

lock: ## write the locked dependencies anew from pyproject.toml
	@setup/lock

clean: ## remove everything that the targets made here (not the cache in the home folder)
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache snapshot_report.html
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
