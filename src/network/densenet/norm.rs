//! Batch normalisation that stands before its ReLU.

use burn_tensor::{Tensor, activation};

/// A batch normalisation as scale and shift, `[1, channels, 1, 1]` each.
#[derive(Debug)]
pub(super) struct Norm {
    /// γ/√(σ²+ε)
    pub scale: Tensor<4>,
    /// β − μγ/√(σ²+ε)
    pub shift: Tensor<4>,
}

impl Norm {
    /// Normalises and applies the ReLU.
    pub fn activate(&self, x: Tensor<4>) -> Tensor<4> {
        activation::relu(x * self.scale.clone() + self.shift.clone())
    }

    /// The way back through the normalisation: its scale, without its shift.
    pub fn back(&self, signal: Tensor<4>) -> Tensor<4> {
        signal * self.scale.clone()
    }
}
