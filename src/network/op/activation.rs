//! Activations, value by value, and the rules of the CLEAR literature on the way back.

use burn_tensor::{Tensor, activation};

use super::{Kept, Operation, Prepared};
use crate::bundle::blueprint::Activation;
use crate::method::BackwardRule;
use crate::network::ComputeDevice;
use crate::network::cpu;
use crate::network::cpu::math::{normal, sigmoid};

/// An activation function.
#[derive(Debug)]
pub(in crate::network) struct Activated {
    activation: Activation,
    /// Whether values are changed where they lie.
    is_direct: bool,
}

impl Operation for Activated {
    fn forward(&self, mut inputs: Vec<Tensor<4>>, keeps: bool) -> (Tensor<4>, Kept) {
        let value = self.of(inputs.swap_remove(0));
        let kept = if keeps && self.needs_value() { Kept::Value(value.clone()) } else { Kept::Nothing };
        (value, kept)
    }

    fn prepare(&self, input: Option<Tensor<4>>, kept: &Kept, masks: bool) -> Prepared {
        match (input, kept) {
            _ if !masks => Prepared::Nothing,
            (Some(input), _) => Prepared::Factor(self.derivative_at(input)),
            (None, Kept::Value(value)) => self.passed(value),
            _ => Prepared::Nothing,
        }
    }

    /// `linear` lets everything pass, `deconvnet` the positive part; `gated` multiplies with the derivative, which of a
    /// ReLU is 1 where it let its input through, and `guided` does both.
    fn back(&self, signal: Tensor<4>, prepared: &Prepared, rule: BackwardRule) -> Vec<Option<Tensor<4>>> {
        let signal = if rule.keeps_positive_only() { activation::relu(signal) } else { signal };
        vec![Some(match prepared {
            _ if !rule.uses_forward_mask() => signal,
            Prepared::Factor(factor) => signal * factor.clone(),
            Prepared::Closed(closed) => {
                // Flex fills a tensor of its own value by value, one that is held elsewhere too in SIMD.
                let held = signal.clone();
                signal.mask_fill(closed.clone().expand(held.dims()), 0.0)
            }
            _ => unreachable!("a rule that asks for masks finds them prepared"),
        })]
    }

    fn needs_input(&self) -> bool {
        matches!(self.activation, Activation::Silu | Activation::HardSwish | Activation::Gelu)
    }

    fn needs_value(&self) -> bool {
        !self.needs_input()
    }

    fn halo(&self) -> Option<usize> {
        Some(0)
    }

    fn is_cheap(&self) -> bool {
        !matches!(self.activation, Activation::Silu | Activation::Gelu | Activation::Sigmoid)
    }
}

impl Activated {
    pub fn new(activation: Activation, device: &ComputeDevice) -> Self {
        Self { activation, is_direct: cpu::is_direct(device) }
    }

    fn of(&self, x: Tensor<4>) -> Tensor<4> {
        match self.activation {
            Activation::Silu if self.is_direct => cpu::each(x, |x| x * sigmoid(x)),
            Activation::HardSwish if self.is_direct => cpu::each(x, |x| x * (x + 3.0).clamp(0.0, 6.0) / 6.0),
            Activation::Gelu if self.is_direct => cpu::each(x, |x| x * normal(x).0),
            Activation::Sigmoid if self.is_direct => cpu::each(x, sigmoid),
            Activation::Relu => activation::relu(x),
            Activation::Relu6 => x.clamp(0.0, 6.0),
            Activation::LeakyRelu { slope } => activation::leaky_relu(x, slope),
            Activation::Silu => activation::silu(x),
            Activation::HardSwish => x.clone() * hard_sigmoid(x),
            Activation::Gelu => activation::gelu(x),
            Activation::Sigmoid => activation::sigmoid(x),
            Activation::HardSigmoid => hard_sigmoid(x),
        }
    }

    /// The derivative of those that tell it by their value y.
    fn passed(&self, y: &Tensor<4>) -> Prepared {
        let y = y.clone();
        let within = |most: f32| y.clone().lower_equal_scalar(0.0).bool_or(y.clone().greater_equal_scalar(most));
        match self.activation {
            Activation::Relu6 => Prepared::Closed(within(6.0)),
            Activation::LeakyRelu { slope } => {
                Prepared::Factor(y.greater_scalar(0.0).float().mul_scalar(1.0 - slope).add_scalar(slope))
            }
            Activation::Sigmoid => Prepared::Factor(y.clone() * y.neg().add_scalar(1.0)),
            Activation::HardSigmoid => Prepared::Factor(within(1.0).bool_not().float().div_scalar(6.0)),
            _ => Prepared::Closed(y.lower_equal_scalar(0.0)),
        }
    }

    /// That of those that tell it by their input x alone: SiLU, HardSwish and GELU.
    fn derivative_at(&self, x: Tensor<4>) -> Tensor<4> {
        match self.activation {
            Activation::Silu if self.is_direct => cpu::each(x, |x| {
                let s = sigmoid(x);
                s * (1.0 + x * (1.0 - s))
            }),
            Activation::HardSwish if self.is_direct => cpu::each(x, |x| {
                let within = (2.0 * x + 3.0) / 6.0;
                if x >= 3.0 {
                    1.0
                } else if x > -3.0 {
                    within
                } else {
                    0.0
                }
            }),
            Activation::Gelu if self.is_direct => cpu::each(x, |x| {
                let (below, density) = normal(x);
                below + x * density
            }),
            // σ(x) (1 + x (1 − σ(x)))
            Activation::Silu => {
                let s = activation::sigmoid(x.clone());
                s.clone() * (x * s.neg().add_scalar(1.0)).add_scalar(1.0)
            }
            // 0 below −3, (2x + 3) / 6 to 3, then 1
            Activation::HardSwish => {
                let within = x.clone().greater_scalar(-3.0).float() * x.clone().lower_scalar(3.0).float();
                let above = x.clone().greater_equal_scalar(3.0).float();
                within * x.mul_scalar(2.0).add_scalar(3.0).div_scalar(6.0) + above
            }
            // Φ(x) + x φ(x)
            _ => {
                let phi = (x.clone() * x.clone()).div_scalar(-2.0).exp().mul_scalar(1.0 / std::f64::consts::TAU.sqrt());
                let below = x.clone().div_scalar(std::f64::consts::SQRT_2).erf().add_scalar(1.0).div_scalar(2.0);
                below + x * phi
            }
        }
    }
}

fn hard_sigmoid(x: Tensor<4>) -> Tensor<4> {
    x.add_scalar(3.0).clamp(0.0, 6.0).div_scalar(6.0)
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::super::check;
    use crate::bundle::blueprint::{Activation, Op};

    #[test]
    fn the_way_back_is_the_gradient_times_what_the_rule_lets_pass() {
        for activation in [
            Activation::Relu,
            Activation::Relu6,
            Activation::LeakyRelu { slope: 0.1 },
            Activation::Silu,
            Activation::HardSwish,
            Activation::Gelu,
            Activation::Sigmoid,
            Activation::HardSigmoid,
        ] {
            check::is_the_gradient(Op::Activation(activation), &[[3, 5, 4]]);
        }
    }
}
