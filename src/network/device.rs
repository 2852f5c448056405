//! What can compute here, and which of it is taken.

use burn::tensor::wgpu::wgpu;
use burn::tensor::{Device, DeviceKind};
use clap::ValueEnum;

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
    #[error("no GPU was found (Vulkan, Metal or DirectX 12); use `--device cpu`")]
    NoGpu,
}

/// A device to compute on, with the name that goes into every result.
#[derive(Debug, Clone)]
pub struct ComputeDevice {
    pub burn: Device,
    pub name: String,
    pub is_gpu: bool,
}

/// A GPU as its driver describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Adapter {
    pub name: String,
    pub api: String,
    /// Whether it is made of hardware rather than emulated on the CPU.
    pub is_hardware: bool,
    kind: DeviceKind,
}

impl Adapter {
    fn open(&self) -> ComputeDevice {
        let name = format!("{} ({})", self.name, self.api);
        ComputeDevice { burn: Device::wgpu(self.kind.clone()), name, is_gpu: true }
    }
}

/// All GPUs of the platform's own graphics API, in the order of their drivers.
pub fn adapters() -> Vec<Adapter> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let found = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    let mut counted = [0usize; 3];
    let mut next = |slot: usize| {
        counted[slot] += 1;
        counted[slot] - 1
    };
    let mut adapters = Vec::new();
    for info in found.iter().map(wgpu::Adapter::get_info) {
        let kind = match info.device_type {
            wgpu::DeviceType::DiscreteGpu => DeviceKind::DiscreteGpu(next(0)),
            wgpu::DeviceType::IntegratedGpu => DeviceKind::IntegratedGpu(next(1)),
            wgpu::DeviceType::VirtualGpu => DeviceKind::VirtualGpu(next(2)),
            wgpu::DeviceType::Cpu => DeviceKind::Cpu,
            wgpu::DeviceType::Other => continue,
        };
        let is_hardware = kind != DeviceKind::Cpu;
        adapters.push(Adapter { name: info.name, api: info.backend.to_string(), is_hardware, kind });
    }
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
        (Some(adapter), _) => Ok(adapter.open()),
        (None, DeviceChoice::Gpu) => adapters.first().map(Adapter::open).ok_or(DeviceError::NoGpu),
        (None, _) => Ok(cpu()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(kind: DeviceKind) -> Adapter {
        let is_hardware = kind != DeviceKind::Cpu;
        Adapter { name: format!("{kind:?}"), api: "vulkan".to_owned(), is_hardware, kind }
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
