//! The formula of `tests/reference/conv_stack.py`.

/// Value i is sin(1.7 i + 3.1 seed) · cos(0.3 i − seed), computed in f64 and rounded to f32.
pub fn values(count: usize, seed: usize) -> Vec<f32> {
    let seed = seed as f64;
    (0..count).map(|i| ((1.7 * i as f64 + 3.1 * seed).sin() * (0.3 * i as f64 - seed).cos()) as f32).collect()
}
