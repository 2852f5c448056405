#!/usr/bin/env bash
# Wheel and Debian package of the release program are built, installed where nothing else is, explain a drawn picture, and are
# removed without a trace.
#
#     tests/packages.sh [PROGRAM]       PROGRAM lies in a target folder, as target/release/fovea does
#
# Needs maturin, and uv for uvx; cargo-deb, dpkg-dev and debootstrap, and to be root for a fresh Debian, which is kept beside the
# target folder's tools. What is not there is left out, with a line that says so.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
program=$(realpath "${1:-$root/target/release/fovea}")
CARGO_TARGET_DIR=$(dirname "$(dirname "$program")")
export CARGO_TARGET_DIR
tools=$CARGO_TARGET_DIR/tools
export PATH=$PATH:$tools/bin:$tools/packagers/bin:/usr/sbin:/sbin
phantom=$root/assets/samples/phantom-moderate.jpg
packages=$CARGO_TARGET_DIR/packages

work=$(mktemp -d)
step="the start"
trap 'status=$?; [ $status = 0 ] || echo "packages: failed at: $step" >&2; rm -rf "$work"' EXIT
left_out() { echo "packages: $1: left out, $2"; }
has() { command -v "$1" >/dev/null; }
# Whoever leaves something in a home or a cache is found out.
mkdir -m 700 "$work/home" "$work/tmp" "$work/run"
alone() { env -i PATH=/usr/bin:/bin LANG=C.UTF-8 HOME="$work/home" TMPDIR="$work/tmp" XDG_RUNTIME_DIR="$work/run" "$@"; }
nothing_left() {
    local left
    left=$(find "$work/home" "$work/tmp" -mindepth 1)
    [ -z "$left" ] || { echo "$left" >&2 && false; }
}
# timed WHAT COMMAND...: the figure is for whoever reads the check; no machine is held to it.
timed() {
    local what=$1 begun_ns
    shift
    begun_ns=$(date +%s%N)
    "$@"
    echo "packages: $what: $((($(date +%s%N) - begun_ns) / 1000000)) ms"
}
megabytes() { echo "packages: $(basename "$1"): $(($(stat -c %s "$1") / 100000))e-1 MB" | sed -E 's/([0-9]+)([0-9])e-1/\1.\2/'; }
built() { # KIND PATTERN
    step="$1 is built"
    rm -f "$packages"/$2
    (cd "$root" && ./dist --profile release "$1") >"$work/dist.log" 2>&1 || { cat "$work/dist.log" >&2 && false; }
    package=$(echo "$packages"/$2)
    megabytes "$package"
}

wheel() {
    built wheel 'fovea-*.whl'
    step="the wheel in a new virtual environment"
    python3 -m venv "$work/venv"
    find "$work/venv" -name __pycache__ -prune -o -print | sort >"$work/before"
    timed "pip installs" alone "$work/venv/bin/pip" install -q --no-index --no-cache-dir --disable-pip-version-check "$package"
    timed "explains, installed by pip" alone "$work/venv/bin/fovea" explain "$phantom" --out "$work/pip"
    test -s "$work/pip/phantom-moderate.panel.png"
    alone "$work/venv/bin/pip" uninstall -q -y --disable-pip-version-check fovea
    find "$work/venv" -name __pycache__ -prune -o -print | sort | diff "$work/before" -
    nothing_left

    step="the wheel by uvx"
    if ! has uv; then
        left_out uvx "uv is not installed: pip install uv"
        return
    fi
    # uv's own folders apart.
    local uv=(alone UV_CACHE_DIR="$work/uv" UV_TOOL_DIR="$work/uv-tools" UV_OFFLINE=1 UV_PYTHON_DOWNLOADS=never "$(command -v uv)" tool run -q --python "$(command -v python3)")
    timed "uvx installs and explains" "${uv[@]}" --from "$package" fovea explain "$phantom" --out "$work/uvx"
    timed "uvx explains again" "${uv[@]}" --from "$package" fovea explain "$phantom" --out "$work/uvx-again"
    test -s "$work/uvx/phantom-moderate.panel.png"
    nothing_left
}

# A Debian with nothing in it, of the release that the program was built on, in a file that stays.
fresh_debian() {
    local suite mirror
    suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    base=$tools/debian-$suite.tar
    [ ! -s "$base" ] || return 0
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' "Codename: $suite" 2>/dev/null | head -n 1)
    mkdir -p "$tools"
    debootstrap --variant=minbase "$suite" "$work/base" "${mirror:-http://deb.debian.org/debian}" >"$work/debootstrap.log" 2>&1 || return 1
    tar -C "$work/base" --one-file-system --exclude='./proc/*' --exclude='./sys/*' --exclude='./var/cache/apt/archives/*.deb' -cf "$base.part" .
    rm -rf "$work/base"
    mv "$base.part" "$base"
}

# Runs in the fresh Debian. Its /proc goes with the last process in it.
inside() {
    unshare --mount --pid --fork --mount-proc="$work/root/proc" chroot "$work/root" \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}
# All that lies there, but for what dpkg and apt write down of their own work.
everything() {
    (cd "$work/root" && find . -xdev \( -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/log -o -path ./var/cache \) -prune -o -print | sort)
}

debian() {
    built deb 'fovea_*.deb'
    step="what others say of the package"
    grep -q "<release version=\"$("$program" --version | cut -d ' ' -f 2)\"" "$root/packaging/linux/local.fovea.fovea.metainfo.xml"
    if has appstreamcli; then appstreamcli validate --no-net "$root/packaging/linux/local.fovea.fovea.metainfo.xml" >/dev/null; fi
    if has desktop-file-validate; then desktop-file-validate "$root/packaging/linux/fovea.desktop"; fi
    if has lintian; then lintian --allow-root --fail-on error --suppress-tags "$unwanted" "$package"; else left_out lintian "it is not installed"; fi

    if [ "$(id -u)" != 0 ] || ! has debootstrap || ! unshare --mount --pid --fork true 2>/dev/null; then
        left_out "a fresh Debian" "it needs debootstrap, and root who may change roots and mount"
        return
    fi
    step="a fresh Debian"
    if ! fresh_debian; then
        left_out "a fresh Debian" "debootstrap could not make one: $(tail -n 1 "$work/debootstrap.log")"
        return
    fi
    mkdir "$work/root"
    tar -C "$work/root" -xf "$base"
    everything >"$work/before"
    cp "$package" "$phantom" "$work/root/mnt/"

    step="the package in a fresh Debian"
    timed "apt installs" inside apt-get install -y -qq --no-install-recommends "/mnt/$(basename "$package")" >"$work/apt.log" 2>&1 ||
        { cat "$work/apt.log" >&2 && false; }
    tail -n 1 "$work/apt.log"
    timed "explains, installed by apt" inside fovea explain /mnt/phantom-moderate.jpg --out /mnt/explained
    test -s "$work/root/mnt/explained/phantom-moderate.panel.png"
    local file
    for file in share/man/man1/fovea.1.gz share/bash-completion/completions/fovea share/applications/fovea.desktop \
        share/doc/fovea/copyright share/doc/fovea/THIRD-PARTY.txt.gz; do
        test -s "$work/root/usr/$file" || { echo "packages: /usr/$file is not there" >&2 && false; }
    done
    step="the package is removed from the fresh Debian"
    inside apt-get purge -y -qq fovea >/dev/null 2>&1
    rm -rf "$work/root/mnt"/*
    everything | diff "$work/before" -
}

# No distribution asked for the package, and nobody has an address for it yet.
unwanted=initial-upload-closes-no-bugs,bogus-mail-host,bogus-mail-host-in-debian-changelog

if ! has maturin || ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    left_out "the wheel" "it needs maturin and python3-venv: pip install maturin uv"
else
    wheel
fi
if ! has cargo-deb || ! has dpkg-shlibdeps; then
    left_out "the Debian package" "it needs cargo-deb and dpkg-dev: cargo install --locked cargo-deb"
else
    debian
fi
echo "packages: passed after $SECONDS s"
