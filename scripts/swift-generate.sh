#!/usr/bin/env bash
# Puts the generated half of the Swift package in its place: Swift source and C header, written from the native library.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/bindings.sh
generated=target/bindings/swift package=bindings/swift/Sources
python3 scripts/swift-readers.py "$generated/sessera.swift"
mkdir -p "$package/Sessera/Generated"
# Only what differs, so that nothing is compiled again without need.
for copy in "sessera.swift $package/Sessera/Generated/sessera.swift" "sesseraFFI.h $package/sesseraFFI/sesseraFFI.h"; do
  read -r from to <<<"$copy"
  cmp -s "$generated/$from" "$to" || cp "$generated/$from" "$to"
done
