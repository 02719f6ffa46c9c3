# What the gate (`.ci/run`) checks, step by step, and what is too slow or too rarely needed for it.

# The recipes.
default:
    @just --list

# All of the gate, in its order.
ci:
    .ci/run

# Format everything.
fmt:
    cargo fmt --all

# Lints, with warnings as errors.
clippy:
    cargo clippy --workspace --all-targets --locked -- -D warnings

# All tests. Those that need network namespaces, or Python, skip where there are none.
test:
    cargo test --workspace --locked

# What every runtime and the driver on it promise: the table of cases by runtimes, all or those whose names contain FILTER.
contract FILTER="":
    cargo test --package exchange-tests --locked --test contract -- {{ FILTER }}

# Whether every case of the contract can fail. Writes tests/CONTRACT.md.
contract-mutations:
    .ci/contract-mutations all

# The tests in a LAN of network namespaces, which have to run.
lan:
    EXCHANGE_REQUIRE_LAN=1 cargo test --package exchange-tests --locked --test 'lan*'

# Write the protocol's test vectors anew, from the code.
vectors:
    cargo run --quiet --package exchange-tests --locked --bin vectors

# The program in a real terminal: a host and two who join. Needs tmux.
tmux:
    .ci/tmux

# The picture in the README, drawn from what a terminal shows.
picture:
    cargo test --package exchange-cli --locked --test screen -- --ignored picture

# Sessions under faults: two thousand fresh seeds, and whether planted bugs are found.
simulate:
    .ci/simulate

# Every planted bug: how soon the simulator finds it. Writes exchange-sim/BUGS.md.
seeded-bugs:
    .ci/seeded-bugs all

# The documentation, with warnings as errors.
doc:
    RUSTDOCFLAGS=-Dwarnings cargo doc --workspace --no-deps --locked

# The proof that the core needs no std.
no-std:
    .ci/no-std

# Run every example.
examples:
    .ci/examples

# Run the benchmarks, all or those whose names contain FILTER.
bench FILTER="":
    cargo bench --workspace --locked --bench '*' -- {{ FILTER }}

# A session under load for two hours of virtual time, and for ten minutes over real sockets. Draws tests/soak.
soak:
    cargo bench --package exchange-tests --locked --bench soak -- full

# What it costs to pass messages on, beside floors and others. Writes tests/costs.
costs:
    cargo bench --package exchange-tests --locked --bench costs -- --page

# What hot paths cost in instructions, beside the counts of tests/counts. Needs valgrind.
counts:
    .ci/counts

# What abuse costs those who mean no harm. Writes tests/abuse.
abuse:
    cargo bench --package exchange-tests --locked --bench abuse -- --page

# Build each crate as it would be published.
package:
    cargo package --workspace --exclude exchange-tests --allow-dirty --locked

# Licences, sources and duplicates of what is linked in. Needs cargo-deny.
deny:
    cargo deny check licenses sources bans

# Known vulnerabilities in what is linked in. Needs cargo-deny and the Internet.
audit:
    cargo deny check advisories

# Fuzz one target for SECONDS. Needs cargo-fuzz and a nightly toolchain.
fuzz TARGET SECONDS="60":
    cargo +nightly fuzz run {{ TARGET }} -- -max_total_time={{ SECONDS }}
