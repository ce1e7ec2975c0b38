# Needs python3.11 or newer with venv, and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
UV_VERSION := 0.13.9

# Hundreds of processes start in a run of the tests: none compiles again what it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: install demo serve test bench bench-actions bench-pages screenshots lint lock system-packages npm-packages \
        python-clients fuzz release-wheel

install: $(INSTALLED)

$(INSTALLED): requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	# Commands are read from .pyc files, also where this user or a service's may write none later.
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -c 'import gateway.cli, gateway.process.supervisor, gateway.process.worker'
	touch $@

demo: install
	@$(BIN)/python -m gateway.sandbox.demo

serve: install
	@$(BIN)/python -m gateway.sandbox.stay

# Tests of rules need no client, no web server and no database.
CLIENTS := $(if $(filter-out tests/unit%,$(or $(ARGS),tests)),system-packages npm-packages python-clients)

test: install $(CLIENTS)
	$(BIN)/pytest --numprocesses auto --dist worksteal $(ARGS)

# What `make test` sends a part of, in full.
fuzz: install
	TESTS_FUZZ=full $(BIN)/pytest --numprocesses auto --dist worksteal tests/fuzz $(ARGS)

# Real ACME clients, web servers and a browser, from Debian, npm and PyPI; the tests fail without them.
system-packages:
	@sh tests/system_packages.sh tests/debian-packages.txt

npm-packages: install system-packages
	@sh tests/npm_packages.sh tests/conformance/npm $(VENV)/npm
	@sh tests/npm_packages.sh tests/browser/npm $(VENV)/npm-browser

python-clients: install
	@sh tests/python_clients.sh tests/conformance/clients $(VENV)/clients $(BIN)/uv

bench: install
	$(BIN)/python -m bench $(ARGS)

bench-pages: install
	$(BIN)/python -m bench.pages $(ARGS)

bench-actions: install
	$(BIN)/python -m bench.actions $(ARGS)

# The pictures of docs/console.md, and of which documents they were taken.
screenshots: install system-packages npm-packages
	TESTS_SCREENSHOTS=renew $(BIN)/pytest -q tests/browser/test_screenshots.py

# The release before of the tests: tests/releases/README.md says when.
release-wheel: install
	rm -rf dist/release
	$(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist/release
	rm -f tests/releases/*.whl
	mv dist/release/*.whl tests/releases

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lock: install
	$(BIN)/uv pip compile --quiet pyproject.toml --all-extras --no-header --no-annotate --upgrade -o requirements.txt
