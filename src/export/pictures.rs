//! The pictures of one explanation: the panel and every layer at the picture's own size, as PNG bytes.

use std::borrow::Cow;

use anyhow::Result;
use image::{ColorType, DynamicImage, Rgb, RgbImage};
use imageproc::drawing::draw_filled_rect_mut;
use imageproc::rect::Rect;
use rayon::prelude::*;

use super::marks::{MEASUREMENTS, mark};
use super::{Marks, NOTICE};
use crate::bundle::{Assessment, Card};
use crate::compose::{self, Align, CamScale, Caption, Face, LegendEntry, Mark, Panel, PanelView, Text};
use crate::explain::{Explanation, Report, report};
use crate::geometry::Transform;
use crate::layers::{Layer, LayerFile, Maps, Scene, Style};
use crate::maps::ClassMaps;

/// Each takes some copies of the picture: more at once than this would buy little.
const MOST_LAYERS_AT_ONCE: usize = 4;

/// How many layers of a picture are drawn at the same time where so many pictures are on their way.
pub fn layers_at_once(pictures: usize) -> usize {
    (rayon::current_num_threads() / pictures.max(1)).clamp(1, MOST_LAYERS_AT_ONCE)
}

/// Draws the pictures of one explanation.
#[derive(Debug)]
pub struct Pictures<'a> {
    /// The scan in 8-bit colour.
    pub picture: &'a RgbImage,
    /// The model's.
    pub card: &'a Card,
    /// What is drawn.
    pub explanation: &'a Explanation,
    /// How it is to look.
    pub style: &'a Style,
    /// What stands above the maps.
    report: Report,
    assessed: Option<&'a Assessment>,
    ready: Ready,
    marks: Marks,
    /// Where the lit field of a retina ends, in source pixels.
    outline: &'a [(f64, f64)],
    /// By another rule.
    other: Option<(&'a Explanation, Ready)>,
    layers_at_once: usize,
}

/// What is worked out of an explanation before it is drawn.
#[derive(Debug)]
struct Ready {
    smoothed: ClassMaps,
    peak: f32,
    cam_scale: CamScale,
}

impl Ready {
    fn new(explanation: &Explanation) -> Self {
        let smoothed = explanation.response.smoothed(explanation.settings.smoothing_px);
        Self { peak: smoothed.peak(), smoothed, cam_scale: CamScale::of_all(&explanation.cam) }
    }

    fn maps<'a>(&'a self, explanation: &'a Explanation) -> Maps<'a> {
        Maps { explanation, smoothed: &self.smoothed, peak: self.peak, cam_scale: self.cam_scale }
    }
}

impl<'a> Pictures<'a> {
    /// `picture` is the scan in 8-bit colour, in its own size.
    pub fn new(picture: &'a RgbImage, card: &'a Card, explanation: &'a Explanation, style: &'a Style) -> Self {
        let (ready, report) = (Ready::new(explanation), report(card, explanation, None, None, false));
        let (marks, layers_at_once) = (Marks::default(), layers_at_once(1));
        let (assessed, outline, other) = (None, &[][..], None);
        Self { picture, card, explanation, style, report, assessed, ready, marks, outline, other, layers_at_once }
    }

    /// Heads the panel with these words.
    pub fn with_report(self, report: Report) -> Self {
        Self { report, ..self }
    }

    pub(super) fn report(&self) -> &Report {
        &self.report
    }

    /// Marks where the picture is unfit.
    pub fn with_quality(self, assessed: Option<&'a Assessment>) -> Self {
        Self { assessed, ..self }
    }

    /// Draws measurements and letters on the picture itself.
    pub fn with_marks(self, marks: Marks) -> Self {
        Self { marks, ..self }
    }

    /// Draws where the lit field of the picture ends into maps on black, where the style wants it and the model reads a
    /// retina.
    pub fn with_outline(self, outline: &'a [(f64, f64)]) -> Self {
        let is_wanted = self.style.outline && self.card.reads_a_retina();
        Self { outline: if is_wanted { outline } else { &[] }, ..self }
    }

    /// Puts the maps by another rule beside these, and what sets them apart.
    pub fn compared_with(self, other: Option<&'a Explanation>) -> Self {
        Self { other: other.map(|other| (other, Ready::new(other))), ..self }
    }

    /// Draws so many layers at the same time, each of which takes some copies of the picture.
    pub fn with_layers_at_once(self, layers_at_once: usize) -> Self {
        Self { layers_at_once, ..self }
    }

    pub(super) fn scene(&self) -> Scene<'_> {
        Scene {
            card: self.card,
            style: self.style,
            maps: self.ready.maps(self.explanation),
            other: self.other.as_ref().map(|(explanation, ready)| ready.maps(explanation)),
            ungradable: self.assessed.and_then(|assessed| assessed.map.as_ref()),
            outline: self.outline,
            box_says: if self.report.is_refused { "" } else { &self.report.box_says },
        }
    }

    pub(super) fn layers(&self) -> impl Iterator<Item = Layer> + Clone {
        Layer::listed(self.other.is_some())
    }

    /// The endings of all layer files, with those of two rules where they are compared.
    pub fn layer_endings(card: &Card, comparing: bool) -> Vec<String> {
        Layer::listed(comparing).flat_map(|layer| layer.kind().files(card)).collect()
    }

    /// Gives every layer's files to `take`, as PNG at the picture's own size; [`Layer`] says which there are. A class whose
    /// map was not computed has none.
    ///
    /// # Errors
    /// Where a PNG cannot be encoded, and those of `take`.
    pub fn each_layer(&self, mut take: impl FnMut(&str, &[u8]) -> Result<()>) -> Result<()> {
        let scene = self.scene();
        let files = |layer: Layer| (0..).zip(layer.kind().files(self.card)).map(move |(n, ending)| (layer, n, ending));
        let files: Vec<(Layer, usize, String)> = self.layers().flat_map(files).collect();
        for some in files.chunks(self.layers_at_once.max(1)) {
            let encode = |(layer, index, _): &(Layer, usize, String)| {
                layer.kind().file(*index, &scene, self.picture).map(encoded).transpose()
            };
            let drawn = some.par_iter().map(encode).collect::<Result<Vec<_>, _>>()?;
            for ((_, _, ending), bytes) in some.iter().zip(drawn) {
                bytes.map_or(Ok(()), |bytes| take(ending, &bytes))?;
            }
        }
        if !self.marks.measured.is_empty() {
            take(MEASUREMENTS, &encoded(self.measurements())?)?;
        }
        Ok(())
    }

    /// The report panel: all layers side by side with legend and notice.
    ///
    /// # Errors
    /// Where the PNG cannot be encoded.
    pub fn panel(&self, file_name: &str) -> Result<Vec<u8>, png::EncodingError> {
        png(&DynamicImage::ImageRgb8(self.panel_picture(file_name)), None)
    }

    /// The pixels of [`Self::panel`].
    pub fn panel_picture(&self, file_name: &str) -> RgbImage {
        let explanation = self.explanation;
        let entries = self.legend_entries();
        let settings = &explanation.settings;
        let rule = match &self.other {
            Some((other, _)) => format!("rules {} and {}", settings.rule.name(), other.settings.rule.name()),
            None => format!("rule {}", settings.rule.name()),
        };
        let footer = format!(
            "fovea {}, {}, {rule}, evidence {}, magnitude {}",
            env!("CARGO_PKG_VERSION"),
            explanation.device,
            settings.evidence.name(),
            settings.magnitude.name()
        );
        let report = &self.report;
        // Maps and shares would give an answer away that is held back.
        let is_held_back = |layer: Layer| report.is_refused && layer != Layer::Input;
        let views: Vec<PanelView> =
            self.layers().filter(|layer| !is_held_back(*layer)).map(|layer| self.view(layer)).collect();
        compose::panel(&Panel {
            file_name,
            model_name: &format!("{}: {}", self.card.name, self.card.title),
            views: &views,
            entries: &entries,
            headline: &join([&report.headline, &report.figure], "   "),
            beneath: &report.beneath,
            rule: &report.rule,
            disagreement: report.disagreement(),
            said: &report.said,
            drawn: if report.is_refused { &[] } else { &explanation.response.held },
            footer: &footer,
            warning: report.warning(),
            is_refused: report.is_refused,
            unfit: report.unfit(),
            quality: report.quality.as_ref().map(|quality| quality.says.as_str()),
        })
    }

    /// A layer over the picture, as large as the page shows it.
    fn view(&self, layer: Layer) -> PanelView {
        // Where the picture cannot be graded is said above the answer; the reader's picture stays free.
        let (scene, kind, size) = (Scene { ungradable: None, ..self.scene() }, layer.kind(), self.picture.dimensions());
        let ground = dimmed(self.picture, kind.brightness(self.style));
        let over = |layer| Cow::Owned(compose::over(&ground, &layer));
        let picture = kind.compose(&scene, &Transform::IDENTITY, size).map_or(Cow::Borrowed(&*ground), over);
        let caption = kind.caption(&scene);
        // A layer without a legend says below itself why it is empty.
        let empty = kind.empty(&scene).filter(|_| matches!(caption, Caption::Bar(_)));
        let red_box = kind.red_box(&scene).filter(|_| !self.report.is_refused);
        let mut view = PanelView::new(kind.title(&scene), &picture, caption).boxed(red_box, size).saying(empty);
        if kind.is_on_black(self.style) {
            view = view.outlined(self.outline, size);
        }
        if layer == Layer::Input {
            let marks: Vec<Mark> = self.marks.measured.iter().map(mark).collect();
            view = view.marked(&marks, self.marks.edges.as_ref(), size);
        }
        view
    }

    /// A layer over `ground`, the picture at another size, with all that the panel draws on it but its red box.
    pub(super) fn drawn(
        &self,
        layer: Layer,
        scene: &Scene<'_>,
        ground: &RgbImage,
        ground_from_source: &Transform,
    ) -> RgbImage {
        let kind = layer.kind();
        let under = dimmed(ground, kind.brightness(self.style));
        let composed = kind.compose(scene, ground_from_source, ground.dimensions());
        let mut drawn = composed.map_or_else(|| under.clone().into_owned(), |layer| compose::over(&under, &layer));
        if kind.is_on_black(self.style) {
            compose::draw_outline(&mut drawn, self.outline, ground_from_source, 2.0);
        }
        if layer == Layer::Input {
            let marks: Vec<Mark> = self.marks.measured.iter().map(mark).collect();
            compose::draw_marks(&mut drawn, &marks, ground_from_source, 2.0);
            if let Some(letters) = &self.marks.edges {
                compose::draw_edges(&mut drawn, letters, 18.0);
            }
        }
        drawn
    }

    /// The picture with what was measured on it, at its own size.
    fn measurements(&self) -> LayerFile {
        let mut picture = self.picture.clone();
        let marks: Vec<Mark> = self.marks.measured.iter().map(mark).collect();
        let longer = picture.width().max(picture.height());
        compose::draw_marks(&mut picture, &marks, &Transform::IDENTITY, (longer as f32 / 500.0).max(1.2));
        LayerFile { title: "Measurements".to_owned(), picture: DynamicImage::ImageRgb8(picture) }
    }

    pub(super) fn legend_entries(&self) -> Vec<LegendEntry> {
        let probabilities = &self.explanation.verdict.probabilities;
        let colours = self.style.colours(self.card);
        let shares = |c: usize| {
            let share = |name, of: &Explanation| of.response_shares[c].map(|share| (name, share as f32));
            let both = self.other.as_ref().map(|(other, _)| {
                [self.explanation, *other].map(|of| share(of.settings.rule.name(), of)).into_iter().flatten().collect()
            });
            both.unwrap_or_else(|| share("response", self.explanation).into_iter().collect())
        };
        let entry = |(c, class): (usize, &crate::bundle::card::Class)| LegendEntry {
            label: class.full_name(),
            colour: colours[c],
            probability: probabilities[c],
            shares: shares(c),
            enabled: self.style.is_on(c),
        };
        self.card.classes.iter().enumerate().map(entry).collect()
    }
}

/// The picture that a layer is laid over, as bright as it is to be there.
fn dimmed(picture: &RgbImage, brightness: f32) -> Cow<'_, RgbImage> {
    if brightness >= 1.0 {
        return Cow::Borrowed(picture);
    }
    let mut dimmed = picture.clone();
    dimmed.par_iter_mut().with_min_len(1 << 14).for_each(|value| *value = (f32::from(*value) * brightness) as u8);
    Cow::Owned(dimmed)
}

/// A layer's file; one that looks like a photograph carries the notice.
fn encoded(file: LayerFile) -> Result<Vec<u8>, png::EncodingError> {
    let picture = match file.picture {
        DynamicImage::ImageRgb8(picture) => DynamicImage::ImageRgb8(noticed(picture)),
        layer => layer,
    };
    png(&picture, Some(file.title))
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
fn png(picture: &DynamicImage, title: Option<String>) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width(), picture.height());
    encoder.set_color(match picture.color() {
        ColorType::L8 => png::ColorType::Grayscale,
        ColorType::Rgba8 => png::ColorType::Rgba,
        _ => png::ColorType::Rgb,
    });
    encoder.set_compression(png::Compression::Fast);
    // What `Adaptive` chooses for nearly every line of pictures like these, after it has tried all five.
    encoder.set_filter(png::Filter::Paeth);
    encoder.add_text_chunk("Disclaimer".to_owned(), NOTICE.to_owned())?;
    if let Some(title) = title {
        // Names of classes need not be Latin.
        encoder.add_itxt_chunk("Title".to_owned(), title)?;
    }
    encoder.add_text_chunk("Software".to_owned(), concat!("fovea ", env!("CARGO_PKG_VERSION")).to_owned())?;
    encoder.write_header()?.write_image_data(picture.as_bytes())?;
    Ok(bytes)
}
