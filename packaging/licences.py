#!/usr/bin/env python3
"""Lists what the program holds that others made, with the texts that their licences ask for.

    packaging/licences.py            writes packaging/THIRD-PARTY.txt
    packaging/licences.py --check    says whether that file still fits Cargo.lock and the models' cards

Crates are those of a build with default features on Linux, macOS and Windows, without what only compiles (procedural
macros, build scripts). Where a crate offers a choice that includes Apache-2.0, that is taken: one text stands for all of them.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

try:
    import tomllib
except ImportError:
    sys.exit(print("licence list: left out, it needs Python 3.11 or newer"))

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "packaging/THIRD-PARTY.txt"
TARGETS = ["x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc", "aarch64-apple-darwin"]
TEXT_NAME = re.compile(r"(un)?licen[cs]e|copying|notice|copyright|^(ofl|ufl|hack-regular|egui-icons)\.txt$", re.I)
# Sources of programs that are named after licences, and what only tests need.
NO_TEXT = re.compile(r"\.(rs|py|json|toml|ya?ml|c|h|html|spdx)$", re.I)
NOT_BUILT = {"tests", "test", "examples", "benches", "fuzz", "test_data", "testdata", "docs", ".github", ".reuse"}
APACHE = "Apache-2.0"
# Asks for nothing.
FREE = "CC0-1.0"


class Missing(Exception):
    """The list cannot be made as things stand."""


class Unreachable(Missing):
    """The crates' sources are neither here nor to be fetched."""


def said_by(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        kind = Unreachable if re.search(r"download|resolve host|network|timed? ?out|connect", done.stderr, re.I) else Missing
        raise kind(f"`{' '.join(command[:3])} …` failed: {done.stderr.strip()[-600:]}")
    return done.stdout


def crates() -> list[dict]:
    """Every package that is linked into the program, once for each version, by name."""
    targets = [word for target in TARGETS for word in ("--target", target)]
    tree = said_by("cargo", "tree", "--locked", "-e", "normal,no-proc-macro", "--prefix", "none", *targets)
    linked = {tuple(line.split()[:2]) for line in tree.splitlines() if line.strip()}
    # Sources of other systems' crates are fetched by this, where they are not there yet.
    known = json.loads(said_by("cargo", "metadata", "--locked", "--format-version", "1"))["packages"]
    found = [one for one in known if one["source"] and (one["name"], f"v{one['version']}") in linked]
    return sorted(found, key=lambda one: (one["name"], one["version"]))


def is_apache(expression: str) -> bool:
    """Whether Apache-2.0 alone may be chosen: it is one of the alternatives, and nothing else is asked for besides."""
    if " AND " in expression or "(" in expression:
        return False
    return APACHE in re.split(r"\s+OR\s+|\s*/\s*", expression)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().lower()


def texts(crate: dict) -> dict[str, str]:
    """Licence files of a crate's sources by their path in it, without copies of the Apache License."""
    folder = Path(crate["manifest_path"]).parent
    result = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        in_folder = any(re.fullmatch(r"licen[cs]es?", part, re.I) for part in inside.parts[:-1])
        if not (TEXT_NAME.search(path.name) or in_folder) or NO_TEXT.search(path.name):
            continue
        if NOT_BUILT & set(inside.parts[:-1]) or not path.is_file() or path.stat().st_size > 200_000:
            continue
        text = path.read_text(errors="replace").replace("\r\n", "\n").strip()
        if not text or "\0" in text or is_apache_text(text):
            continue
        # The crate's own alternatives to Apache-2.0; texts of parts by others, and notices, remain.
        if is_apache(crate["license"] or "") and len(inside.parts) == 1 and re.match(r"(un)?licen[cs]e|copying", path.name, re.I):
            continue
        result[inside.as_posix()] = text
    return result


def is_apache_text(text: str) -> bool:
    plain = squeezed(text)
    return plain.startswith("apache license version 2.0, january 2004") and "mit license" not in plain and len(plain) < 11_500


def standard(name: str) -> str:
    path = ROOT / "packaging/licence-texts" / f"{name}.txt"
    if not path.is_file():
        raise Missing(f"a crate is under {name} and brings no text: put the licence's text into {path.relative_to(ROOT)}")
    return path.read_text().strip()


def gathered(found: list[dict]) -> dict[str, tuple[str, list[str]]]:
    """Each text once, with the crates that ask for it."""
    result: dict[str, tuple[str, list[str]]] = {}
    for crate in found:
        licence = crate["license"] or ""
        own = list(texts(crate).values())
        # A crate without its text is under the standard one, of those who are named as its authors.
        if not own and not is_apache(licence) and licence != FREE:
            names = [name for name in re.split(r"[\s()/]+", licence) if name not in ("", "OR", "AND", "WITH", APACHE)]
            choice = "MIT" if "MIT" in names else names[0]
            authors = ", ".join(re.sub(r"\s*<.*?>", "", name) for name in crate["authors"]) or f"the authors of {crate['name']}"
            own = [standard(choice).replace("AUTHORS", authors)]
        for text in own:
            result.setdefault(squeezed(text), (text, []))[1].append(f"{crate['name']} {crate['version']}")
    return result


def models() -> list[str]:
    """What the cards of the built-in models say of the data that these were trained on."""
    lines = []
    for card in sorted((ROOT / "models").glob("*/model.toml")):
        training = tomllib.loads(card.read_text())["training"]
        holds = "" if (card.parent / "weights.safetensors").is_file() else " (a card without weights)"
        lines += [f"- {card.parent.name}{holds}: {training['licence']}", f"  Data: {training['data']}"]
    return lines


def made() -> str:
    found = crates()
    rule = "=" * 100
    lines = [
        "What Fovea's program holds that others made",
        "",
        "Made by packaging/licences.py from Cargo.lock, the crates' own sources and the models' cards. Fovea itself is under the MIT",
        "licence or the Apache License 2.0, at your choice (LICENSE-MIT, LICENSE-APACHE). Weights of models are not covered by that.",
        "",
        "Models",
        "",
        *models(),
        "",
        "Typefaces",
        "",
        "- DejaVu Sans (crate dejavu): Bitstream Vera's licence and Arev's, below",
        "- Hack, Ubuntu Light, Noto Emoji, emoji-icon-font, egui's icons (crate epaint_default_fonts): MIT and Bitstream Vera, Ubuntu Font",
        "  Licence 1.0, SIL Open Font License 1.1, MIT, MIT; below",
        "",
        "Rust's standard library: MIT OR Apache-2.0, The Rust Project Developers (https://www.rust-lang.org/policies/licenses).",
        "",
        f"{len(found)} crates",
        "",
        "Sources of each stand at https://crates.io/crates/NAME/VERSION, also of those under MPL-2.0. Of a choice that includes",
        "Apache-2.0 that is taken.",
        "",
    ]
    lines += [f"- {crate['name']} {crate['version']}: {crate['license'] or 'as its file says, below'}" for crate in found]
    lines += ["", rule, f"{APACHE} (all crates above that offer it, among others)", rule, "", (ROOT / "LICENSE-APACHE").read_text().strip(), ""]
    for text, names in sorted(gathered(found).values(), key=lambda one: (one[1], one[0])):
        lines += [rule, ", ".join(dict.fromkeys(names)), rule, "", text, ""]
    return "\n".join(line.rstrip() for line in "\n".join(lines).splitlines()) + "\n"


def main() -> int:
    is_check = sys.argv[1:] == ["--check"]
    try:
        now = made()
    except Unreachable as why:
        print(f"licence list: left out, {why}")
        return 0 if is_check else 1
    except Missing as why:
        print(f"licence list: {why}", file=sys.stderr)
        return 1
    if not is_check:
        LIST.write_text(now)
        return 0
    if not LIST.is_file() or LIST.read_text() != now:
        print(f"licence list: {LIST.relative_to(ROOT)} no longer fits; make it anew: packaging/licences.py", file=sys.stderr)
        return 1
    print("licence list: fits")
    return 0


if __name__ == "__main__":
    sys.exit(main())
