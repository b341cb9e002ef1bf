# Every target works from a fresh clone with Python, make and a package registry at hand.

PYTHON ?= python3
PYTEST_ARGS ?=
# Processes of pytest, each with one thread; 0 for none but pytest's own, as a debugger needs
WORKERS ?= 2
# On the command line only, not from the environment: `make clean` removes $(VENV)
VENV := .venv
# Empty (`make install CONSTRAINTS=`) takes the newest versions that pyproject.toml allows
CONSTRAINTS := constraints.txt
DATA :=
DEMO_ARGS :=
GPU_ARGS :=

BIN := $(VENV)/bin
PYTEST := PYKEEN_TEST_MIXINS=required $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
STAMP := $(VENV)/.installed
DOCS_STAMP := $(VENV)/.installed-docs
SITE := .cache/docs
SHELL := /bin/bash

.DEFAULT_GOAL := help
.PHONY: help install lint mixins test test-slow coverage notebooks bench demo gpu-check figures docs docs-check build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  Variables: PYTHON=python3.12 (used when $(VENV) is made), CONSTRAINTS= (newest versions instead of the"
	@echo "  pinned ones), PYTEST_ARGS='-k budget -x', WORKERS=0, DATA=DIR and DEMO_ARGS='--seconds 20' (for demo)"

install: $(STAMP) ## make .venv and install the package (editable), its tests' and its tools' requirements

# Asks for pip, not for python: a venv whose making failed half-way has python only. Dependency groups need pip 25.1.
$(STAMP): pyproject.toml $(wildcard $(CONSTRAINTS))
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install $(if $(CONSTRAINTS),-c $(CONSTRAINTS)) -e '.[plot]' --group dev
	@touch $@

lint: $(STAMP) ## style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

mixins: $(STAMP)
	@$(BIN)/python tests/fetch_pykeen_tests.py

# In tests, threads that wait for each other sleep instead of spinning: on a machine busy with other work, spinning makes
# small tensor operations a hundred times slower. (On a quiet one it makes training a third faster: demo and bench spin.)
test test-slow coverage: export OMP_WAIT_POLICY ?= PASSIVE

test: mixins ## all but the slow tests, by WORKERS=2 processes; PYTEST_ARGS=... are added
	$(PYTEST) -m "not slow" $(PYTEST_ARGS)

test-slow: mixins ## the tests that take minutes
	$(PYTEST) -m slow $(PYTEST_ARGS)

# A report to read, not a threshold to pass. What subprocesses run does not count.
coverage: mixins ## which lines the tests of `make test` run; pages in .cache/htmlcov; PYTEST_ARGS=... are added
	$(PYTEST) -m "not slow" --cov --cov-report=term --cov-report=html $(PYTEST_ARGS)

notebooks: $(STAMP) ## execute the notebooks of docs/notebooks anew, with their outputs: some minutes
	$(BIN)/python tests/notebooks.py

bench: $(STAMP) ## measure speed
	$(BIN)/python tests/benchmarks/run.py

demo: $(STAMP) ## train by names for a minute, beside PyKEEN's own for a minute, and draw; DATA=DIR takes your own triples
	$(BIN)/python examples/demo.py $(if $(DATA),--data '$(DATA)') $(DEMO_ARGS)

gpu-check: $(STAMP) ## compare a CUDA device with the CPU, in under ten minutes; GPU_ARGS='--seconds 60' are added
	$(BIN)/python tests/gpu_check.py $(GPU_ARGS)

figures: $(STAMP) ## write the documentation's tables and pictures anew, from docs/results
	cd docs && $(abspath $(BIN))/python -m measured

$(DOCS_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet $(if $(CONSTRAINTS),-c $(CONSTRAINTS)) --group docs
	@touch $@

docs: $(DOCS_STAMP) ## the documentation's site, in .cache/docs/html; a warning is an error. No network is needed
	@# all pages anew: the navigation of each shows the others
	rm -rf $(SITE)/html
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --write-all -b html -d $(SITE)/doctrees docs $(SITE)/html
	@echo "$(SITE)/html/index.html"

docs-check: docs mixins ## follow the site's links, and run the documentation's Python; outside links only where there is a network
	$(BIN)/python -m sphinx --quiet -b linkcheck -d $(SITE)/doctrees docs $(SITE)/links || true
	$(BIN)/python tests/check_site.py $(SITE)/html $(SITE)/links/output.json
	$(BIN)/python -m pytest tests/test_docs.py tests/test_docs_measured.py

build: $(STAMP) ## wheel and source archive in dist/, contents checked
	rm -rf dist
	$(BIN)/python -m build --outdir dist
	$(BIN)/python tests/check_dist.py dist

clean: ## remove what the other targets made, except results/
	rm -rf $(VENV) .cache dist build .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
