//! A product with a gate (squeeze-excite, Hu et al. 2018). The gate is held constant on the way back: it says how much of
//! a channel counts in this picture, not where.

use burn_tensor::Tensor;

use super::{Kept, Operation, Prepared};
use crate::method::BackwardRule;

/// The first input times the second.
#[derive(Debug)]
pub(in crate::network) struct Gate;

impl Operation for Gate {
    fn forward(&self, inputs: Vec<Tensor<4>>, keeps: bool) -> (Tensor<4>, Kept) {
        let Ok([value, gate]) = <[Tensor<4>; 2]>::try_from(inputs) else {
            unreachable!("a checked gate reads two values")
        };
        let kept = if keeps { Kept::Value(gate.clone()) } else { Kept::Nothing };
        (value * gate, kept)
    }

    fn prepare(&self, _: Option<Tensor<4>>, kept: &Kept, _: bool) -> Prepared {
        match kept {
            Kept::Value(gate) => Prepared::Factor(gate.clone()),
            _ => Prepared::Nothing,
        }
    }

    fn back(&self, signal: Tensor<4>, prepared: &Prepared, _: BackwardRule) -> Vec<Option<Tensor<4>>> {
        let Prepared::Factor(gate) = prepared else { unreachable!("a pass that goes back has kept the gate") };
        vec![Some(signal * gate.clone()), None]
    }
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::super::check;
    use crate::bundle::blueprint::Op;

    #[test]
    fn the_way_back_is_the_gradient_of_what_is_gated() {
        check::is_the_gradient(Op::Gate, &[[3, 5, 4], [3, 1, 1]]);
        check::is_the_gradient(Op::Gate, &[[3, 5, 4], [3, 5, 4]]);
    }
}
