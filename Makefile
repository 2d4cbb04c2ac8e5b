# The commands of the house; README.md says what each is for.

PYTHON ?= python3
VENV = .venv
RUN = $(VENV)/bin/python

.PHONY: help venv demo test test-backends test-jax test-torch test-ui test-all lint clean

help:
	@echo "make venv      set up .venv: the package, pinned versions, the tests' needs"
	@echo "make demo      train on the embedded sample, enhance, score: runs/demo"
	@echo "make test      the tests: no network, no ../shared; and the lines they miss"
	@echo "make test-backends  what may differ on JAX and PyTorch, without TensorFlow"
	@echo "make test-ui   the page with sliders, in a browser"
	@echo "make test-all  those, and the ones that need ../shared or minutes"
	@echo "make lint      ruff, and mypy: the type hints hold"

venv: $(VENV)/.installed

$(VENV)/.installed: setup.cfg pyproject.toml requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --constraint requirements.txt \
		--editable ".[cpu,sample,test]"
	touch $@

demo: venv
	rm -rf runs/demo
	$(RUN) -m zero_dce_keras.fit --dataset sample --recipe demo --output runs/demo
	$(RUN) -m zero_dce_keras.evaluate --dataset sample --output runs/demo \
		--weights input --weights runs/demo/best.weights.h5 --weights zero_dce_lol

test: venv
	$(RUN) -m pytest -n 2 -m "not large" --cov

# An environment a backend, without TensorFlow. What runs there is what may differ from
# one backend to another: not the notebooks, the wheel, the commands' messages and what is
# wrong with a file, and of MIRNet, whose many layers take JAX minutes to compile, the
# checks of every model.
FILE_TESTS = tests/models/test_presets.py tests/models/test_torch_checkpoint.py \
	tests/models/test_torch_file.py
BACKEND_TESTS = tests/data tests/losses tests/metrics tests/inference tests/evaluation \
	$(filter-out $(FILE_TESTS),$(wildcard tests/models/test_*.py)) \
	tests/training/test_run.py tests/training/test_resume.py tests/test_devices.py

test-backends: test-jax test-torch

test-jax test-torch: test-%: .venv-%/.installed
	KERAS_BACKEND=$* .venv-$*/bin/python -m pytest -n 2 -m "not large" $(BACKEND_TESTS)

.venv-%/.installed: setup.cfg pyproject.toml requirements.txt
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/pip install --quiet --constraint requirements.txt \
		--editable ".[$*,sample,test]"
	touch $@

# Gradio takes no Pillow from 13 on: the page has an environment of its own too. Its
# tests look for a browser: `apt-get install chromium`.
test-ui: .venv-ui/.installed
	.venv-ui/bin/python -m pytest tests/page

.venv-ui/.installed: setup.cfg pyproject.toml requirements.txt
	$(PYTHON) -m venv .venv-ui
	grep -v "^pillow==" requirements.txt > .venv-ui/constraints.txt
	.venv-ui/bin/pip install --quiet --constraint .venv-ui/constraints.txt \
		--editable ".[cpu,sample,ui,test,test-ui]"
	touch $@

test-all: venv
	$(RUN) -m pytest

lint: venv
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

clean:
	rm -rf $(VENV) .venv-jax .venv-torch .venv-ui build dist *.egg-info
