#!/usr/bin/env bash
# Prints a Debian changelog of one entry; Debian wants one, and what changed stands in CHANGELOG.md.
#
#     packaging/debian/changelog.sh VERSION SECONDS       SECONDS since 1970 are the entry's date
set -euo pipefail
printf 'fovea (%s-1) unstable; urgency=medium\n\n  * New version; what changed stands in changelog.gz.\n\n' "$1"
printf ' -- The Fovea authors <fovea@localhost>  %s\n' "$(LC_ALL=C date -u -R -d "@$2")"
