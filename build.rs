//! Embedded models are compiled in: a change under `models/` must compile the library anew. And which versions the program
//! was built of, for `fovea doctor`.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=models");
    println!("cargo:rerun-if-changed=Cargo.lock");
    let rustc = std::env::var_os("RUSTC").and_then(|rustc| Command::new(rustc).arg("--version").output().ok());
    let rustc = rustc.and_then(|said| String::from_utf8(said.stdout).ok());
    set("FOVEA_RUSTC", rustc.as_deref().map(|said| said.trim().trim_start_matches("rustc ")));
    let lock = std::fs::read_to_string("Cargo.lock").unwrap_or_default();
    set("FOVEA_BURN", version(&lock, "burn-tensor"));
    set("FOVEA_WGPU", version(&lock, "wgpu"));
}

fn set(name: &str, value: Option<&str>) {
    if let Some(value) = value.filter(|value| !value.is_empty()) {
        println!("cargo:rustc-env={name}={value}");
    }
}

/// The version of a package in a lock file: the line after its name.
fn version<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let line = format!("name = \"{name}\"");
    let mut lines = lock.lines().skip_while(|found| *found != line);
    lines.nth(1)?.strip_prefix("version = ").map(|version| version.trim_matches('"'))
}
