# Two commands for a fresh machine with Python 3.11 or newer: make demo, make test.

PY ?= python3
BIN := .venv/bin
UV := $(BIN)/uv

.PHONY: demo test install browser lint types contracts unit docs messages screenshots lock bench clean

demo: install
	$(BIN)/groundswell demo

test: install browser lint types contracts unit

install: .venv/.ok

# uv needs no configuration and checks every hash; what it installs is in the lock.
.venv/.ok: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PY) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.13,<0.14"
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@

browser: install
	sh tests/browser.sh $(BIN)/python

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types:
	$(BIN)/mypy

contracts:
	$(BIN)/lint-imports

unit:
	$(BIN)/python -m pytest -n 3 --dist loadfile

# What is generated in docs/: tables, codebook, commands.
docs: install
	$(BIN)/python docs/generate.py

# The catalogues of messages, with what is new and without what is gone.
messages: install
	$(BIN)/python docs/messages.py

# The pictures of the README, from a simulated appeal.
screenshots: install browser
	PYTHONPATH=tests $(BIN)/python docs/screenshots.py

lock: install
	$(UV) pip compile --quiet --all-extras --generate-hashes --universal --python-version 3.11 \
	  --no-header --no-annotate --upgrade -o requirements.lock pyproject.toml

bench: install
	$(BIN)/python benchmarks/import_rate.py
	$(BIN)/python benchmarks/collect_rate.py
	$(BIN)/python benchmarks/parents.py

clean:
	rm -rf .venv groundswell-demo
