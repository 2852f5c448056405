//! How a recipe trains: lengths, rates, the loss and the augmentation. Plain figures; must not know tensors or files.

use serde::{Deserialize, Serialize};

use super::stack::LesionHead;

/// All settings of a training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Schedule {
    /// How the data's folder is laid out.
    pub data: Layout,
    pub epochs: usize,
    /// Pictures a step.
    pub batch: usize,
    /// The highest learning rate of the one cycle.
    pub peak_rate: f64,
    /// The part of all steps in which the rate rises.
    pub warm_up: f64,
    pub weight_decay: f32,
    /// How much of the running mean of the weights each step keeps; the mean is what is shipped.
    pub mean_keep: f32,
    pub seed: u64,
    pub objective: Objective,
    pub augmentation: Augmentation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesion_head: Option<LesionHead>,
}

/// The folders that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// MNIST's four gzipped IDX files.
    Mnist,
    /// IDRiD's own folders, with `lesions.csv` beside them.
    Idrid,
    /// `NORMAL` and `PNEUMONIA` of Kermany's chest X-rays.
    Kermany,
}

/// What is minimised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "kind")]
pub enum Objective {
    /// Cross-entropy; where `weighted`, an example counts 1/√(examples of its class).
    Classes {
        #[serde(default)]
        weighted: bool,
    },
    /// For ordered grades, as in `training/retina_dr.py`.
    Ordinal(Ordinal),
}

/// The weights of the parts of the ordinal loss; the class-weighted soft cross-entropy itself has weight 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ordinal {
    /// Deviation, in grades, of the bell that stands for the true grade.
    pub softness: f32,
    /// The two questions "any disease" and "referable".
    pub binary: f32,
    /// Squared distance of the expected grade from the true one.
    pub distance: f32,
    /// The lesion head's binary cross-entropy.
    pub lesions: f32,
    /// How much a cell with a lesion counts, for each kind.
    pub lesion_weights: Vec<f32>,
    /// The part of the evidence for grades of at least 2 that lies outside of the lesions.
    pub focus: f32,
    /// How far the strongest evidence is from lying in a lesion.
    pub peak: f32,
    /// The first so many kinds of lesion count for `focus`; later ones are landmarks.
    pub focus_kinds: usize,
}

/// How a picture is changed each time that it is seen. 0 switches a change off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Augmentation {
    /// Whether it may be mirrored and transposed.
    pub flips: bool,
    pub rotation_degrees: f32,
    /// The natural logarithm of the largest change of size.
    pub log_scale: f32,
    /// As a fraction of half a side.
    pub shift: f32,
    /// The natural logarithm of the largest change of contrast, of all channels together.
    pub log_contrast: f32,
    /// The same for each channel by itself.
    pub log_channel_contrast: f32,
    /// The largest change of brightness, added to all values.
    #[serde(default)]
    pub brightness: f32,
    /// The largest b of v + b (v² − 1): bends the scale of greys as another exposure or film does. For values about 0
    /// with deviation 1.
    #[serde(default)]
    pub bend: f32,
    /// The widest even bar along an edge, as a part of the side: collimators and films leave such. Every second picture
    /// gets some, and is brought to mean 0 and deviation 1 again, as the step `standardise` would with the bars there.
    #[serde(default)]
    pub edge_bars: f32,
    /// Whether the edge is repeated beyond the picture, where otherwise 0 comes in: an edge would be a cue.
    #[serde(default)]
    pub repeat_edges: bool,
}

impl Schedule {
    /// The learning rate of step `step` of `steps`: one cycle, both ways along a cosine (Smith 2018).
    pub fn rate(&self, step: usize, steps: usize) -> f64 {
        let (first, last) = (self.peak_rate / 25.0, self.peak_rate / 250_000.0);
        let top = (self.warm_up * steps as f64 - 1.0).max(0.0);
        let at = step as f64;
        let (from, to, way) = if at < top {
            (first, self.peak_rate, at / top)
        } else {
            (self.peak_rate, last, (at - top) / (steps as f64 - top).max(1.0))
        };
        to + (from - to) / 2.0 * (1.0 + (way * std::f64::consts::PI).cos())
    }

    /// How much of the mean of the weights is kept at `step`; less at first, while the weights are far from good.
    pub fn keep(&self, step: usize) -> f32 {
        self.mean_keep.min((1 + step) as f32 / (10 + step) as f32)
    }

    /// Refuses figures that make no sense.
    ///
    /// # Errors
    /// Names the figure.
    pub fn check(&self) -> Result<(), String> {
        let sane = [
            ("epochs", (1..=10_000).contains(&self.epochs)),
            ("batch", (2..=4096).contains(&self.batch)),
            ("peak-rate", self.peak_rate > 0.0 && self.peak_rate <= 1.0),
            ("warm-up", (0.0..1.0).contains(&self.warm_up)),
            ("weight-decay", (0.0..1.0).contains(&self.weight_decay)),
            ("mean-keep", (0.0..1.0).contains(&self.mean_keep)),
        ];
        let wrong = sane.iter().find(|(_, fine)| !fine);
        wrong.map_or(Ok(()), |(name, _)| Err(format!("`schedule.{name}` makes no sense")))
    }
}

impl std::fmt::Display for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { epochs, batch, peak_rate, weight_decay, mean_keep, seed, .. } = self;
        write!(f, "AdamW, one cycle: {epochs} epochs, batch {batch}, peak rate {peak_rate}, ")?;
        write!(f, "weight decay {weight_decay}, mean of the weights kept at {mean_keep}, seed {seed}.")
    }
}

#[cfg(test)]
mod tests {
    use crate::train::Recipe;

    #[test]
    fn the_rate_rises_to_its_peak_and_falls_to_nearly_nothing() {
        let schedule = Recipe::find("mnist").unwrap().schedule;
        let rates: Vec<f64> = (0..1000).map(|step| schedule.rate(step, 1000)).collect();
        let top = rates.iter().copied().fold(0.0, f64::max);
        assert!((top - schedule.peak_rate).abs() < 1e-9 * top);
        let place = rates.iter().position(|r| *r == top).unwrap() as f64 / 1000.0;
        assert!((place - schedule.warm_up).abs() < 0.01);
        assert!((rates[0] - top / 25.0).abs() < 1e-9);
        assert!(rates[999] < top / 1000.0);
    }

    #[test]
    fn the_mean_forgets_its_beginning() {
        let schedule = Recipe::find("mnist").unwrap().schedule;
        assert!(schedule.keep(0) < 0.2);
        assert_eq!(schedule.keep(1_000_000), schedule.mean_keep);
    }
}
