#!/usr/bin/env bash
# Draws the icon's PNG and ICO files from fovea.svg; needs rsvg-convert (librsvg2-bin) and icotool (icoutils).
set -euo pipefail
cd "$(dirname "$0")"
for size in 16 32 48 64 128 256; do rsvg-convert -w "$size" fovea.svg -o "fovea-$size.png"; done
icotool -c -o fovea.ico fovea-16.png fovea-32.png fovea-48.png --raw=fovea-256.png
