//! The devices of this machine, and the choice of one.

use burn_tensor::{Device, DeviceKind};
use clap::ValueEnum;

pub use super::adapter::Adapter;

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum DeviceChoice {
    /// A hardware GPU where there is one, else the CPU.
    #[default]
    Auto,
    /// A GPU, software ones included.
    Gpu,
    /// Burn's Flex on the CPU.
    Cpu,
}

/// Why the wanted device cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// There is none, or the program was built without the feature `gpu`.
    #[cfg_attr(feature = "gpu", error("no GPU was found (Vulkan, Metal or DirectX 12); use `--device cpu`"))]
    #[cfg_attr(not(feature = "gpu"), error("this program was built without the feature `gpu`; use `--device cpu`"))]
    NoGpu,
}

/// A device to compute on, with the name that goes into every result.
#[derive(Debug, Clone)]
pub struct ComputeDevice {
    /// For Burn.
    pub burn: Device,
    /// For people, and in every result.
    pub name: String,
    /// Whether it is a GPU, be it a software one.
    pub is_gpu: bool,
}

/// Opens a GPU that was found.
fn gpu(adapter: &Adapter) -> ComputeDevice {
    #[cfg(feature = "gpu")]
    let burn = Device::wgpu(adapter.kind.clone());
    // No adapter is found then, so nobody comes here.
    #[cfg(not(feature = "gpu"))]
    let burn = Device::flex();
    ComputeDevice { burn, name: format!("{} ({})", adapter.name, adapter.api), is_gpu: true }
}

/// All GPUs of the platform's own graphics API, in the order of their drivers; none in a program built without `gpu`.
pub fn adapters() -> Vec<Adapter> {
    #[cfg(feature = "gpu")]
    let adapters = super::gpu::adapters();
    #[cfg(not(feature = "gpu"))]
    let adapters = Vec::new();
    adapters
}

/// The GPU that `auto` takes: discrete before integrated before virtual, never a software one.
pub fn best_hardware(adapters: &[Adapter]) -> Option<&Adapter> {
    let rank = |adapter: &&Adapter| match adapter.kind {
        DeviceKind::DiscreteGpu(_) => 0,
        DeviceKind::IntegratedGpu(_) => 1,
        _ => 2,
    };
    adapters.iter().filter(|adapter| adapter.is_hardware).min_by_key(rank)
}

/// Burn's Flex backend on the CPU.
pub fn cpu() -> ComputeDevice {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let name = format!("CPU (Flex, {threads} thread{})", if threads == 1 { "" } else { "s" });
    ComputeDevice { burn: Device::flex(), name, is_gpu: false }
}

/// Opens the device that `choice` asks for.
///
/// # Errors
/// `Gpu` where there is none.
pub fn open(choice: DeviceChoice) -> Result<ComputeDevice, DeviceError> {
    if choice == DeviceChoice::Cpu {
        return Ok(cpu());
    }
    let adapters = adapters();
    match (best_hardware(&adapters), choice) {
        (Some(adapter), _) => Ok(gpu(adapter)),
        (None, DeviceChoice::Gpu) => adapters.first().map(gpu).ok_or(DeviceError::NoGpu),
        (None, _) => Ok(cpu()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(kind: DeviceKind) -> Adapter {
        let is_hardware = kind != DeviceKind::Cpu;
        Adapter { name: format!("{kind:?}"), api: "vulkan".to_owned(), driver: String::new(), is_hardware, kind }
    }

    #[test]
    fn auto_never_takes_software() {
        assert_eq!(best_hardware(&[adapter(DeviceKind::Cpu)]), None);
    }

    #[test]
    fn a_discrete_gpu_goes_first() {
        let found = [DeviceKind::Cpu, DeviceKind::IntegratedGpu(0), DeviceKind::DiscreteGpu(0)].map(adapter);
        assert_eq!(best_hardware(&found), Some(&found[2]));
    }
}
