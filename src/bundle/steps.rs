//! The preprocessing of a card, and whether it fits the network: checked before anything is allocated for it.

use serde::{Deserialize, Serialize};

/// One step from decoded picture to model input. All sizes are pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "step")]
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

/// Refuses preprocessing that cannot end in the network's input size.
pub fn check(steps: &[Step], [channels, height, width]: [usize; 3]) -> Result<(), String> {
    let mut grey = false;
    let mut size = None;
    for (index, step) in steps.iter().enumerate() {
        let place = format!("`preprocessing[{index}]`");
        match step {
            Step::Grey => grey = true,
            Step::Resize { width, height } => size = Some((*width as usize, *height as usize)),
            Step::CropToRetina { coverage, .. } if !(0.0..1.0).contains(coverage) => {
                return Err(format!("{place}: `coverage` must be at least 0 and below 1"));
            }
            Step::CropToRetina { bright_part: Some(part), .. } if !(0.0..=1.0).contains(part) => {
                return Err(format!("{place}: `bright-part` must lie between 0 and 1"));
            }
            Step::CropMargins { fraction } if !(0.0..0.5).contains(fraction) => {
                return Err(format!("{place}: `fraction` must be at least 0 and below a half"));
            }
            Step::CropToRetina { .. } | Step::CropMargins { .. } if size.is_some() => {
                return Err(format!("{place}: crop before `resize`"));
            }
            Step::Standardise { limit } if !(*limit > 0.0 && limit.is_finite()) => {
                return Err(format!("{place}: `limit` must be above 0"));
            }
            Step::LocalContrast { cell, margin, .. } => {
                if size.is_none() {
                    return Err(format!("{place}: `local-contrast` works after `resize`"));
                }
                if !(1..=64).contains(cell)
                    || *margin > 64
                    || height % *cell as usize != 0
                    || width % *cell as usize != 0
                {
                    return Err(format!("{place}: `cell` must divide the input and be at most 64, as must `margin`"));
                }
            }
            Step::Normalise { mean, deviation } => {
                let sane = deviation.iter().all(|d| d.is_finite() && *d > 0.0) && mean.iter().all(|m| m.is_finite());
                if mean.len() != channels || deviation.len() != channels || !sane {
                    return Err(format!("{place}: one finite `mean` and one positive `deviation` for each channel"));
                }
            }
            Step::CropToRetina { .. } | Step::CropMargins { .. } | Step::Standardise { .. } | Step::UnitRange => {}
        }
    }
    if size != Some((width, height)) {
        return Err(format!("`preprocessing` must resize to the network's {width}×{height}"));
    }
    match (grey, channels) {
        (true, 1) | (false, 3) => Ok(()),
        _ => Err(format!("`preprocessing` gives {} channels, the network takes {channels}", if grey { 1 } else { 3 })),
    }
}
