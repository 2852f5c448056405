//! A GPU that was found.

use burn_tensor::DeviceKind;

/// A GPU as its driver describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Adapter {
    pub name: String,
    pub api: String,
    /// Whether it is made of hardware rather than emulated on the CPU.
    pub is_hardware: bool,
    pub(super) kind: DeviceKind,
}
