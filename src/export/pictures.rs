//! The pictures of one explanation: the panel and every layer at the picture's own size, as PNG bytes.

use std::io::Cursor;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, GrayImage, ImageEncoder, ImageError, RgbImage};
use rayon::prelude::*;

use crate::bundle::card::Step;
use crate::bundle::{Card, Colour};
use crate::compose::{self, CamScale, CamStyle, ClearStyle, LegendEntry, Panel};
use crate::explain::{ClassMaps, Explanation};

/// Draws the pictures of one explanation.
#[derive(Debug)]
pub struct Pictures<'a> {
    pub picture: &'a RgbImage,
    pub card: &'a Card,
    pub explanation: &'a Explanation,
    pub cam_style: CamStyle,
    pub clear_style: ClearStyle,
    /// The responses smoothed as the explanation's settings say.
    smoothed: ClassMaps,
}

impl<'a> Pictures<'a> {
    /// `picture` is the scan in 8-bit colour, in its own size.
    pub fn new(picture: &'a RgbImage, card: &'a Card, explanation: &'a Explanation) -> Self {
        let smoothed = explanation.response.smoothed(explanation.settings.smoothing_px);
        let (cam_style, clear_style) = (CamStyle::default(), ClearStyle::default());
        Self { picture, card, explanation, cam_style, clear_style, smoothed }
    }

    /// The endings of all layer files, in the order of [`Self::layers`].
    pub fn layer_endings(card: &Card) -> Vec<String> {
        let per_class = |what: &'static str| card.classes.iter().map(move |class| format!("{what}-{}.png", class.name));
        let whole = ["cam-overlay.png", "clear-dr.png", "clear-dr-overlay.png"].map(str::to_owned);
        per_class("cam").chain(per_class("response")).chain(whole).collect()
    }

    /// Every layer as a PNG file at the picture's own size: per class the CAM (transparent where it says nothing) and
    /// the response (grey, one scale for all classes), the overlay of the shown class's CAM, the CLEAR-DR map alone,
    /// and over the picture with the red box.
    ///
    /// # Errors
    /// Where a PNG cannot be encoded.
    pub fn layers(&self) -> Result<Vec<(String, Vec<u8>)>, ImageError> {
        let classes = self.card.classes.len();
        let encode = |(index, ending): (usize, String)| {
            let picture = match index {
                i if i < classes => DynamicImage::ImageRgba8(self.cam(i)),
                i if i < 2 * classes => DynamicImage::ImageLuma8(self.response(i - classes)),
                i if i == 2 * classes => DynamicImage::ImageRgb8(self.cam_overlay()),
                i if i == 2 * classes + 1 => DynamicImage::ImageRgb8(self.clear_on_black()),
                _ => DynamicImage::ImageRgb8(self.clear_overlay()),
            };
            Ok((ending, png(&picture)?))
        };
        Self::layer_endings(self.card).into_par_iter().enumerate().map(encode).collect()
    }

    /// The report picture: input, CAM and CLEAR-DR side by side with legend and notice.
    ///
    /// # Errors
    /// Where the PNG cannot be encoded.
    pub fn panel(&self, file_name: &str) -> Result<Vec<u8>, ImageError> {
        let (explanation, shown) = (self.explanation, self.explanation.shown_class());
        let entries = self.legend_entries();
        let settings = &explanation.settings;
        let footer = format!(
            "fovea {}, {}, rule {}, magnitude {}",
            env!("CARGO_PKG_VERSION"),
            explanation.device,
            settings.rule.name(),
            settings.magnitude.name()
        );
        let panel = compose::panel(&Panel {
            file_name,
            model_name: &format!("{}: {}", self.card.name, self.card.title),
            picture: self.picture,
            entries: &entries,
            decided: explanation.verdict.decided,
            shown,
            cam_layer: &self.cam(shown),
            cam_scale: CamScale::of_class(&explanation.cam, shown),
            cam_style: &self.cam_style,
            clear_title: self.clear_title(),
            clear_layer: &self.clear_layer(true),
            clear_full: self.smoothed.peak() / self.clear_style.gain,
            attention: explanation.attention.map(|region| region.bounds),
            footer: &footer,
        });
        png(&DynamicImage::ImageRgb8(panel))
    }

    /// CLEAR-DR is CLEAR on grades of a retina.
    fn clear_title(&self) -> &'static str {
        let reads_a_retina = self.card.preprocessing.iter().any(|step| matches!(step, Step::CropToRetina { .. }));
        if reads_a_retina { "CLEAR-DR: dominant grade and response" } else { "CLEAR: dominant class and response" }
    }

    fn legend_entries(&self) -> Vec<LegendEntry> {
        let shares = &self.explanation.response_shares;
        let probabilities = &self.explanation.verdict.probabilities;
        let entry = |(c, class): (usize, &crate::bundle::card::Class)| LegendEntry {
            label: format!("{}  {}", class.name, class.label),
            colour: class.colour,
            probability: probabilities[c],
            share: shares[c] as f32,
            enabled: true,
        };
        self.card.classes.iter().enumerate().map(entry).collect()
    }

    fn cam(&self, class: usize) -> image::RgbaImage {
        let maps = &self.explanation.cam;
        let scale = CamScale::of_class(maps, class);
        let source_from_cam = self.explanation.source_from_cam();
        compose::cam_layer(maps, class, &source_from_cam, self.picture.dimensions(), scale, &self.cam_style)
    }

    fn response(&self, class: usize) -> GrayImage {
        let only = (0..self.card.classes.len()).map(|c| c == class).collect();
        let style = ClearStyle { enabled: only, on_black: true, ..self.clear_style.clone() };
        let white = vec![Colour([255; 3]); self.card.classes.len()];
        DynamicImage::ImageRgba8(self.clear(&white, &style)).into_luma8()
    }

    fn clear(&self, colours: &[Colour], style: &ClearStyle) -> image::RgbaImage {
        let size = self.picture.dimensions();
        let source_from_model = &self.explanation.source_from_model;
        compose::clear_layer(&self.smoothed, colours, source_from_model, size, self.smoothed.peak(), style)
    }

    fn clear_layer(&self, on_black: bool) -> image::RgbaImage {
        let colours: Vec<Colour> = self.card.classes.iter().map(|class| class.colour).collect();
        self.clear(&colours, &ClearStyle { on_black, ..self.clear_style.clone() })
    }

    fn clear_on_black(&self) -> RgbImage {
        DynamicImage::ImageRgba8(self.clear_layer(true)).into_rgb8()
    }

    fn cam_overlay(&self) -> RgbImage {
        compose::over(self.picture, &self.cam(self.explanation.shown_class()))
    }

    fn clear_overlay(&self) -> RgbImage {
        let mut picture = compose::over(self.picture, &self.clear_layer(false));
        if let Some(region) = self.explanation.attention {
            compose::draw_box(&mut picture, region.bounds, compose::box_line_px(self.picture.dimensions()));
        }
        picture
    }
}

/// Fast compression: a folder of photographs makes thousands of files.
fn png(picture: &DynamicImage) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Cursor::new(Vec::new());
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive).write_image(
        picture.as_bytes(),
        picture.width(),
        picture.height(),
        picture.color().into(),
    )?;
    Ok(bytes.into_inner())
}
