# Set-up is one of two commands: `make run` or `make test`. Both stand on `make install`.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python --native-tls
LOCK := requirements/development.txt
INSTALLED := .venv/installed
COMPILED := .venv/compiled
REWRITTEN := .venv/rewritten

# Two cores are two test workers' already: threads of BLAS on small matrices would wait for each other only.
export OPENBLAS_NUM_THREADS = 1
# Every process of a stack would compile every module again where the caller's environment has this set.
export PYTHONDONTWRITEBYTECODE =

.PHONY: install run test test-long chromium pictures test-kafka test-faults test-faults-kafka test-faults-three fuzz audit lint docs guide-pictures lock clean

install: $(INSTALLED)

# Locked by hashes; embedded servers, test tools and the `entraide` command included. What builds packages that come as
# source goes first: without isolation they are built with that, and no build tools outside the lock are fetched. uv takes
# seconds for what takes pip two minutes; where it finds no way to the packages, pip may, which has settings of its own.
$(INSTALLED): $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Entraide needs Python 3.11 or newer; say which: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv .venv
	@sed -n -e '/^setuptools==/,/[^\\]$$/p' -e '/^uv==/,/[^\\]$$/p' $(LOCK) > .venv/first.txt
	$(PIP) --require-hashes --requirement .venv/first.txt
	$(UV) --require-hashes --no-build-isolation --requirement $(LOCK) \
		|| $(PIP) --require-hashes --no-build-isolation --requirement $(LOCK)
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

run: install
	$(BIN)/entraide up --example

# A file's tests stay together, and those of a folder that shares a running stack (tests/conftest.py), for what they
# start is started once; what takes longest begins first, so that it is not what is waited for at the end. Three workers
# keep two cores busy: journeys wait for what their stacks do.
PYTEST := $(BIN)/pytest -n 3 --dist loadscope --no-loadscope-reorder

test: install
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target lint chromium $(COMPILED) $(REWRITTEN)
	$(PYTEST) -m "not long"

# Proofs by many cases, or by a whole stack of their own, of what shorter tests show too: every caller at every route, every
# page in a browser, whole lives, killed workers. LONG says more to pytest.
test-long: install chromium $(COMPILED)
	$(PYTEST) -m long $(LONG)

# What several workers would each do at their start, done once: the engine's loops are compiled, the tests' assertions
# rewritten by pytest.
$(COMPILED): $(INSTALLED) $(wildcard services/matcher/engine/*.py shared/likeness/*.py)
	$(BIN)/python -m services.matcher.engine.compiling
	@touch $@

$(REWRITTEN): $(INSTALLED)
	$(BIN)/pytest --collect-only -qq >/dev/null
	@touch $@

# Pages are looked at in a real Chromium. Where it is missing and may be installed, it is; else its tests say that they are skipped.
chromium:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
		apt-get -qq install --no-install-recommends chromium fonts-noto-core fonts-noto-cjk >/dev/null; } \
		|| echo "No Chromium, and none could be installed: what looks at pages in a browser is skipped."

# A picture of every page in English and Arabic at three widths, for people to look at.
pictures: install chromium
	ENTRAIDE_PICTURES=build/pictures $(BIN)/pytest tests/pages/browser/test_every_page.py

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# What speaks to the broker, on Apache Kafka's own server from Maven Central; a plain skip without Java or Maven.
# Journeys start nodes of their own, since they kill them; everything else shares the one that runs beside.
test-kafka: install $(COMPILED)
	$(BIN)/python -m deploy.kafka.run $(PYTEST) \
		tests/journeys tests/shared/events tests/services/*/test_worker.py \
		tests/services/matcher/test_ranking_worker.py

# Every fault under load, with the seconds to recover in build/faults-….json (python -m tests.faults.table). On Kafka's own
# server too. FAULTS="clock or (kill and portal)" are those alone that pytest's -k finds so.
test-faults: install
	ENTRAIDE_TEST_FAULTS=embedded $(BIN)/pytest -n 0 -s tests/faults/test_long.py -k "$(FAULTS)"

test-faults-kafka: install
	ENTRAIDE_TEST_FAULTS=kafka $(BIN)/pytest -n 0 -s tests/faults/test_long.py -k "$(FAULTS)"

# On three brokers that keep each event thrice: FAULTS="broker" are those of the brokers alone.
test-faults-three: install
	ENTRAIDE_TEST_FAULTS=kafka3 $(BIN)/pytest -n 0 -s tests/faults/test_long.py -k "$(FAULTS)"

# Many inputs for every parser and many calls of every service; FUZZ="--parsers 5000 --calls 0" says how many.
fuzz: install
	$(BIN)/python -m tests.fuzz.run $(FUZZ)

# Asks PyPI's data for known faults of what is locked; needs the network, and so is no part of `make test`.
audit: install
	$(BIN)/uvx pip-audit --disable-pip --require-hashes --requirement requirements/production.txt
	$(BIN)/uvx pip-audit --disable-pip --require-hashes --requirement $(LOCK)

# The pictures of the guides anew, of a stack of its own with the example data; PICTURES="state-write" makes one.
guide-pictures: install chromium
	$(BIN)/python -m deploy.docs.pictures $(PICTURES)

# The guides as a static site in build/docs; a dead link, a missing page or anchor ends it.
docs: install
	$(BIN)/properdocs build --strict

# Resolves the newest versions that pyproject.toml allows. What is tested is resolved first, and the other two locks
# take from it: nothing is ever installed that was not tested.
lock: install
	$(BIN)/uv pip compile pyproject.toml $(LOCK_OPTIONS) --upgrade --group development --output-file $(LOCK)
	$(BIN)/uv pip compile pyproject.toml $(LOCK_OPTIONS) --group embedded --group traces --constraint $(LOCK) --output-file requirements/embedded.txt
	$(BIN)/uv pip compile pyproject.toml $(LOCK_OPTIONS) --group traces --constraint $(LOCK) --output-file requirements/production.txt

LOCK_OPTIONS := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links

# The data directory .entraide stays: it holds what was registered, and its keys.
clean:
	rm -rf .venv .kafka build *.egg-info
