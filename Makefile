# Two commands matter: `make reproduce` and `make test`. `make` alone lists the others.

SCALE ?= smoke
WORKERS ?= 2
BIN := .venv/bin

# The stamps carry a sum of what they stand for, so a change of contents remakes the environment and a change of dates does not.
LOCK_STAMP := .venv/.lock-$(shell { pwd; cat requirements.lock; } | cksum | cut -d ' ' -f 1)
PACKAGE_STAMP := .venv/.package-$(shell cksum < pyproject.toml | cut -d ' ' -f 1)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help reproduce test env lint types unit chapters claims book site bench lock

say = @printf '\n\033[1m== %s\033[0m\n' "$(1)"

help: ## List the targets and what they do
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@printf '\nSCALE=smoke|cpu|gpu chooses the data, ECGLIB_DATA=folder says where the real data lie, JOBS=n how many chapters run at a time.\n'

reproduce: env ## Make the environment, execute every chapter, check the numbers, build the book
	$(call say,Executing every chapter at scale $(SCALE))
	$(BIN)/ecgbook run --scale $(SCALE) $(if $(JOBS),--jobs $(JOBS))
	$(call say,Checking the metrics)
	$(BIN)/ecgbook check --scale $(SCALE)
	$(call say,Building the book)
	$(BIN)/ecgbook build --scale $(SCALE)

test: lint types unit chapters claims book site ## Run every check: style, types, tests, chapters, claims, book, pages
	$(call say,Every check has passed)

env: $(PACKAGE_STAMP) ## Make the environment in .venv from requirements.lock
	@echo 'The environment in .venv is ready.'

lint: env ## Check style and format
	$(call say,Style and format)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: env ## Check types
	$(call say,Types)
	$(BIN)/mypy

unit: env ## Run the unit tests, property tests and doctests
	$(call say,Tests)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --durations 10 --ignore tests/site

chapters: env ## Execute every chapter, then every draft, at scale smoke
	$(call say,Executing every chapter at scale smoke)
	$(BIN)/ecgbook run --scale smoke $(if $(JOBS),--jobs $(JOBS))
	$(BIN)/ecgbook run --drafts --scale smoke $(if $(JOBS),--jobs $(JOBS))

claims: env ## Check the committed results and claims, and those of the smoke run
	$(call say,Checking claims)
	$(BIN)/ecgbook check --scale smoke
	$(BIN)/ecgbook check

book: env ## Build the book from the committed chapters, warnings as errors
	$(call say,Building the book from the committed chapters)
	$(BIN)/ecgbook build

site: book ## Read every page of the built book in Chromium, where it is installed
	$(call say,The site in a browser)
	$(BIN)/python -m pytest tests/site --numprocesses $(WORKERS) --durations 5 -q

bench: env ## Time ecglib beside wfdb, neurokit2, scikit-learn and a plain training loop
	$(call say,Benchmarks)
	$(BIN)/python -m benchmarks

lock: ## Resolve requirements.lock and environment.yml again, pins kept (needs uv; UPGRADE=1 takes the newest)
	@resolved=$$(uv pip compile pyproject.toml --extra book --extra dev $(if $(UPGRADE),,--constraint requirements.lock) --universal --fork-strategy fewest \
	    --python-version 3.11 --no-header --annotation-style line) || exit 1; \
	{ echo '# Made by `make lock` for Python 3.11 to 3.13. torch itself pins its CUDA libraries, so they are left out here.'; \
	    echo "$$resolved" | grep -Ev '^(cuda|nvidia|triton)'; } > requirements.lock
	@{ echo '# Made by `make lock`: the pins of requirements.lock for conda.'; \
	    echo 'name: ecg-reproduced'; echo 'channels: [conda-forge]'; echo 'dependencies:'; \
	    echo '  - python>=3.11,<3.14'; echo '  - pip'; echo '  - make'; echo '  - pip:'; \
	    sed -E '/^#/d; s/ +#.*//; s/.*/      - "&"/' requirements.lock; } > environment.yml
	@echo "requirements.lock and environment.yml: $$(grep -c == requirements.lock) packages"

SUITABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

$(LOCK_STAMP):
	$(call say,Making the environment in .venv (minutes; later calls find it there))
	@for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python); do \
	    if "$$python" -c '$(SUITABLE)' 2> /dev/null; then \
	        echo "with $$("$$python" --version), $$(command -v "$$python")"; exec "$$python" -m venv --clear .venv; \
	    fi; \
	done; \
	echo 'No Python 3.11, 3.12 or 3.13 that can make an environment was found. Install one' >&2; \
	echo '(on Debian and Ubuntu: apt-get install python3 python3-venv), or name one: make env PYTHON=python3.12' >&2; \
	exit 1
	$(BIN)/python -m pip install --quiet pip==26.3
	$(BIN)/python -m pip install --no-compile --requirement requirements.lock
	$(BIN)/python -m pip check
	@touch $@

$(PACKAGE_STAMP): $(LOCK_STAMP)
	@rm -f .venv/.package-*
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
