.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
UV := $(shell command -v uv || echo .venv/bin/uv)
LOCK := requirements.lock

.PHONY: help demo test lint format types lock lock-jars clean golden real faults throughput latency catch-up cuts own seeding known-clusters fit scans weights drift early-flags services expected docs screenshots store

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

lock: ## make requirements.lock anew from pyproject.toml, keeping what still fits (make lock UPGRADE=--upgrade)
	$(UV) pip compile pyproject.toml --group dev $(UPGRADE) --universal --python-version 3.11 --fork-strategy fewest \
		--generate-hashes --no-header --no-annotate --no-emit-index-url --quiet --output-file $(LOCK)
	@! grep -nE '://|^-' $(LOCK) || { echo "$(LOCK) names a host: see above"; exit 1; }

docs: ## make docs/metrics.md, docs/configuration.md and the dashboards anew
	PYTHONPATH=. $(PYTHON) -m kwadrant.references
	PYTHONPATH=. $(PYTHON) -m monitoring.dashboards

golden: ## make the golden folders of tests/golden anew: look at the difference before you keep it
	PYTHONPATH=. $(PYTHON) -m tests.golden.remake

real: ## all real readings through the verbs, 365 days of them as history: produce, seed, stream, events, replay
	REAL_BEFORE=365 REAL_AFTER=1000 REAL_EVERY=1 PYTHONPATH=. $(PYTHON) -m pytest tests/integration/test_real_input.py

faults: ## kill -9 of driver and JVM: ten times at random, three times between Kafka's commit and Spark's
	LONG_TESTS=1 PYTHONPATH=. $(PYTHON) -m pytest tests/integration/test_kill.py

cuts: ## the law on Kafka and Spark for three sizes of batches: any cut gives the same centres, classes and events
	CUTS="9000 30000 120000" PYTHONPATH=. $(PYTHON) -m pytest tests/integration/test_any_cut.py

own: ## the verbs on a standalone Spark cluster, on a broker with ACLs, SCRAM and TLS, operators beside a stream, compose
	LONG_TESTS=1 PYTHONPATH=. $(PYTHON) -m pytest tests/integration/test_cluster.py tests/integration/test_secured.py \
		tests/integration/test_operators.py tests/integration/test_seeding_again.py \
		tests/integration/test_compose_services.py tests/integration/test_class_archive.py \
		tests/integration/test_serving.py

seeding: ## every start and the peers on sets with known clusters
	PYTHONPATH=. $(PYTHON) -m benchmarks.seeding

known-clusters: ## every cluster of the public sets found, 20 random states, both engines
	KNOWN_STATES=20 LONG_TESTS=1 PYTHONPATH=. $(PYTHON) -m pytest tests/clustering/test_known_clusters.py tests/integration/test_known_on_spark.py

fit: ## CPU time, SSE and peak memory of a fit beside scikit-learn
	PYTHONPATH=. $(PYTHON) -m benchmarks.fit

scans: ## passes, seconds, SSE and the driver's memory of a fit on Spark beside MLlib's KMeans
	PYTHONPATH=. $(PYTHON) -m benchmarks.scans

weights: ## scalings and factor weights side by side on tables whose groups are known
	PYTHONPATH=. $(PYTHON) -m benchmarks.weights

services: ## how often the fitting service is named first, on towns with known changes
	PYTHONPATH=. $(PYTHON) -m benchmarks.services --customers 200

drift: ## ten scenarios of drift: our rule beside the peers'
	PYTHONPATH=. $(PYTHON) -m benchmarks.drift

early-flags: ## the share of early flags that the close confirms
	PYTHONPATH=. $(PYTHON) -m benchmarks.early_flags

expected: ## who is expected to become potential, beside who did
	PYTHONPATH=. $(PYTHON) -m benchmarks.expected

throughput: ## readings per second beside Spark's own floor
	PYTHONPATH=. $(PYTHON) -m benchmarks.throughput

latency: ## from a reading to its early event
	PYTHONPATH=. $(PYTHON) -m benchmarks.latency

store: ## p50 and p99 of every look-up at 1,000,000 customers, on SQLite and on PostgreSQL where it is installed
	PYTHONPATH=. $(PYTHON) -m benchmarks.store

catch-up: ## closed epochs per minute while history streams in
	PYTHONPATH=. $(PYTHON) -m benchmarks.catch_up

lock-jars: ## make kwadrant/jars.lock anew from kwadrant/ivy.xml
	PYTHONPATH=. $(PYTHON) scripts/lock_jars.py

screenshots: ## the README's pictures of the live page, taken by its own test in Debian's chromium
	SCREENSHOTS=docs/screenshots PYTHONPATH=. $(PYTHON) -m pytest tests/serving/test_page.py -k screenshots

clean: ## delete caches and build results; .venv and the jars stay
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis spark-warehouse metastore_db derby.log
	find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +
