#!/usr/bin/env bash
# Tests the Swift package against the server of tests/session_server. What is said after the name goes to `swift test`.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/swift-generate.sh
scripts/swift.sh --version
# All tests are XCTest's; where there is Swift Testing as well, it would only say that it found none.
options=()
if scripts/swift.sh test --help | grep -q -- --disable-swift-testing; then options+=(--disable-swift-testing); fi
# The server ends when its standard input does, and that does when this script ends, however it ends.
pipes=$(mktemp -d)
mkfifo "$pipes/in" "$pipes/out"
.venv/bin/python tests/session_server/server.py <"$pipes/in" >"$pipes/out" &
exec 3>"$pipes/in"
read -r port <"$pipes/out"
rm -r "$pipes"
SESSERA_TEST_SERVER=http://127.0.0.1:$port scripts/swift.sh test ${options[@]+"${options[@]}"} "$@"
