#!/usr/bin/env bash
# Runs every fuzz target for SECONDS_EACH (60) seconds, from seeds that the vectors give. Needs cargo-fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v cargo-fuzz >/dev/null || { echo "cargo-fuzz is missing: cargo install cargo-fuzz" >&2; exit 1; }
# The sanitizer needs unstable flags; where there is no nightly toolchain, the stable one is told to take them.
toolchain=()
if rustup toolchain list 2>/dev/null | grep -q '^nightly'; then toolchain=(+nightly); else export RUSTC_BOOTSTRAP=1; fi
python3 fuzz/seeds.py
for target in $(cargo "${toolchain[@]}" fuzz list); do
  echo "==> $target"
  cargo "${toolchain[@]}" fuzz run "$target" -- -max_total_time="${SECONDS_EACH:-60}" -rss_limit_mb=1024 -timeout=5 -max_len=8300
done
