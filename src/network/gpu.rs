//! The GPUs that wgpu finds.

use burn_tensor::DeviceKind;
use burn_tensor::wgpu::wgpu;

use super::adapter::Adapter;

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
        let driver = format!("{} {}", info.driver, info.driver_info).trim().to_owned();
        adapters.push(Adapter { name: info.name, api: info.backend.to_string(), driver, is_hardware, kind });
    }
    adapters
}
