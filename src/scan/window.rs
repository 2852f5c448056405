//! Window and level: which grey values become which light. Pure arithmetic; must not know files or DICOM.
//!
//! The formulas are those of DICOM PS3.3 C.11.2.1.2 (LINEAR), C.11.2.1.3.1 (SIGMOID) and C.11.2.1.3.2 (LINEAR_EXACT).

use std::sync::Arc;

/// How a window's ramp runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VoiFunction {
    /// LINEAR (PS3.3 C.11.2.1.2.1).
    #[default]
    Linear,
    /// LINEAR_EXACT (PS3.3 C.11.2.1.3.2).
    LinearExact,
    /// SIGMOID (PS3.3 C.11.2.1.3.1).
    Sigmoid,
}

impl VoiFunction {
    /// As records have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::LinearExact => "linear-exact",
            Self::Sigmoid => "sigmoid",
        }
    }
}

/// A window in the units of the values after the modality LUT.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// WindowCenter (0028,1050), in the file's values.
    pub centre: f64,
    /// WindowWidth (0028,1051), in the file's values.
    pub width: f64,
    /// VOILUTFunction (0028,1056).
    pub function: VoiFunction,
}

impl Window {
    /// The window, or `None` where no light could be computed from it.
    pub fn new(centre: f64, width: f64, function: VoiFunction) -> Option<Self> {
        let narrowest = if function == VoiFunction::Linear { 1.0 } else { f64::MIN_POSITIVE };
        (centre.is_finite() && width.is_finite() && width >= narrowest).then_some(Self { centre, width, function })
    }

    /// The whole of `low..=high`, without LINEAR's half steps.
    pub fn spanning(low: f64, high: f64) -> Self {
        let width = (high - low).max(1e-6);
        Self { centre: f64::midpoint(low, high), width, function: VoiFunction::LinearExact }
    }

    /// Light between 0 and 1.
    pub fn light(&self, value: f64) -> f64 {
        let Self { centre, width, function } = *self;
        match function {
            VoiFunction::Linear => {
                let half = (width - 1.0) / 2.0;
                let from_middle = value - (centre - 0.5);
                if from_middle <= -half {
                    0.0
                } else if from_middle > half {
                    1.0
                } else {
                    from_middle / (width - 1.0) + 0.5
                }
            }
            VoiFunction::LinearExact => ((value - centre) / width + 0.5).clamp(0.0, 1.0),
            VoiFunction::Sigmoid => 1.0 / (1.0 + (-4.0 * (value - centre) / width).exp()),
        }
    }
}

/// A VOI LUT: light for each whole value from `first` on; values beyond its ends get those ends.
#[derive(Debug, Clone, PartialEq)]
pub struct VoiTable {
    /// The value of its first entry.
    pub first: i32,
    /// One for each value from there on; values beyond take the last.
    pub entries: Vec<u16>,
    /// Bits of an entry: 2^bits − 1 is full light.
    pub bits: u8,
}

impl VoiTable {
    /// The light of a value: 0 black, 1 white.
    pub fn light(&self, value: f64) -> f64 {
        let last = self.entries.len().saturating_sub(1);
        let at = (value.round() - f64::from(self.first)).clamp(0.0, last as f64) as usize;
        let most = (1u32 << self.bits.clamp(1, 16)) - 1;
        self.entries.get(at).map_or(0.0, |entry| (f64::from(*entry) / f64::from(most)).min(1.0))
    }
}

/// What turns values into light.
#[derive(Debug, Clone, PartialEq)]
pub enum Voi {
    /// A window.
    Window(Window),
    /// A VOI LUT of the file (PS3.3 C.11.2.1.1).
    Table(Arc<VoiTable>),
}

impl Voi {
    /// Light between 0 and 1.
    pub fn light(&self, value: f64) -> f64 {
        match self {
            Self::Window(window) => window.light(value),
            Self::Table(table) => table.light(value),
        }
    }
}

/// How grey values are shown.
#[derive(Debug, Clone, PartialEq)]
pub struct GreyDisplay {
    /// From values to light.
    pub voi: Voi,
    /// Whether light and dark are swapped beyond what the file says of itself.
    pub inverted: bool,
}

/// A window or table that the file offers, with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Preset {
    /// As the file calls it.
    pub name: String,
    /// What it is.
    pub voi: Voi,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_that_give_no_light_are_none() {
        assert!(Window::new(40.0, 0.5, VoiFunction::Linear).is_none());
        assert!(Window::new(40.0, 0.5, VoiFunction::LinearExact).is_some());
        assert!(Window::new(40.0, 0.0, VoiFunction::Sigmoid).is_none());
        assert!(Window::new(f64::NAN, 9.0, VoiFunction::Linear).is_none());
    }

    #[test]
    fn a_linear_window_of_width_one_is_a_step() {
        let step = Window::new(100.0, 1.0, VoiFunction::Linear).unwrap();
        assert_eq!([99.0, 99.5, 99.6, 100.0].map(|v| step.light(v)), [0.0, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn an_empty_table_is_dark() {
        assert_eq!(VoiTable { first: 0, entries: Vec::new(), bits: 8 }.light(3.0), 0.0);
    }
}
