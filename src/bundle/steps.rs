//! Whether the preprocessing of a card fits its network, checked before anything is allocated for it.

use super::card::Step;

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
