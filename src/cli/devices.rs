//! `fovea devices`.

use super::say;
use crate::network::device::{adapters, best_hardware, cpu};

/// Lists what can compute here and marks what `auto` takes.
pub fn run() {
    let adapters = adapters();
    let best = best_hardware(&adapters);
    for adapter in &adapters {
        let taken = if best == Some(adapter) { "  <- auto" } else { "" };
        let kind = if adapter.is_hardware { "GPU" } else { "software GPU, only with --device gpu" };
        say(format_args!("gpu  {} ({}): {kind}{taken}", adapter.name, adapter.api));
    }
    if adapters.is_empty() {
        say(format_args!("gpu  none found (Vulkan, Metal or DirectX 12)"));
    }
    let taken = if best.is_none() { "  <- auto" } else { "" };
    say(format_args!("cpu  {}{taken}", cpu().name));
}
