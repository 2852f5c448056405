//! Whether the sizes of a card fit together, checked before anything is allocated for them.

use super::card::{ConvStackSizes, Layer, Step};

const MAX_SIDE: usize = 4096;
const MAX_CHANNELS: usize = 4096;
/// Values in one feature map of one layer (1 GiB of f32).
const MAX_VALUES: usize = 1 << 28;

/// Refuses layers that are missing, out of order, or too large.
pub fn check(sizes: &ConvStackSizes) -> Result<(), String> {
    let [channels, mut height, mut width] = sizes.input;
    if !(1..=16).contains(&channels) || !(1..=MAX_SIDE).contains(&height) || !(1..=MAX_SIDE).contains(&width) {
        return Err(format!("`architecture.input` is {:?}; 1–16 channels and sides up to {MAX_SIDE}", sizes.input));
    }
    if !(sizes.norm_epsilon > 0.0 && sizes.norm_epsilon < 1.0) {
        return Err("`architecture.norm-epsilon` must lie between 0 and 1".to_owned());
    }
    let Some((Layer::Classes { kernel: last, .. }, before)) = sizes.layers.split_last() else {
        return Err("`architecture.layers` must end with one of kind `classes`".to_owned());
    };
    if *last % 2 == 0 || *last > 31 {
        return Err(format!("the `classes` layer has kernel {last}; odd sizes up to 31 are possible"));
    }
    for (index, layer) in before.iter().enumerate() {
        let place = format!("`architecture.layers[{index}]`");
        match *layer {
            Layer::Conv { channels, kernel, stride, .. } => {
                if !(1..=MAX_CHANNELS).contains(&channels)
                    || kernel % 2 == 0
                    || kernel > 31
                    || !(1..=8).contains(&stride)
                {
                    return Err(format!("{place}: channels 1–{MAX_CHANNELS}, odd kernels up to 31, strides 1–8"));
                }
                (height, width) = ((height - 1) / stride + 1, (width - 1) / stride + 1);
                if channels * height * width > MAX_VALUES {
                    return Err(format!("{place}: {channels}×{height}×{width} values are too many"));
                }
            }
            Layer::MaxPool { size } => {
                if !(2..=16).contains(&size) || height < size || width < size {
                    return Err(format!("{place}: cannot pool {height}×{width} by {size}"));
                }
                (height, width) = (height / size, width / size);
            }
            Layer::Classes { .. } => return Err(format!("{place}: only the last layer can be of kind `classes`")),
        }
    }
    Ok(())
}

/// Refuses preprocessing that cannot end in the network's input size.
pub fn check_steps(steps: &[Step], [channels, height, width]: [usize; 3]) -> Result<(), String> {
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
