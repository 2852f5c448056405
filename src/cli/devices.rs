//! `fovea devices`, and what `fovea doctor` asks of them.

use serde::{Deserialize, Serialize};

use super::say;
use crate::network::device::{Adapter, adapters, best_hardware, cpu};

/// What can compute here.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Devices {
    pub gpus: Vec<Gpu>,
    /// The CPU's name as results have it.
    pub cpu: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Gpu {
    pub name: String,
    pub api: String,
    pub driver: String,
    pub is_hardware: bool,
    /// Whether `auto` takes it.
    pub is_taken: bool,
}

impl Devices {
    /// Asks the drivers.
    pub fn find() -> Self {
        let adapters = adapters();
        let best = best_hardware(&adapters);
        let gpu = |adapter: &Adapter| Gpu {
            name: adapter.name.clone(),
            api: adapter.api.clone(),
            driver: adapter.driver.clone(),
            is_hardware: adapter.is_hardware,
            is_taken: best == Some(adapter),
        };
        Self { gpus: adapters.iter().map(gpu).collect(), cpu: cpu().name }
    }

    /// The device that `auto` takes.
    pub fn taken(&self) -> &str {
        self.gpus.iter().find(|gpu| gpu.is_taken).map_or(&self.cpu, |gpu| &gpu.name)
    }
}

impl Gpu {
    /// Whether it is hardware, in words.
    pub fn kind(&self) -> &'static str {
        if self.is_hardware { "GPU" } else { "software GPU, only with --device gpu" }
    }
}

/// Lists what can compute here and marks what `auto` takes.
pub fn run() {
    let found = Devices::find();
    let mark = |is_taken| if is_taken { "  <- auto" } else { "" };
    for gpu in &found.gpus {
        say(format_args!("gpu  {} ({}): {}{}", gpu.name, gpu.api, gpu.kind(), mark(gpu.is_taken)));
    }
    if found.gpus.is_empty() {
        say(format_args!("gpu  none found (Vulkan, Metal or DirectX 12)"));
    }
    say(format_args!("cpu  {}{}", found.cpu, mark(!found.gpus.iter().any(|gpu| gpu.is_taken))));
}
