//! Which module may use which: ARCHITECTURE's table against the sources, and no circles inside the crowded ones.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What each module uses.
type Uses = BTreeMap<String, BTreeSet<String>>;

#[test]
fn modules_use_what_the_table_of_the_architecture_allows() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let allowed: Uses = text.lines().filter_map(row).collect();
    let modules = modules(&root().join("src"));
    let names: BTreeSet<&String> = modules.keys().filter(|name| !matches!(name.as_str(), "lib" | "main")).collect();
    assert_eq!(allowed.keys().collect::<BTreeSet<_>>(), names, "the table's modules and those of the sources");
    assert_eq!(circle(&allowed), None, "the table allows a circle");
    for (module, files) in &modules {
        let Some(allowed) = allowed.get(module) else { continue };
        for file in files {
            for used in paths(&code(file), "crate::") {
                let is_fine = used == *module || allowed.contains(&used) || !names.contains(&used);
                assert!(is_fine, "{} uses `{used}`, which the table does not allow `{module}`", file.display());
            }
        }
    }
}

#[test]
fn no_module_has_a_circle_inside() {
    for module in [
        "bundle", "scan", "input", "network", "explain", "compose", "evaluate", "export", "node", "session", "train",
        "cli", "pacs", "ledger",
    ] {
        let inside = modules(&root().join("src").join(module));
        let uses: Uses = inside
            .iter()
            .map(|(name, files)| {
                let used = files.iter().flat_map(|file| {
                    let text = code(file);
                    let own = format!("crate::{module}::");
                    // From a file in the module's folder `super::` is the module, from one below `super::super::`.
                    let depth = file.strip_prefix(root().join("src").join(module)).unwrap().components().count();
                    let above = if file.ends_with("mod.rs") { depth - 1 } else { depth };
                    paths(&text, &own).into_iter().chain(supers(&text, above)).collect::<Vec<_>>()
                });
                let used = used.filter(|used| used != name && inside.contains_key(used)).collect();
                (name.clone(), used)
            })
            .collect();
        assert_eq!(circle(&uses), None, "in `{module}`");
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A row of the table: the module, and the modules named in its last column.
fn row(line: &str) -> Option<(String, BTreeSet<String>)> {
    let cells: Vec<&str> = line.strip_prefix("| `")?.split('|').map(str::trim).collect();
    let module = cells.first()?.trim_end_matches('`').to_owned();
    let named = cells.iter().rev().find(|cell| !cell.is_empty())?;
    Some((module, named.split('`').skip(1).step_by(2).map(str::to_owned).collect()))
}

/// The modules of a folder with all their files; `mod.rs` is none.
fn modules(folder: &Path) -> BTreeMap<String, Vec<PathBuf>> {
    let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap) {
        let path = entry.path();
        let is_source = path.extension().is_some_and(|ending| ending == "rs") && path != folder.join("mod.rs");
        if is_source && !is_for_tests(path) {
            let first = path.strip_prefix(folder).unwrap().iter().next().unwrap().to_string_lossy();
            found.entry(first.trim_end_matches(".rs").to_owned()).or_default().push(path.to_owned());
        }
    }
    found
}

/// Whether the module above has a file for its tests alone.
fn is_for_tests(path: &Path) -> bool {
    let above = std::fs::read_to_string(path.with_file_name("mod.rs")).unwrap_or_default();
    let declared = format!("mod {};", path.file_stem().unwrap_or_default().to_string_lossy());
    let lines: Vec<&str> = above.lines().collect();
    lines.windows(2).any(|pair| is_test_mark(pair[0]) && pair[1] == declared)
}

fn is_test_mark(line: &str) -> bool {
    line.starts_with("#[cfg(test)]") || line.starts_with("#[cfg(all(test")
}

/// A file without its comments and its tests.
fn code(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().take_while(|line| !is_test_mark(line));
    lines.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The names that follow `start`, alone or in braces.
fn paths(text: &str, start: &str) -> Vec<String> {
    let after = text.match_indices(start).map(|(at, _)| &text[at + start.len()..]);
    after.flat_map(names).collect()
}

fn names(rest: &str) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let first = |text: &str| text.trim().chars().take_while(|c| is_name(*c)).collect::<String>();
    match rest.strip_prefix('{').and_then(|inside| inside.split_once('}')) {
        Some((inside, _)) => inside.split(',').map(first).collect(),
        None => vec![first(rest)],
    }
}

/// As [`paths`], behind exactly so many `super::`.
fn supers(text: &str, count: usize) -> Vec<String> {
    let start = "super::".repeat(count);
    let exactly = |at: &usize| !text[..*at].ends_with("super::") && !text[at + start.len()..].starts_with("super::");
    let places = text.match_indices(&start).map(|(at, _)| at).filter(exactly);
    places.flat_map(|at| names(&text[at + start.len()..])).collect()
}

/// Modules that use one another round about, where there are such.
fn circle(uses: &Uses) -> Option<Vec<String>> {
    let mut left = uses.clone();
    // What uses nothing that is left can be in none.
    loop {
        let free: Vec<String> = left
            .iter()
            .filter(|(_, used)| !used.iter().any(|u| left.contains_key(u)))
            .map(|(n, _)| n.clone())
            .collect();
        if free.is_empty() {
            return (!left.is_empty()).then(|| left.into_keys().collect());
        }
        free.iter().for_each(|name| drop(left.remove(name)));
    }
}

#[test]
fn a_circle_is_found() {
    let uses = |pairs: &[(&str, &[&str])]| -> Uses {
        let owned = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        pairs.iter().map(|(name, used)| ((*name).to_owned(), owned(used))).collect()
    };
    assert_eq!(circle(&uses(&[("a", &["b"]), ("b", &["c"]), ("c", &[])])), None);
    let found = circle(&uses(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])])).unwrap();
    assert_eq!(found, ["a", "b", "c"]);
    assert_eq!(supers("use super::super::x; super::y; super::{z, w::v}", 1), ["y", "z", "w"]);
    assert_eq!(paths("crate::a::b, crate::{c, d::e}", "crate::"), ["a", "c", "d"]);
}
