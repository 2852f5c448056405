//! The formula of `tests/reference/conv_stack.py`.

/// Value i is sin(1.7 i + 3.1 seed) · cos(0.3 i − seed), computed in f64 and rounded to f32.
pub fn values(count: usize, seed: usize) -> Vec<f32> {
    let seed = seed as f64;
    (0..count).map(|i| ((1.7 * i as f64 + 3.1 * seed).sin() * (0.3 * i as f64 - seed).cos()) as f32).collect()
}

/// The hash of `tests/reference/densenet.py`: uniform in [-1, 1), the same in every language.
pub fn noise(count: usize, seed: usize) -> Vec<f32> {
    let one = |i: u32| {
        let mut x = i.wrapping_mul(0x9E37_79B1).wrapping_add((seed as u32 + 1).wrapping_mul(0x85EB_CA77));
        x = (x ^ (x >> 15)).wrapping_mul(0x2C1B_3C6D);
        x = (x ^ (x >> 12)).wrapping_mul(0x297A_2D39);
        x ^= x >> 15;
        (f64::from(x) / f64::from(1u32 << 31) - 1.0) as f32
    };
    (0..count as u32).map(one).collect()
}
