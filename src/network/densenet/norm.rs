//! Batch normalisation that stands before its ReLU, and the ReLU on the way back.

use burn::tensor::{Tensor, activation};

use crate::explain::options::BackwardRule;

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

/// 1 where a ReLU of this output let its input through, else 0.
pub(super) fn gate(activated: &Tensor<4>) -> Tensor<4> {
    activated.clone().greater_scalar(0.0).float()
}

/// The backward ReLU rule; `gate` is there where the rule asks for it, and holds for all classes.
pub(super) fn through_relu(signal: Tensor<4>, gate: Option<&Tensor<4>>, rule: BackwardRule) -> Tensor<4> {
    let signal = if rule.keeps_positive_only() { activation::relu(signal) } else { signal };
    match gate {
        Some(gate) => signal * gate.clone(),
        None => signal,
    }
}
