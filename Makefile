# Two commands do everything: `make demo` and `make test`. CONTRIBUTING.md says what each step is for.
.PHONY: demo test core rest test-mysql test-deb deb test-lvs test-sites bench tools lint build unit loom deny explore fuzz pictures clean

CARGO ?= cargo
# So many times the histories of `make test`: above a million.
HISTORIES ?= 530
# Two sites, cut in turn: ten minutes of their own.
EVERY_CUT = every_cut::
# How long each fuzz target runs.
FUZZ_SECONDS ?= 60

demo: tools
	$(CARGO) build --locked
	$(CARGO) run --locked --quiet --example demo

# What takes long and little runs beside all tests (`rest`): the ten minutes of tests/steady.rs; tests/faults, and the two
# sites cut in turn with what leads clients to them, which mostly wait, and print their tables; the core, which only
# calculates; and loom and the fuzz targets on what the tests leave of the processors.
test: tools lint build
	tests/support/beside.sh target/steady.log "$(CARGO) test --locked --test steady" \
		target/faults.log "RUST_TEST_THREADS=4 $(CARGO) test --locked --no-fail-fast --test 'f*'" \
		target/sites.log "$(CARGO) test --locked --no-fail-fast --test sites --test consumers -- --nocapture" \
		target/core.log "$(MAKE) core" \
		target/loom-and-fuzz.log "tests/support/last.sh $(MAKE) loom fuzz" -- $(MAKE) rest
	@echo "make test: everything passed"

# What the machine lacks is installed; root is asked for only then.
tools:
	@tests/support/install.sh

lint:
	$(CARGO) fmt --check
	$(CARGO) check --locked --no-default-features
	$(CARGO) clippy --locked --all-targets -- -D warnings

build:
	$(CARGO) build --locked
	$(CARGO) test --locked --no-run
	$(CARGO) test --locked --no-default-features --profile explore --test 'core_*' --no-run

# Tests mostly wait for servers: more of them run at a time than there are processors.
unit rest: export RUST_TEST_THREADS ?= 4
unit rest: export MPP_STEADY_SECONDS ?= 5
unit: build
	$(CARGO) test --locked --no-fail-fast -- --skip $(EVERY_CUT)

rest:
	$(CARGO) test --locked --no-fail-fast --lib --test '[!cfs]*' --test 's[!i]*' --test 'c[!o]*' --test 'con[!s]*'

# The decisions: calculated, so fast.
core:
	$(CARGO) test --locked --no-fail-fast --no-default-features --profile explore --test 'core_*'

# The two-copy protocol of the published state, in every order of its loads and stores.
loom:
	RUSTFLAGS="--cfg loom" $(CARGO) test --locked --no-default-features --release --target-dir target/loom --test state_loom

# The main job on MySQL 9, MariaDB 10.5 and 11.8, which come from Debian's other suites. Two at a time: MySQL is large.
test-mysql: tools
	@tests/support/fetch-servers.sh
	$(CARGO) build --locked
	$(CARGO) test --locked --no-fail-fast --test versions --test mysql --test writable --test managed --test recorded_answers -- --ignored --test-threads=2

# The whole way in a real kernel with IPVS, which is fetched and runs as a program: every scenario.
test-lvs: tools
	$(CARGO) build --locked
	$(CARGO) test --locked --no-fail-fast --test lvs -- --include-ignored --skip measures

# Two sites in networks of their own: everything that can break, alone, and with peers also every two cables.
test-sites: tools
	$(CARGO) build --locked
	$(CARGO) test --locked --no-fail-fast --test sites $(EVERY_CUT) -- --include-ignored --nocapture --test-threads=1

# The Debian package, in target/debian.
deb:
	$(CARGO) build --locked --release
	@packaging/deb.sh target/release target/debian

# The same as an RPM, in target/rpm.
rpm: deb
	@packaging/rpm.sh target/debian/mpp_*.deb target/rpm

# The packages of a debug build: installed, upgraded, removed and purged under a systemd, in roots that are thrown away.
test-deb:
	@tests/support/install.sh lintian rpm systemd
	$(CARGO) build --locked
	@packaging/deb.sh target/debug target/package/test
	$(CARGO) test --locked --no-fail-fast --test package -- --include-ignored

# The dashboard's pictures, in docs/images.
pictures: tools
	$(CARGO) build --locked
	$(CARGO) test --locked --test dashboard -- --ignored pictures

# Licences and sources of what we depend on.
deny:
	@$(CARGO) deny --version >/dev/null 2>&1 || $(CARGO) install --locked --quiet cargo-deny
	$(CARGO) deny check bans licenses sources

# The core in its simulated world, at length: every pair of faults on two nodes, and HISTORIES times the random histories.
explore:
	MPP_EXPLORE=$(HISTORIES) $(CARGO) test --locked --no-default-features --profile explore --test core_world --test core_bounds -- --test-threads=1 --nocapture

# Every fuzz target for a while, two at a time; `make fuzz FUZZ_SECONDS=3600` for longer.
fuzz: tools
	@fuzz/run.sh $(FUZZ_SECONDS)

# Measures, and writes what it found into docs/performance.md; BENCH="check polls" measures only those sections.
bench: tools
	@tests/support/install.sh nginx wrk
	$(CARGO) build --locked --release
	$(CARGO) bench --locked --bench performance -- $(BENCH)

clean:
	$(CARGO) clean
