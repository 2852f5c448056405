#!/usr/bin/env bash
# An array of Slurm tasks shares drawn pictures, while tasks are killed at random moments and begun again. At the end nothing
# is lost, nothing was done twice, and one query over all shards says so. Slurm is one of its own: own folder and ports, on the
# loopback, ended with the test.
#
#     tests/slurm.sh FOVEA [PICTURES] [TASKS] [KILLS]
#
# 120 pictures, 6 tasks and 10 kills where nothing else is said. It needs munged, slurmctld and slurmd (Debian's slurm-wlm and
# munge) and FOVEA_PYTHON, a Python with duckdb; where one is missing the test is left out and says so. SLURM_TEST_PORT is the
# first of its two ports.
set -euo pipefail
fovea=$(realpath "${1:?path of the program}")
cd "$(dirname "$0")"
PATH=$PATH:/usr/sbin

for tool in munged slurmctld slurmd sbatch scontrol; do
    command -v "$tool" >/dev/null || { echo "Slurm: LEFT OUT, $tool is not installed"; exit 0; }
done
if ! "${FOVEA_PYTHON:-false}" -c 'import duckdb' 2>/dev/null; then
    echo "Slurm: LEFT OUT, FOVEA_PYTHON names no Python with duckdb"
    exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$FOVEA_PYTHON" slurm.py "$fovea" "$folder" "${2:-120}" "${3:-6}" "${4:-10}"
