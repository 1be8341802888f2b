# Every command makes .venv first when it is not there; without make: python3 deploy/bootstrap.py <command>.
PYTHON ?= python3
SPOOR = $(PYTHON) deploy/bootstrap.py
ARGS ?=

.PHONY: help demo up down status test check bench venv backup restore soak
.DEFAULT_GOAL := help

help:
	@echo "make demo    the whole system with the demonstration laboratory (Ctrl-C stops it)"
	@echo "make up      a laboratory's own, empty system (Ctrl-C stops it)"
	@echo "make down    stop what runs          make status  what runs, and how it is"
	@echo "make test    all tests               make check   style, types, imports, migrations, API"
	@echo "make backup  one encrypted file (ARGS=/media/usb)   make restore ARGS=\"FILE NEW-HOME\""
	@echo "make soak    sixty rounds of kill -9"
	@echo "make bench   benchmarks              make venv    only install"

demo up down status test check bench venv backup restore:
	@exec $(SPOOR) $@ $(ARGS)

soak: venv
	@SPOOR_SOAK_ROUNDS=$${SPOOR_SOAK_ROUNDS:-60} .venv/bin/python -m pytest -q tests/integration/test_kill_rounds.py $(ARGS)
