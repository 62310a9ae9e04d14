# Thin targets over cargo and `cargo xtask`; `make help` lists them.

CARGO ?= cargo
XTASK := $(CARGO) xtask

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench docs install clean-tools

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## watch a pipeline that is repaired and a rollout that is taken back, with terraform and in Rust
	$(XTASK) demo

test: ## install the pinned validators and run every test
	$(XTASK) tools
	$(CARGO) build --package terraform-provider-devopsflow
	$(CARGO) test --workspace

lint: ## formatting, clippy, repository rules, generated files, rustdoc
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(XTASK) tidy
	$(XTASK) generate --check
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --workspace

bench: ## measure beside the peers and write target/bench.json
	$(XTASK) tools
	$(XTASK) bench

docs: ## regenerate docs/ and build the API documentation
	$(XTASK) generate
	$(CARGO) doc --no-deps --workspace

install: ## put the provider where terraform init and tofu init find it
	$(XTASK) install

clean-tools: ## remove the installed validators
	rm -rf .tools
