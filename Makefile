# Everything a person needs is a target; `make help` lists them. Nothing is installed outside .venv and .tools,
# but for Debian packages when this runs as root.
SHELL := bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BRIDLE_TOOLS ?= $(CURDIR)/.tools
export BRIDLE_TOOLS
# Where this is set every test process compiles all it imports anew: collecting the tests took 13 s instead of 6.
unexport PYTHONDONTWRITEBYTECODE
READY := $(VENV)/.ready

.PHONY: help tour test status check fix bench bench-edits screenshots live tools lock clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): pyproject.toml requirements-dev.txt
	@echo "· installing Bridle and its development tools into $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements-dev.txt || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

tour: $(READY)  ## the main job on a copy of examples/, start to undo (SABOTAGE=verify|anchors|sandbox breaks it on purpose)
	@SABOTAGE="$(SABOTAGE)" VIRTUAL_ENV="$(CURDIR)/$(VENV)" $(BIN)/bridle tour $(if $(JSON),--json)

check: $(READY)  ## lint, types, floors and the fast tests; pyright looks at what changed since it was last content
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@mkdir -p build; { $(BIN)/mypy src/bridle tests && $(BIN)/lint-imports && $(BIN)/python tests/house/pyright.py; } \
	    > build/types.log 2>&1 & types=$$!; \
	  $(BIN)/pytest -q -n 2 --dist worksteal -m "not slow and not editor"; tests=$$?; \
	  wait $$types || tests=1; cat build/types.log; exit $$tests

fix: $(READY)  ## what the tools can put right by themselves
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

tools: $(READY)  ## editors, browsers, MCP servers and JavaScript tools for the tests, into .tools (or BRIDLE_TOOLS)
	$(BIN)/python tests/editors/install.py --into $(BRIDLE_TOOLS)
	$(BIN)/python -m tests.mcp.install --into $(BRIDLE_TOOLS)
	$(BIN)/python -m tests.verify.install --into $(BRIDLE_TOOLS)

test: $(READY) tools  ## everything: checks, each bench in its smoke form, all tests in real editors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@mkdir -p build; { $(BIN)/mypy src/bridle tests && $(BIN)/python tests/house/pyright.py --all && $(BIN)/lint-imports; } \
	    > build/types.log 2>&1 & types=$$!; \
	  $(BIN)/python bench/run.py --smoke --timed; benches=$$?; \
	  wait $$types || benches=1; cat build/types.log; exit $$benches
	@$(BIN)/python bench/run.py --smoke --counting > build/counting.log 2>&1 & counting=$$!; \
	  $(BIN)/pytest -q -n 5 --dist loadfile --no-loadscope-reorder $(if $(LONG),,-m "not long") \
	    --junit-xml=build/junit.xml; tests=$$?; \
	  wait $$counting || tests=1; cat build/counting.log; exit $$tests

status: $(READY)  ## write docs/status.md from what the last `make test` left
	$(BIN)/python docs/status.py

bench: $(READY)  ## every figure of the README and docs, in its long form
	$(BIN)/python bench/run.py

bench-edits: $(READY)  ## edits under drift, against rivals: one table (BENCH_REPOS=DIR holds clones, see bench/edits)
	$(BIN)/python bench/edits

screenshots: $(READY) tools  ## the pictures of the README, taken in the real VS Code
	$(BIN)/python tests/editors/screenshots.py

live: $(READY)  ## two small calls to the real model, under 0.10 dollars; needs ANTHROPIC_API_KEY or a key of `bridle key set`
	BRIDLE_SMOKE=1 $(BIN)/pytest -q -s tests/model/test_real_endpoint.py

lock: $(READY)  ## renew the lock files, without registry addresses
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --group dev pyproject.toml -o requirements-dev.txt
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 tests/mcp/servers/requirements.in -o tests/mcp/servers/requirements.txt

clean:  ## remove what the targets above made
	rm -rf $(VENV) .tools dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
