//! The order in which pixels of a picture are put in or taken out: in square blocks, strongest first, or by chance.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// The pixels of a field in blocks, in an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Each with its pixels' places.
    blocks: Vec<Vec<usize>>,
    area: usize,
}

impl Order {
    /// Blocks of `side_px` square of the pixels of `field`, `[height, width]`, in an order that chance gives.
    pub fn random(field: &[bool], width: usize, side_px: usize, seed: u64) -> Self {
        let side = side_px.max(1);
        let across = width.div_ceil(side).max(1);
        let down = (field.len() / width.max(1)).div_ceil(side);
        let mut blocks = vec![Vec::new(); across * down];
        for at in (0..field.len()).filter(|at| field[*at]) {
            blocks[(at / width / side) * across + at % width / side].push(at);
        }
        blocks.retain(|block: &Vec<usize>| !block.is_empty());
        blocks.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        Self { blocks, area: field.len() }
    }

    /// The same blocks by the means of `map`, the largest first; chance decides between equals.
    pub fn strongest_first(field: &[bool], width: usize, side_px: usize, map: &[f32], seed: u64) -> Self {
        let mut order = Self::random(field, width, side_px, seed);
        let mean = |block: &Vec<usize>| {
            let sum: f64 = block.iter().map(|at| f64::from(map[*at])).filter(|v| v.is_finite()).sum();
            sum / block.len() as f64
        };
        order.blocks.sort_by_cached_key(|block| std::cmp::Reverse(TotalOrder(mean(block))));
        order
    }

    pub fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Where the first `count` blocks lie, `[height, width]`.
    pub fn first(&self, count: usize) -> Vec<bool> {
        let mut mask = vec![false; self.area];
        self.blocks.iter().take(count).flatten().for_each(|at| mask[*at] = true);
        mask
    }
}

#[derive(PartialEq)]
struct TotalOrder(f64);

impl Eq for TotalOrder {}

impl Ord for TotalOrder {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for TotalOrder {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_by_their_means() {
        // 2×5 in blocks of 2: the third block has two pixels of which one lies outside of the field.
        let map = [0.0, 1.0, 5.0, 0.0, 9.0, 0.0, 1.0, 0.0, 0.0, 100.0];
        let field: Vec<bool> = (0..10).map(|i| i != 9).collect();
        let order = Order::strongest_first(&field, 5, 2, &map, 1);
        assert_eq!(order.blocks, [vec![4], vec![2, 3, 7, 8], vec![0, 1, 5, 6]]);
        assert_eq!(order.first(1).iter().position(|is_in| *is_in), Some(4));
        assert_eq!(order.first(9), field);
        let random = Order::random(&field, 5, 1, 7);
        assert_eq!((random.blocks(), random == Order::random(&field, 5, 1, 7)), (9, true));
        assert_ne!(random, Order::random(&field, 5, 1, 8));
    }
}
