#!/usr/bin/env bash
# Builds the native library and its Kotlin half, and runs the tests of the Kotlin package against them.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/bindings.sh
cd bindings/kotlin
exec mvn --batch-mode --no-transfer-progress test
