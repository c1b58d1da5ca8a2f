# Two commands do everything: `make demo` and `make test`. CONTRIBUTING.md says what each step is for.
.PHONY: demo test test-mysql bench tools lint unit loom deny explore fuzz clean

CARGO ?= cargo
HISTORIES ?= 10

demo: tools
	$(CARGO) build --locked
	$(CARGO) run --locked --quiet --example demo

test: tools lint unit loom
	@echo "make test: everything passed"

# What the machine lacks is installed; root is asked for only then.
tools:
	@tests/support/install.sh

lint:
	$(CARGO) fmt --check
	$(CARGO) check --locked --no-default-features
	$(CARGO) clippy --locked --all-targets -- -D warnings

# The ten minutes of tests/steady.rs run beside all others, which have it in short; they mostly wait for servers, so more of
# them run at a time than there are processors.
unit: export RUST_TEST_THREADS ?= 6
unit:
	$(CARGO) build --locked
	$(CARGO) test --locked --no-run
	tests/support/beside.sh target/steady.log "$(CARGO) test --locked --test steady" -- \
		MPP_STEADY_SECONDS=5 $(CARGO) test --locked --no-fail-fast

# The two-copy protocol of the published state, in every order of its loads and stores.
loom:
	RUSTFLAGS="--cfg loom" $(CARGO) test --locked --no-default-features --release --target-dir target/loom --test state_loom

# The main job on MySQL 9, MariaDB 10.5 and 11.8, which come from Debian's other suites. Two at a time: MySQL is large.
test-mysql: tools
	@tests/support/fetch-servers.sh
	$(CARGO) build --locked
	$(CARGO) test --locked --no-fail-fast --test versions --test mysql --test recorded_answers -- --ignored --test-threads=2

# Licences and sources of what we depend on.
deny:
	@$(CARGO) deny --version >/dev/null 2>&1 || $(CARGO) install --locked --quiet cargo-deny
	$(CARGO) deny check bans licenses sources

# The core in its simulated world, HISTORIES times as long as in `make test`.
explore:
	MPP_EXPLORE=$(HISTORIES) $(CARGO) test --locked --no-default-features --release --test core_world

# Wants a nightly toolchain; cargo-fuzz is installed.
fuzz:
	@$(CARGO) fuzz --version >/dev/null 2>&1 || $(CARGO) install --locked --quiet cargo-fuzz
	cd fuzz && $(CARGO) +nightly fuzz run state_reader -- -max_total_time=60

# Measures, and writes what it found into docs/performance.md; BENCH="check polls" measures only those sections.
bench: tools
	$(CARGO) build --locked --release
	$(CARGO) bench --locked --bench performance -- $(BENCH)

clean:
	$(CARGO) clean
