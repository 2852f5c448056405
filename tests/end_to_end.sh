#!/usr/bin/env bash
# The real program in a real window on a virtual display, worked by mouse and keyboard; then its files are checked.
#
#     tests/end_to_end.sh [PROGRAM]        needs Linux, Xvfb and xdotool
#
# With FOVEA_E2E_OPTIONAL set, a machine without Xvfb or xdotool leaves the run out instead of failing.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
program=$(realpath "${1:-${CARGO_TARGET_DIR:-$root/target}/release/fovea}")
for tool in Xvfb xdotool; do
    command -v "$tool" >/dev/null && continue
    echo "end to end: left out, $tool is not installed"
    [ -n "${FOVEA_E2E_OPTIONAL:-}" ] && exit 0 || exit 1
done

# A home of its own: nothing of the user's is read or changed.
home=$(mktemp -d)
export HOME=$home XDG_CONFIG_HOME=$home/config XDG_CACHE_HOME=$home/cache XDG_DATA_HOME=$home/data XDG_RUNTIME_DIR=$home/run
mkdir -m 700 "$XDG_RUNTIME_DIR"
mkdir -p "$XDG_CONFIG_HOME/fovea"
settings=$XDG_CONFIG_HOME/fovea/settings.toml out=$home/out
step="start" pid="" display_pid=""
finish() {
    status=$?
    if [ "$status" != 0 ]; then
        echo "end to end: failed at the step: $step; what the program said:"
        cat "$home/errors" 2>/dev/null || true
    fi
    for left in $pid $display_pid; do
        kill "$left" 2>/dev/null || true
        # Gone before its folder is: a program on its way out still writes its settings.
        wait "$left" 2>/dev/null || true
    done
    rm -rf "$home"
    exit "$status"
}
trap finish EXIT

# Waits until a command succeeds, a minute at most.
until_true() {
    local end=$((SECONDS + 60))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.05
    done
}
# Clock ticks of processor time that the program has used.
ticks() { awk '{ print $14 + $15 }' "/proc/$pid/stat"; }
# The program draws and computes only when something happens: while it uses no processor time, all that was asked is
# done. This takes the place of sleeps, and gives each press a frame of its own however slow the machine is.
is_settled() {
    local before
    before=$(ticks)
    sleep 0.3
    [ "$(ticks)" = "$before" ]
}
settle() { until_true is_settled; }
key() {
    xdotool key "$1"
    settle
}
# At one stroke: a press held for 0.8 s, as on a slow machine, would be no click any more.
click() {
    xdotool mousemove "$1" "$2"
    settle
    xdotool click 1
    settle
}
# For sliders, which have no such limit but must see the button down in a frame.
press() {
    xdotool mousemove "$1" "$2"
    settle
    xdotool mousedown 1
    settle
    xdotool mouseup 1
    settle
}
# Its title says what is open: "12_left.jpeg — Fovea".
window() { xdotool search --onlyvisible --name '^(.* )?Fovea$' | grep -m 1 .; }
start() {
    "$program" --device cpu "$@" 2>"$home/errors" &
    pid=$!
    until_true window
    window_ms=$((($(date +%s%N) - began) / 1000000))
    # Without a window manager nobody else gives it the keyboard.
    xdotool windowfocus --sync "$(window)"
    settle
}
has_ended() { ! kill -0 "$pid"; }
quit() {
    xdotool key ctrl+q
    until_true has_ended
    local ended=$pid
    pid=""
    wait "$ended"
}
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

step="a virtual display starts"
Xvfb -displayfd 3 -screen 0 1280x900x24 3>"$home/display" >"$home/errors" 2>&1 &
display_pid=$!
until_true test -s "$home/display"
DISPLAY=:$(cat "$home/display")
export DISPLAY
unset WAYLAND_DISPLAY WAYLAND_SOCKET

step="a window opens on a folder of pictures"
printf 'export-folder = "%s"\n' "$out" >"$settings"
began=$(date +%s%N)
start "$root/assets/samples"
echo "end to end: window after $window_ms ms"

step="Page down shows the next picture, Ctrl+E and Enter export it"
key Next
export_as phantom-healthy-right
grep -q '"enabled":\[\]' <<<"$record"
grep -q '"shown_class":0' <<<"$record"

step="a click in the list shows another picture"
click 150 310

step="a press on its slider lowers the CAM's opacity"
press 985 473
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
