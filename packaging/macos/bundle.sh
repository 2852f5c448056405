#!/usr/bin/env bash
# Puts the program into Fovea.app and this onto a disk image. Neither is signed: Apple's certificate is its owner's to add.
#
#     packaging/macos/bundle.sh PROGRAM FOLDER
#
# On macOS alone: iconutil, sips, codesign and hdiutil come with it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$1 to=$2
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/../../Cargo.toml" | head -n 1)
app=$to/Fovea.app
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

rm -rf "$app"
mkdir -p "$app/Contents/MacOS" "$app/Contents/Resources"
cp "$program" "$app/Contents/MacOS/fovea"
cp "$here/../THIRD-PARTY.txt" "$here/../../LICENSE-MIT" "$here/../../LICENSE-APACHE" "$app/Contents/Resources/"
sed "s/VERSION/$version/" "$here/Info.plist" >"$app/Contents/Info.plist"

icons=$work/fovea.iconset
mkdir "$icons"
for size in 16 32 128 256; do cp "$here/../icon/fovea-$size.png" "$icons/icon_${size}x$size.png"; done
cp "$here/../icon/fovea-32.png" "$icons/icon_16x16@2x.png"
cp "$here/../icon/fovea-64.png" "$icons/icon_32x32@2x.png"
cp "$here/../icon/fovea-256.png" "$icons/icon_128x128@2x.png"
iconutil -c icns "$icons" -o "$app/Contents/Resources/fovea.icns"

# Without any signature Apple's own processors refuse it; this one says nothing of who made it.
codesign --force --sign - "$app"
mkdir "$work/image"
cp -R "$app" "$work/image/"
ln -s /Applications "$work/image/Applications"
hdiutil create -quiet -ov -volname Fovea -srcfolder "$work/image" -format UDZO "$to/Fovea-$version-$(uname -m).dmg"
