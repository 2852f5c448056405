//! Program and machine: versions, processor, memory.

use super::finding::Finding;

/// What was built, of what, and for what.
pub fn program() -> Vec<Finding> {
    let features =
        [("window", cfg!(feature = "window")), ("gpu", cfg!(feature = "gpu")), ("train", cfg!(feature = "train"))];
    let features: Vec<&str> = features.into_iter().filter_map(|(name, is_in)| is_in.then_some(name)).collect();
    let features = if features.is_empty() { "none".to_owned() } else { features.join(", ") };
    // The build script looks them up.
    let known = |version: Option<&str>| version.unwrap_or("unknown").to_owned();
    vec![
        Finding::fine("fovea", env!("CARGO_PKG_VERSION")),
        Finding::fine("features", features),
        Finding::fine("target", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
        Finding::fine("rustc", known(option_env!("FOVEA_RUSTC"))),
        Finding::fine("burn", known(option_env!("FOVEA_BURN"))),
        Finding::fine("wgpu", known(option_env!("FOVEA_WGPU"))),
    ]
}

/// What it runs on.
pub fn machine() -> Vec<Finding> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let cpu = cpu_name().unwrap_or_else(|| "unknown".to_owned());
    vec![
        Finding::fine("system", system().unwrap_or_else(|| std::env::consts::OS.to_owned())),
        Finding::fine("cpu", cpu),
        Finding::fine("cores", format!("{cores} that this program may use")),
        Finding::fine("simd", simd()),
        match memory() {
            Some(says) => Finding::fine("memory", says),
            None => Finding::missing("memory", "this system does not say"),
        },
    ]
}

/// The instructions that loops over values find here.
fn simd() -> String {
    #[cfg(target_arch = "x86_64")]
    {
        let found = [
            ("sse4.2", is_x86_feature_detected!("sse4.2")),
            ("avx2", is_x86_feature_detected!("avx2")),
            ("fma", is_x86_feature_detected!("fma")),
            ("avx512f", is_x86_feature_detected!("avx512f")),
        ];
        let found: Vec<&str> = found.into_iter().filter_map(|(name, is_there)| is_there.then_some(name)).collect();
        if found.is_empty() { "none beyond SSE2".to_owned() } else { found.join(", ") }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        if cfg!(target_feature = "neon") { "neon".to_owned() } else { "none that is known".to_owned() }
    }
}

#[cfg(target_os = "linux")]
fn system() -> Option<String> {
    let release = std::fs::read_to_string("/etc/os-release").ok()?;
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?.trim_matches('"').to_owned();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    Some(format!("{name}, Linux {}", kernel.trim()))
}

#[cfg(target_os = "macos")]
fn system() -> Option<String> {
    said("sw_vers", &["-productVersion"]).map(|version| format!("macOS {version}"))
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn system() -> Option<String> {
    None
}

#[cfg(target_os = "linux")]
fn cpu_name() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let name = text.lines().find_map(|line| line.strip_prefix("model name"))?;
    Some(name.trim_start_matches([' ', '\t', ':']).to_owned())
}

#[cfg(target_os = "macos")]
fn cpu_name() -> Option<String> {
    said("sysctl", &["-n", "machdep.cpu.brand_string"])
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn cpu_name() -> Option<String> {
    std::env::var("PROCESSOR_IDENTIFIER").ok()
}

#[cfg(target_os = "linux")]
fn memory() -> Option<String> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let bytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    let mut says = format!("{}, {} available", gigabytes(bytes("MemTotal")?), gigabytes(bytes("MemAvailable")?));
    // A container may have less.
    let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    if let Some(limit) = group.and_then(|limit| limit.trim().parse::<u64>().ok()) {
        says += &format!(", at most {} for this group of processes", gigabytes(limit));
    }
    Some(says)
}

#[cfg(target_os = "macos")]
fn memory() -> Option<String> {
    Some(gigabytes(said("sysctl", &["-n", "hw.memsize"])?.parse().ok()?))
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn memory() -> Option<String> {
    None
}

/// The first line that a program of the system prints.
#[cfg(target_os = "macos")]
fn said(program: &str, words: &[&str]) -> Option<String> {
    let done = std::process::Command::new(program).args(words).output().ok()?;
    let text = String::from_utf8(done.stdout).ok()?;
    text.lines().next().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
}

/// With one decimal.
pub fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}
