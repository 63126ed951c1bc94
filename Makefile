# One command per verb; CI runs the same ones. Plain python3 (3.11 or newer) and a Java 17 are all that is needed.
# HEADRACE__… settings in the environment reach every target.

PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
READY   := $(VENV)/.made-from-lock
AIRFLOW := .venv-airflow
FLAGS   ?=

# $(call environment,FOLDER) makes one, and $(call pip,FOLDER) installs into it. Debian keeps ensurepip in a package that
# only root installs (python3-venv): without it the environment has no pip, and the pip of python3 works on it.
environment = test -x $(1)/bin/python || { $(can_install) && $(PYTHON) -m venv $$($(PYTHON) -c 'import ensurepip' 2> /dev/null || echo --without-pip) $(1); }
can_install = { $(PYTHON) -c 'import ensurepip' || python3 -c 'import pip'; } 2> /dev/null || { echo '$(PYTHON) has no ensurepip and python3 no pip: install python3-venv, or name another: make PYTHON=python3.12 …' >&2; exit 2; }
pip         = $$(test -x $(1)/bin/pip && echo $(1)/bin/python || echo python3) -m pip --python $(1)/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup up down status demo cluster test test-unit check fmt lock lock-jars airflow-setup airflow clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: $(READY) ## make .venv from requirements.lock (every other command does it when needed)

# A stamp and not the folder: an installation that was interrupted is done again.
$(READY): requirements.lock setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Headrace needs Python 3.11 or newer; this is " + sys.version.split()[0] + ": make PYTHON=python3.11 …") if sys.version_info < (3, 11) else None'
	$(call environment,$(VENV))
	$(call pip,$(VENV)) install --quiet --require-hashes -r requirements.lock
	$(call pip,$(VENV)) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

up: $(READY) ## start the servers, jobs and API, and leave them running
	$(BIN)/headrace up $(FLAGS)

down: $(READY) ## stop everything that up started
	$(BIN)/headrace down $(FLAGS)

status: $(READY) ## how each part is
	$(BIN)/headrace status $(FLAGS)

demo: $(READY) ## a lambda at work: up, a simulated shop, a first training, one person's list before and after
	$(BIN)/headrace demo $(FLAGS)

cluster: $(READY) ## two Spark workers and three Cassandra nodes, one of each killed: equal to the oracle?
	$(BIN)/python -m tests.end_to_end.cluster_story $(FLAGS)

test: $(READY) $(AIRFLOW)/.made-from-lock ## every test but the cluster's, in two processes; FLAGS='-k name' for some
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m 'not cluster' $(FLAGS)

test-unit: $(READY) ## the tests that start neither Spark nor servers
	$(BIN)/python -m pytest -m 'not spark and not stack and not airflow' $(FLAGS)

check: $(READY) ## ruff, mypy and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(READY) ## format the code and sort imports
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

lock: $(READY) ## resolve setup.cfg and requirements-airflow.in into their locks
	$(BIN)/uv pip compile setup.cfg --extra dev --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --quiet -o requirements.lock
	$(BIN)/uv pip compile requirements-airflow.in --generate-hashes --no-annotate --no-emit-index-url --no-header --python-version 3.11 --quiet -o requirements-airflow.lock

lock-jars: $(READY) ## resolve the server and Spark jars into conf/jars.lock
	$(BIN)/python -m headrace.local.jars lock

airflow-setup: $(AIRFLOW)/.made-from-lock ## make .venv-airflow from requirements-airflow.lock

$(AIRFLOW)/.made-from-lock: requirements-airflow.lock
	$(call environment,$(AIRFLOW))
	$(call pip,$(AIRFLOW)) install --quiet --require-hashes -r requirements-airflow.lock
	@touch $@

airflow: $(READY) airflow-setup ## Airflow's scheduler and web page with the DAGs of dags/, until ctrl-C
	PATH="$$PWD/$(AIRFLOW)/bin:$$PATH" AIRFLOW_HOME="$${AIRFLOW_HOME:-$$PWD/var/airflow}" AIRFLOW__CORE__DAGS_FOLDER="$$PWD/dags" AIRFLOW__CORE__LOAD_EXAMPLES=False \
		AIRFLOW__API__HOST=127.0.0.1 airflow standalone

clean: ## remove caches and what tests left; keeps the environments and var/
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage build dist
	find lib tests jobs dags bench -name __pycache__ -type d -prune -exec rm -rf {} +
