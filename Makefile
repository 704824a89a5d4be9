# Thin names for what cargo does; each target first sets up what is missing, and says so.
# Build products go to $CARGO_TARGET_DIR if it is set, else to target/; nothing else is written.

.PHONY: help setup build demo test test-services survive soak bench bench-full fuzz swaps lint ci sizes

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 16

setup: ## install what building needs and this machine lacks
	@command -v rustup >/dev/null && command -v cargo >/dev/null || { \
		echo "rustup and cargo are needed; install them as https://rustup.rs says, then run make again" >&2; \
		exit 1; }
	@rustup show active-toolchain >/dev/null 2>&1 || { \
		echo "installing the Rust toolchain of rust-toolchain.toml"; \
		rustup toolchain install; }
	@rustup target list --installed | grep -qx wasm32-unknown-unknown || { \
		echo "installing the Rust target wasm32-unknown-unknown, which plugins are compiled for"; \
		rustup target add wasm32-unknown-unknown; }
	@for component in clippy rustfmt; do \
		rustup component list --installed | grep -q "^$$component" || { \
			echo "installing the Rust component $$component"; \
			rustup component add $$component || exit 1; }; \
	done

build: setup ## build the release binary
	cargo build --release --locked -p bellwether-daemon
	@echo "built $${CARGO_TARGET_DIR:-target}/release/bellwether"

demo: build ## show what bellwether does with a shop's logs in which things go wrong
	"$${CARGO_TARGET_DIR:-target}/release/bellwether" demo --watch

# The binary is built as part of the whole workspace, so that the tests find the same libraries compiled.
test: setup ## run all tests
	cargo build -q --locked --workspace --bin bellwether
	cargo test -q --locked --workspace

test-services: setup ## test against real services: a browser, a fuzzer of the API, Prometheus
	tests/services/setup.sh

survive: setup ## kill the daemon fifty times, fill its disk, set its clock, change its configuration
	cargo build -q --locked --workspace --bin bellwether
	BELLWETHER_KILLS=50 cargo test -q --locked -p bellwether-tests survival

soak: build ## watch a thousand sources for a simulated day, in some twenty minutes
	@rm -rf "$${CARGO_TARGET_DIR:-target}/soak" && mkdir -p "$${CARGO_TARGET_DIR:-target}/soak"
	python3 tests/soak/soak.py "$${CARGO_TARGET_DIR:-target}/release/bellwether" "$${CARGO_TARGET_DIR:-target}/soak"

bench: setup ## measure speed, beside other matchers and miners, in some ten minutes
	cargo build --release --locked -p bellwether-daemon -p bellwether-bench
	tests/bench/peers.sh cargo run -q --release --locked -p bellwether-bench

bench-full: setup ## measure the peers alone, also with thousands of patterns and on hostile lines, in about two hours
	cargo build --release --locked -p bellwether-daemon -p bellwether-bench
	tests/bench/peers.sh cargo run -q --release --locked -p bellwether-bench -- --full

# Some ten minutes each on a small machine; what a seed has found, it finds again.
FUZZ_SEED ?= 1000
FUZZ_MATCHER ?= 20000
FUZZ_MINER ?= 15000

fuzz: setup ## look for ten minutes each for lines that the matcher or the miner takes otherwise than it should
	BELLWETHER_FUZZ_SEED=$(FUZZ_SEED) BELLWETHER_FUZZ_CASES=$(FUZZ_MATCHER) \
		cargo test -q --locked -p bellwether-core --lib expressions_by_chance
	BELLWETHER_FUZZ_SEED=$(FUZZ_SEED) BELLWETHER_FUZZ_CASES=$(FUZZ_MINER) \
		cargo test -q --locked -p bellwether-core --lib are_mined_alike

swaps: setup ## change plugins ten thousand times under load, and check that no row is lost or seen twice
	cargo run -q --release --locked -p bellwether-bench -- --swaps 10000

lint: setup ## check formatting and lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

ci: lint test ## what every change must pass

sizes: setup ## print the sizes of files and functions
	@cargo test -q --locked -p bellwether-tests sizes_of_the_project -- --nocapture
