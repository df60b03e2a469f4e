# The README's commands. Each does its own set-up in .venv.
PYTHON ?= python3
BIN := .venv/bin
# Of make benchmark: the PyTorch to install, as torch==2.13.0+cpu, and options of benchmarks/suite.py.
TORCH ?= torch
BENCHMARK ?=
# Of make screenshots: which, as view.jpg; all if empty.
SHOTS ?=
# Of make test-lowest: what runs with the lowest versions.
QUICK ?= tests/unit/config tests/unit/data tests/unit/measures tests/unit/scoring \
	tests/unit/report tests/unit/workflows/test_first_picture.py tests/workflows/test_tasks.py
# Of make try-wheel: the Pythons to install the wheel with; those that are not here are named.
PYTHONS ?= python3.10 python3.11 python3.12 python3.13

.PHONY: setup demo test test-slow test-lowest lint docs screenshots dist try-wheel sizes benchmark clean

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

# A quick part of the tests, with the lowest version that setup.cfg allows of everything.
test-lowest: .lowest/ready
	.lowest/venv/bin/python -m pytest -q $(QUICK)

.lowest/ready: setup.cfg setup.py pyproject.toml release/lowest.py
	rm -rf .lowest
	mkdir .lowest
	$(PYTHON) release/lowest.py dicom cluster > .lowest/constraints.txt
	$(PYTHON) -m venv .lowest/venv
	.lowest/venv/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint .lowest/constraints.txt --editable '.[test,dicom,cluster]'
	touch $@

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m mypy

# Builds the pages in docs/_build/html and runs the tutorials, without a network once the packages are installed. A warning is an error.
docs: .venv/docs-ready
	$(BIN)/python -m sphinx -j auto -W --keep-going -q docs docs/_build/html

.venv/docs-ready: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	touch $@

# Makes the pictures in docs that tfuq makes by itself, with Chromium; SHOTS names some of them.
screenshots: setup
	$(BIN)/python -m docs.generate.screenshots $(SHOTS)

# The wheel and the source distribution, in dist. The wheel is built from the source distribution.
dist: .release/ready
	rm -rf build dist
	.release/bin/python -m build --quiet
	.release/bin/python -m twine check --strict dist/*
	.release/bin/python release/contents.py dist/*.whl dist/*.tar.gz

.release/ready:
	$(PYTHON) -m venv .release
	.release/bin/python -m pip install --quiet --disable-pip-version-check build twine cyclonedx-bom
	touch $@

# Installs the wheel into a new environment of each Python, outside of the repository. The last one runs the
# demo, the others its stages more briefly.
# The list of the parts of the last environment (CycloneDX) goes to dist/sbom.json.
try-wheel: dist
	folder=$$(mktemp -d) \
		&& SBOM="$(CURDIR)/.release/bin/cyclonedx-py" release/try_wheel.sh dist/*.whl $$folder/tried $(PYTHONS) \
		&& cp $$folder/tried/sbom.json dist/ \
		&& rm -rf $$folder

# What each extra adds to an environment that has tfuq: the table of docs/install.md.
sizes: dist
	rm -rf .release/sized
	$(PYTHON) -m venv .release/sized
	.release/sized/bin/python -m pip install --quiet --disable-pip-version-check dist/*.whl
	du --summarize --human-readable .release/sized
	.release/sized/bin/python release/sizes.py dist/*.whl dicom cluster docs test gpu

# The peers on PyTorch run in an environment of their own; without it the table says that they are left out.
benchmark: setup .benchmark/ready
	$(BIN)/python benchmarks/suite.py --torch .benchmark/venv/bin/python $(BENCHMARK)

.benchmark/ready:
	test -x .benchmark/venv/bin/python || $(PYTHON) -m venv .benchmark/venv
	.benchmark/venv/bin/python -m pip install --quiet --disable-pip-version-check '$(TORCH)' bayesian-torch monai \
		&& touch $@ || echo 'PyTorch could not be installed; its peers are left out'

clean:
	rm -rf .venv .benchmark .lowest .release build dist docs/_build docs/generated *.egg-info .pytest_cache .ruff_cache .mypy_cache
