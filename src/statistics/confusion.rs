//! Who gave which grade how often, and what follows from that.

use serde::Serialize;

/// Who gave which grade how often.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Confusion {
    /// Rows are the reference's grades, columns the other's.
    pub counts: Vec<Vec<u64>>,
}

/// How a disagreement weighs that is so many grades wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KappaWeights {
    /// All alike.
    Unweighted,
    Linear,
    Quadratic,
}

impl KappaWeights {
    fn of(self, a: usize, b: usize) -> f64 {
        let apart = a.abs_diff(b) as f64;
        match self {
            Self::Unweighted => f64::from(u8::from(a != b)),
            Self::Linear => apart,
            Self::Quadratic => apart * apart,
        }
    }
}

impl Confusion {
    pub fn new(classes: usize) -> Self {
        Self { counts: vec![vec![0; classes]; classes] }
    }

    /// Of pairs (reference, other); what is no class is left out.
    pub fn of(classes: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        Self::weighed(classes, pairs.into_iter().map(|(reference, other)| (reference, other, 1)))
    }

    /// Of pairs, each so many times.
    pub fn weighed(classes: usize, pairs: impl IntoIterator<Item = (usize, usize, u32)>) -> Self {
        let mut confusion = Self::new(classes);
        for (reference, other, weight) in pairs {
            if let Some(count) = confusion.counts.get_mut(reference).and_then(|row| row.get_mut(other)) {
                *count += u64::from(weight);
            }
        }
        confusion
    }

    pub fn n(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    fn cells(&self) -> impl Iterator<Item = (usize, usize, f64)> {
        let row = |(a, row): (usize, &Vec<u64>)| {
            row.iter().enumerate().map(move |(b, count)| (a, b, *count as f64)).collect::<Vec<_>>()
        };
        self.counts.iter().enumerate().flat_map(row)
    }

    fn rows(&self) -> Vec<f64> {
        self.counts.iter().map(|row| row.iter().sum::<u64>() as f64).collect()
    }

    fn columns(&self) -> Vec<f64> {
        (0..self.counts.len()).map(|b| self.counts.iter().map(|row| row[b]).sum::<u64>() as f64).collect()
    }

    /// The part in which both say the same. `None` without pairs.
    pub fn accuracy(&self) -> Option<f64> {
        let same: f64 = self.cells().filter(|(a, b, _)| a == b).map(|(_, _, count)| count).sum();
        ratio(same, self.n() as f64)
    }

    /// The accuracy of whoever always says the reference's commonest grade. `None` without pairs.
    pub fn majority_baseline(&self) -> Option<f64> {
        ratio(self.rows().into_iter().fold(0.0, f64::max), self.n() as f64)
    }

    /// Cohen's kappa. `None` where no disagreement can be expected: without pairs, or where both know one grade only.
    pub fn kappa(&self, weights: KappaWeights) -> Option<f64> {
        let (rows, columns, n) = (self.rows(), self.columns(), self.n() as f64);
        let sums = self.cells().fold((0.0, 0.0), |(observed, expected), (a, b, count)| {
            let weight = weights.of(a, b);
            (observed + weight * count, expected + weight * rows[a] * columns[b])
        });
        ratio(sums.0 * n, sums.1).map(|part| 1.0 - part)
    }
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
