# Sourced by the tests against programs of others: what they need, a folder of their own, and an archive (Orthanc) on the
# loopback. `root` is the repository; the program is the first argument.
#
# What is missing is said, with how to get it, and the test is left out; with FOVEA_NEED_VIEWERS set it fails instead.
program=$(realpath "${1:-${CARGO_TARGET_DIR:-$root/target}/release/fovea}")
python=${FOVEA_PYTHON:-python3}
plugin=$(find /usr/share/orthanc/plugins /usr/lib/orthanc /usr/local/share/orthanc/plugins -name 'libOrthancDicomWeb.so*' 2>/dev/null | head -n 1 || true)
name=${0##*/}
[ "$name" != run.sh ] || name=ohif
is_missing=""
missing() {
    echo "$name: left out, $1 is missing; it comes with: $2"
    is_missing=1
}
needed() { command -v "$1" >/dev/null || missing "$1" "$2"; }
left_out() {
    [ -n "$is_missing" ] || return 0
    [ -z "${FOVEA_NEED_VIEWERS:-}" ] && exit 0 || exit 1
}
PATH=$PATH:/usr/sbin
needed Orthanc "apt-get install orthanc"
[ -n "$plugin" ] || missing "Orthanc's DICOMweb plugin" "apt-get install orthanc-dicomweb"
needed storescu "apt-get install dcmtk"
"$python" -c "import numpy, PIL, pydicom" 2>/dev/null ||
    missing "pydicom, numpy or Pillow in $python (FOVEA_PYTHON names another)" "pip install pydicom numpy pillow"

work=$(mktemp -d)
step="start" started=()
finish() {
    status=$?
    trap - EXIT
    if [ "$status" != 0 ] && [ -z "$is_missing" ]; then
        echo "$name: failed at the step: $step; what was said:"
        tail -n 20 "$work"/*.log 2>/dev/null || true
    fi
    # For whoever wants to see it.
    [ -z "${FOVEA_KEEP:-}" ] || { mkdir -p "$FOVEA_KEEP" && cp "$work"/*.* "$FOVEA_KEEP"; }
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# Waits until a command succeeds, a minute at most.
until_true() {
    local end=$((SECONDS + 60))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}
free_port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Starts Orthanc with an empty store; its ports are `http` and `dimse`.
archive() {
    http=$(free_port) dimse=$(free_port)
    mkdir "$work/store"
    cat >"$work/orthanc.json" <<CONFIGURATION
{
  "Name": "test", "StorageDirectory": "$work/store", "IndexDirectory": "$work/store",
  "HttpPort": $http, "DicomPort": $dimse, "DicomAet": "ORTHANC", "RemoteAccessAllowed": false, "AuthenticationEnabled": false,
  "DicomAlwaysAllowStore": true, "DicomCheckCalledAet": false,
  "Plugins": ["$plugin"], "DicomWeb": { "Enable": true, "Root": "/dicom-web/" }
}
CONFIGURATION
    Orthanc "$work/orthanc.json" >"$work/orthanc.log" 2>&1 &
    started+=($!)
    until_true "$python" "$root/tests/ohif/archive.py" ready "$http"
}

# The program in a home of its own: nothing of the user's is read or changed.
fovea() {
    mkdir -p "$work/home"
    chmod 700 "$work/home"
    timeout 300 env HOME="$work/home" XDG_CONFIG_HOME="$work/home" XDG_CACHE_HOME="$work/home" XDG_DATA_HOME="$work/home" \
        XDG_RUNTIME_DIR="$work/home" "$program" "$@" --models "$root/models" --out "$work"
}
# Draws the two sources, and explains each with its model, with DICOM objects beside the other files.
explained() {
    "$python" "$root/tests/ohif/draw.py" "$root" "$work"
    fovea explain "$work/op.dcm" --model retina-dr --dicom
    fovea explain "$work/dx.dcm" --model cxr-pneumonia --dicom
}
by_c_store() { timeout 120 storescu -R -aec ORTHANC 127.0.0.1 "$dimse" "$@"; }
by_stow() { timeout 120 "$python" "$root/tests/ohif/archive.py" stow "$http" "$@"; }
