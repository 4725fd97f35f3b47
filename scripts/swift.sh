#!/usr/bin/env bash
# Runs `swift ARGUMENTS...` in bindings/swift: with the swift on PATH, else with Debian's own in a root of its own.
#
# The root is made once (about two minutes, 2.6 GB) and kept: in .cache/swift, or in $SESSERA_CACHE/swift, which several
# checkouts may share. Making and using it needs Linux, root and debootstrap.
#
#   scripts/swift.sh            makes the root if there is none, and says which Swift it is
#   scripts/swift.sh test       what is said after the name goes to swift
#   scripts/swift.sh --remove   removes the root
set -euo pipefail
script=$(readlink -f "$0")
checkout=$(dirname "$(dirname "$script")")
cache=${SESSERA_CACHE:-$checkout/.cache}
root=$cache/swift
# What is in here was made to its end. Beside the root, so that a root half removed has none either.
stamp=$cache/swift.whole
# Where scripts/swift-generate.sh leaves the native library.
export LIBRARY_PATH=$checkout/target/release LD_LIBRARY_PATH=$checkout/target/release
packages=(swiftlang libc6-dev libstdc++-14-dev)

# Everything below is mounted in a mount namespace that ends with this process, however it ends. So no mount is left
# behind by a run that was killed, and nobody else, `make clean` for one, can reach the checkout or /dev through the root.
alone() {
  if [ "$(id -u)" != 0 ]; then
    echo "No swift on PATH, and Debian's own can only be used by root: install Swift 5.9 or newer." >&2
    exit 1
  fi
  exec unshare --mount --propagation private -- "$script" "$@"
}

remove_root() {
  # A mount made by hand is the one way left to delete more than the root.
  if grep -qF " $root/" /proc/self/mountinfo; then
    echo "Something is mounted below $root: unmount it first." >&2
    exit 1
  fi
  rm -f "$stamp"
  rm -rf --one-file-system "$root"
}

make_root() {
  command -v debootstrap >/dev/null || "$checkout/scripts/apt.sh" debootstrap debian-archive-keyring
  remove_root
  local began=$SECONDS
  echo "No swift on PATH: making a Debian root with it in $root" >&2
  debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg trixie "$root" \
    >"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; exit 1; }
  mount_in
  # It can be made anew at any time: no need to wait for the disk, nor to keep what was downloaded.
  echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
  echo 'path-exclude /usr/share/doc/*' >"$root/etc/dpkg/dpkg.cfg.d/no-docs"
  in_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}" \
    >>"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; exit 1; }
  in_root apt-get clean
  date >"$stamp"
  echo "Made in $((SECONDS - began)) s" >&2
}

mount_in() {
  mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
  mountpoint -q "$root/dev" || mount --rbind /dev "$root/dev"
}

in_root() {
  PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/tmp LC_ALL=C.UTF-8 chroot "$root" "$@"
}

case ${1:-} in
  --remove)
    remove_root
    exit
    ;;
  --alone)
    shift
    # One run at a time makes it; the others wait, and then find it made.
    mkdir -p "$cache"
    exec 9>"$root.lock"
    flock 9
    [ -e "$stamp" ] || make_root
    flock --unlock 9
    exec 9>&-
    mount_in
    # Under its own path, so that messages name files as they are outside.
    mkdir -p "$root$checkout"
    mount --bind "$checkout" "$root$checkout"
    in_root env --chdir="$checkout/bindings/swift" swift "$@"
    ;;
  *)
    [ $# -gt 0 ] || set -- --version
    # What it builds goes where all that is built goes.
    case $1 in build | run | test) set -- "$1" --scratch-path "$checkout/target/swift" "${@:2}" ;; esac
    if command -v swift >/dev/null; then
      cd "$checkout/bindings/swift"
      exec swift "$@"
    fi
    alone --alone "$@"
    ;;
esac
