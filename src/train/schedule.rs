//! How a recipe trains: lengths, rates, the loss and the augmentation. Plain figures; must not know tensors or files.

use serde::{Deserialize, Serialize};

/// All settings of a training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Schedule {
    /// How the data's folder is laid out.
    pub data: FolderLayout,
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
    /// How much of what is learned from each class shall be, however rare it is; without it every picture is seen once
    /// an epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_shares: Option<Vec<f64>>,
    /// Whether all class kernels have one length, and no class a bias.
    #[serde(default)]
    pub equal_kernels: bool,
    /// Whether only kernels decay, and not factors, shifts and the directions of equal class kernels.
    #[serde(default)]
    pub decay_kernels_alone: bool,
    /// Whether batch normalisation keeps its means and variances: a few pictures would spoil them.
    #[serde(default)]
    pub freeze_norms: bool,
    pub objective: Objective,
    pub augmentation: Augmentation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesion_head: Option<LesionHead>,
}

/// Where the auxiliary lesion head sits and how many kinds of lesion it tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LesionHead {
    /// It reads the last value of which a cell is so many pixels of the input wide.
    pub stride: usize,
    pub kinds: usize,
    /// Predictions per cell of that value, along either side.
    #[serde(default = "one")]
    pub finer: usize,
}

fn one() -> usize {
    1
}

/// The folders that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FolderLayout {
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
    /// For ordered grades, as in `training/retina_loss.py`.
    Ordinal(Ordinal),
}

/// The weights of the parts of the ordinal loss; the soft cross-entropy itself has weight 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ordinal {
    /// Deviation, in grades, of the bell that stands for the true grade.
    pub softness: f32,
    /// The questions "grade 1 or more", "grade 2 or more" and so on.
    pub binary: f32,
    /// How much each of these questions counts; one fewer than grades.
    pub cuts: Vec<f32>,
    /// The true grade's part of the guided response that reaches the last block: it shall lead its CLEAR-DR map.
    #[serde(default)]
    pub share: f32,
    /// Of so many pictures of a batch that response is followed.
    #[serde(default)]
    pub shared: usize,
    /// The squared distance of every grade from the true one, by the grades' probabilities.
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
    /// For photographs: another camera, before the steps that leave the range 0–255.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera: Option<CameraJitter>,
}

/// What another camera, and whoever stored its picture, would have made of it; as in `training/retina_augment.py`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CameraJitter {
    /// Exposure: deviation and largest change, in stops.
    pub stops: [f32; 2],
    /// The natural logarithm of the largest gamma.
    pub log_gamma: f32,
    /// Deviation of the natural logarithm of each channel's factor.
    pub log_cast: f32,
    /// How often it is stored smaller, and the smallest size as a part of its own.
    pub smaller: [f32; 2],
    /// How often it is stored as a JPEG again, and the lowest and highest quality.
    pub jpeg: f64,
    pub quality: [u8; 2],
    /// How often the field is cut off above and below, and how much at most, as a part of the height.
    pub cut: [f32; 2],
    /// The natural logarithm of the strongest magnification (below 0) and reduction.
    pub log_zoom: [f32; 2],
    /// Deviation of the natural logarithm of width over height.
    pub log_stretch: f32,
    /// How often it is squeezed to a narrower one, and how much at most.
    pub squeezed: [f32; 2],
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

    /// The same for going on from a trained model: a quarter of the epochs at a tenth of the rate, and what batch
    /// normalisation knows stays.
    #[must_use]
    pub fn fine_tuning(mut self) -> Self {
        self.epochs = self.epochs.div_ceil(4);
        self.peak_rate /= 10.0;
        self.freeze_norms = true;
        self
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
        let share = |v: &f32| (0.0..=1.0).contains(v);
        let camera = self.augmentation.camera.as_ref().is_none_or(|camera| {
            let CameraJitter { smaller, cut, quality: [low, high], log_zoom: [near, far], squeezed, jpeg, .. } = camera;
            let shares = [smaller[0], smaller[1], cut[0], squeezed[0], *jpeg as f32];
            let sizes = smaller[1] > 0.0 && (0.0..0.5).contains(&cut[1]) && (1.0..4.0).contains(&squeezed[1]);
            shares.iter().all(share) && sizes && (1..=100).contains(low) && low <= high && near <= far
        });
        let head = self.lesion_head.is_none_or(|head| (1..=8).contains(&head.finer) && (1..=5).contains(&head.kinds));
        let shares = self.class_shares.as_ref().is_none_or(|shares| shares.iter().all(|v| *v >= 0.0 && *v <= 1.0));
        let sane =
            sane.into_iter().chain([("augmentation.camera", camera), ("class-shares", shares), ("lesion-head", head)]);
        let sane: Vec<(&str, bool)> = sane.collect();
        let wrong = sane.iter().find(|(_, fine)| !fine);
        wrong.map_or(Ok(()), |(name, _)| Err(format!("`schedule.{name}` makes no sense")))
    }
}

impl std::fmt::Display for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { epochs, batch, peak_rate, weight_decay, mean_keep, seed, .. } = self;
        write!(f, "AdamW, one cycle: {epochs} epochs, batch {batch}, peak rate {peak_rate}, ")?;
        write!(f, "weight decay {weight_decay}, mean of the weights kept at {mean_keep}, seed {seed}")?;
        f.write_str(if self.freeze_norms { ", batch normalisation frozen." } else { "." })
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
    fn fine_tuning_is_shorter_slower_and_spares_the_norms() {
        let schedule = Recipe::find("retina-dr").unwrap().schedule;
        let fine = schedule.clone().fine_tuning();
        assert_eq!((fine.epochs, fine.freeze_norms), (10, true));
        assert!((fine.peak_rate * 10.0 - schedule.peak_rate).abs() < 1e-12);
        assert!(fine.check().is_ok());
    }

    #[test]
    fn the_mean_forgets_its_beginning() {
        let schedule = Recipe::find("mnist").unwrap().schedule;
        assert!(schedule.keep(0) < 0.2);
        assert_eq!(schedule.keep(1_000_000), schedule.mean_keep);
    }
}
