//! What 16×16 values alone can tell: the yardstick that a network must leave behind where a data set's classes were
//! photographed under different conditions. Must not know Burn.

use super::data::{DataSet, Example};
use crate::statistics::Logistic;

/// Learns from the thumbnails of `data.learn` whether a class other than the first is there, and scores those of
/// `data.held`; `None` where there is nothing to learn from.
pub fn scores(data: &DataSet) -> Option<Vec<f32>> {
    let thumbnails: Vec<&[f32]> = data.learn.iter().map(|example| example.thumbnail.as_slice()).collect();
    let truth: Vec<bool> = data.learn.iter().map(|example| example.class > 0).collect();
    let learned = Logistic::fit(&thumbnails, &truth, &|| true)?;
    let score = |example: &Example| learned.score(&example.thumbnail) as f32;
    Some(data.held.iter().map(score).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::THUMBNAIL_SIDE as SIDE;
    use crate::statistics::auc;

    fn data(bright: f32) -> DataSet {
        let example = |i: usize| {
            let class = i % 3;
            let noise = |p: usize| ((p * 7 + i * 131) as f32 * 1.37).sin();
            let add = if class > 0 { bright } else { 0.0 };
            let thumbnail = (0..SIDE * SIDE).map(|p| noise(p) + add).collect();
            Example { class, thumbnail, ..Example::default() }
        };
        let examples = |from: usize| (from..from + 60).map(example).collect();
        let (learn, held) = (examples(0), examples(1000));
        DataSet { learn, held, input: [1, 1, 1], ..DataSet::default() }
    }

    fn measured(data: &DataSet) -> f64 {
        let ill: Vec<bool> = data.held.iter().map(|example| example.class > 0).collect();
        auc(&scores(data).unwrap(), &ill).unwrap()
    }

    #[test]
    fn a_brightness_cue_is_found_and_nothing_else_is() {
        assert!(measured(&data(1.0)) > 0.99);
        assert!(measured(&data(0.0)) < 0.75);
    }
}
