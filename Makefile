# What sets up, tries and tests the project; CONTRIBUTING.md says when to run what.

PYTHON ?= python3
VENV = .venv
RUN = $(VENV)/bin/python

.PHONY: help venv demo test test-backends test-jax test-torch test-ui test-export \
	test-serving test-ray test-docs test-all docs lint clean

help:
	@echo "make venv           set up .venv: the package, pinned versions, test tools"
	@echo "make demo           train on the embedded sample, enhance, score: runs/demo"
	@echo "make test           run the tests that need no network and no ../shared"
	@echo "make test-backends  run what may differ on JAX and PyTorch"
	@echo "make test-ui        test the page with sliders in a browser"
	@echo "make test-export    test model.export: SavedModel, ONNX, LiteRT, OpenVINO"
	@echo "make test-serving   test zero-dce serve with gRPC and REST clients"
	@echo "make test-ray       test zero-dce bulk on Ray, and on an S3 of this computer"
	@echo "make test-docs      build the site of the documentation, and follow its links"
	@echo "make test-all       run all tests, with ../shared and those that take minutes"
	@echo "make docs           build the documentation as a site: build/site/index.html"
	@echo "make lint           check style and types: ruff, mypy"
	@echo "make clean          remove the environments and what was built"

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
	$(RUN) -m pytest -n 2 --dist worksteal -m "not large" --cov

# Each backend has an environment of its own, without TensorFlow. It runs what may differ
# between backends: not the notebooks, the wheel, the messages of commands and damaged
# files, and of MIRNet, which JAX compiles for minutes, only what every model must do.
FILE_TESTS = tests/models/test_presets.py tests/models/test_torch_checkpoint.py \
	tests/models/test_torch_file.py
BACKEND_TESTS = tests/data tests/losses tests/metrics tests/inference tests/evaluation \
	tests/batch tests/video tests/compatibility \
	$(filter-out $(FILE_TESTS),$(wildcard tests/models/test_*.py)) \
	tests/training/test_run.py tests/training/test_resume.py \
	tests/training/test_distribution.py tests/test_devices.py

test-backends: test-jax test-torch

# XLA compiles without optimising: these tests ask for the right pixels, not for speed.
test-jax: export XLA_FLAGS = --xla_backend_optimization_level=0 \
	--xla_llvm_disable_expensive_passes=true
test-jax test-torch: test-%: .venv-%/.installed
	KERAS_BACKEND=$* .venv-$*/bin/python -m pytest -n 2 --dist worksteal -m "not large" $(BACKEND_TESTS)

.venv-%/.installed: setup.cfg pyproject.toml requirements.txt
	$(PYTHON) -m venv .venv-$*
	.venv-$*/bin/pip install --quiet --constraint requirements.txt \
		--editable ".[$*,sample,test]"
	touch $@

# Gradio takes no Pillow from 13 on, so the page has an environment of its own too. Its
# tests need a browser: `apt-get install chromium`.
test-ui: .venv-ui/.installed
	.venv-ui/bin/python -m pytest tests/page

.venv-ui/.installed: setup.cfg pyproject.toml requirements.txt
	$(PYTHON) -m venv .venv-ui
	grep -v "^pillow==" requirements.txt > .venv-ui/constraints.txt
	.venv-ui/bin/pip install --quiet --constraint .venv-ui/constraints.txt \
		--editable ".[cpu,sample,ui,test,test-ui]"
	touch $@

# `model.export` and `export --format` in every format, by the converters of the extra
# `export`.
test-export: .venv-export/.installed
	.venv-export/bin/python -m pytest tests/serving/test_keras_export.py \
		tests/serving/test_portable.py

.venv-export/.installed: setup.cfg pyproject.toml requirements.txt
	$(PYTHON) -m venv .venv-export
	.venv-export/bin/pip install --quiet --constraint requirements.txt \
		--editable ".[cpu,export,plot,test]"
	touch $@

# `zero-dce serve`. TensorFlow Serving's protobufs name the full TensorFlow: --no-deps.
test-serving: .venv-serving/.installed
	.venv-serving/bin/python -m pytest tests/serving/test_server.py \
		tests/serving/test_server_docs.py tests/serving/test_server_command.py \
		tests/serving/test_served_files.py \
		zero_dce_keras/serving/server

.venv-serving/.installed: setup.cfg pyproject.toml requirements.txt
	$(PYTHON) -m venv .venv-serving
	.venv-serving/bin/pip install --quiet --constraint requirements.txt \
		--editable ".[cpu,serving,test]"
	.venv-serving/bin/pip install --quiet --constraint requirements.txt \
		--no-deps tensorflow-serving-api
	touch $@

# `zero-dce bulk`. Its actors need no Keras backend, so there is none here.
test-ray: .venv-ray/.installed
	.venv-ray/bin/python -m pytest tests/batch/test_bulk.py \
		tests/batch/test_bulk_plan.py zero_dce_keras/batch/bulk

.venv-ray/.installed: setup.cfg pyproject.toml requirements.txt
	$(PYTHON) -m venv .venv-ray
	.venv-ray/bin/pip install --quiet --constraint requirements.txt \
		--editable ".[ray,test-ray]" pytest
	touch $@

# The documentation as a site; a warning is an error. Nothing of it needs a Keras backend.
docs: .venv-docs/.installed
	.venv-docs/bin/python tools/docs_site/pages.py build/docs
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict
	@echo "build/site/index.html; with search: python3 -m http.server -d build/site"

test-docs: .venv-docs/.installed
	.venv-docs/bin/python -m pytest tests/test_docs_site.py

.venv-docs/.installed: setup.cfg pyproject.toml requirements.txt
	$(PYTHON) -m venv .venv-docs
	.venv-docs/bin/pip install --quiet --constraint requirements.txt \
		--editable ".[docs]" pytest
	touch $@

test-all: venv
	$(RUN) -m pytest

lint: venv
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

clean:
	rm -rf $(VENV) .venv-jax .venv-torch .venv-ui .venv-export .venv-serving .venv-ray \
		.venv-docs build dist *.egg-info
