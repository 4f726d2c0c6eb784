# make demo   install what is missing, build, and run the whole product once, on real parts
# make test   build and run every test; installs what they need
# make bench  figures: a table, and .bench/results.json
# make simulate  the whole product in one process, with every fault; SEEDS=n, or SEED=x to replay one
# make fuzz   each fuzz target for SECONDS (default 30)
# make chaos  campaigns over fifty real agents while server, broker and agents are killed (AGENTS, ROUNDS, STORM, SEED)
# make lint   formatting, and the walls between the modules

SHELL := /bin/bash
SECONDS_EACH ?= 30
# The first build resolves the packages; later ones do not touch the network.
SWIFT_BUILD := swift build --disable-automatic-resolution
ifeq ($(wildcard Package.resolved),)
SWIFT_BUILD := swift build
endif

.PHONY: help demo test chaos bench simulate lint fuzz build release deps venv clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

deps:
	@scripts/install-dependencies

venv: deps
	@scripts/make-venv

build: deps
	$(SWIFT_BUILD)

release: deps
	$(SWIFT_BUILD) -c release --product latchkeyd
	$(SWIFT_BUILD) -c release --product latchkey
	$(SWIFT_BUILD) -c release --product latchkey-agent --static-swift-stdlib --scratch-path .build-agent

demo: deps
	$(SWIFT_BUILD) --product latchkeyd
	$(SWIFT_BUILD) --product latchkey
	$(SWIFT_BUILD) --product latchkey-agent
	@scripts/demo .build/debug

test: venv
	@scripts/run-tests

# A debug build: releases have no fault points.
chaos: deps
	$(SWIFT_BUILD) --product latchkeyd
	$(SWIFT_BUILD) --product latchkey
	$(SWIFT_BUILD) --product latchkey-agent
	$(SWIFT_BUILD) --product latchkey-chaos
	@PATH="$$PATH:/usr/sbin" .build/debug/latchkey-chaos --agents $(or $(AGENTS),50) \
	    --rounds $(or $(ROUNDS),2) --storm $(or $(STORM),30) $(if $(SEED),--seed $(SEED))

bench: venv
	@scripts/bench

simulate: deps
	@scripts/simulate

lint:
	@scripts/lint

fuzz: deps
	@Fuzz/run $(SECONDS_EACH)

clean:
	rm -rf .build .build-* .bench .venv
