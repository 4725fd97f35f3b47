#!/usr/bin/env bash
# Builds the Android library (AAR): the native library for each kind of processor, then bindings/kotlin/android.
#
# Needs the Android SDK and NDK (ANDROID_HOME, ANDROID_NDK_HOME), Gradle and cargo-ndk. The machines that test this
# repository have none of them, so no test runs this script.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${ANDROID_NDK_HOME:?the Android NDK is not there}"
command -v cargo-ndk >/dev/null || { echo "android-aar.sh: cargo-ndk is not there: cargo install cargo-ndk" >&2; exit 1; }

scripts/bindings.sh
rustup target add aarch64-linux-android armv7-linux-androideabi x86_64-linux-android
cargo ndk --target arm64-v8a --target armeabi-v7a --target x86_64 --platform 26 \
  --output-dir target/android/jniLibs build --release -p sessera-ffi
cd bindings/kotlin/android
gradle --no-daemon assembleRelease
ls -l build/outputs/aar
