//! Insertion and deletion (Petsiuk et al. 2018): the decided class's probability while a picture's pixels are put in or
//! taken out, those first that a map says matter most. A random order of the same pixels stands beside.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::order::Order;
use crate::evaluate::fill::{Fill, Filler, Planes};
use crate::evaluate::subject::Subject;
use crate::explain::ExplainError;
use crate::method::MapKind;
use crate::statistics::MayGoOn;

/// How finely and how often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurveSettings {
    /// Into how many steps of equally many blocks the way is cut.
    pub steps: usize,
    /// Of a block's sides; `None`: a thirty-second of the width, at least 1.
    pub block_px: Option<usize>,
    pub fills: Vec<Fill>,
    /// Over so many random orders the mean is taken.
    pub random_orders: usize,
}

impl Default for CurveSettings {
    fn default() -> Self {
        Self { steps: 10, block_px: None, fills: vec![Fill::Blur, Fill::Mean, Fill::Inpaint], random_orders: 3 }
    }
}

impl CurveSettings {
    pub(super) fn side_px(&self, width: usize) -> usize {
        self.block_px.unwrap_or(width / 32).max(1)
    }
}

/// One way there and one way back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curves {
    /// Whose order; `None`: the mean over random orders.
    pub map: Option<MapKind>,
    pub fill: Fill,
    /// The probability after each step, from all pixels removed to all there.
    pub insertion: Vec<f32>,
    /// From all there to all removed.
    pub deletion: Vec<f32>,
    /// The area below each by the trapezoidal rule over the part of the pixels, 0 to 1.
    pub insertion_area: f64,
    pub deletion_area: f64,
}

/// Both ways along one order, as in [`Curves`].
#[derive(Debug, Clone, PartialEq)]
pub struct Ways {
    pub insertion: Vec<f32>,
    pub deletion: Vec<f32>,
    /// Below insertion and deletion.
    pub areas: [f64; 2],
}

/// How many blocks are put in or taken out after each of so many steps.
fn counts(blocks: usize, steps: usize) -> Vec<usize> {
    let steps = steps.clamp(1, blocks.max(1));
    (0..=steps).map(|step| (step * blocks + steps / 2) / steps).collect()
}

/// The area below a curve of `values` at `counts`, the last of which is the whole.
fn area(values: &[f32], counts: &[usize]) -> f64 {
    let whole = counts.last().copied().unwrap_or(0).max(1) as f64;
    let part = |(v, n): (&[f32], &[usize])| (f64::from(v[0]) + f64::from(v[1])) / 2.0 * (n[1] - n[0]) as f64 / whole;
    values.windows(2).zip(counts.windows(2)).map(part).sum()
}

/// Both ways along `order`; `probability` is what is asked of each picture, `None` as soon as it says so. `ends` are its
/// answers where all is removed, and where nothing is.
pub fn ways<E: Send>(
    order: &Order,
    filler: &Filler<'_>,
    steps: usize,
    [removed, whole]: [f32; 2],
    probability: impl Fn(Planes) -> Result<Option<f32>, E> + Sync,
) -> Result<Option<Ways>, E> {
    let counts = counts(order.blocks(), steps);
    let between = &counts[1..counts.len() - 1];
    let asked: Vec<(usize, bool)> = [true, false].iter().flat_map(|puts| between.iter().map(|n| (*n, *puts))).collect();
    let answers = asked.par_iter().map(|(count, puts_in)| {
        let first = order.first(*count);
        let gone: Vec<bool> = if *puts_in { first.iter().map(|is_first| !is_first).collect() } else { first };
        probability(filler.without(&gone))
    });
    let Some(answers) = answers.collect::<Result<Option<Vec<f32>>, E>>()? else { return Ok(None) };
    let (inserted, deleted) = answers.split_at(between.len());
    let insertion = [&[removed], inserted, &[whole]].concat();
    let deletion = [&[whole], deleted, &[removed]].concat();
    let areas = [area(&insertion, &counts), area(&deletion, &counts)];
    Ok(Some(Ways { insertion, deletion, areas }))
}

/// Insertion and deletion of `subject` by each of its maps and by chance, under each fill; `None` where it may not go on.
///
/// # Errors
/// A device that fails.
pub fn measure(
    subject: &Subject<'_>,
    settings: &CurveSettings,
    seed: u64,
    may_go_on: &MayGoOn<'_>,
) -> Result<Option<Vec<Curves>>, ExplainError> {
    let (field, width) = (&subject.field, subject.picture.width);
    let side_px = settings.side_px(width);
    let probability = |picture: Planes| -> Result<Option<f32>, ExplainError> {
        if !may_go_on() {
            return Ok(None);
        }
        Ok(Some(subject.says_of(picture)?.probabilities[subject.class]))
    };
    let by_map = |map: &crate::explain::SingleMap| {
        (Some(map.kind), Order::strongest_first(field, width, side_px, &map.values, seed))
    };
    let mut orders: Vec<(Option<MapKind>, Order)> = subject.maps.iter().map(by_map).collect();
    let drawn = 0..settings.random_orders as u64;
    orders.extend(drawn.map(|n| (None, Order::random(field, width, side_px, seed.wrapping_add(1 + n)))));
    let mut all = Vec::new();
    for fill in &settings.fills {
        let filler = Filler::new(&subject.picture, field, *fill);
        let Some(removed) = probability(filler.without(field))? else { return Ok(None) };
        let ends = [removed, subject.probability()];
        let mut by_chance = Vec::new();
        for (map, order) in &orders {
            let found = ways(order, &filler, settings.steps, ends, probability)?;
            let Some(Ways { insertion, deletion, areas: [insertion_area, deletion_area] }) = found else {
                return Ok(None);
            };
            let found = Curves { map: *map, fill: *fill, insertion, deletion, insertion_area, deletion_area };
            if map.is_some() { all.push(found) } else { by_chance.push(found) }
        }
        all.extend(mean_of(&by_chance));
    }
    Ok(Some(all))
}

/// The mean of curves of one length.
fn mean_of(curves: &[Curves]) -> Option<Curves> {
    let first = curves.first()?;
    let n = curves.len() as f64;
    let mean = |of: fn(&Curves) -> &Vec<f32>| -> Vec<f32> {
        let at = |step: usize| curves.iter().map(|curve| f64::from(of(curve)[step])).sum::<f64>() / n;
        (0..of(first).len()).map(|step| at(step) as f32).collect()
    };
    Some(Curves {
        insertion: mean(|curve| &curve.insertion),
        deletion: mean(|curve| &curve.deletion),
        insertion_area: curves.iter().map(|curve| curve.insertion_area).sum::<f64>() / n,
        deletion_area: curves.iter().map(|curve| curve.deletion_area).sum::<f64>() / n,
        ..first.clone()
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    const SIDE: usize = 16;

    fn picture() -> Planes {
        Planes { values: vec![255.0; SIDE * SIDE], channels: 1, height: SIDE, width: SIDE }
    }

    fn run(order: &Order, steps: usize, probability: impl Fn(&[f32]) -> f32 + Sync) -> Ways {
        let (picture, field) = (picture(), vec![true; SIDE * SIDE]);
        let filler = Filler::new(&picture, &field, Fill::Black);
        let ends = [probability(&filler.without(&field).values), probability(&picture.values)];
        let asked = |picture: Planes| Ok::<_, Infallible>(Some(probability(&picture.values)));
        ways(order, &filler, steps, ends, asked).unwrap().unwrap()
    }

    /// A network that looks at one pixel, and a map that knows which: the probability is 1 from the first pixel on, and 0
    /// as soon as it is gone; the first step itself counts half.
    #[test]
    fn insertion_of_a_one_pixel_oracle_is_one() {
        let sees = |values: &[f32]| values[37] / 255.0;
        let oracle: Vec<f32> = (0..SIDE * SIDE).map(|i| f32::from(i == 37)).collect();
        let field = vec![true; SIDE * SIDE];
        let order = Order::strongest_first(&field, SIDE, 1, &oracle, 3);
        let Ways { insertion, deletion, areas: [inserted, deleted] } = run(&order, SIDE * SIDE, sees);
        assert!(insertion[1..].iter().all(|p| *p == 1.0) && deletion[1..].iter().all(|p| *p == 0.0));
        let half_a_step = 0.5 / (SIDE * SIDE) as f64;
        assert!((inserted - (1.0 - half_a_step)).abs() < 1e-9 && (deleted - half_a_step).abs() < 1e-9);
        // The map that is wrong throughout puts the pixel in last.
        let wrong: Vec<f32> = oracle.iter().map(|v| -v).collect();
        let order = Order::strongest_first(&field, SIDE, 1, &wrong, 3);
        let [inserted, deleted] = run(&order, SIDE * SIDE, sees).areas;
        assert!((inserted - half_a_step).abs() < 1e-9 && (deleted - (1.0 - half_a_step)).abs() < 1e-9);
    }

    /// In a random order the one pixel comes at each place alike: the expected area is one half. Where a network counts
    /// pixels, every order has exactly that.
    #[test]
    fn a_random_order_is_its_expectation() {
        let field = vec![true; SIDE * SIDE];
        let orders: Vec<Order> = (0..400).map(|seed| Order::random(&field, SIDE, 1, seed)).collect();
        let area = |order: &Order| run(order, SIDE * SIDE, |values| values[37] / 255.0).areas;
        let areas: Vec<[f64; 2]> = orders.iter().map(area).collect();
        for which in [0, 1] {
            let mean = areas.iter().map(|areas| areas[which]).sum::<f64>() / 400.0;
            // A uniform figure has a deviation of 0.289, so the mean of 400 one of 0.0144.
            assert!((mean - 0.5).abs() < 0.05, "{mean}");
        }
        let counts = |values: &[f32]| values.iter().sum::<f32>() / (255.0 * (SIDE * SIDE) as f32);
        let [inserted, deleted] = run(&orders[0], 7, counts).areas;
        assert!((inserted - 0.5).abs() < 1e-6 && (deleted - 0.5).abs() < 1e-6);
    }

    #[test]
    fn steps_reach_both_ends_and_areas_are_trapezia() {
        assert_eq!(counts(10, 4), [0, 3, 5, 8, 10]);
        assert_eq!(counts(2, 9), [0, 1, 2]);
        assert_eq!(area(&[0.0, 1.0, 1.0], &[0, 1, 4]), 0.125 + 0.75);
        let order = Order::random(&[true; 4], 2, 1, 1);
        let (picture, field) = (Planes { values: vec![0.0; 4], channels: 1, height: 2, width: 2 }, vec![true; 4]);
        let filler = Filler::new(&picture, &field, Fill::Mean);
        assert!(ways(&order, &filler, 4, [0.0, 1.0], |_| Ok::<_, Infallible>(None)).unwrap().is_none());
    }
}
