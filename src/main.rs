//! The `fovea` program: a thin shell around [`fovea::cli`].

use std::process::ExitCode;

/// Networks ask for large blocks again and again; the system's allocator gives each back to the kernel in between.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    fovea::cli::run()
}
