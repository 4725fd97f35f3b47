#!/usr/bin/env bash
# Prints the address of the Debian mirror that this machine's apt uses.
set -euo pipefail

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' 'Created-By: Packages' | head -n 1)
[ -n "$mirror" ] || { echo "apt knows no Debian mirror; run apt-get update first" >&2; exit 1; }
echo "$mirror"
