//! How long to wait before trying again.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);

/// The pause after a number of failures in a row: a second, doubled each time, at most five minutes. `jitter`, 0 to 1,
/// takes up to a quarter off, so that many nodes that lost the same archive do not return at the same moment.
pub fn after(failures: u32, jitter: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
    doubled.min(LONGEST).mul_f64(1.0 - 0.25 * jitter.clamp(0.0, 1.0))
}

/// Like [`after`], with random jitter.
pub fn by_chance(failures: u32) -> Duration {
    after(failures, rand::random::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes() {
        let seconds = |failures| after(failures, 0.0).as_secs();
        assert_eq!([1, 2, 3, 4, 9].map(seconds), [1, 2, 4, 8, 256]);
        assert_eq!([10, 32, 33, 1000, u32::MAX].map(seconds), [300; 5]);
        assert_eq!(after(3, 1.0), Duration::from_secs(3));
        assert!((0..100).all(|_| (225..=300).contains(&by_chance(99).as_secs())));
    }
}
