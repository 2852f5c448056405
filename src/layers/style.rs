//! How an explanation is drawn: the one set of choices that window, command line and files share.

use serde::{Deserialize, Serialize};

use crate::bundle::{Card, Colour};
use crate::compose::{CamStyle, ClearStyle, Palette, palette};

/// Everything about the drawing that is not the explanation itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Style {
    /// Colours and opacity of the map of one class.
    pub cam: CamStyle,
    /// Its `on_black` is about the panel's third view; the single layers are drawn both ways.
    pub clear: ClearStyle,
    /// The colours of the classes.
    pub palette: Palette,
    /// Whether a line shows where the lit field of a retina ends, in maps on black.
    pub outline: bool,
    /// How bright the picture is beneath maps on black: 0 for black, 1 as it is.
    pub backdrop: f32,
    /// Whether the red box is drawn.
    pub boxed: bool,
    /// Whether the map of one class has a box, too: that of the CAM paper's protocol.
    pub cam_boxed: bool,
    /// Whether the window hatches where the picture cannot be graded.
    pub hatched: bool,
}

impl Default for Style {
    fn default() -> Self {
        let clear = ClearStyle { on_black: true, ..ClearStyle::default() };
        Self {
            cam: CamStyle::default(),
            clear,
            palette: Palette::default(),
            outline: true,
            backdrop: 0.0,
            boxed: true,
            cam_boxed: false,
            hatched: true,
        }
    }
}

impl Style {
    /// One colour per class of `card`.
    pub fn colours(&self, card: &Card) -> Vec<Colour> {
        let own: Vec<Colour> = card.classes.iter().map(|class| class.colour).collect();
        palette(self.palette, &own)
    }

    /// Whether `class` takes part in the CLEAR map.
    pub fn is_on(&self, class: usize) -> bool {
        self.clear.enabled.get(class).copied().unwrap_or(true)
    }
}
