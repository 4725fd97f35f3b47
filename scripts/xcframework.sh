#!/usr/bin/env bash
# Makes bindings/swift/sesseraFFI.xcframework: the native library for iOS, its simulator and macOS.
#
# Needs macOS with Xcode and rustup. Written for that and NOT RUN by `make test`, which runs on Linux: see
# .github/workflows/swift-apple.yml, which does.
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(uname)" = Darwin ] || { echo "An XCFramework can only be made on macOS." >&2; exit 1; }

library=libsessera_ffi.a
made=target/xcframework
rm -rf "$made" bindings/swift/sesseraFFI.xcframework
mkdir -p "$made/headers" "$made/simulator" "$made/macos"

# The header and the Swift source come from the library of this machine.
scripts/swift-generate.sh
cp bindings/swift/Sources/sesseraFFI/sesseraFFI.h "$made/headers"
# A static library needs no `link` line: Xcode links what is in the framework.
grep -v 'link "' bindings/swift/Sources/sesseraFFI/module.modulemap >"$made/headers/module.modulemap"

export IPHONEOS_DEPLOYMENT_TARGET=16.0 MACOSX_DEPLOYMENT_TARGET=13.0
for target in aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios aarch64-apple-darwin x86_64-apple-darwin; do
  rustup target add "$target"
  cargo build --release -p sessera-ffi --target "$target"
done
# One library a platform: those of several processors in one file.
lipo -create target/{aarch64-apple-ios-sim,x86_64-apple-ios}/release/$library -output "$made/simulator/$library"
lipo -create target/{aarch64,x86_64}-apple-darwin/release/$library -output "$made/macos/$library"

xcodebuild -create-xcframework \
  -library "target/aarch64-apple-ios/release/$library" -headers "$made/headers" \
  -library "$made/simulator/$library" -headers "$made/headers" \
  -library "$made/macos/$library" -headers "$made/headers" \
  -output bindings/swift/sesseraFFI.xcframework
# For a release: the package then names the archive's URL and this checksum.
(cd bindings/swift && zip -qry "../../$made/sesseraFFI.xcframework.zip" sesseraFFI.xcframework)
(cd bindings/swift && swift package compute-checksum "../../$made/sesseraFFI.xcframework.zip")
