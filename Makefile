# make quickstart   the whole chain at toy size -> out/quickstart/report.html
# make test         lint-free, network-free tests of everything (at most 10 minutes)
# make test-long    the tests that take minutes
# make virtual-pi   Arm roots run by qemu, and the tests of runs on them (root; apt where missing)
# make ray-nodes    a Ray cluster of two hosts in network namespaces (root; Debian's iproute2)
# make fuzz         damages the files of one KIND for some SECONDS, guided by coverage (docs/hostile.md)
# make lint         style, types and import directions
# make licences     out/licences.md: licences of what is installed; fails on one that is not allowed
# make sbom         out/sbom.json: what is installed and packaged, CycloneDX 1.6 (docs/supply.md)
# make lock         constraints.txt anew: versions and hashes (docs/supply.md)
# make tts-venv     Coqui's TTS in an environment of its own: COLLODI_TTS_PYTHON=.tts-venv/bin/python
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --require-hashes --only-binary :all:
# PyPI has no wheel of these; what builds them is installed before, with hashes, so that pip fetches
# nothing else for it.
SOURCES = pyworld
BUILD_TOOLS = setuptools cython numpy
REAL ?=
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: quickstart test test-long ray-nodes fuzz lint lock licences sbom install bench voices tts-venv \
	venv-as-root virtual-pi clean

quickstart: install voices
	$(BIN)/collodi quickstart $(if $(REAL),--real $(REAL))

test: install
	$(BIN)/python -m pytest

test-long: install
	$(BIN)/python -m pytest -m long

ray-nodes: install
	@test "$$(id -u)" = 0 || { echo "make ray-nodes needs root: for network namespaces" >&2; exit 1; }
	$(BIN)/python -m pytest -m long tests/test_generate_ray_nodes.py

KIND ?= facts
SECONDS ?= 60
fuzz: install
	$(BIN)/python -m pip install --quiet -c constraints.txt --group fuzz
	$(BIN)/python benchmarks/scale_fuzz.py --guided $(KIND) --seconds $(SECONDS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install
	$(BIN)/python benchmarks/bench_generate.py

install: $(VENV)/.installed

# pip takes only wheels, and SOURCES, whose hashes are in constraints.txt; the kit's own folder can have
# none and goes last. Where PIP_FIND_LINKS knows a CPU build of torch, that goes first, or the index's for CUDA wins.
$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Collodi is developed on Python 3.11; found " + sys.version.split()[0])'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || $(MAKE) --no-print-directory venv-as-root
	sed -n '/^pip==/,/[^\\]$$/p' constraints.txt > $(VENV)/pip.txt
	$(PIP) -r $(VENV)/pip.txt
	$(PIP) --no-index --no-deps -c constraints.txt torch 2>$(VENV)/torch.txt \
		|| echo "PIP_FIND_LINKS has no pinned CPU build of torch ($(VENV)/torch.txt): taking the index's" >&2
	$(BIN)/python tests/make_lock.py --needs all dev > $(VENV)/needs.txt
	$(PIP) -c constraints.txt $(BUILD_TOOLS)
	$(PIP) $(SOURCES:%=--no-binary %) --no-build-isolation \
		-c constraints.txt -r $(VENV)/needs.txt hatchling editables
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

licences: install
	mkdir -p out
	$(BIN)/python tests/make_licences.py > out/licences.md

sbom: install
	mkdir -p out
	$(BIN)/python tests/make_sbom.py > out/sbom.json.part
	mv out/sbom.json.part out/sbom.json

# Versions and hashes of everything, after a change of pyproject.toml; versions that fit stay.
# Needs no installed kit: an unpinned requirement is what stops `make install`.
lock:
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	PATH=$(abspath $(BIN)):$$PATH $(BIN)/python tests/make_lock.py

# Debian keeps venv in a package of its own: root installs it, others are told.
venv-as-root:
	rm -rf $(VENV)
	@test "$$(id -u)" = 0 || { echo "venv is missing: apt-get install python3-venv" >&2; exit 1; }
	apt-get update -qq && apt-get install -y -qq python3-venv
	$(PYTHON) -m venv $(VENV)

# More text-to-speech engines make better keyword models: root gets them, others go on without.
VOICE_PACKAGES = libflite1 festival festvox-kallpc16k festvox-kdlpc16k festvox-czech-dita \
	festvox-czech-krb festvox-czech-machac festvox-czech-ph festvox-italp16k festvox-itapc16k \
	festvox-suopuhe-lj festvox-suopuhe-mv festival-hi festvox-hi-nsk festvox-us-slt-hts \
	festvox-ca-ona-hts festvox-ru
voices:
	@test "$$(id -u)" != 0 || dpkg -s $(VOICE_PACKAGES) >/dev/null 2>&1 \
		|| { apt-get update -qq && apt-get install -y -qq $(VOICE_PACKAGES) >/dev/null; } \
		|| echo "flite and festival could not be installed: espeak-ng speaks alone" >&2

# Coqui wants other versions than litert-torch. torchaudio and torchcodec have no build for CPUs: the
# kit uses neither, but Coqui imports them, so they go in without the libraries that they ask for.
TTS_VENV ?= .tts-venv
TTS_PIP = $(TTS_VENV)/bin/python -m pip install --quiet
tts-venv: $(TTS_VENV)/.installed

$(TTS_VENV)/.installed:
	$(PYTHON) -m venv $(TTS_VENV)
	$(TTS_PIP) "pip>=25.1"
	$(TTS_PIP) torch==2.13.0
	$(TTS_PIP) torch==2.13.0 coqui-tts==0.28.0 six
	$(TTS_PIP) --no-deps torchaudio==2.11.0 torchcodec==0.17.0
	touch $@
	@echo "export COLLODI_TTS_PYTHON=$(abspath $(TTS_VENV))/bin/python"

# The default tests use these roots where they are there.
VIRTUAL_PI ?= $(HOME)/.cache/collodi/virtual-pi
VIRTUAL_PACKAGES = openssh-server qemu-user-static mmdebstrap
virtual-pi: install
	@test "$$(id -u)" = 0 || { echo "make virtual-pi needs root: it is run by chroot" >&2; exit 1; }
	dpkg -s $(VIRTUAL_PACKAGES) >/dev/null 2>&1 \
		|| { apt-get update -qq && apt-get install -y -qq $(VIRTUAL_PACKAGES) >/dev/null; }
	$(BIN)/python tests/make_virtual_pi.py $(VIRTUAL_PI)/arm64
	$(BIN)/python tests/make_virtual_pi.py $(VIRTUAL_PI)/armhf --bits 32
	COLLODI_VIRTUAL_PI=$(abspath $(VIRTUAL_PI)) $(BIN)/python -m pytest tests/test_device_virtual_pi.py -m ""

clean:
	rm -rf $(VENV) $(TTS_VENV) out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
