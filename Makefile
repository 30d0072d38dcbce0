# Everything is set up by the commands below; `make help` lists them.
#   PYTHON=...       the Python to use (3.11, 3.12 or 3.13; found by itself)
#   TORCH_INDEX=URL  a further package index, for a build of PyTorch of your choice (first time)
#   DATA=DIR         real photographs, for results; LACR_DATA where it is not given
#   NOTEBOOKS="03 05"  only these notebooks, for run, notebooks, sync

VENV := .venv
RUN := $(VENV)/bin/python
TOOL := $(RUN) -m lacr_lib.teaching.notebooks
CANDIDATES := $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python)
FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

# The stamp is named after all that the environment depends on, the place included: scripts in
# an environment hold its absolute path, so a copied folder needs a new one.
KEY := $(shell { pwd; cat requirements.lock pyproject.toml; } | cksum | cut -d ' ' -f 1)
STAMP := $(VENV)/ready-$(KEY)
# What the book needs beyond that is installed when it is first built.
BOOK_STAMP := $(VENV)/book-$(KEY)-$(shell cat requirements-book.lock 2>/dev/null | cksum | cut -d ' ' -f 1)
# So are the tools of `make lint`.
LINT_STAMP := $(VENV)/lint-$(KEY)-$(shell cat requirements-dev.lock 2>/dev/null | cksum | cut -d ' ' -f 1)
LINTED := lacr_lib tests book
EXPORT_STAMP := $(VENV)/export-$(KEY)

# One thread a process, since pytest runs two of them; numba would set PyTorch's back to all cores.
# Emptied: a backend that hides the pictures.
TEST_SETTINGS := LACR_PROFILE=smoke OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 MPLBACKEND=

.DEFAULT_GOAL := help
.PHONY: help run test torture coverage versions lint results lab sync notebooks check book extras slides clean
# An environment whose Python went away (an upgrade, say) is made anew.
.PHONY: $(if $(shell $(RUN) -c 'print("alive")' 2>/dev/null),,$(STAMP))

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile | expand -t 12

run: $(STAMP)  ## execute every notebook into build/, with a start page
	@$(TOOL) run $(NOTEBOOKS)

# The longest file first, so that the other process does not wait for it in the end.
test: $(STAMP)  ## unit tests, and the notebooks in small
	@$(TEST_SETTINGS) $(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder --nbval-lax --nbval-current-env \
	  tests/notebooks/test_smoke.py tests notebooks $(ARGS)

# On one process: kills and full disks are timed by what else the machine does.
torture: $(STAMP)  ## the long tests: kills, full disks, wrong formulas, notebooks run twice; 20 minutes at most
	@$(TEST_SETTINGS) LACR_TORTURE=1 $(RUN) -m pytest -v -s tests/torture tests/training/test_kills.py tests/notebooks/test_smoke.py $(ARGS)

# Without the notebooks: what the tests of the library alone reach. One process: workers of pytest
# end without telling what they saw.
coverage: $(STAMP)  ## unit tests, with the branches of lacr_lib that they leave out; fails under 90 %
	@mkdir -p build/coverage && rm -f build/coverage/data*
	@$(TEST_SETTINGS) $(RUN) -m coverage run -m pytest -q tests \
	  --ignore tests/book --ignore tests/notebooks/test_smoke.py $(ARGS)
	@$(RUN) -m coverage combine -q
	@$(RUN) -m coverage report --fail-under=90

versions: $(STAMP)  ## quick tests with the oldest, the locked and the newest packages: ONLY="oldest newest"
	@$(RUN) tests/versions/matrix.py $(ONLY)

lint: $(LINT_STAMP)  ## style, docstrings and types
	@$(RUN) -m ruff check -q $(LINTED)
	@$(RUN) -m ruff format -q --check $(LINTED)
	@$(RUN) -m mypy

results: $(STAMP)  ## measure again what README tells: make results DATA=DIR (holds sice/val)
	@$(RUN) -m lacr_lib.results.remake --data "$(or $(DATA),$(LACR_DATA),$(error make results needs DATA=DIR, the folder that holds sice/val))"

lab: $(STAMP)  ## open JupyterLab on notebooks/
	@$(RUN) -m jupyterlab --notebook-dir=notebooks $(ARGS)

sync: $(STAMP)  ## bring edits made in JupyterLab back to notebooks/src
	@$(TOOL) sync $(NOTEBOOKS)

notebooks: $(STAMP)  ## rebuild the committed .ipynb from notebooks/src
	@$(TOOL) build --profile demo $(NOTEBOOKS)

check: $(STAMP)  ## check the committed notebooks against the rules, in seconds
	@$(TOOL) check $(NOTEBOOKS)

book: $(BOOK_STAMP)  ## build the site from the committed notebooks, into build/book
	@$(RUN) book/build.py $(ARGS)

slides: $(BOOK_STAMP)  ## build the slides of a lecture, into build/slides
	@$(RUN) book/slides.py $(ARGS)

clean:  ## remove .venv, build and caches
	rm -rf $(VENV) build *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find lacr_lib tests notebooks -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf

$(STAMP):
	@set -e; found=; for each in $(CANDIDATES); do \
	  if "$$each" -c '$(FITS)' >/dev/null 2>&1; then found=$$each; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "No Python 3.11, 3.12 or 3.13 (with its venv module) found: install one, or say make PYTHON=/path/to/python3.11" >&2; \
	  exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$($$found --version); this takes some minutes, once."; \
	$(if $(TORCH_INDEX),,[ "$$(uname -s)" != Linux ] || echo "(On Linux PyTorch brings gigabytes of CUDA; the README has the TORCH_INDEX=URL of the CPU build.)";) \
	"$$found" -m venv --clear $(VENV)
	@$(RUN) -m pip install -qq --disable-pip-version-check $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -r requirements.lock
	@$(RUN) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# What the tests of the book need, for continuous integration; elsewhere they skip without it.
extras: $(BOOK_STAMP) $(EXPORT_STAMP)

$(BOOK_STAMP): $(STAMP)
	@$(RUN) -m pip install -qq --disable-pip-version-check -c requirements.lock -r requirements-book.lock
	@touch $@

$(EXPORT_STAMP): $(STAMP)
	@$(RUN) -m pip install -qq --disable-pip-version-check -c requirements.lock --no-build-isolation --editable '.[export]'
	@touch $@

$(LINT_STAMP): $(STAMP)
	@$(RUN) -m pip install -qq --disable-pip-version-check -c requirements.lock -r requirements-dev.lock
	@touch $@
