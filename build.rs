//! Embedded models are compiled in: a change under `models/` must compile the library anew.

fn main() {
    println!("cargo:rerun-if-changed=models");
}
