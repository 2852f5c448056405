#!/usr/bin/env bash
# DICOM objects of drawn pictures, read by programs that others wrote: dciodvfy, dsrdump, pydicom, highdicom, dcmqi.
#
#     tests/dicom_objects.sh PATH_TO_FOVEA
#
# FOVEA_PYTHON names a Python with pydicom, highdicom, dcmqi and Pillow; without it the test is left out. dciodvfy comes with
# Debian's dicom3tools and dsrdump with dcmtk: where one is not installed, what it would check is left out and says so.
set -euo pipefail
fovea=$(realpath "${1:?path of the program}")
cd "$(dirname "$0")"

if [ -z "${FOVEA_PYTHON:-}" ]; then
    echo "DICOM objects: LEFT OUT, FOVEA_PYTHON names no Python with pydicom, highdicom, dcmqi and Pillow"
    exit 0
fi
if ! "$FOVEA_PYTHON" -c 'import highdicom, numpy, PIL, pydicom' 2>/dev/null; then
    echo "DICOM objects: LEFT OUT, $FOVEA_PYTHON lacks pydicom, highdicom or Pillow"
    exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# The secret of de-identification is given by file; nothing of the user's own is touched.
export XDG_DATA_HOME=$folder/data
"$FOVEA_PYTHON" reference/dicom_objects.py "$fovea" ../assets/samples/phantom-moderate.jpg "$folder/objects"
