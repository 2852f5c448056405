#!/usr/bin/env bash
# The real program in a real window on a virtual display, worked by mouse and keyboard.
#
#     tests/end_to_end.sh [PROGRAM]        needs Xvfb and xdotool
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
program=$(realpath "${1:-${CARGO_TARGET_DIR:-$root/target}/release/fovea}")
for tool in Xvfb xdotool; do
    command -v "$tool" >/dev/null || { echo "end to end: $tool is not installed"; exit 1; }
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
        echo "end to end: failed at: $step"
        cat "$home/errors" 2>/dev/null || true
    fi
    # Whatever is left is stopped; what has ended already is no error.
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    [ -z "$display_pid" ] || kill "$display_pid" 2>/dev/null || true
    rm -rf "$home"
    exit "$status"
}
trap finish EXIT

# Waits until a command succeeds, a minute at most.
until_true() { for _ in $(seq 600); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done; return 1; }
key() { xdotool key --clearmodifiers "$@"; sleep 0.1; }
# A hand presses for longer than a frame.
click() {
    xdotool mousemove "$1" "$2"
    sleep 0.4
    xdotool mousedown 1
    sleep 0.4
    xdotool mouseup 1
    sleep 0.4
}
window() { xdotool search --onlyvisible --name '^Fovea$' | head -n 1 | grep .; }
start() {
    "$program" --device cpu "$@" 2>"$home/errors" &
    pid=$!
    until_true window
    xdotool windowfocus --sync "$(window)"
}
quit() {
    key ctrl+q
    until_true sh -c "! kill -0 $pid"
    wait "$pid"
    pid=""
}
# Opens the dialog and confirms it until the file is there: before the maps are, there is nothing to export.
export_until() {
    for _ in $(seq "$2"); do
        key ctrl+e
        sleep 0.5
        key Return
        for _ in $(seq 15); do
            # Escape closes a dialog that was opened once too often.
            [ -s "$1" ] && sleep 0.5 && key Escape && return
            sleep 0.1
        done
        key Escape
    done
    return 1
}
# On a busy machine a press may be lost between two frames: what was asked for is asked again, five times at most.
insist() { for _ in 1 2 3 4 5; do "$@" && return; done; return 1; }
open_last_row() {
    click 150 310
    export_until "$out/phantom-severe.json" 6
}
adjust() {
    click 985 340
    xdotool mousemove 600 230 click 4 click 4 mousedown 1 mousemove 560 210 mouseup 1
    key alt+3
    key d
    key Right
    key Right
    rm -f "$out"/phantom-severe.*
    export_until "$out/phantom-severe.json" 6
    record=$(tr -d ' \n' <"$out/phantom-severe.json")
    grep -q '"enabled":\[false,false,false,true,false\]' <<<"$record" &&
        grep -q '"shown_class":2' <<<"$record" && grep -q '"cam":{"opacity":0\.[0-4]' <<<"$record"
}

step="without a display the program says so and ends with status 2"
status=0
env -u DISPLAY -u WAYLAND_DISPLAY "$program" 2>"$home/errors" || status=$?
[ "$status" = 2 ] && grep -q "fovea explain" "$home/errors"

step="a virtual display"
exec 3<> <(:)
Xvfb -displayfd 3 -screen 0 1280x800x24 >/dev/null 2>&1 3>"$home/display" &
display_pid=$!
until_true test -s "$home/display"
DISPLAY=:$(head -n 1 "$home/display")
export DISPLAY

step="a window with a folder of pictures"
printf 'export-folder = "%s"\n[window]\nwidth = 1280.0\nheight = 800.0\nmaximised = false\n' "$out" >"$settings"
began=$(date +%s%N)
start "$root/assets/samples"
echo "end to end: window after $((($(date +%s%N) - began) / 1000000)) ms"

step="the next picture by key, and its export"
key Next
export_until "$out/phantom-healthy-right.json" 40
until_true test -s "$out/phantom-healthy-right.clear-dr-overlay.png"
grep -q '"file": ".*phantom-healthy-right.jpg"' "$out/phantom-healthy-right.json"
[ "$(head -c 2 "$out/phantom-healthy-right.npz")" = PK ]
[ "$(head -c 4 "$out/phantom-healthy-right.panel.png" | tail -c 3)" = PNG ]
[ "$(find "$out" -name 'phantom-healthy-right.*' | wc -l)" = 16 ]

step="another picture, the opacity and zoom by mouse, a grade and the class by key, and its export"
insist open_last_row
until_true test -s "$out/phantom-severe.clear-dr-overlay.png"
insist adjust

step="the list of keys, full screen and back"
key question
key Escape
key F11
key F11

step="the end, with settings kept"
quit
grep -q 'export-folder' "$settings"

step="a damaged settings file is set aside"
echo 'theme = [' >"$settings"
start
quit
[ -s "${settings%.toml}.damaged.toml" ] && [ -s "$settings" ]

step="a picture that is cut off leaves the program running"
head -c 20000 "$root/assets/samples/phantom-mild.jpg" >"$home/cut.jpg"
start "$home/cut.jpg"
sleep 1
quit
echo "end to end: passed"
