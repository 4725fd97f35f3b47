#!/usr/bin/env bash
# Unpacks Debian's CPython for 64-bit ARM into .cache/python-arm64, so that qemu can try a wheel of that kind.
# It is taken with apt's own checks of signatures, and neither installed nor run but by qemu.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD/.cache/python-arm64
[ -x "$root/usr/bin/python3.11" ] && exit 0
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
mkdir -p "$root" "$state/lists/partial" "$state/cache/archives/partial" "$state/packages"
mirror=$(scripts/debian-mirror.sh)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main" \
  > "$state/sources.list"
touch "$state/status"
cat > "$state/apt.conf" <<END
APT::Architecture "arm64";
APT::Architectures "arm64";
APT::Sandbox::User "root";
Acquire::Languages "none";
Dir::State::lists "$state/lists";
Dir::State::status "$state/status";
Dir::Etc::sourcelist "$state/sources.list";
Dir::Etc::sourceparts "/nonexistent";
Dir::Cache "$state/cache";
END
export APT_CONFIG=$state/apt.conf
apt-get update -qq
(cd "$state/packages" && apt-get download -qq \
  python3.11-minimal libpython3.11-minimal libpython3.11-stdlib libc6 libgcc-s1 libexpat1 zlib1g libssl3 \
  libffi8 libuuid1 liblzma5 libbz2-1.0 libcrypt1)
for package in "$state"/packages/*.deb; do dpkg-deb --extract "$package" "$root"; done
