# `make help` lists what can be made. Everything runs in .venv, which is made when it is missing.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
# What to run of the tests: make test ARGS="tests/dispatcher -x"
ARGS :=

.DEFAULT_GOAL := help
.PHONY: help venv demo test lint types check format bench soak cover doc clean

help:  ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# One stamp for each extra; made again when what decides on it has changed.
$(VENV)/.has-%: pyproject.toml tools/setup.sh
	@tools/setup.sh $(VENV) $*

venv: $(VENV)/.has-test  ## the environment, with what the tests need

demo: venv  ## run the example of the README
	@$(BIN)/python examples/planets/demo.py

lint: venv  ## style and spelling
	$(BIN)/ruff check --output-format concise .
	$(BIN)/ruff format --check --output-format concise .
	$(BIN)/codespell

types: venv  ## mypy, strict
	$(BIN)/mypy

test: lint types  ## style, spelling, types and all tests
	$(PYTEST) -n 2 $(ARGS)

format: venv  ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

soak: venv  ## the property, fault and fuzzing tests, long
	THALWEG_SOAK=1 $(PYTEST) -n 2 --timeout 0 \
		$(wildcard tests/tasks/test_durable.py tests/workers/test_kills.py tests/properties tests/faults tests/compositions tests/executors/test_contract.py tests/web/test_[mo]*.py) $(ARGS)

cover: venv  ## all tests, with what they did not reach
	$(PYTEST) -n 2 --cov --cov-report=term --cov-report=html $(ARGS)

# One of the peers needs a networkx older than ours, so it lives in an environment of its own.
$(VENV)-graphtik/.has-graphtik: $(VENV)/.has-bench
	@$(BIN)/python -m venv $(VENV)-graphtik
	@$(VENV)-graphtik/bin/python -m pip install -qq graphtik 'networkx<3' numpy pandas
	@touch $@

bench: venv $(VENV)/.has-bench $(VENV)-graphtik/.has-graphtik  ## measure, beside the peers, and write doc/benchmarks.md
	BENCH_GRAPHTIK_PYTHON=$(VENV)-graphtik/bin/python $(BIN)/python -m benchmarks --page doc/benchmarks.md $(ARGS)

doc: venv $(VENV)/.has-doc  ## the pages, into doc/_build/html
	$(BIN)/python -m sphinx -W --keep-going -q -b html doc doc/_build/html
	@echo "open doc/_build/html/index.html"

clean:  ## remove everything that was made
	rm -rf $(VENV) $(VENV)-graphtik build dist doc/_build doc/reference/api htmlcov .coverage .coverage.*
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
