//! Agreement of two orders.

/// Spearman's rank correlation; equal values share the mean of their ranks. `None` where either has no order, and for
/// values that are no numbers.
pub fn spearman(a: &[f32], b: &[f32]) -> Option<f64> {
    if a.len() != b.len() || a.iter().chain(b).any(|v| v.is_nan()) {
        return None;
    }
    let (a, b) = (ranks(a), ranks(b));
    // The mean of ranks is the same whatever is tied.
    let mean = (a.len() as f64 + 1.0) / 2.0;
    let sums = a.iter().zip(&b).fold((0.0, 0.0, 0.0), |(ab, aa, bb), (a, b)| {
        let (a, b) = (a - mean, b - mean);
        (ab + a * b, aa + a * a, bb + b * b)
    });
    let scale = (sums.1 * sums.2).sqrt();
    (scale > 0.0).then(|| sums.0 / scale)
}

/// From 1 on.
fn ranks(values: &[f32]) -> Vec<f64> {
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    order.sort_unstable_by(|a, b| values[*a as usize].total_cmp(&values[*b as usize]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for tied in order.chunk_by(|a, b| values[*a as usize] == values[*b as usize]) {
        let rank = first as f64 + (tied.len() as f64 + 1.0) / 2.0;
        tied.iter().for_each(|at| ranks[*at as usize] = rank);
        first += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spearman_by_hand() {
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[10.0, 20.0, 900.0]), Some(1.0));
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]), Some(-1.0));
        // Ranks 1.5, 1.5, 3, 4 against 1, 2, 3, 4: Σab = 4.5, Σaa = 4.5, Σbb = 5.
        let found = spearman(&[0.0, 0.0, 1.0, 2.0], &[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert!((found - 4.5 / (4.5f64 * 5.0).sqrt()).abs() < 1e-12);
        assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), None, "no order");
        assert_eq!(spearman(&[-0.0, 0.0], &[1.0, 2.0]), None, "zero has no sign");
        assert_eq!(spearman(&[f32::NAN, 1.0], &[1.0, 2.0]), None);
        assert_eq!(spearman(&[], &[]), None);
    }
}
