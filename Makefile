# The developer's doors. Each one sets up what it needs; repeated calls are quick.
SHELL := /bin/sh
.SHELLFLAGS := -ec
.DEFAULT_GOAL := help

PYTHON ?= python3
FOR ?= 0
SITE ?=
PYTEST_ARGS ?=
JOBS ?= auto

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# What is compiled once is kept, whatever the machine is used to: tests start the command hundreds of times.
unexport PYTHONDONTWRITEBYTECODE

# Debian splits `venv` off from Python; where we may, we put it back.
AS_ROOT = $$([ "$$(id -u)" = 0 ] || echo "sudo -n")
INSTALL_VENV = { echo "installing python3-venv"; $(AS_ROOT) apt-get update -qq && \
  $(AS_ROOT) env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends python3-venv >/dev/null; }

.PHONY: help setup setup-ha demo test test-ha show-ha coverage check format requirements clean

help: ## show these doors
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile

setup: $(READY) ## build the environment in .venv

# --no-deps: the pinned file is the whole list. Without it older pips look for newer releases of packages with extras.
$(READY): requirements-dev.txt pyproject.toml
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python $(PYTHON) $(VENV); \
	  uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r requirements-dev.txt; \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	else \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Fusewise needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Cure: make $@ PYTHON=python3.12" >&2; exit 1; }; \
	  $(PYTHON) -c 'import ensurepip' 2>/dev/null || $(INSTALL_VENV) || \
	    { echo "$(PYTHON) cannot make a virtual environment. Cure on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }; \
	  $(PYTHON) -m venv $(VENV); \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.txt; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	fi
	@touch $(READY)

demo: $(READY) ## a whole house on this machine; FOR=90 ends it after 90 s, SITE=config/garage.yaml plays another house
	@$(BIN)/ems demo $(SITE) --for $(FOR)

test: $(READY) ## all tests
	@$(if $(PYTEST_ARGS),$(BIN)/python -m pytest $(PYTEST_ARGS),.ci/test)

# custom_components live in Home Assistant, which needs a newer Python and packages of its own.
setup-ha: ## the second environment, .venv-ha: Python 3.14 and Home Assistant with its test plugin
	@.ci/setup-ha

test-ha: setup-ha $(READY) ## types and tests of the Home Assistant integration
	@.venv-ha/bin/mypy --config-file tests/ha/mypy.ini
	@.venv-ha/bin/python -m pytest -c tests/ha/pytest.ini --rootdir . --confcutdir tests/ha \
	  -n $(JOBS) $(if $(PYTEST_ARGS),$(PYTEST_ARGS),--cov --cov-config tests/ha/coverage.ini --cov-report term)
	@$(if $(PYTEST_ARGS),:,.venv-ha/bin/coverage report --rcfile tests/ha/coverage.ini \
	  --include '*/config_flow.py' --fail-under 100)

# The newest release, which has no test plugin yet; pictures and figures go to build/show-ha.
show-ha: $(READY) ## a real Home Assistant beside the demo's house, used in a browser, killed and measured (15 minutes)
	@.ci/setup-ha hass
	@$(BIN)/python -m tests.ha_real.show

coverage: $(READY) ## all tests, with the branches they did not take
	@$(BIN)/python -m pytest --cov --cov-report=term-missing $(PYTEST_ARGS)

check: $(READY) ## linters, types, import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(READY) ## let ruff lay out the code
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

requirements: ## pin and hash the dependencies anew (needs uv)
	uv pip compile pyproject.toml --extra demo --extra lab --extra postgres --group dev --universal --python-version 3.11 --upgrade --quiet \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate -o requirements-dev.txt
	uv pip compile pyproject.toml --extra demo --extra lab --extra postgres --universal --python-version 3.11 --quiet -c requirements-dev.txt \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate -o requirements.txt
	uv pip compile --group ha --python "$$(.ci/python314)" --upgrade --quiet \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate -o requirements-ha.txt
	uv pip install --quiet --no-deps --upgrade --python "$$(.ci/python314)" --target build/hass \
	  "$$(grep -o 'homeassistant==[0-9.]*' pyproject.toml)"
	uv pip compile --group hass --python "$$(.ci/python314)" --upgrade --quiet -c build/hass/homeassistant/package_constraints.txt \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate -o requirements-hass.txt

clean: ## remove the environment and every cache
	rm -rf $(VENV) .venv-ha .venv-hass .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage
