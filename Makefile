# Every target but golden only calls cargo; `make conformance` and `make test` are all a newcomer needs.

.PHONY: conformance test fmt lint doc schemas golden ci

# Plays the suite of the Rust channel against real Node and writes reports/latest.
conformance:
	cargo run --release --quiet -p ipc-conformance --bin ipc-conformance-driver -- describe >/dev/null
	cargo run --release --quiet -p ipc-conformance --bin ipc-conformance -- run

test:
	cargo test --workspace

fmt:
	cargo fmt --all --check

lint:
	cargo clippy --workspace --all-targets -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Writes the generated schemas again; a test fails while they are not fresh.
schemas:
	UPDATE_SCHEMAS=1 cargo test -p ipc-conformance-engine --test schemas

# Makes the payloads in fixtures/wire again, each by the Node that it is of.
NODES ?= node
golden:
	for node in $(NODES); do "$$node" fixtures/wire/golden.cjs || exit 1; done

ci:
	.ci/run
