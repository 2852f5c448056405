//! A ReLU on the way back, the same for every family.

use burn_tensor::{Tensor, activation};

use crate::explain::options::BackwardRule;

/// 1 where a ReLU of this output let its input through, else 0.
pub(super) fn gate(activated: &Tensor<4>) -> Tensor<4> {
    activated.clone().greater_scalar(0.0).float()
}

/// The backward ReLU rule; `gate` is there where the rule asks for it, and holds for all classes.
pub(super) fn through_relu(signal: Tensor<4>, gate: Option<&Tensor<4>>, rule: BackwardRule) -> Tensor<4> {
    let signal = if rule.keeps_positive_only() { activation::relu(signal) } else { signal };
    match gate {
        // A product that is broadcast over the classes is faster on Flex than filling by an expanded mask.
        Some(gate) => signal * gate.clone(),
        None => signal,
    }
}
