#!/bin/sh
# The node's soak: studies from dcmtk's storescu through `fovea node` into Orthanc, all on the loopback. The node is killed
# at random moments, Orthanc stopped and started, associations are broken off and objects half-sent. At the end every study
# has one answer in Orthanc, the node's memory has not grown, and no name that was invented here stands in a log, a file's
# name or a file of the node's.
#
#   tests/node_soak.sh FOVEA [STUDIES] [KILLS]
#
# FOVEA is the program; 2000 studies and 50 kills where nothing else is said (some 20 minutes on two cores). It needs python3
# with pydicom (PYTHON says which), storescu of dcmtk, and Orthanc; where one is missing it says so and ends with 77.
set -eu

FOVEA=${1:?the program}
STUDIES=${2:-2000}
KILLS=${3:-50}
PYTHON=${PYTHON:-python3}
ORTHANC=${ORTHANC:-Orthanc}
for tool in "$PYTHON" storescu "$ORTHANC"; do
    command -v "$tool" > /dev/null || { echo "LEFT OUT: $tool is not installed"; exit 77; }
done
"$PYTHON" -c 'import pydicom, numpy' || { echo "LEFT OUT: $PYTHON has no pydicom"; exit 77; }
exec "$PYTHON" "$(dirname "$0")/node_soak.py" "$FOVEA" "$STUDIES" "$KILLS" "$ORTHANC"
