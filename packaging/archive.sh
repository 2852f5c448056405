#!/usr/bin/env bash
# Packs the program with its licences for `cargo binstall` and for whoever wants no installer.
#
#     packaging/archive.sh TARGET PROGRAM       into target/packages/fovea-VERSION-TARGET.tgz (of Windows, .zip)
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
name=fovea-$version-$1
packages=${CARGO_TARGET_DIR:-target}/packages
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/$name" "$packages"
cp "$2" LICENSE-MIT LICENSE-APACHE packaging/THIRD-PARTY.txt "$work/$name"
case $1 in
    *windows*) (cd "$work" && 7z a -bd "$name.zip" "$name" >/dev/null) && mv "$work/$name.zip" "$packages/" ;;
    *) tar -C "$work" -czf "$packages/$name.tgz" "$name" ;;
esac
