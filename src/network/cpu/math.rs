//! Functions of one value without branches, so that a loop over them becomes SIMD.

/// e^x to 2 units in the last place; 0 below −87 and no more than e^88.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    // x = n ln 2 + r, |r| ≤ ln 2 / 2. Adding and taking away 1.5 · 2^23 rounds, and leaves n in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    // ln 2 in two parts: the products with the first are exact.
    let r = (x - n * 0.693_359_4) + n * 2.121_944_4e-4;
    // Taylor's series of (e^r − 1 − r) / r², by Horner.
    let series = ((((r / 5040.0 + 1.0 / 720.0) * r + 1.0 / 120.0) * r + 1.0 / 24.0) * r + 1.0 / 6.0) * r + 0.5;
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23));
    (series * r * r + r + 1.0) * power
}

/// 1 / (1 + e^−x)
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Φ(x) and φ(x) of the standard normal distribution, to 1.5e-7 (Abramowitz, Stegun 1964, 7.1.26).
#[inline(always)]
pub fn normal(x: f32) -> (f32, f32) {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let bell = exp(-z * z);
    let series = ((((1.061_405_4 * t - 1.453_152_1) * t + 1.421_413_8) * t - 0.284_496_72) * t + 0.254_829_6) * t;
    let tail = 0.5 * series * bell;
    (if x < 0.0 { tail } else { 1.0 - tail }, bell * 0.398_942_3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> impl Iterator<Item = f32> {
        (-9000..=9000).map(|n| n as f32 / 100.0)
    }

    #[test]
    fn the_exponential_is_the_libraries() {
        let off = |x: f32| (f64::from(exp(x)) / f64::from(x).exp() - 1.0).abs();
        let worst = samples().filter(|x| (-87.0..=88.0).contains(x)).map(off).fold(0.0, f64::max);
        assert!(worst < 2.5e-7, "{worst:e}");
        assert!(exp(-1e9) < 2e-38 && exp(1e9).is_finite() && exp(0.0) == 1.0);
    }

    #[test]
    fn the_normal_distribution_is_that_of_erf() {
        for x in samples() {
            let (below, density) = normal(x);
            let wide = f64::from(x);
            let expected = 0.5 * libm::erfc(-wide / std::f64::consts::SQRT_2);
            assert!((f64::from(below) - expected).abs() < 3e-7, "Φ({x})");
            let expected = (-wide * wide / 2.0).exp() / std::f64::consts::TAU.sqrt();
            assert!((f64::from(density) - expected).abs() < 1e-7, "φ({x})");
        }
    }

    #[test]
    fn the_sigmoid_ends_in_nought_and_one() {
        assert!(sigmoid(-200.0) < 1e-37 && sigmoid(200.0) == 1.0 && sigmoid(0.0) == 0.5);
    }
}
