//! Operations one behind the other, done band of rows by band of rows: that keeps all cores busy where single operations
//! are too small to be shared out, and what a band passes on stays in the cache.

use std::ops::Range;

use burn_tensor::Tensor;
use rayon::prelude::*;

use super::{Kept, Operation, Prepared};
use crate::method::BackwardRule;

/// A chain of operations that keep height and width.
#[derive(Debug)]
pub(in crate::network) struct Chain {
    links: Vec<Box<dyn Operation>>,
    /// Rows that must be there above and below a band, before each link and after the last.
    halos: Vec<usize>,
    /// The values before each link and after the last that a pass keeps.
    keeps: Vec<bool>,
    height: usize,
}

const FEWEST_ROWS: usize = 3;

impl Chain {
    /// All `links` have a halo and keep at most their own value, or need what they read.
    pub fn new(links: Vec<Box<dyn Operation>>, height: usize) -> Self {
        let mut halos = vec![0; links.len() + 1];
        for (index, link) in links.iter().enumerate().rev() {
            halos[index] = halos[index + 1] + link.halo().unwrap_or(0);
        }
        // What a few sums bring back is not kept.
        let mut keeps = vec![false; links.len() + 1];
        let mut is_cheap = true;
        for (index, link) in links.iter().enumerate() {
            let is_wanted = link.needs_value() || links.get(index + 1).is_some_and(|next| next.needs_input());
            keeps[index + 1] = is_wanted && !(is_cheap && link.is_cheap());
            is_cheap = keeps[index + 1] || (is_cheap && link.is_cheap());
        }
        Self { links, halos, keeps, height }
    }

    fn around(&self, rows: &Range<usize>, link: usize) -> Range<usize> {
        rows.start.saturating_sub(self.halos[link])..(rows.end + self.halos[link]).min(self.height)
    }

    /// One band of what the last link makes, and of the values that are kept.
    fn band(&self, input: &Tensor<4>, rows: &Range<usize>, keeps: bool) -> (Tensor<4>, Vec<Option<Tensor<4>>>) {
        let mut around = self.around(rows, 0);
        let mut x = input.clone().narrow(2, around.start, around.len());
        let mut kept = vec![None];
        for (index, link) in self.links.iter().enumerate() {
            let next = self.around(rows, index + 1);
            x = link.forward_rows(x, next.start - around.start..next.end - around.start);
            around = next;
            let own = (keeps && self.keeps[index + 1]).then(|| {
                if around == *rows { x.clone() } else { x.clone().narrow(2, rows.start - around.start, rows.len()) }
            });
            kept.push(own);
        }
        (x, kept)
    }

    /// The values that links' ways back are worked out from: kept ones, and what follows from them.
    fn values(&self, input: Option<Tensor<4>>, kept: &[Kept]) -> Vec<Option<Tensor<4>>> {
        let mut values = vec![input];
        for (index, link) in self.links.iter().enumerate() {
            let value = match (&kept[index + 1], &values[index]) {
                (Kept::Rows(rows), _) => Some(Tensor::cat(rows.clone(), 2)),
                (_, Some(before)) if link.is_cheap() => Some(link.forward(vec![before.clone()], false).0),
                _ => None,
            };
            values.push(value);
        }
        values
    }
}

impl Operation for Chain {
    fn forward(&self, mut inputs: Vec<Tensor<4>>, keeps: bool) -> (Tensor<4>, Kept) {
        let input = inputs.swap_remove(0);
        let bands = bands_of(self.height, rayon::current_num_threads().min(self.height / FEWEST_ROWS));
        let (values, kept): (Vec<_>, Vec<_>) = bands.par_iter().map(|rows| self.band(&input, rows, keeps)).unzip();
        let mut columns: Vec<Vec<Tensor<4>>> = vec![Vec::new(); self.links.len() + 1];
        for band in kept {
            columns.iter_mut().zip(band).for_each(|(column, value)| column.extend(value));
        }
        let kept = columns.into_iter().map(|rows| if rows.is_empty() { Kept::Nothing } else { Kept::Rows(rows) });
        (Tensor::cat(values, 2), Kept::Links(kept.collect()))
    }

    fn prepare(&self, input: Option<Tensor<4>>, kept: &Kept, masks: bool) -> Prepared {
        let Kept::Links(kept) = kept else { return Prepared::Nothing };
        if !masks {
            return Prepared::Links(self.links.iter().map(|_| Prepared::Nothing).collect());
        }
        let values = self.values(input, kept);
        let one = |index: usize| {
            let link = &self.links[index];
            let own = values[index + 1].clone().filter(|_| link.needs_value()).map_or(Kept::Nothing, Kept::Value);
            link.prepare(values[index].clone().filter(|_| link.needs_input()), &own, masks)
        };
        Prepared::Links((0..self.links.len()).into_par_iter().map(one).collect())
    }

    fn back(&self, signal: Tensor<4>, prepared: &Prepared, rule: BackwardRule) -> Vec<Option<Tensor<4>>> {
        let Prepared::Links(prepared) = prepared else {
            unreachable!("a pass that goes back has kept the chain's links")
        };
        let mut signal = Some(signal);
        for (link, prepared) in self.links.iter().zip(prepared).rev() {
            signal = signal.and_then(|signal| link.back(signal, prepared, rule).swap_remove(0));
        }
        vec![signal]
    }

    fn needs_input(&self) -> bool {
        // From it come the values of the cheap links at the beginning.
        self.links.first().is_some_and(|link| link.is_cheap() || link.needs_input())
    }
}

/// `height` rows in `count` bands of nearly the same size.
fn bands_of(height: usize, count: usize) -> Vec<Range<usize>> {
    let count = count.clamp(1, height.max(1));
    (0..count).map(|band| band * height / count..(band + 1) * height / count).collect()
}
