//! What the CLEAR map by the rule in use shows more, or less, than the one by another rule.

use image::{DynamicImage, RgbImage, RgbaImage};

use super::{LayerFile, LayerKind, Scene, Style};
use crate::bundle::Card;
use crate::compose::{ClearStyle, ColourBar, difference_bar, difference_layer};
use crate::geometry::Transform;

pub struct Difference;

impl Difference {
    fn drawn(
        scene: &Scene<'_>,
        style: &ClearStyle,
        frame_from_source: &Transform,
        size: (u32, u32),
    ) -> Option<RgbaImage> {
        let (maps, other) = (scene.maps, scene.other?);
        let frame_from_model = maps.explanation.source_from_model.then(frame_from_source);
        Some(difference_layer(maps.scaled(), other.scaled(), &frame_from_model, size, style))
    }
}

impl LayerKind for Difference {
    fn name(&self) -> &'static str {
        "difference"
    }

    fn plain(&self, _card: Option<&Card>) -> String {
        "Difference".to_owned()
    }

    fn only(&self) -> &'static str {
        "Only the difference of two rules"
    }

    fn compares(&self) -> bool {
        true
    }

    fn is_on_black(&self, style: &Style) -> bool {
        style.clear.on_black
    }

    fn title(&self, scene: &Scene<'_>) -> String {
        let Some(other) = scene.other else { return self.plain(None) };
        format!("Difference: {} − {}, each of its own maximum", scene.maps.rule(), other.rule())
    }

    /// In parts of each map's own maximum.
    fn scale(&self, scene: &Scene<'_>) -> Option<(f32, f32)> {
        let full = 1.0 / scene.style.clear.gain;
        scene.other.map(|_| (-full, full))
    }

    fn legend(&self, scene: &Scene<'_>) -> Option<ColourBar> {
        scene.other.map(|other| difference_bar(scene.style.clear.gain, scene.maps.rule(), other.rule()))
    }

    fn empty(&self, scene: &Scene<'_>) -> Option<&'static str> {
        let other = scene.other?;
        if scene.maps.peak <= 0.0 && other.peak <= 0.0 {
            Some("Empty: nothing responds under either rule")
        } else if scene.all_off() {
            Some("All classes are switched off")
        } else {
            (scene.maps.smoothed == other.smoothed).then_some("No difference: both rules give the same map")
        }
    }

    fn depends_on(&self, scene: &Scene<'_>) -> (usize, Style) {
        (0, Style { clear: super::on_backdrop(scene.style), ..Style::default() })
    }

    fn compose(&self, scene: &Scene<'_>, frame_from_source: &Transform, size: (u32, u32)) -> Option<RgbaImage> {
        Self::drawn(scene, &super::on_backdrop(scene.style), frame_from_source, size)
    }

    fn files(&self, _card: &Card) -> Vec<String> {
        vec!["difference.png".to_owned()]
    }

    fn file(&self, _index: usize, scene: &Scene<'_>, picture: &RgbImage) -> Option<LayerFile> {
        let style = ClearStyle { on_black: true, ..scene.style.clear.clone() };
        let layer = Self::drawn(scene, &style, &Transform::IDENTITY, picture.dimensions())?;
        let rgb = DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(layer).into_rgb8());
        Some(LayerFile { title: self.title(scene), picture: rgb })
    }
}
