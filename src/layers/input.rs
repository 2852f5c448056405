//! The picture as it is, hatched where it cannot be graded.

use image::{DynamicImage, RgbImage, RgbaImage};

use super::{LayerFile, LayerKind, Scene, Style};
use crate::bundle::Card;
use crate::compose::{Caption, ungradable_layer};
use crate::geometry::{PixelBox, Transform};

pub struct Input;

impl LayerKind for Input {
    fn name(&self) -> &'static str {
        "input"
    }

    fn plain(&self, _card: Option<&Card>) -> String {
        "Input".to_owned()
    }

    fn only(&self) -> &'static str {
        "Only the input"
    }

    fn red_box(&self, scene: &Scene<'_>) -> Option<PixelBox> {
        scene.red_box()
    }

    fn title(&self, _scene: &Scene<'_>) -> String {
        self.plain(None)
    }

    fn caption(&self, scene: &Scene<'_>) -> Caption {
        Caption::Words(scene.box_says.to_owned())
    }

    fn depends_on(&self, scene: &Scene<'_>) -> (usize, Style) {
        (0, Style { hatched: scene.style.hatched, ..Style::default() })
    }

    fn compose(&self, scene: &Scene<'_>, frame_from_source: &Transform, size: (u32, u32)) -> Option<RgbaImage> {
        let map = scene.ungradable.filter(|map| scene.style.hatched && !map.is_empty())?;
        Some(ungradable_layer(Some(map), frame_from_source, size))
    }

    fn files(&self, card: &Card) -> Vec<String> {
        card.quality.iter().map(|_| "ungradable.png".to_owned()).collect()
    }

    fn file(&self, _index: usize, scene: &Scene<'_>, picture: &RgbImage) -> Option<LayerFile> {
        let layer = ungradable_layer(scene.ungradable, &Transform::IDENTITY, picture.dimensions());
        let title = "Where the picture cannot be graded".to_owned();
        Some(LayerFile { title, picture: DynamicImage::ImageRgba8(layer) })
    }
}
