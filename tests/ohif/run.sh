#!/usr/bin/env bash
# OHIF shows Fovea's segmentation and parametric map over the picture, where Fovea itself shows them: at most one pixel off.
#
#     tests/ohif/run.sh [PROGRAM]       needs Orthanc with its DICOMweb plugin, dcmtk, Chromium, Node with npm, and pydicom,
#                                       numpy and Pillow; takes OHIF and playwright-core from npm
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
source "$root/tests/ohif/tools.sh"
needed npm "apt-get install npm"
needed node "apt-get install nodejs"
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
[ -n "$browser" ] || missing Chromium "apt-get install chromium"

# One package of npm, unpacked without what it depends on, and kept for the next time.
packages=${XDG_CACHE_HOME:-$HOME/.cache}/fovea-viewers
package() {
    local to="$packages/${1//[\/]/-}"
    [ -d "$to" ] && return
    mkdir -p "$packages"
    (cd "$work" && timeout 300 npm pack --silent "$1" >"$work/npm-file" 2>"$work/npm.log") || return 1
    rm -rf "$to.part" && mkdir "$to.part"
    tar -xzf "$work/$(tail -n 1 "$work/npm-file")" -C "$to.part" --strip-components=1 --exclude='*.map'
    mv "$to.part" "$to"
}
ohif=@ohif/app@3.12.10 playwright=playwright-core@1.65.1
if [ -z "$is_missing" ]; then
    package "$ohif" || missing "$ohif" "npm pack $ohif"
    package "$playwright" || missing "$playwright" "npm pack $playwright"
fi
left_out

step="two drawn pictures are explained"
explained
step="Orthanc starts and takes the objects"
archive
by_c_store "$work"/op*.dcm
by_stow "$work"/dx*.dcm
step="OHIF's pages are served"
"$python" "$root/tests/ohif/serve.py" "$packages/${ohif//[\/]/-}/dist" "$http" >"$work/port" 2>"$work/serve.log" &
started+=($!)
until_true test -s "$work/port"
pages=http://127.0.0.1:$(cat "$work/port")

said() { "$python" -c "import pydicom, sys; print(pydicom.dcmread(sys.argv[1], stop_before_pixels=True)[sys.argv[2]].value)" "$@"; }
# look PICTURE DERIVED (seg|pm) [CLASS]: a reader opens DERIVED over PICTURE, and what is seen is compared.
look() {
    step="OHIF shows $2"
    timeout 240 node "$root/tests/ohif/look.js" "$packages/$playwright" "$browser" "$pages" "$(said "$work/$1.dcm" StudyInstanceUID)" \
        "$3" "$(said "$work/$2.dcm" SeriesDescription)" "$work/look-$2" >"$work/look.log" 2>&1
    step="$2 lies in OHIF where Fovea shows it"
    "$python" "$root/tests/ohif/compare.py" "$3" "$work/$1.dcm" "$work/$1" "$work/look-$2" "$work/$2.dcm" "${4:-}"
}
look op op.seg seg
look dx dx.pm-normal pm normal
echo "$name: passed after $SECONDS s"
