#!/usr/bin/env bash
# Builds the native library and writes the Kotlin and Swift sources from it, into target/bindings:
#   kotlin/sources    the generated sources      kotlin/resources   the library, where JNA looks for it in a jar
#   swift             the generated sources, the C header and its module map
set -euo pipefail
cd "$(dirname "$0")/.."
out=target/bindings

# An optimised build, since signatures are checked in it; the generator only has to be there.
cargo build --quiet --release -p sessera-ffi
cargo build --quiet --profile bindgen -p sessera-bindgen

case "$(uname -s)" in
  Linux) library=libsessera_ffi.so; system=linux ;;
  Darwin) library=libsessera_ffi.dylib; system=darwin ;;
  *) echo "bindings.sh: no name for the library on this system" >&2; exit 1 ;;
esac
case "$(uname -m)" in
  x86_64) machine=x86-64 ;;
  aarch64 | arm64) machine=aarch64 ;;
  *) machine=$(uname -m) ;;
esac

new=$(mktemp -d -p target bindings.XXXXXX)
trap 'rm -rf "$new"' EXIT
for language in kotlin swift; do
  target/bindgen/sessera-bindgen generate --no-format --language "$language" --out-dir "$new/$language" \
    "target/release/$library"
done
mkdir -p "$new/kotlin/sources" "$new/kotlin/resources/$system-$machine"
mv "$new/kotlin/dev" "$new/kotlin/sources/"
cp "target/release/$library" "$new/kotlin/resources/$system-$machine/"
rm -rf "$out"
mv "$new" "$out"
