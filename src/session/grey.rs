//! Window and level of the grey picture on the screen. They change what is seen, never a model's input.
//!
//! Must not know the user interface.

use crate::scan::grey::GreyValues;
use crate::scan::window::{GreyDisplay, Voi, VoiFunction, Window};

/// Half the width of a view dragged across multiplies or divides the window's width by about this.
const WIDTH_PER_HALF_VIEW: f64 = 4.0;

/// What a reader does to window and level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GreyChange {
    Level {
        centre: f64,
        width: f64,
    },
    /// As fractions of a view.
    Drag {
        across: f64,
        down: f64,
    },
    Preset(usize),
    Auto,
    Invert,
    Reset,
}

/// How the grey values of one picture are shown.
#[derive(Debug, Clone, PartialEq)]
pub struct GreyState {
    pub display: GreyDisplay,
    /// The preset of the picture that this still is.
    pub preset: Option<usize>,
    /// The lowest and the highest value of the picture.
    pub range: (f64, f64),
    /// The brightness of every code.
    pub lookup: Vec<u8>,
    /// Changes whenever the look-up does.
    pub version: usize,
}

impl GreyState {
    pub fn new(grey: &GreyValues) -> Self {
        let display = grey.default_display();
        let lookup = grey.lookup(&display.voi, display.inverted);
        Self { display, preset: Some(0), range: grey.range(), lookup, version: 0 }
    }

    /// The same display for another frame of the same file.
    pub fn carried_to(mut self, grey: &GreyValues) -> Self {
        self.range = grey.range();
        self.renew(grey);
        self
    }

    /// The window shown; for a table, the one that spans it.
    pub fn window(&self) -> Window {
        match &self.display.voi {
            Voi::Window(window) => *window,
            Voi::Table(table) => {
                let first = f64::from(table.first);
                Window::spanning(first, first + table.entries.len().saturating_sub(1) as f64)
            }
        }
    }

    /// The narrowest and the widest sensible window.
    pub fn widths(&self) -> (f64, f64) {
        let span = (self.range.1 - self.range.0).max(1.0);
        (if span > 255.0 { 2.0 } else { span / 128.0 }, 2.0 * span)
    }

    fn set(&mut self, grey: &GreyValues, voi: Voi, preset: Option<usize>) {
        (self.display.voi, self.preset) = (voi, preset);
        self.renew(grey);
    }

    fn renew(&mut self, grey: &GreyValues) {
        self.lookup = grey.lookup(&self.display.voi, self.display.inverted);
        self.version += 1;
    }

    /// The reader's own window, within sensible limits.
    fn set_window(&mut self, grey: &GreyValues, centre: f64, width: f64) {
        let (low, high) = self.range;
        let (narrowest, widest) = self.widths();
        let span = (high - low).max(1.0);
        let function = match &self.display.voi {
            Voi::Window(window) => window.function,
            Voi::Table(_) => VoiFunction::LinearExact,
        };
        let (centre, width) = (centre.clamp(low - span, high + span), width.clamp(narrowest, widest));
        if let Some(window) = Window::new(centre, width, function) {
            self.set(grey, Voi::Window(window), None);
        }
    }

    pub fn apply(&mut self, grey: &GreyValues, change: GreyChange) {
        let window = self.window();
        match change {
            GreyChange::Level { centre, width } => self.set_window(grey, centre, width),
            // To the right wider, downwards a higher centre and so a darker picture, as in other viewers.
            GreyChange::Drag { across, down } => {
                let width = window.width * WIDTH_PER_HALF_VIEW.powf(2.0 * across);
                self.set_window(grey, window.centre + down * window.width, width);
            }
            GreyChange::Preset(index) => {
                if let Some(preset) = grey.presets().get(index) {
                    self.set(grey, preset.voi.clone(), Some(index));
                }
            }
            GreyChange::Auto => self.set(grey, Voi::Window(grey.auto_window()), None),
            GreyChange::Invert => {
                self.display.inverted = !self.display.inverted;
                self.renew(grey);
            }
            GreyChange::Reset => {
                self.display.inverted = false;
                self.set(grey, grey.default_voi().clone(), Some(0));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use image::{ImageBuffer, Luma};

    use super::*;

    fn grey() -> GreyValues {
        GreyValues::plain(ImageBuffer::from_fn(1000, 1, |x, _| Luma([x as u16 * 4])), 16)
    }

    #[test]
    fn drags_widen_and_darken_within_bounds_and_reset_ends_them() {
        let grey = grey();
        let mut state = GreyState::new(&grey);
        state.apply(&grey, GreyChange::Auto);
        let auto = state.window();
        state.apply(&grey, GreyChange::Drag { across: 0.5, down: 0.25 });
        assert!((state.window().width - (4.0 * auto.width).min(state.widths().1)).abs() < 1e-9);
        assert!((state.window().centre - auto.centre - 0.25 * auto.width).abs() < 1e-9);
        for _ in 0..50 {
            state.apply(&grey, GreyChange::Drag { across: -1.0, down: 1.0 });
        }
        assert_eq!(state.window().width, state.widths().0);
        state.apply(&grey, GreyChange::Invert);
        state.apply(&grey, GreyChange::Reset);
        let first = GreyState::new(&grey);
        assert_eq!((state.display, state.lookup), (first.display, first.lookup));
    }

    #[test]
    fn inversion_swaps_light_and_dark_under_any_window() {
        let grey = grey();
        let mut state = GreyState::new(&grey);
        state.apply(&grey, GreyChange::Level { centre: 2000.0, width: 1000.0 });
        let before = state.lookup.clone();
        state.apply(&grey, GreyChange::Invert);
        assert!(before.iter().zip(&state.lookup).all(|(a, b)| (i32::from(*a) + i32::from(*b) - 255).abs() <= 1));
    }
}
