# Every target does its own set-up; `make help` explains them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# Node 24 comes from the lock file: the machine's own may be older.
MACHINE_PATH := $(PATH)
export PATH := $(CURDIR)/node_modules/.bin:$(CURDIR)/.venv/bin:$(PATH)

help: ## Explain every target
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: node_modules/.ready .venv/.ready ## Install Node 24, the packages, Ansible and the Temporal CLI, all pinned, into this folder

node_modules/.ready: package.json package-lock.json
	PATH="$(MACHINE_PATH)" npm ci --loglevel=error
	touch $@

.venv/.ready: requirements.txt requirements-dev.txt
	lab/ensure-packages python3-venv:ensurepip git rsync openssh-client:ssh curl openssl procps:pgrep
	python3 -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-dev.txt
	touch $@

lint: setup ## Lint the TypeScript (with the import arrows) and the playbooks
	eslint .
	cd playbooks && ansible-lint --offline --profile production

types: setup ## Check the types
	tsc --noEmit

check: setup ## Run what is quick and needs no hosts: lint, types, unit and workflow tests (2 minutes)
	vitest run --project static --project unit --project workflow

test: setup lab-images ## Run all that check runs, and the tests with processes, servers and real hosts (more than an hour on two cores)
	vitest run

lab-image: setup ## Build the file system that the lab's hosts start from, and the disk of those with a kernel of their own (once)
	node lab/main.ts image nspawn uml

lab-images: setup ## The same, and the file system of hosts with Debian 13
	node lab/main.ts image nspawn uml nspawn@trixie

demo: setup lab-image ## Show it: a site on three members, rolled to its second release under load; another one's uploads over NFS, and a power cut
	node lab/demo/main.ts

demo-down: setup ## Stop everything that the demo started
	node lab/demo/down.ts

compensation: setup lab-image ## Fail every step of every operation, before it did anything, half-way and after, and compare the hosts (half an hour)
	COMPENSATION=all vitest run --project lab test/lab/compensation.test.ts test/lab/compensation-nfs.test.ts

bench: setup lab-image ## Measure deploys beside plain and tuned playbooks, pyinfra and bare rsync (a report, no test)
	node test/bench/deploy.ts

bench-nfs: setup lab-image ## Measure code on NFS, by default and as provisioned, beside local disk (a report, no test; half an hour)
	node test/bench/nfs.ts

crash: setup lab-image ## Kill anything at any moment of any operation, and check what always holds (SEED=1 KILLS=150 UNDOING=30 DRIVER=nspawn, or ROWS=ID,ID; resumes; a report)
	node test/crash/main.ts $(if $(SEED),--seed $(SEED)) $(if $(DRIVER),--driver $(DRIVER)) $(if $(UNDOING),--undoing $(UNDOING)) --rows $(or $(ROWS),$(KILLS),150)

lock: ## Write the lock files anew from package.json and requirements*.in
	PATH="$(MACHINE_PATH)" npm install --package-lock-only
	.venv/bin/pip install --quiet pip-tools
	.venv/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links --no-header --upgrade -o requirements.txt requirements.in
	.venv/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links --no-header --upgrade -o requirements-dev.txt requirements-dev.in

clean: ## Remove what was built here (not the lab's image)
	rm -rf build node_modules .venv

.PHONY: help setup lint types check test lab-image lab-images demo demo-down compensation bench bench-nfs crash lock clean
