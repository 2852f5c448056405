#!/usr/bin/env bash
# The real program in a real window on a virtual display, worked by mouse and keyboard; then its files are checked.
#
#     tests/end_to_end.sh [PROGRAM]        needs Linux, Xvfb and xdotool
#
# With FOVEA_E2E_OPTIONAL set, a machine without Xvfb or xdotool leaves the run out instead of failing.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
source "$root/tests/real_window.sh"

# Exports what is on the screen; the dialog's name is that of the picture, and Enter confirms it.
export_as() {
    key ctrl+e
    key Return
    # The files are put in their places together, the last one last.
    until_true test -s "$out/$1.clear-dr-overlay.png"
    [ "$(head -c 8 "$out/$1.panel.png" | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ]
    [ "$(head -c 2 "$out/$1.npz")" = PK ]
    # The panel, the maps, the record, the layers of five grades, and where it cannot be graded.
    [ "$(find "$out" -name "$1.*" | wc -l)" = 17 ]
    record=$(tr -d ' \n' <"$out/$1.json")
    grep -q "\"file\":\"$1.jpg\"" <<<"$record"
}

step="without a display the program says so and ends with status 2"
status=0
env -u DISPLAY -u WAYLAND_DISPLAY -u WAYLAND_SOCKET "$program" 2>"$home/errors" || status=$?
[ "$status" = 2 ]
[ "$(wc -l <"$home/errors")" = 1 ]
grep -q "fovea explain" "$home/errors"

display

step="a window opens on a folder of pictures"
printf 'export-folder = "%s"\n' "$out" >"$settings"
start "$root/assets/samples"
echo "end to end: window after $window_ms ms"

step="Page down shows the next picture, Ctrl+E and Enter export it"
key Next
export_as phantom-healthy-right
grep -q '"enabled":\[\]' <<<"$record"
grep -q '"shown_class":0' <<<"$record"

step="a click in the list shows another picture"
click 150 339

step="a press on its slider lowers the CAM's opacity"
press 985 578
step="keys switch a grade off and show the CAM of the class before the decided one, and the export says so"
key 2
key Left
key Left
key Right
export_as phantom-severe
grep -q '"enabled":\[true,true,false,true,true\]' <<<"$record"
grep -q '"shown_class":2' <<<"$record"
grep -q '"cam":{"opacity":0\.[0-4]' <<<"$record"

step="Ctrl+Q ends the program with status 0 and keeps the settings"
echo "end to end: $(grep VmHWM "/proc/$pid/status" | tr -s '\t ' ' ')"
quit
grep -q "^export-folder" "$settings"

step="damaged settings are set aside and the window opens"
echo 'theme = [' >"$settings"
start
grep -q 'theme = \[' "${settings%.toml}.damaged.toml"
quit

step="a picture that is cut in half leaves the program running"
half=$root/assets/samples/phantom-mild.jpg
head -c $(($(wc -c <"$half") / 2)) "$half" >"$home/half.jpg"
start "$home/half.jpg"
quit
echo "end to end: passed"
