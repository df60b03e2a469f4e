# The README's commands. Each does its own set-up in .venv.
PYTHON ?= python3
BIN := .venv/bin
# Of make benchmark: the PyTorch to install, as torch==2.13.0+cpu, and options of benchmarks/suite.py.
TORCH ?= torch
BENCHMARK ?=

.PHONY: setup demo test test-slow lint docs benchmark clean

setup: .venv/ready

.venv/ready: setup.cfg setup.py pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

demo: setup
	$(BIN)/tfuq demo --out demo --overwrite

test: setup
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-slow: setup
	$(BIN)/python -m pytest -m slow

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m mypy

# Builds the pages in docs/_build/html, without a network once the packages are installed. A warning is an error.
docs: .venv/docs-ready
	$(BIN)/python -m sphinx -W --keep-going -q docs docs/_build/html

.venv/docs-ready: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	touch $@

# The peers on PyTorch run in an environment of their own; without it the table says that they are left out.
benchmark: setup .benchmark/ready
	$(BIN)/python benchmarks/suite.py --torch .benchmark/venv/bin/python $(BENCHMARK)

.benchmark/ready:
	test -x .benchmark/venv/bin/python || $(PYTHON) -m venv .benchmark/venv
	.benchmark/venv/bin/python -m pip install --quiet --disable-pip-version-check '$(TORCH)' bayesian-torch monai \
		&& touch $@ || echo 'PyTorch could not be installed; its peers are left out'

clean:
	rm -rf .venv .benchmark build docs/_build docs/generated *.egg-info .pytest_cache .ruff_cache .mypy_cache
