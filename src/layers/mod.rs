//! What an explanation looks like: a list of layers. Window, report panel, layer files and record go through it.
//!
//! A layer has a title, a scale, a legend and a way to compose any region; each stands in a file of its own here. This
//! module must not know windows or files.

mod cam;
mod clear;
mod difference;
mod input;
mod scene;
mod style;

use image::{DynamicImage, RgbImage, RgbaImage};

use crate::bundle::Card;
use crate::compose::{Caption, ClearStyle, ColourBar};
use crate::geometry::{PixelBox, Transform};

pub use self::scene::{Maps, Scene};
pub use self::style::Style;

/// A layer, in the order in which they stand side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layer {
    /// The picture itself.
    Input,
    /// The map of one class.
    Cam,
    /// The CLEAR map by the rule in use.
    Clear,
    /// The CLEAR map by the rule that it is compared with.
    OtherClear,
    /// What the one shows more than the other.
    Difference,
}

impl Layer {
    /// All of them, in their order.
    pub const ALL: [Self; 5] = [Self::Input, Self::Cam, Self::Clear, Self::OtherClear, Self::Difference];

    /// All that can be told of it.
    pub fn kind(self) -> &'static dyn LayerKind {
        match self {
            Self::Input => &input::Input,
            Self::Cam => &cam::Cam,
            Self::Clear => &clear::Clear { is_other: false },
            Self::OtherClear => &clear::Clear { is_other: true },
            Self::Difference => &difference::Difference,
        }
    }

    /// Those that there are, with those of two rules where they are compared.
    pub fn listed(comparing: bool) -> impl Iterator<Item = Self> + Clone {
        Self::ALL.into_iter().filter(move |layer| comparing || !layer.kind().compares())
    }
}

/// What makes a layer.
pub trait LayerKind: Sync {
    /// Short and stable, for programs.
    fn name(&self) -> &'static str;

    /// Short, for people; what a CLEAR map is called depends on the model.
    fn plain(&self, card: Option<&Card>) -> String;

    /// What leaves it alone on the screen.
    fn only(&self) -> &'static str;

    /// Whether it needs the maps of two rules.
    fn compares(&self) -> bool {
        false
    }

    /// The box that is drawn on it, in source pixels.
    fn red_box(&self, _scene: &Scene<'_>) -> Option<PixelBox> {
        None
    }

    /// Whether it is a picture of its own on black rather than laid over the input.
    fn is_on_black(&self, _style: &Style) -> bool {
        false
    }

    /// How bright the picture is beneath it: 1 as it is, 0 for black.
    fn brightness(&self, style: &Style) -> f32 {
        if self.is_on_black(style) { style.backdrop.clamp(0.0, 1.0) } else { 1.0 }
    }

    /// What it shows, in words.
    fn title(&self, scene: &Scene<'_>) -> String;

    /// The true values at the two ends of its colours.
    fn scale(&self, _scene: &Scene<'_>) -> Option<(f32, f32)> {
        None
    }

    /// What its colours mean; a layer without colours of its own has none.
    fn legend(&self, _scene: &Scene<'_>) -> Option<ColourBar> {
        None
    }

    /// Why there is nothing to be seen, where there is nothing.
    fn empty(&self, _scene: &Scene<'_>) -> Option<&'static str> {
        None
    }

    /// What stands below it in a report: its legend, or why it has none.
    fn caption(&self, scene: &Scene<'_>) -> Caption {
        match (self.legend(scene), self.empty(scene)) {
            (Some(bar), _) => Caption::Bar(bar),
            (None, Some(why)) => Caption::Warning(why.to_owned()),
            (None, None) => Caption::Words(String::new()),
        }
    }

    /// All that it is made from besides the maps: a class, and the style with everything else at its first value. While
    /// these stay, so do its pixels.
    fn depends_on(&self, scene: &Scene<'_>) -> (usize, Style);

    /// Its pixels, `size` (width, height) of them, in a frame that `frame_from_source` gives; nothing where there is
    /// nothing to lay over the picture.
    fn compose(&self, scene: &Scene<'_>, frame_from_source: &Transform, size: (u32, u32)) -> Option<RgbaImage>;

    /// The endings of the files that it has in an export.
    fn files(&self, _card: &Card) -> Vec<String> {
        Vec::new()
    }

    /// The file at `index` of [`Self::files`], at the size of `picture`; none of a map that was not computed.
    fn file(&self, _index: usize, _scene: &Scene<'_>, _picture: &RgbImage) -> Option<LayerFile> {
        None
    }
}

/// How a CLEAR map is drawn where the picture shines through the black: as a layer over the dimmed picture that over black
/// would be the map itself.
fn on_backdrop(style: &Style) -> ClearStyle {
    let shines = style.clear.on_black && style.backdrop > 0.0;
    let clear = style.clear.clone();
    if shines { ClearStyle { on_black: false, opacity: 1.0, ..clear } } else { clear }
}

/// A layer as a picture of its own.
#[derive(Debug)]
pub struct LayerFile {
    /// What it shows, in words.
    pub title: String,
    /// At the size of the scan.
    pub picture: DynamicImage,
}

#[cfg(test)]
mod tests;
