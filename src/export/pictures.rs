//! The pictures of one explanation: the panel and every layer at the picture's own size, as PNG bytes.

use anyhow::Result;
use image::{ColorType, DynamicImage, GrayImage, Rgb, RgbImage};
use imageproc::drawing::draw_filled_rect_mut;
use imageproc::rect::Rect;
use rayon::prelude::*;

use super::{NOTICE, Style};
use crate::bundle::steps::Step;
use crate::bundle::{Assessment, Card, Colour};
use crate::compose::{self, Align, CamScale, ClearStyle, Face, LegendEntry, Panel, Text};
use crate::explain::{Explanation, Report, report};
use crate::geometry::{PixelBox, Transform};
use crate::maps::ClassMaps;
use crate::method::Evidence;

/// Below the plain picture of a panel whose network has no CAM.
const WITHOUT_CAM: &str = "No class activation map: one value for the whole picture (but see Grad-CAM)";

/// Each takes some copies of the picture: more at once than this would buy little.
const MOST_LAYERS_AT_ONCE: usize = 4;

/// How many layers are drawn at the same time.
pub(super) fn layers_at_once() -> usize {
    rayon::current_num_threads().clamp(1, MOST_LAYERS_AT_ONCE)
}

/// Draws the pictures of one explanation.
#[derive(Debug)]
pub struct Pictures<'a> {
    pub picture: &'a RgbImage,
    pub card: &'a Card,
    pub explanation: &'a Explanation,
    pub style: &'a Style,
    /// What stands above the maps.
    report: Report,
    assessed: Option<&'a Assessment>,
    /// One for all classes, so that their maps can be compared.
    cam_scale: CamScale,
    colours: Vec<Colour>,
    /// The responses smoothed as the explanation's settings say.
    smoothed: ClassMaps,
}

impl<'a> Pictures<'a> {
    /// `picture` is the scan in 8-bit colour, in its own size.
    pub fn new(picture: &'a RgbImage, card: &'a Card, explanation: &'a Explanation, style: &'a Style) -> Self {
        let smoothed = explanation.response.smoothed(explanation.settings.smoothing_px);
        Self {
            picture,
            card,
            explanation,
            style,
            report: report(card, explanation, None, None, false),
            assessed: None,
            cam_scale: CamScale::of_all(&explanation.cam),
            colours: style.colours(card),
            smoothed,
        }
    }

    /// Heads the panel with these words.
    pub fn with_report(self, report: Report) -> Self {
        Self { report, ..self }
    }

    /// Marks where the picture is unfit.
    pub fn with_quality(self, assessed: Option<&'a Assessment>) -> Self {
        Self { assessed, ..self }
    }

    /// The endings of all layer files, in the order of [`Self::layers`].
    pub fn layer_endings(card: &Card) -> Vec<String> {
        let per_class = |what: &'static str| card.classes.iter().map(move |class| format!("{what}-{}.png", class.name));
        let whole = ["cam-overlay.png", "clear-dr.png", "clear-dr-overlay.png"].map(str::to_owned);
        let ungradable = card.quality.iter().map(|_| "ungradable.png".to_owned());
        per_class("cam").chain(per_class("response")).chain(whole).chain(ungradable).collect()
    }

    /// Gives every layer to `take` as a PNG file at the picture's own size: per class the CAM (transparent where it says
    /// nothing) and the response (grey, one scale for all classes), the overlay of the shown class's CAM, the CLEAR-DR map
    /// alone, and over the picture with the red box; of a model that judges quality the places that cannot be graded. A
    /// class whose map was not computed has none.
    ///
    /// # Errors
    /// Where a PNG cannot be encoded, and those of `take`.
    pub fn each_layer(&self, mut take: impl FnMut(&str, &[u8]) -> Result<()>) -> Result<()> {
        let layers: Vec<(usize, String)> = Self::layer_endings(self.card).into_iter().enumerate().collect();
        for some in layers.chunks(layers_at_once()) {
            let encode = |(index, _): &(usize, String)| self.layer(*index).map(|layer| png(&layer)).transpose();
            let drawn = some.par_iter().map(encode).collect::<Result<Vec<_>, _>>()?;
            for ((_, ending), bytes) in some.iter().zip(drawn) {
                bytes.map_or(Ok(()), |bytes| take(ending, &bytes))?;
            }
        }
        Ok(())
    }

    /// The layer at `index` of [`Self::layer_endings`].
    fn layer(&self, index: usize) -> Option<DynamicImage> {
        let classes = self.card.classes.len();
        Some(match index {
            i if i < classes => DynamicImage::ImageRgba8(self.explanation.cam.class(i).map(|_| self.cam(i))?),
            i if i < 2 * classes => {
                DynamicImage::ImageLuma8(self.smoothed.class(i - classes).map(|_| self.response(i - classes))?)
            }
            i if i == 2 * classes => DynamicImage::ImageRgb8(self.cam_overlay()),
            i if i == 2 * classes + 1 => DynamicImage::ImageRgb8(self.clear_on_black()),
            i if i == 2 * classes + 2 => DynamicImage::ImageRgb8(self.clear_overlay()),
            _ => DynamicImage::ImageRgba8(self.ungradable()),
        })
    }

    /// The report picture: input, CAM and CLEAR-DR side by side with legend and notice.
    ///
    /// # Errors
    /// Where the PNG cannot be encoded.
    pub fn panel(&self, file_name: &str) -> Result<Vec<u8>, png::EncodingError> {
        png(&DynamicImage::ImageRgb8(self.panel_picture(file_name)))
    }

    /// The pixels of [`Self::panel`].
    pub fn panel_picture(&self, file_name: &str) -> RgbImage {
        let (explanation, shown) = (self.explanation, self.explanation.shown_class());
        let entries = self.legend_entries();
        let settings = &explanation.settings;
        let footer = format!(
            "fovea {}, {}, rule {}, evidence {}, magnitude {}",
            env!("CARGO_PKG_VERSION"),
            explanation.device,
            settings.rule.name(),
            settings.evidence.name(),
            settings.magnitude.name()
        );
        let report = &self.report;
        compose::panel(&Panel {
            file_name,
            model_name: &format!("{}: {}", self.card.name, self.card.title),
            picture: self.picture,
            entries: &entries,
            headline: &join([&report.headline, &report.figure], "   "),
            beneath: &report.beneath,
            rule: &report.rule,
            disagreement: report.disagreement(),
            said: &report.said,
            drawn: &explanation.response.held,
            shown,
            cam_layer: &self.cam(shown),
            cam_scale: self.cam_scale,
            cam_style: &self.style.cam,
            cam_title: &explanation.cam_title(&self.card.classes[shown].full_name()),
            without_cam: explanation.cam_caveat().map(|_| WITHOUT_CAM),
            clear_title: &clear_title(self.card, settings.evidence),
            clear_layer: &self.clear_layer(self.style.clear.on_black),
            clear_full: self.smoothed.peak() / self.style.clear.gain,
            attention: self.attention(),
            footer: &footer,
            warning: report.warning(),
            is_refused: report.is_refused,
            unfit: report.unfit(),
            quality: report.quality.as_ref().map(|quality| quality.says.as_str()),
            box_says: &report.box_says,
        })
    }

    fn legend_entries(&self) -> Vec<LegendEntry> {
        let shares = &self.explanation.response_shares;
        let probabilities = &self.explanation.verdict.probabilities;
        let entry = |(c, class): (usize, &crate::bundle::card::Class)| LegendEntry {
            label: class.full_name(),
            colour: self.colours[c],
            probability: probabilities[c],
            share: shares[c].map(|share| share as f32),
            enabled: self.style.is_on(c),
        };
        self.card.classes.iter().enumerate().map(entry).collect()
    }

    fn cam(&self, class: usize) -> image::RgbaImage {
        let maps = &self.explanation.cam;
        let source_from_cam = self.explanation.source_from_cam();
        compose::cam_layer(maps, class, &source_from_cam, self.picture.dimensions(), self.cam_scale, &self.style.cam)
    }

    fn ungradable(&self) -> image::RgbaImage {
        let map = self.assessed.and_then(|assessed| assessed.map.as_ref());
        compose::ungradable_layer(map, &Transform::IDENTITY, self.picture.dimensions())
    }

    fn response(&self, class: usize) -> GrayImage {
        let only = (0..self.card.classes.len()).map(|c| c == class).collect();
        let style = ClearStyle { enabled: only, on_black: true, ..self.style.clear.clone() };
        let white = vec![Colour([255; 3]); self.card.classes.len()];
        DynamicImage::ImageRgba8(self.clear(&white, &style)).into_luma8()
    }

    fn clear(&self, colours: &[Colour], style: &ClearStyle) -> image::RgbaImage {
        let size = self.picture.dimensions();
        let source_from_model = &self.explanation.source_from_model;
        compose::clear_layer(&self.smoothed, colours, source_from_model, size, self.smoothed.peak(), style)
    }

    fn clear_layer(&self, on_black: bool) -> image::RgbaImage {
        self.clear(&self.colours, &ClearStyle { on_black, ..self.style.clear.clone() })
    }

    fn attention(&self) -> Option<PixelBox> {
        self.explanation.attention.filter(|_| self.style.boxed).map(|region| region.bounds)
    }

    fn clear_on_black(&self) -> RgbImage {
        noticed(DynamicImage::ImageRgba8(self.clear_layer(true)).into_rgb8())
    }

    fn cam_overlay(&self) -> RgbImage {
        noticed(compose::over(self.picture, &self.cam(self.explanation.shown_class())))
    }

    fn clear_overlay(&self) -> RgbImage {
        let mut picture = compose::over(self.picture, &self.clear_layer(false));
        if let Some(frame) = self.attention() {
            compose::draw_box(&mut picture, frame, compose::box_line_px(self.picture.dimensions()));
        }
        noticed(picture)
    }
}

/// CLEAR-DR is CLEAR on grades of a retina.
pub fn clear_name(card: &Card) -> &'static str {
    let reads_a_retina = card.preprocessing.iter().any(|step| matches!(step, Step::CropToRetina { .. }));
    if reads_a_retina { "CLEAR-DR" } else { "CLEAR" }
}

/// What the map shows, in words.
pub fn clear_title(card: &Card, evidence: Evidence) -> String {
    let (name, class) = (clear_name(card), card.noun());
    match evidence {
        Evidence::For => format!("{name}: dominant {class} and response"),
        Evidence::Against => format!("{name}: {class} most spoken against"),
    }
}

/// What is there of `parts`.
fn join(parts: [&str; 2], between: &str) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between)
}

/// The notice in the lower left corner, small, on a dark ground: for whoever sees the picture without its report.
fn noticed(mut picture: RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let size_px = (width as f32 / 60.0).clamp(9.0, 48.0);
    let taken = compose::text_width(Face::Regular, size_px, NOTICE);
    let line = size_px.ceil() as u32 + 4;
    // A picture too small to carry it has it in its file's text alone.
    if taken + 8 <= width && 4 * line <= height {
        let ground = Rect::at(0, (height - line) as i32).of_size(taken + 8, line);
        draw_filled_rect_mut(&mut picture, ground, Rgb([0, 0, 0]));
        let style = Text { face: Face::Regular, size_px, colour: Rgb([255, 196, 92]), align: Align::Left };
        compose::draw_text(&mut picture, &style, (4, (height - line) as i32 + 2), NOTICE);
    }
    picture
}

/// Fast compression: a folder of photographs makes thousands of files. The notice stands in every file's own text.
fn png(picture: &DynamicImage) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width(), picture.height());
    encoder.set_color(match picture.color() {
        ColorType::L8 => png::ColorType::Grayscale,
        ColorType::Rgba8 => png::ColorType::Rgba,
        _ => png::ColorType::Rgb,
    });
    encoder.set_compression(png::Compression::Fast);
    encoder.set_filter(png::Filter::Adaptive);
    encoder.add_text_chunk("Disclaimer".to_owned(), NOTICE.to_owned())?;
    encoder.add_text_chunk("Software".to_owned(), concat!("fovea ", env!("CARGO_PKG_VERSION")).to_owned())?;
    encoder.write_header()?.write_image_data(picture.as_bytes())?;
    Ok(bytes)
}
