# Every target but golden and fuzz only calls cargo; `make conformance` and `make test` are all a newcomer needs.

.PHONY: conformance programs test selftest fmt lint doc schemas requirements golden bench instructions fuzz runtimes matrix ci

# Plays the suite of the Rust channel against real Node and writes reports/latest. RUN_FLAGS are
# further options. Optimised: what is under test, and what compares, share two cores with Node.
conformance: programs
	$(SUITE) run $(RUN_FLAGS)

# The suite and its driver for Rust.
SUITE = cargo run --release --quiet -p ipc-conformance --bin ipc-conformance --
programs:
	cargo build --release --quiet -p ipc-conformance

test:
	cargo test --workspace --all-features

# Plays the runtimes of fixtures/broken, each broken in one place: prints which clause each turns red
# and which clauses none does, and writes reports/selftest.md. Fails when one is not seen.
selftest:
	SELFTEST=1 cargo test --quiet -p ipc-conformance --test broken

fmt:
	cargo fmt --all --check

lint:
	cargo clippy --workspace --all-targets --all-features -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --all-features --no-deps

# Measures the channel beside Node, Bun and the bare socket; writes reports/bench.json and bench.md.
bench:
	cargo run --profile bench --quiet -p channel-bench

# Counts the instructions of the channel's hot paths with Valgrind, and fails when they are far from
# those that are kept; UPDATE=1 keeps the new ones.
instructions:
	cargo run --release --quiet -p channel-bench -- instructions $(if $(UPDATE),--update)

# Fuzzes for FUZZ_SECONDS each: JSON, structured clones, framing, sequences of operations. Needs a
# C++ compiler. Instrumented as cargo-fuzz does it, without its nightly toolchain.
FUZZ_SECONDS ?= 60
FUZZ_FLAGS = -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
	-Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares \
	--cfg fuzzing
FUZZ_TARGET = $(shell rustc -vV | sed -n 's/^host: //p')
fuzz:
	cd harness/fuzz && RUSTFLAGS="$(FUZZ_FLAGS)" \
		cargo build --quiet --release --target $(FUZZ_TARGET)
	cd harness/fuzz && for name in json clone framing channel; do \
		mkdir -p target/corpus/$$name && target/$(FUZZ_TARGET)/release/$$name \
			-max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -verbosity=0 -print_funcs=0 -timeout=10 \
			-artifact_prefix=target/$$name- target/corpus/$$name corpus/$$name || exit 1; \
	done

# Writes the generated schemas again; a test fails while they are not fresh.
schemas:
	UPDATE_SCHEMAS=1 cargo test -p ipc-conformance-engine --test schemas

# Writes the requirement sets again, each with all clauses that hold in that Node; SETS="node-28"
# makes a new one. Frozen ones stay as they are; FREEZE=1 freezes.
SETS ?= node-18 node-20 node-22 node-24 node-26
requirements:
	for set in $(SETS); do \
		$(SUITE) list --specs specs \
			--requirements "$$set" $(if $(FREEZE),--freeze) >"specs/requirements/$$set.new" \
			&& mv "specs/requirements/$$set.new" "specs/requirements/$$set.toml" \
			|| { rm -f "specs/requirements/$$set.new"; exit 1; }; \
	done

# Makes the payloads in fixtures/wire again, each by the Node that it is of.
NODES ?= node
golden:
	for node in $(NODES); do "$$node" fixtures/wire/golden.cjs || exit 1; done

# Installs the runtimes that fixtures/runtimes pins: Node 18 to 26, Bun, Deno. Needs npm, and room
# for 1 GB.
INSTALLED = fixtures/runtimes/node_modules/.package-lock.json
runtimes: $(INSTALLED)
$(INSTALLED): fixtures/runtimes/package-lock.json
	npm ci --prefix fixtures/runtimes --no-audit --no-fund --ignore-scripts
	touch $@

# Plays everything for each pinned runtime, against the Node that is nearest to it, into
# reports/matrix, three times, with a second look at the wire for each finding; then the Rust channel
# beside each Node line, with handles and advanced serialization; then writes what the Node lines do.
# MATRIX names the runtimes, MATRIX_RUST those lines. MATRIX_FLAGS are options of each run of MATRIX in
# place of those, such as a choice of cases; then nothing is written about the Node lines.
MATRIX ?= node-18 node-20 node-22 node-24 node-26 bun deno rust
MATRIX_RUST ?= $(if $(filter rust,$(MATRIX)),node-18 node-20 node-22 node-24 node-26)
matrix: runtimes programs
	failed=; for name in $(MATRIX); do \
		printf '\n== %s\n' "$$name"; \
		$(SUITE) run --runtime "$$name" --out "reports/matrix/$$name" \
			$(or $(MATRIX_FLAGS),--tap --repeat 3) || failed="$$failed $$name"; \
	done; \
	for node in $(MATRIX_RUST); do \
		printf '\n== rust beside %s\n' "$$node"; \
		$(SUITE) run --runtime rust --reference "$$node" --out "reports/matrix/rust-$$node" \
			--generate 0 --filter 'adv-*' --filter 'arx-*' --filter 'hnd-*' \
			|| failed="$$failed rust-$$node"; \
	done; \
	test -n "$(MATRIX_FLAGS)" || $(SUITE) behaviour || failed="$$failed behaviour"; \
	test -z "$$failed" || { echo "not as expected:$$failed"; exit 1; }

ci:
	.ci/run
