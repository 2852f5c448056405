# Sourced by the runs in a real window: a home of their own, a virtual display, and hands for keyboard and mouse. `root` is the
# repository; the program is the first argument.
program=$(realpath "${1:-${CARGO_TARGET_DIR:-$root/target}/release/fovea}")
for tool in Xvfb xdotool; do
    command -v "$tool" >/dev/null && continue
    echo "${0##*/}: left out, $tool is not installed"
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
        echo "${0##*/}: failed at the step: $step; what the program said:"
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
# A thread that waits for its turn on a busy machine is no rest.
is_waiting() { grep -qs '^State:[[:space:]]*[RD]' /proc/"$pid"/task/*/status; }
is_settled() {
    local before
    before=$(ticks)
    sleep 0.3
    [ "$(ticks)" = "$before" ] && ! is_waiting
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
    # A display that waits for its own turn is not seen by settle.
    sleep 0.5
    settle
    xdotool mouseup 1
    settle
}
window() { xdotool search --onlyvisible --name 'Fovea$' | grep -m 1 .; }
start() {
    began=$(date +%s%N)
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
display() {
    step="a virtual display starts"
    Xvfb -displayfd 3 -screen 0 1280x900x24 3>"$home/display" >"$home/errors" 2>&1 &
    display_pid=$!
    until_true test -s "$home/display"
    DISPLAY=:$(cat "$home/display")
    export DISPLAY
    unset WAYLAND_DISPLAY WAYLAND_SOCKET
}
