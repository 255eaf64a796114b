# make demo    the whole loop, offline, in an environment of its own
# make test    the test suite            make check   format, lint and types
# make format  rewrite the formatting    make golden  rewrite the golden files
# make bench   speed against peers: some hours; ARGS=--quick: ten minutes and the installation
# make bench-data  preparation: a million rows, planted duplicates, hiding
# make bench-shortcuts  what each shortcut of training brings, with and without; most of an hour
# make study   what the starter learns; some minutes
# make clean   take the environments away

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CPU_INDEX := https://download.pytorch.org/whl/cpu
PIP := $(BIN)/python -m pip --disable-pip-version-check
QUICK := not slow and not gpu and not network

.DEFAULT_GOAL := demo
.DELETE_ON_ERROR:
.PHONY: demo test test-all check format golden bench bench-data bench-shortcuts study clean

demo: $(STAMP)
	@$(BIN)/tunesmith demo

test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "$(QUICK)" $(ARGS)

test-all: $(STAMP)
	$(BIN)/python -m pytest $(ARGS)

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict tunesmith

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

golden: $(STAMP)
	OMP_NUM_THREADS=1 TUNESMITH_GOLDEN=1 $(BIN)/python -m pytest -m "$(QUICK)" -k golden $(ARGS)
	@git --no-pager diff --stat -- tests/golden docs tunesmith/recipe 2>/dev/null || true

bench: $(STAMP)
	$(BIN)/python bench/speed.py $(ARGS)

bench-data: $(STAMP)
	@for file in $(filter-out bench/speed.py bench/seed_pairs.py bench/shortcuts.py,$(wildcard bench/*.py)); do $(BIN)/python $$file || exit 1; done

bench-shortcuts: $(STAMP)
	$(BIN)/python bench/shortcuts.py $(ARGS)

study: $(STAMP)
	$(BIN)/python -m pretraining.study $(ARGS)

clean:
	rm -rf $(VENV) .bench

# Installed once, and again when what is to be installed changes.
$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) is missing. Install Python 3.11 or newer, or name it: make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $$($(PYTHON) --version) is too old. Tunesmith needs Python 3.11 or newer; name it: make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "error: $(PYTHON) has no venv module. On Debian or Ubuntu: sudo apt install python3-venv"; exit 2; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (some minutes the first time)."
	@$(PIP) install --quiet --quiet --constraint constraints.txt $$($(TORCH_INDEX)) torch
	@$(PIP) install --quiet --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

# On Linux without an NVIDIA device PyTorch's own index offers a build without CUDA; it is
# asked for two seconds. Where it does not answer, pip takes what its configuration offers.
TORCH_INDEX = if test "$$(uname -s)" = Linux && ! test -e /dev/nvidia0 && ! command -v nvidia-smi >/dev/null && $(BIN)/python -c 'import signal, urllib.request; signal.alarm(2); urllib.request.urlopen("$(CPU_INDEX)/torch/", timeout=2)' >/dev/null 2>&1; then echo --extra-index-url $(CPU_INDEX); fi
