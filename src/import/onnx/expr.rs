//! What is done to a map value by value, however an exporter writes it: the steps are gathered into a function of one
//! variable, and that is compared with the activations that there are. So x·σ(x), x·(1 + erf(x/√2))/2 and x·clip(x + 3)/6
//! are found in whatever order their parts stand.

use std::rc::Rc;

use crate::bundle::blueprint::Activation;

/// Steps that are gathered before a value must be something known.
const MOST_STEPS: usize = 48;
/// Where functions are compared.
const RANGE: f64 = 12.0;
const SAMPLES: i32 = 600;
const TOLERANCE: f64 = 2e-5;

/// A function of x.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    X,
    Number(f64),
    Two(Two, Rc<Expr>, Rc<Expr>),
    One(One, Rc<Expr>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Two {
    Sum,
    Difference,
    Product,
    Quotient,
    Power,
    Least,
    Most,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum One {
    Activation(Activation),
    /// ONNX's, of any slope.
    HardSigmoid {
        slope: f64,
        shift: f64,
    },
    Tanh,
    Erf,
    Exp,
    Log,
    Softplus,
    Sqrt,
    Negative,
    Magnitude,
}

/// What a function turns out to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    Identity,
    Activation(Activation),
    /// factor · x + shift
    Affine(f64, f64),
    /// One after the other.
    Steps(Vec<Known>),
}

impl Expr {
    pub fn one(one: One, of: Self) -> Self {
        Self::One(one, Rc::new(of))
    }

    pub fn two(two: Two, a: Self, b: Self) -> Self {
        Self::Two(two, Rc::new(a), Rc::new(b))
    }

    /// # Errors
    /// Far too many steps for an activation.
    pub fn checked(self) -> Result<Self, String> {
        if self.steps() <= MOST_STEPS { Ok(self) } else { Err("so many steps make no activation".to_owned()) }
    }

    fn steps(&self) -> usize {
        match self {
            Self::X | Self::Number(_) => 1,
            Self::One(_, of) => 1 + of.steps(),
            Self::Two(_, a, b) => 1 + a.steps() + b.steps(),
        }
    }

    fn at(&self, x: f64) -> f64 {
        match self {
            Self::X => x,
            Self::Number(number) => *number,
            Self::One(one, of) => one.at(of.at(x)),
            Self::Two(two, a, b) => two.at(a.at(x), b.at(x)),
        }
    }

    /// What it is, if it is anything known.
    pub fn known(&self) -> Option<Known> {
        if *self == Self::X {
            return Some(Known::Identity);
        }
        self.simple().or_else(|| {
            // The outer steps may be a function of what an inner one makes.
            let mut parts = Vec::new();
            self.parts(&mut parts);
            let (inner, outer) = parts.into_iter().find_map(|part| Some((part.simple()?, self.with_x_for(part)?)))?;
            Some(Known::Steps(vec![inner, outer.known()?]))
        })
    }

    fn simple(&self) -> Option<Known> {
        let slope = -self.at(-1.0);
        let candidates = [
            Activation::Relu,
            Activation::Relu6,
            Activation::Silu,
            Activation::HardSwish,
            Activation::Gelu,
            Activation::Sigmoid,
            Activation::HardSigmoid,
            Activation::LeakyRelu { slope },
        ];
        let is = |f: &dyn Fn(f64) -> f64| {
            let close = |n: i32| {
                let x = RANGE * f64::from(n) / f64::from(SAMPLES);
                let (found, expected) = (self.at(x), f(x));
                (found - expected).abs() <= TOLERANCE * expected.abs().max(1.0)
            };
            (-SAMPLES..=SAMPLES).all(close)
        };
        let (shift, factor) = (self.at(0.0), self.at(1.0) - self.at(0.0));
        if is(&|x| factor * x + shift) {
            return Some(if (factor, shift) == (1.0, 0.0) { Known::Identity } else { Known::Affine(factor, shift) });
        }
        candidates.into_iter().find(|candidate| is(&|x| value_of(*candidate, x))).map(Known::Activation)
    }

    /// Every step inside, the outer ones first.
    fn parts<'a>(&'a self, found: &mut Vec<&'a Self>) {
        let inner: &[&Rc<Self>] = match self {
            Self::X | Self::Number(_) => &[],
            Self::One(_, of) => &[of],
            Self::Two(_, a, b) => &[a, b],
        };
        for part in inner {
            if !matches!(***part, Self::X | Self::Number(_)) {
                found.push(part);
                part.parts(found);
            }
        }
    }

    /// The function of what `part` makes; `None` where it reads x beside that too.
    fn with_x_for(&self, part: &Self) -> Option<Self> {
        if self == part {
            return Some(Self::X);
        }
        match self {
            Self::X => None,
            Self::Number(number) => Some(Self::Number(*number)),
            Self::One(one, of) => Some(Self::one(*one, of.with_x_for(part)?)),
            Self::Two(two, a, b) => Some(Self::two(*two, a.with_x_for(part)?, b.with_x_for(part)?)),
        }
    }
}

impl Two {
    pub fn at(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Sum => a + b,
            Self::Difference => a - b,
            Self::Product => a * b,
            Self::Quotient => a / b,
            Self::Power => a.powf(b),
            Self::Least => a.min(b),
            Self::Most => a.max(b),
        }
    }
}

impl One {
    fn at(self, x: f64) -> f64 {
        match self {
            Self::Activation(activation) => value_of(activation, x),
            Self::HardSigmoid { slope, shift } => (slope * x + shift).clamp(0.0, 1.0),
            Self::Tanh => x.tanh(),
            Self::Erf => libm::erf(x),
            Self::Exp => x.exp(),
            Self::Log => x.ln(),
            Self::Softplus => x.exp().ln_1p(),
            Self::Sqrt => x.sqrt(),
            Self::Negative => -x,
            Self::Magnitude => x.abs(),
        }
    }
}

fn value_of(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::LeakyRelu { slope } => x.max(0.0) + slope * x.min(0.0),
        Activation::Silu => x / (1.0 + (-x).exp()),
        Activation::HardSwish => x * value_of(Activation::HardSigmoid, x),
        Activation::Gelu => 0.5 * x * (1.0 + libm::erf(x / std::f64::consts::SQRT_2)),
        Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Activation::HardSigmoid => (x + 3.0).clamp(0.0, 6.0) / 6.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: f64) -> Expr {
        Expr::Number(value)
    }

    fn clip(of: Expr, least: f64, most: f64) -> Expr {
        Expr::two(Two::Least, Expr::two(Two::Most, of, number(least)), number(most))
    }

    fn is(expr: &Expr, activation: Activation) {
        assert_eq!(expr.known(), Some(Known::Activation(activation)), "{expr:?}");
    }

    #[test]
    fn activations_are_known_however_they_are_written() {
        let product = |a, b| Expr::two(Two::Product, a, b);
        let sum = |a, b| Expr::two(Two::Sum, a, b);
        is(&product(Expr::X, Expr::one(One::Activation(Activation::Sigmoid), Expr::X)), Activation::Silu);
        is(&product(Expr::one(One::Activation(Activation::Sigmoid), Expr::X), Expr::X), Activation::Silu);
        is(&clip(Expr::X, 0.0, 6.0), Activation::Relu6);
        is(&clip(Expr::X, 0.0, f64::INFINITY), Activation::Relu);
        is(
            &Expr::two(Two::Least, Expr::one(One::Activation(Activation::Relu), Expr::X), number(6.0)),
            Activation::Relu6,
        );
        let hard = Expr::two(Two::Quotient, clip(sum(Expr::X, number(3.0)), 0.0, 6.0), number(6.0));
        is(&hard, Activation::HardSigmoid);
        is(&product(Expr::X, hard), Activation::HardSwish);
        is(&Expr::one(One::HardSigmoid { slope: 1.0 / 6.0, shift: 0.5 }, Expr::X), Activation::HardSigmoid);
        let erf = Expr::one(One::Erf, Expr::two(Two::Quotient, Expr::X, number(std::f64::consts::SQRT_2)));
        let gelu = product(product(Expr::X, sum(erf, number(1.0))), number(0.5));
        is(&gelu, Activation::Gelu);
        is(&Expr::two(Two::Most, Expr::X, product(Expr::X, number(0.25))), Activation::LeakyRelu { slope: 0.25 });
        assert_eq!(sum(product(Expr::X, number(2.0)), number(-1.0)).known(), Some(Known::Affine(2.0, -1.0)));
    }

    #[test]
    fn one_activation_behind_another_is_found() {
        let relu = Expr::one(One::Activation(Activation::Relu), Expr::X);
        let silu = Expr::two(Two::Product, relu.clone(), Expr::one(One::Activation(Activation::Sigmoid), relu));
        let steps = [Activation::Relu, Activation::Silu].map(Known::Activation).to_vec();
        assert_eq!(silu.known(), Some(Known::Steps(steps)));
    }

    #[test]
    fn functions_that_are_none_of_these_are_not_known() {
        let tanh = Expr::one(One::Tanh, Expr::one(One::Softplus, Expr::X));
        assert_eq!(Expr::two(Two::Product, Expr::X, tanh).known(), None, "mish");
        assert_eq!(Expr::one(One::HardSigmoid { slope: 0.2, shift: 0.5 }, Expr::X).known(), None);
        assert_eq!(Expr::one(One::Log, Expr::X).known(), None);
        let mut long = Expr::X;
        for _ in 0..8 {
            long = Expr::two(Two::Sum, long.clone(), long);
        }
        assert!(long.checked().is_err());
    }
}
