#!/usr/bin/env bash
# Orthanc takes every object of two explained pictures by C-STORE and by STOW-RS, and gives them back unchanged.
#
#     tests/orthanc.sh [PROGRAM]        needs Orthanc with its DICOMweb plugin, dcmtk, and pydicom, numpy and Pillow
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
source "$root/tests/ohif/tools.sh"
left_out

step="two drawn pictures are explained"
explained
step="Orthanc starts"
archive
for kind in sc seg sr; do [ -s "$work/op.$kind.dcm" ] && [ -s "$work/dx.$kind.dcm" ]; done
step="by C-STORE"
by_c_store "$work"/*.dcm
"$python" "$root/tests/ohif/archive.py" same "$http" "$work"/*.dcm
step="by STOW-RS"
"$python" "$root/tests/ohif/archive.py" empty "$http"
by_stow "$work"/*.dcm
"$python" "$root/tests/ohif/archive.py" same "$http" "$work"/*.dcm
echo "$name: passed"
