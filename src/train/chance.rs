//! Draws that `rand` itself does not bring.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A draw from the normal distribution of mean 0 and deviation 1 (Box and Muller 1958).
pub fn normal(rng: &mut ChaCha8Rng) -> f32 {
    // 1 − u lies in (0, 1]: its logarithm is finite.
    let (radius, angle) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
    ((-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()) as f32
}

/// A draw from −`most` to `most`, each value as likely as the next.
pub fn within(most: f32, rng: &mut ChaCha8Rng) -> f32 {
    rng.random_range(-most..=most)
}

/// Whether something that happens in `share` of all cases happens.
pub fn happens(share: f32, rng: &mut ChaCha8Rng) -> bool {
    rng.random::<f32>() < share
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn normal_draws_have_mean_0_and_deviation_1() {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let drawn: Vec<f32> = (0..20_000).map(|_| normal(&mut rng)).collect();
        let mean = |v: &mut dyn Iterator<Item = f32>| v.sum::<f32>() / 20_000.0;
        assert!(mean(&mut drawn.iter().copied()).abs() < 0.03);
        assert!((mean(&mut drawn.iter().map(|v| v * v)) - 1.0).abs() < 0.05);
        assert!((mean(&mut drawn.iter().map(|v| v.powi(4))) - 3.0).abs() < 0.3, "its tails are a normal's");
    }
}
