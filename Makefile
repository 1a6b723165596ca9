# What a person types. Each target makes what it needs first: a fresh machine needs Python >= 3.11 and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
K      ?= 16
QUICK  ?=

# Bytecode is kept, whatever the shell says: without it every process compiles vLLM anew, for 15 seconds.
unexport PYTHONDONTWRITEBYTECODE

# A machine with an NVIDIA GPU gets vLLM's CUDA build, any other its CPU build; on a login node, say it: make GPU=yes.
GPU    :=

.PHONY: demo paper check test lint types layers quick pytest nightly faults soak docs bench gpu dist upgrade constraints clean
.DEFAULT_GOAL := demo

$(BIN)/samples: pyproject.toml deploy/environment.sh deploy/cpu-overrides.txt deploy/constraints.txt
	@PYTHON=$(PYTHON) VENV=$(VENV) GPU=$(GPU) sh deploy/environment.sh
	@touch $@

demo: $(BIN)/samples            ## sample real problems with a real vLLM and print pass@k
	@PATH="$(CURDIR)/$(BIN):$$PATH" K=$(K) sh deploy/demo.sh

paper: $(BIN)/samples           ## train, sample, judge, score, report: benchmarks/paper/README.md; QUICK=1 in ten minutes
	@PATH="$(CURDIR)/$(BIN):$$PATH" QUICK=$(QUICK) sh benchmarks/paper/study.sh

check: $(BIN)/samples            ## what an edit is tried with: nothing heavy is started; pyright runs beside the tests
	@$(MAKE) --no-print-directory --jobs=2 lint layers types quick

test: lint types layers pytest  ## everything that must hold

lint: $(BIN)/samples
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(BIN)/samples
	@$(BIN)/pyright

layers: $(BIN)/samples
	@$(BIN)/lint-imports

quick: $(BIN)/samples
	@$(BIN)/python -m pytest --quiet -m "not heavy and not ray and not vllm and not nightly" --numprocesses auto --dist loadfile

# Ray and vLLM take all cores themselves, one test after another. They have a process each: Ray collects garbage in a thread
# of its own, and waits for ever there if vLLM left a ZeroMQ context with open sockets.
pytest: $(BIN)/samples
	@$(BIN)/python -m pytest -m "not ray and not vllm and not nightly" --numprocesses auto --dist loadfile --durations 60 --durations-min 5
	@$(BIN)/python -m pytest -m "vllm and not ray and not nightly" --durations 30 --durations-min 5
	@$(BIN)/python -m pytest -m "ray and not nightly" --durations 30 --durations-min 5

nightly: $(BIN)/samples          ## long simulations, and tests that wait for a store or a dead driver
	@$(BIN)/python -m pytest -m "nightly and not ray"
	@$(BIN)/python -m pytest -m "nightly and ray"

faults: $(BIN)/samples           ## five minutes of kills and of a store that fails; tests/faults/storm.py has longer ones
	@$(BIN)/python tests/faults/storm.py --kills 25 --faults 400

soak: $(BIN)/samples             ## five minutes of many small units: memory must stay flat; tests/faults/soak.py has an hour
	@$(BIN)/python tests/faults/soak.py --units 12000

docs: $(BIN)/samples             ## the reference pages in docs/reference, from the code
	@$(BIN)/python docs/generate

bench: $(BIN)/samples            ## ratios against limits and peers; takes an hour
	@for script in storage units toy ingest score rescore query rows forecast intervals show browse check compact; do $(BIN)/python benchmarks/$$script.py || exit 1; done

gpu: $(BIN)/samples              ## for the first person with a card: prints one block to paste into an issue
	@$(BIN)/python benchmarks/gpu.py $(if $(MODEL),--model $(MODEL))

dist: $(BIN)/samples             ## a wheel and an sdist in dist/, tried in an empty environment
	@rm -rf dist
	@$(BIN)/uv build --quiet --build-constraints deploy/constraints.txt
	@SAMPLES_DIST=dist $(BIN)/python -m pytest tests/test_dist.py
	@ls -l dist

upgrade: $(BIN)/uv               ## the newest version of every package: written to deploy/constraints.txt
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python deploy/constraints.py --upgrade

constraints: $(BIN)/uv           ## versions for a pyproject.toml that has changed: as few other changes as can be
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python deploy/constraints.py

$(BIN)/uv:
	@PYTHON=$(PYTHON) VENV=$(VENV) sh deploy/environment.sh uv

clean:
	rm -rf $(VENV) .demo .paper dist
