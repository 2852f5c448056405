//! The one side that knows Burn: devices, networks with their way back, and nothing about pictures or colours.

mod adapter;
mod cpu;
pub mod device;
mod engine;
#[cfg(feature = "gpu")]
mod gpu;
mod head;
mod load;
mod op;
mod plan;
mod rewrite;

pub use device::{ComputeDevice, DeviceChoice, DeviceError};
pub use engine::{Network, Pass};
pub use plan::MapLayer;

/// Why a network could not run.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // The fields are what the text names.
pub enum NetworkError {
    /// An input of another model.
    #[error("the network takes {expected:?} values (channels, height, width) but was given {found:?}")]
    InputShape { expected: [usize; 3], found: [usize; 3] },
    /// A device that fails, such as a GPU that ran out of memory.
    #[error("{device} failed while computing: {reason}; try `--device cpu`")]
    Device { device: String, reason: String, is_gpu: bool },
    /// Infinities, or values that are no numbers.
    #[error("{device} computed values that are no finite numbers; try `--device cpu`")]
    NotFinite { device: String },
}
