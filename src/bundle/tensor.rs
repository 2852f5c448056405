//! Tensors by name and shape, with and without their values.

use std::collections::BTreeMap;

/// Weights by name, each with its shape.
pub type WeightMap = BTreeMap<String, WeightTensor>;

/// A dense f32 tensor, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightTensor {
    /// The outermost axis first.
    pub shape: Vec<usize>,
    /// The last axis changes fastest.
    pub values: Vec<f32>,
}

/// A tensor that an architecture needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorSpec {
    /// As PyTorch has it.
    pub name: String,
    /// The outermost axis first.
    pub shape: Vec<usize>,
}

impl TensorSpec {
    pub(super) fn new(name: String, shape: &[usize]) -> Self {
        Self { name, shape: shape.to_vec() }
    }

    /// How many values it has.
    pub fn values(&self) -> usize {
        self.shape.iter().product()
    }
}
