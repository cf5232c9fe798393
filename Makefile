.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
UV := $(shell command -v uv || echo .venv/bin/uv)
LOCK := requirements.lock

.PHONY: help demo test lint format types lock lock-jars clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-10s %s\n", $$1, $$2}'

demo: ## the demo: a simulated town, Kafka, Spark (./run)
	./run

test: ## style, types and all tests (./test)
	./test

lint: ## style and types only
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy

format: ## format the code and mend what ruff can
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format

lock: ## make requirements.lock anew from pyproject.toml, keeping what still fits (make lock UPGRADE=--upgrade); needs uv
	$(UV) pip compile pyproject.toml --group dev $(UPGRADE) --universal --python-version 3.11 --fork-strategy fewest \
		--generate-hashes --no-header --no-annotate --no-emit-index-url --quiet --output-file $(LOCK)
	@! grep -nE '://|^-' $(LOCK) || { echo "$(LOCK) names a host: see above"; exit 1; }

lock-jars: ## make kwadrant/jars.lock anew from kwadrant/ivy.xml
	PYTHONPATH=. $(PYTHON) scripts/lock_jars.py

clean: ## delete caches and build results; .venv and the jars stay
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis spark-warehouse metastore_db derby.log
	find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +
