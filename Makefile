# Set-up is one of two commands: `make run` or `make test`. Both stand on `make install`.
PYTHON ?= python3
BIN := .venv/bin
LOCK := requirements/development.txt
INSTALLED := .venv/installed

.PHONY: install run test test-kafka lint lock clean

install: $(INSTALLED)

# Locked by hashes; embedded servers, test tools and the `entraide` command included.
$(INSTALLED): $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Entraide needs Python 3.11 or newer; say which: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement $(LOCK)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: install
	$(BIN)/entraide up --example

test: lint
	$(BIN)/pytest -n 2 --dist loadgroup

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The same journeys on Apache Kafka's own server, from Maven Central; a plain skip without Java or Maven.
test-kafka: install
	$(BIN)/python -m deploy.kafka.run $(BIN)/pytest -m journey

# Resolves the newest versions that pyproject.toml allows and writes the three locks.
lock: install
	$(BIN)/uv pip compile pyproject.toml $(LOCK_OPTIONS) --output-file requirements/production.txt
	$(BIN)/uv pip compile pyproject.toml $(LOCK_OPTIONS) --group embedded --constraint requirements/production.txt --output-file requirements/embedded.txt
	$(BIN)/uv pip compile pyproject.toml $(LOCK_OPTIONS) --group development --constraint requirements/embedded.txt --output-file requirements/development.txt

LOCK_OPTIONS := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links

clean:
	rm -rf .venv .entraide .kafka build *.egg-info
