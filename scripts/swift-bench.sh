#!/usr/bin/env bash
# What a call from Swift adds to a verify in Rust: both in turns, three times, and the smallest difference of each case.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/swift-generate.sh
cargo build --quiet --release -p sessera-bench --bin crossing
scripts/swift.sh build --quiet -c release --product VerifyBench
for _ in 1 2 3; do
  join <(target/release/crossing | sort) <(scripts/swift.sh run --quiet -c release --skip-build VerifyBench | sort)
done | awk '
  { added = $3 - $2; if (!($1 in least) || added < least[$1]) { least[$1] = added; rust[$1] = $2; swift[$1] = $3 } }
  END { printf "%-32s %9s %9s %9s\n", "ns a verify", "Rust", "Swift", "added"
        for (name in least) printf "%-32s %9d %9d %9d\n", name, rust[name], swift[name], least[name] }'
