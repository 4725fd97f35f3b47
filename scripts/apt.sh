#!/usr/bin/env bash
# Installs the named Debian packages, or says which are missing where it may not.
set -euo pipefail

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "Missing: $*. Please install (on Debian: apt-get install $*), then run this again." >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "$@"
