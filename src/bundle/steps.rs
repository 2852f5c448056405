//! The preprocessing of a card, and whether it fits the network: checked before anything is allocated for it.

use serde::{Deserialize, Serialize};

/// One step from decoded picture to model input. All sizes are pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "step")]
#[allow(missing_docs)] // Each step says what its numbers are.
pub enum Step {
    /// The square around the rows and columns of which more than `coverage` (a fraction) is brighter than `threshold`
    /// (0–255, the brightest channel). It may reach beyond the picture; what is outside is black. In a dark picture the
    /// threshold is lower: `bright_part` of its bright level (its 95th percentile), but not below `floor`.
    CropToRetina {
        threshold: u8,
        coverage: f64,
        #[serde(default, rename = "bright-part", skip_serializing_if = "Option::is_none")]
        bright_part: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        floor: Option<u8>,
    },
    /// Cuts this fraction of the width off at the left and the right, of the height at the top and the bottom: collimator
    /// edges, markers and burnt-in text lie there.
    CropMargins { fraction: f64 },
    /// Grey = 0.299 R + 0.587 G + 0.114 B.
    Grey,
    /// To `width`×`height` with a triangle filter that widens when shrinking (Pillow's BILINEAR).
    Resize { width: u32, height: u32 },
    /// Values 0–255 to 0–1.
    UnitRange,
    /// Picture minus its local mean inside the disc where a channel exceeds `dark` (shrunk by `margin` pixels), times
    /// `gain`, clipped to ±`limit`; 0 outside. The mean is taken over cells of `cell` pixels, smoothed twice by 5×5.
    LocalContrast { dark: f32, margin: u32, cell: u32, gain: f32, limit: f32 },
    /// (value − mean) / (deviation + 0.001) with mean and deviation of this picture's own values, clipped to ±`limit`:
    /// what is left when the exposure is taken away.
    Standardise { limit: f32 },
    /// (value − mean) / deviation, one of each per channel.
    Normalise { mean: Vec<f32>, deviation: Vec<f32> },
}

/// A card with more is none that somebody wrote.
const MOST_STEPS: usize = 32;
/// Of a picture between two steps.
const MOST_SIDE_PX: u32 = 4096;

/// Refuses preprocessing that cannot end in the network's input size.
pub fn check(steps: &[Step], [channels, height, width]: [usize; 3]) -> Result<(), String> {
    if steps.len() > MOST_STEPS {
        return Err(format!("`preprocessing` has {} steps; {MOST_STEPS} are possible", steps.len()));
    }
    let mut between = Between { grey: false, size: None, is_planes: false };
    for (index, step) in steps.iter().enumerate() {
        between.follow(step, channels).map_err(|reason| format!("`preprocessing[{index}]`: {reason}"))?;
    }
    if between.size != Some((width, height)) {
        return Err(format!("`preprocessing` must resize to the network's {width}×{height}"));
    }
    match (between.grey, channels) {
        (true, 1) | (false, 3) => Ok(()),
        (grey, _) => {
            let given = if grey { 1 } else { 3 };
            Err(format!("`preprocessing` gives {given} channels, the network takes {channels}"))
        }
    }
}

/// What is known of a picture between two steps.
struct Between {
    grey: bool,
    /// Width and height, from the first `resize` on.
    size: Option<(usize, usize)>,
    /// Whether its values have left the range 0–255.
    is_planes: bool,
}

impl Between {
    fn follow(&mut self, step: &Step, channels: usize) -> Result<(), String> {
        let needs_bytes =
            matches!(step, Step::CropToRetina { .. } | Step::CropMargins { .. } | Step::Grey | Step::Resize { .. });
        if needs_bytes && self.is_planes {
            return Err("it must stand before steps that leave the range 0–255".to_owned());
        }
        self.is_planes |= !needs_bytes;
        match step {
            Step::CropToRetina { .. } if self.grey => Err("`crop-to-retina` must stand before `grey`".to_owned()),
            Step::CropToRetina { .. } | Step::CropMargins { .. } if self.size.is_some() => {
                Err("crop before `resize`".to_owned())
            }
            Step::CropToRetina { coverage, .. } if !(0.0..1.0).contains(coverage) => {
                Err("`coverage` must be at least 0 and below 1".to_owned())
            }
            Step::CropToRetina { bright_part: Some(part), .. } if !(0.0..=1.0).contains(part) => {
                Err("`bright-part` must lie between 0 and 1".to_owned())
            }
            Step::CropMargins { fraction } if !(0.0..0.5).contains(fraction) => {
                Err("`fraction` must be at least 0 and below a half".to_owned())
            }
            Step::Grey if self.grey => Err("it is grey already".to_owned()),
            Step::Grey => {
                self.grey = true;
                Ok(())
            }
            Step::Resize { width, height } => self.resize(*width, *height),
            Step::LocalContrast { .. } => self.local_contrast(step),
            Step::Standardise { limit } if !(*limit > 0.0 && limit.is_finite()) => {
                Err("`limit` must be above 0".to_owned())
            }
            Step::Normalise { mean, deviation } => {
                let sane = deviation.iter().all(|d| d.is_finite() && *d > 0.0) && mean.iter().all(|m| m.is_finite());
                let one_each = mean.len() == channels && deviation.len() == channels;
                let says = || "one finite `mean` and one positive `deviation` for each channel".to_owned();
                if sane && one_each { Ok(()) } else { Err(says()) }
            }
            Step::CropToRetina { .. } | Step::CropMargins { .. } | Step::Standardise { .. } | Step::UnitRange => Ok(()),
        }
    }

    fn resize(&mut self, width: u32, height: u32) -> Result<(), String> {
        let sides = 1..=MOST_SIDE_PX;
        if !sides.contains(&width) || !sides.contains(&height) {
            return Err(format!("`resize` to {width}×{height}; sides of 1 to {MOST_SIDE_PX} are possible"));
        }
        self.size = Some((width as usize, height as usize));
        Ok(())
    }

    fn local_contrast(&self, step: &Step) -> Result<(), String> {
        let Step::LocalContrast { dark, margin, cell, gain, limit } = step else { return Ok(()) };
        let Some((width, height)) = self.size else { return Err("`local-contrast` works after `resize`".to_owned()) };
        let divides = |side: usize| (1..=64).contains(cell) && side.is_multiple_of(*cell as usize);
        if !divides(width) || !divides(height) || *margin > 64 {
            return Err("`cell` must divide the picture's sides and be at most 64, as must `margin`".to_owned());
        }
        let is_sane = dark.is_finite() && gain.is_finite() && limit.is_finite() && *limit > 0.0;
        if is_sane { Ok(()) } else { Err("`limit` must be above 0, `dark` and `gain` must be numbers".to_owned()) }
    }
}
