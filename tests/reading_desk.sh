#!/usr/bin/env bash
# A morning in a real window: six patients read blind, the program killed in between, the session taken home.
#
#     tests/reading_desk.sh [PROGRAM]        needs Linux, Xvfb and xdotool
#
# With FOVEA_E2E_OPTIONAL set, a machine without Xvfb or xdotool leaves the run out instead of failing.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
source "$root/tests/real_window.sh"
display

step="six patients, two eyes of the first"
day=$home/day
mkdir -p "$day"
samples=$root/assets/samples
cp "$samples/phantom-moderate.jpg" "$day/P01_left.jpg"
cp "$samples/phantom-healthy-right.jpg" "$day/P01_right.jpg"
cp "$samples/phantom-severe.jpg" "$day/P02_left.jpg"
cp "$samples/phantom-mild.jpg" "$day/P03_right.jpg"
cp "$samples/phantom-healthy-left.jpg" "$day/P04_left.jpg"
cp "$samples/phantom-moderate.jpg" "$day/P05_left.jpg"
cp "$samples/phantom-severe.jpg" "$day/P06_right.jpg"
printf 'read-first = true\nreader = "AB"\nexport-folder = "%s"\n' "$out" >"$settings"
session() { find "$XDG_DATA_HOME" -name '*.fovea' | grep -m 1 .; }
# What the session's file says; nobody else can read it while the program has it open.
table() { "$program" readings "$(session)" --csv "$home/$1.csv" --json "$home/$1.json" >"$home/$1.txt"; }

step="three are read blind: a grade, a flag, a comment"
start "$day"
key 2
key k
key Next
key 0
# While words are typed their cursor blinks: the program never rests.
xdotool key c
sleep 1
xdotool type --delay 40 "clear view"
sleep 1
key Return
key Next
key u

step="the program is killed, and nothing is lost"
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
pid=""
table killed
[ "$(grep -c . "$home/killed.csv")" = 8 ]
grep -q "clear view" "$home/killed.csv"
grep -q "read 3 of 7 pictures of 6 patients" "$home/killed.txt"

step="the same folder goes on at the third picture"
start "$day"
key Next
key 3
key Next
key 0
key y
key Next
key 2
key Next
key g
key 4
key plus
quit
table finished
grep -q "read 7 of 7 pictures" "$home/finished.txt"
python3 - "$home/finished.json" <<'PYTHON'
import json
import sys

said = json.load(open(sys.argv[1]))
rows = said["pictures"]
assert said["reader"] == "AB" and said["blind"], said
assert [row["order"] for row in rows] == list(range(1, 8)), rows
assert all(row["answer_seen_before"] is False for row in rows), rows
assert [row["flagged"] for row in rows] == [True] + 6 * [False], rows
assert [row["grade"] for row in rows] == [2, 0, None, 3, 0, 2, 4], rows
assert [row["patient"] for row in rows][:2] == 2 * [rows[0]["patient"]], rows
PYTHON

step="it opens by its own file, too"
cp "$(session)" "$home/copy.fovea"
start "$home/copy.fovea"
quit
echo "reading desk: passed"
