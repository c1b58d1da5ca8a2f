# Two commands do everything: `make demo` and `make test`. CONTRIBUTING.md says what each step is for.
.PHONY: demo test lint unit loom bench fuzz deny clean

CARGO ?= cargo

demo: tools
	$(CARGO) build --locked
	$(CARGO) run --locked --quiet --example demo

test: tools lint unit loom
	@echo "make test: everything passed"

# What the machine lacks is installed; root is asked for only then.
.PHONY: tools
tools:
	@tests/support/install.sh

lint:
	$(CARGO) fmt --check
	$(CARGO) check --locked --no-default-features
	$(CARGO) clippy --locked --all-targets -- -D warnings

unit:
	$(CARGO) build --locked
	$(CARGO) test --locked --no-fail-fast

# The two-copy protocol of the published state, in every order of its loads and stores.
loom:
	RUSTFLAGS="--cfg loom" $(CARGO) test --locked --no-default-features --release --target-dir target/loom --test state_loom

bench: tools
	$(CARGO) build --locked --release
	$(CARGO) run --locked --release --quiet --example bench

# cargo-fuzz and a nightly toolchain are wanted for this one.
fuzz:
	cd fuzz && $(CARGO) +nightly fuzz run state_reader -- -max_total_time=60

# cargo-deny is wanted for this one: cargo install cargo-deny
deny:
	$(CARGO) deny check bans licenses sources

clean:
	$(CARGO) clean
