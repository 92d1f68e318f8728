# Every target sets up its own virtual environment; "make help" lists them.

VENV   ?= .venv
PYTHON ?=
BIN     = $(VENV)/bin
READY   = $(VENV)/.ready
PIP     = $(BIN)/python -m pip -qq --disable-pip-version-check

# Run, not only found: a version manager's shim may exist and yet fail.
PROBE = import sys, venv, ensurepip; assert (3, 11) <= sys.version_info[:2] <= (3, 12)

.DEFAULT_GOAL := help
.PHONY: help demo test lint lab bench soak clean packages

help:  ## Show this list.
	@echo "Usage: make TARGET [PYTHON=python3.12]"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 10

demo: $(READY)  ## Make a call on this machine, record it and replay it.
	@$(BIN)/workbench demo

test: lint packages  ## Run everything: lint, types, unit tests, real SIP, browser, notebooks.
	@echo "==> pytest, two files at a time: most tests wait for another end, or a browser"
	@$(BIN)/pytest -m "not quiet" -n 2 --dist loadfile
	@echo "==> pytest, one by one: what judges audio by its time"
	@$(BIN)/pytest -m quiet
	@if [ -n "$$(find notebooks -name '*.ipynb' 2>/dev/null)" ]; then \
	  echo "==> notebooks"; \
	  $(BIN)/pytest -m "" -n 2 --nbmake notebooks --nbmake-timeout=300; \
	fi

lint: $(READY)  ## Check style, format and types.
	@echo "==> ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "==> mypy"
	@$(BIN)/mypy

lab: $(READY)  ## Open the notebooks in JupyterLab.
	@$(BIN)/workbench lab

bench: $(READY)  ## Measure.
	@$(BIN)/python -m benchmarks

soak: $(READY) packages  ## Run the long tests.
	@$(BIN)/pytest -m "" tests --soak

clean:  ## Remove the environment, the caches and the builds.
	@rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml constraints.txt
	@set -e; python=; \
	for candidate in $(or $(PYTHON),python3.12 python3.11 python3); do \
	  if "$$candidate" -c '$(PROBE)' >/dev/null 2>&1; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Workbench needs Python 3.11 or 3.12 with venv, and $(or $(PYTHON),none of python3.12, python3.11, python3) does not run as one: install it (Debian: apt-get install python3 python3-venv) or name it with make PYTHON=/path/to/python3.12." >&2; \
	  exit 1; \
	fi; \
	version='import sys; print(sys.version_info[:2])'; \
	have=$$($(BIN)/python -c "$$version" 2>/dev/null || true); \
	if [ -z "$$have" ] || { [ -n "$(PYTHON)" ] && [ "$$have" != "$$("$$python" -c "$$version")" ]; }; then \
	  echo "==> a virtual environment in $(VENV) ($$("$$python" --version))"; \
	  "$$python" -m venv --clear $(VENV); \
	fi; \
	echo "==> installing into $(VENV) (a minute or two the first time)"; \
	$(PIP) install -c constraints.txt -e ".[dev]"; \
	touch $@

# What the tests need beside Python, as COMMAND:PACKAGE. SIPp plays the other end, Kamailio
# registrar and proxy, baresip a telephone; tcpdump watches the wire, openssl makes certificates; Chromium shows
# the widgets.
NEEDED = sipp:sip-tester tcpdump:tcpdump kamailio:kamailio baresip:baresip-core openssl:openssl chromium:chromium

packages:
	@PATH="$$PATH:/usr/sbin:/sbin"; \
	missing() { \
	  for need in $(NEEDED); do \
	    command -v "$${need%%:*}" >/dev/null || printf ' %s' "$${need##*:}"; \
	  done; \
	  ls /usr/lib/*/kamailio/modules/tls.so >/dev/null 2>&1 || printf ' kamailio-tls-modules'; \
	}; \
	wanted="$$(missing)"; \
	[ -z "$$wanted" ] && exit 0; \
	sudo=; [ "$$(id -u)" = 0 ] || sudo="sudo -n"; \
	if command -v apt-get >/dev/null && $$sudo true 2>/dev/null; then \
	  echo "==> apt-get install$$wanted"; \
	  $$sudo apt-get update -qq </dev/null && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$wanted </dev/null >/dev/null; \
	  case "$$wanted" in *kamailio*) \
	    [ ! -d /run/systemd/system ] || $$sudo systemctl disable --now -q kamailio;; \
	  esac; \
	fi; \
	wanted="$$(missing)"; \
	[ -z "$$wanted" ] && exit 0; \
	echo "The tests need these Debian packages, which could not be installed from here:$$wanted." >&2; \
	exit 1
