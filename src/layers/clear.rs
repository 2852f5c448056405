//! The CLEAR map, by the rule in use or by the one that it is compared with.

use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};
use rayon::prelude::*;

use super::{LayerFile, LayerKind, Maps, Scene, Style};
use crate::bundle::{Card, Colour};
use crate::compose::{self, ClearStyle, ColourBar, clear_layer, response_bar};
use crate::geometry::{PixelBox, Transform};
use crate::method::Evidence;

pub struct Clear {
    pub is_other: bool,
}

/// CLEAR-DR is CLEAR on grades of a retina.
fn method(card: &Card) -> &'static str {
    if card.reads_a_retina() { "CLEAR-DR" } else { "CLEAR" }
}

impl Clear {
    fn maps<'a>(&self, scene: &Scene<'a>) -> Option<Maps<'a>> {
        if self.is_other { scene.other } else { Some(scene.maps) }
    }

    /// "CLEAR-DR", or with the rule where that is not the card's own or stands beside another.
    fn named(maps: &Maps<'_>, scene: &Scene<'_>) -> String {
        let method = method(scene.card);
        let is_expected = maps.explanation.settings.rule == scene.card.explanation.rule && scene.other.is_none();
        if is_expected { method.to_owned() } else { format!("{method} ({})", maps.rule()) }
    }

    fn of(
        maps: &Maps<'_>,
        colours: &[Colour],
        style: &ClearStyle,
        frame_from_source: &Transform,
        size: (u32, u32),
    ) -> RgbaImage {
        let frame_from_model = maps.explanation.source_from_model.then(frame_from_source);
        clear_layer(maps.smoothed, colours, &frame_from_model, size, maps.peak, style)
    }

    /// The map at the picture's own size, on black or to be laid over it.
    fn whole(maps: &Maps<'_>, scene: &Scene<'_>, on_black: bool, size: (u32, u32)) -> RgbaImage {
        let style = ClearStyle { on_black, ..scene.style.clear.clone() };
        Self::of(maps, &scene.style.colours(scene.card), &style, &Transform::IDENTITY, size)
    }

    /// The response of `class` alone, in grey.
    fn grey(maps: &Maps<'_>, scene: &Scene<'_>, class: usize, size: (u32, u32)) -> DynamicImage {
        let classes = scene.card.classes.len();
        let only = (0..classes).map(|c| c == class).collect();
        let style = ClearStyle { enabled: only, on_black: true, ..scene.style.clear.clone() };
        let white = vec![Colour([255; 3]); classes];
        let layer = Self::of(maps, &white, &style, &Transform::IDENTITY, size);
        DynamicImage::ImageLuma8(red(&layer))
    }
}

impl LayerKind for Clear {
    fn name(&self) -> &'static str {
        if self.is_other { "other-clear" } else { "clear" }
    }

    fn plain(&self, card: Option<&Card>) -> String {
        let method = card.map_or("CLEAR", method);
        if self.is_other { format!("Other {method}") } else { method.to_owned() }
    }

    fn only(&self) -> &'static str {
        if self.is_other { "Only the other CLEAR map" } else { "Only the CLEAR map" }
    }

    fn compares(&self) -> bool {
        self.is_other
    }

    /// The other map's own box is not looked for.
    fn red_box(&self, scene: &Scene<'_>) -> Option<PixelBox> {
        scene.red_box().filter(|_| !self.is_other)
    }

    fn is_on_black(&self, style: &Style) -> bool {
        style.clear.on_black
    }

    fn title(&self, scene: &Scene<'_>) -> String {
        let Some(maps) = self.maps(scene) else { return self.plain(Some(scene.card)) };
        let (name, class) = (Self::named(&maps, scene), scene.card.noun());
        match maps.explanation.settings.evidence {
            Evidence::For => format!("{name}: dominant {class} and response"),
            Evidence::Against => format!("{name}: {class} most spoken against"),
        }
    }

    fn scale(&self, scene: &Scene<'_>) -> Option<(f32, f32)> {
        self.maps(scene).map(|maps| (0.0, maps.peak / scene.style.clear.gain))
    }

    fn legend(&self, scene: &Scene<'_>) -> Option<ColourBar> {
        self.scale(scene).map(|(_, full)| response_bar(full))
    }

    fn empty(&self, scene: &Scene<'_>) -> Option<&'static str> {
        match self.maps(scene) {
            Some(maps) if maps.peak <= 0.0 => Some("The map is empty: nothing responds"),
            Some(_) if scene.all_off() => Some("All classes are switched off"),
            _ => None,
        }
    }

    fn depends_on(&self, scene: &Scene<'_>) -> (usize, Style) {
        let Style { palette, .. } = scene.style;
        (0, Style { clear: super::on_backdrop(scene.style), palette: *palette, ..Style::default() })
    }

    fn compose(&self, scene: &Scene<'_>, frame_from_source: &Transform, size: (u32, u32)) -> Option<RgbaImage> {
        let colours = scene.style.colours(scene.card);
        let style = super::on_backdrop(scene.style);
        self.maps(scene).map(|maps| Self::of(&maps, &colours, &style, frame_from_source, size))
    }

    /// Every class's response in grey, one scale for all; the map alone; and over the picture with the red box. Of the
    /// other rule there are none: its own run writes them.
    fn files(&self, card: &Card) -> Vec<String> {
        if self.is_other {
            return Vec::new();
        }
        let own = card.classes.iter().map(|class| format!("response-{}.png", class.name));
        own.chain(["clear-dr.png", "clear-dr-overlay.png"].map(str::to_owned)).collect()
    }

    fn file(&self, index: usize, scene: &Scene<'_>, picture: &RgbImage) -> Option<LayerFile> {
        let (maps, classes, size) = (self.maps(scene)?, scene.card.classes.len(), picture.dimensions());
        if index < classes {
            maps.smoothed.class(index)?;
            let title = format!("{}: response of {}", Self::named(&maps, scene), scene.class(index));
            return Some(LayerFile { title, picture: Self::grey(&maps, scene, index, size) });
        }
        let rgb = if index == classes {
            let mut alone = opaque(&Self::whole(&maps, scene, true, size));
            let line_px = (size.0.max(size.1) as f32 / 700.0).max(1.0);
            compose::draw_outline(&mut alone, scene.outline, &Transform::IDENTITY, line_px);
            alone
        } else {
            let mut over = compose::over(picture, &Self::whole(&maps, scene, false, size));
            if let Some(frame) = scene.red_box() {
                compose::draw_box(&mut over, frame, compose::box_line_px(size));
            }
            over
        };
        Some(LayerFile { title: self.title(scene), picture: DynamicImage::ImageRgb8(rgb) })
    }
}

/// One channel, which of a grey picture is all of it.
fn red(layer: &RgbaImage) -> GrayImage {
    let values = layer.as_raw().as_chunks::<4>().0.par_iter().with_min_len(1 << 14).map(|pixel| pixel[0]).collect();
    GrayImage::from_raw(layer.width(), layer.height(), values).unwrap_or_default()
}

/// The colours without their transparency, of a layer that has none.
fn opaque(layer: &RgbaImage) -> RgbImage {
    let mut picture = RgbImage::new(layer.width(), layer.height());
    let pixels = picture.as_chunks_mut::<3>().0.par_iter_mut().with_min_len(1 << 14);
    pixels.zip(layer.as_raw().as_chunks::<4>().0).for_each(|(to, [r, g, b, _])| *to = [*r, *g, *b]);
    picture
}

#[cfg(test)]
mod tests {
    use image::Rgba;

    use super::*;

    #[test]
    fn pixels_are_those_of_the_image_crate() {
        let value = |x: u32, y: u32| (16 * y + x) as u8;
        let grey = RgbaImage::from_fn(16, 16, |x, y| Rgba([value(x, y), value(x, y), value(x, y), 255]));
        assert_eq!(red(&grey), DynamicImage::ImageRgba8(grey.clone()).into_luma8());
        let layer = RgbaImage::from_fn(40, 30, |x, y| Rgba([(7 * x) as u8, (5 * y) as u8, (x * y) as u8, 255]));
        assert_eq!(opaque(&layer), DynamicImage::ImageRgba8(layer.clone()).into_rgb8());
    }
}
