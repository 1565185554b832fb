# Each target is one line that calls the real tool.
.PHONY: demo test lint bench eval chaos fuzz cluster-test train

demo:
	cargo run --release --quiet --package assay -- demo

test:
	@if command -v cargo-nextest >/dev/null; then cargo nextest run --workspace && cargo test --workspace --doc; else cargo test --workspace; fi

lint:
	cargo fmt --all --check && cargo clippy --workspace --all-targets -- -D warnings && .ci/deny

bench:
	cargo run --release --quiet --package assay -- bench

eval:
	cargo run --release --quiet --package assay -- eval

chaos:
	ASSAY_LONG=1 ASSAY_KILLS=200 cargo test --release --package assay-store --package assay --test '*'

fuzz:
	cd fuzz && for t in $$(cargo fuzz list); do cargo fuzz run -s none $$t -- -max_total_time=600; done

cluster-test:
	cargo build --release --quiet --package assay && ASSAY_BINARY="$${CARGO_TARGET_DIR:-target}/release/assay" .ci/cluster-test

# TEXTS: JSON lines with CVE texts and what was published about them. One thread a product of matrices, two texts at once.
train:
	RAYON_NUM_THREADS=1 cargo run --release --quiet --package assay-train -- "$(TEXTS)" --out models/adapters/read-minilm.safetensors
