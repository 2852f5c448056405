//! A GPU that was found.

use burn_tensor::DeviceKind;

/// A GPU as its driver describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Adapter {
    /// The GPU's name.
    pub name: String,
    /// The graphics API, such as `vulkan`.
    pub api: String,
    /// The driver's name and version in its own words, empty where it has none.
    pub driver: String,
    /// Whether it is made of hardware rather than emulated on the CPU.
    pub is_hardware: bool,
    pub(super) kind: DeviceKind,
}
