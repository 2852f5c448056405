//! Pages as a PDF: text that can be selected and searched, typefaces cut to the letters used, pictures as they are.
//!
//! Must not know what a page is about.

use krilla::color::rgb;
use krilla::geom::{Path, PathBuilder, Point, Rect, Size, Transform};
use krilla::image::Image;
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, LinearGradient, SpreadMethod, Stop, Stroke};
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph, TextDirection};

use ab_glyph::Font as _;

use super::text::{Run, Typeface, runs};
use super::{Align, Area, Document, POINTS_OF_MM, PageItem, PagePicture, Rgb, TextStyle};
use crate::guard::panics;

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
#[error("the report cannot be written as PDF: {0}")]
pub struct PdfError(String);

/// A typeface of the machine is a foreign file: whatever is wrong with it must not end the program.
pub fn written(document: &Document) -> Result<Vec<u8>, PdfError> {
    let fault = |reason: String| Err(PdfError(panics::sentence(&reason)));
    panics::caught(|| bytes(document)).unwrap_or_else(fault)
}

fn bytes(document: &Document) -> Result<Vec<u8>, PdfError> {
    let mut pdf = krilla::Document::new();
    let mut fonts = Fonts::default();
    for page in &document.pages {
        let (width, height) = page.size_mm;
        let settings = PageSettings::from_wh(width * POINTS_OF_MM, height * POINTS_OF_MM);
        let settings = settings.ok_or_else(|| PdfError(format!("a page of {width} × {height} mm")))?;
        let mut sheet = pdf.start_page_with(settings);
        let mut surface = sheet.surface();
        fill(&mut surface, &Area::new(0.0, 0.0, width, height), page.ground);
        for item in &page.items {
            put(&mut surface, &mut fonts, item)?;
        }
        surface.finish();
        sheet.finish();
    }
    pdf.set_metadata(metadata(document));
    pdf.finish().map_err(|error| PdfError(format!("{error}")))
}

fn metadata(document: &Document) -> Metadata {
    let Document { title, subject, creator, date, .. } = document;
    let metadata = Metadata::new()
        .title(title.clone())
        .description(subject.clone())
        .creator(creator.clone())
        .producer(creator.clone())
        .language("en".to_owned());
    match moment(date) {
        Some(date) => metadata.creation_date(date),
        None => metadata,
    }
}

/// `2024-02-29T23:59:58Z`.
fn moment(date: &str) -> Option<DateTime> {
    let number = |from: usize, to: usize| date.get(from..to)?.parse::<u16>().ok();
    let small = |from: usize| number(from, from + 2).and_then(|number| u8::try_from(number).ok());
    let day = DateTime::new(number(0, 4)?).month(small(5)?).day(small(8)?);
    Some(day.hour(small(11)?).minute(small(14)?).second(small(17)?).utc_offset_hour(0).utc_offset_minute(0))
}

/// Those that are in the file already.
#[derive(Default)]
struct Fonts {
    known: Vec<(Typeface, Font)>,
}

impl Fonts {
    fn of(&mut self, typeface: Typeface) -> Result<Font, PdfError> {
        if let Some((_, font)) = self.known.iter().find(|(known, _)| *known == typeface) {
            return Ok(font.clone());
        }
        let font = Font::new(typeface.bytes().into(), 0);
        let font = font.ok_or_else(|| PdfError("a typeface cannot be read".to_owned()))?;
        self.known.push((typeface, font.clone()));
        Ok(font)
    }
}

fn put(surface: &mut Surface<'_>, fonts: &mut Fonts, item: &PageItem) -> Result<(), PdfError> {
    match item {
        PageItem::Text { x_mm, y_mm, style, words } => text(surface, fonts, (*x_mm, *y_mm), style, words)?,
        PageItem::Filled { area, colour } => fill(surface, area, *colour),
        PageItem::Stroked { area, colour, line_mm } => {
            surface.set_fill(None);
            let width = line_mm * POINTS_OF_MM;
            surface.set_stroke(Some(Stroke { paint: ink(*colour).into(), width, ..Stroke::default() }));
            draw(surface, area);
            surface.set_stroke(None);
        }
        PageItem::Picture { area, picture } => put_picture(surface, area, picture)?,
        PageItem::Gradient { area, stops } => {
            let paint = LinearGradient {
                x1: area.x_mm * POINTS_OF_MM,
                y1: 0.0,
                x2: (area.x_mm + area.width_mm) * POINTS_OF_MM,
                y2: 0.0,
                transform: Transform::identity(),
                spread_method: SpreadMethod::Pad,
                stops: stops.iter().map(stop).collect(),
                anti_alias: false,
            };
            surface.set_fill(Some(Fill { paint: paint.into(), ..Fill::default() }));
            draw(surface, area);
        }
    }
    Ok(())
}

fn stop((along, colour): &(f32, Rgb)) -> Stop {
    let offset = NormalizedF32::new(along.clamp(0.0, 1.0)).unwrap_or(NormalizedF32::ZERO);
    Stop { offset, color: ink(*colour).into(), opacity: NormalizedF32::ONE }
}

fn ink([r, g, b]: Rgb) -> rgb::Color {
    rgb::Color::new(r, g, b)
}

fn fill(surface: &mut Surface<'_>, area: &Area, colour: Rgb) {
    surface.set_fill(Some(Fill { paint: ink(colour).into(), ..Fill::default() }));
    draw(surface, area);
}

/// Nothing where the area is empty.
fn draw(surface: &mut Surface<'_>, area: &Area) {
    if let Some(path) = path(area) {
        surface.draw_path(&path);
    }
}

fn path(area: &Area) -> Option<Path> {
    let [x, y, width, height] = [area.x_mm, area.y_mm, area.width_mm, area.height_mm].map(|mm| mm * POINTS_OF_MM);
    let mut path = PathBuilder::new();
    path.push_rect(Rect::from_xywh(x, y, width, height)?);
    path.finish()
}

fn put_picture(surface: &mut Surface<'_>, area: &Area, picture: &PagePicture) -> Result<(), PdfError> {
    let image = Image::from_jpeg(picture.jpeg.clone().into(), true).map_err(PdfError)?;
    let size = Size::from_wh(area.width_mm * POINTS_OF_MM, area.height_mm * POINTS_OF_MM);
    if let Some(size) = size {
        surface.push_transform(&Transform::from_translate(area.x_mm * POINTS_OF_MM, area.y_mm * POINTS_OF_MM));
        surface.draw_image(image, size);
        surface.pop();
    }
    Ok(())
}

fn text(
    surface: &mut Surface<'_>,
    fonts: &mut Fonts,
    (x_mm, y_mm): (f32, f32),
    style: &TextStyle,
    words: &str,
) -> Result<(), PdfError> {
    let runs = runs(style.face, words);
    let width_pt = runs.iter().map(Run::width_em).sum::<f32>() * style.size_pt;
    let aside_pt = match style.align {
        Align::Left => 0.0,
        Align::Centre => width_pt / 2.0,
        Align::Right => width_pt,
    };
    let (mut x_pt, y_pt) = (x_mm * POINTS_OF_MM - aside_pt, y_mm * POINTS_OF_MM);
    surface.set_fill(Some(Fill { paint: ink(style.colour).into(), ..Fill::default() }));
    for run in &runs {
        let (font, start) = (fonts.of(run.typeface)?, Point::from_xy(x_pt, y_pt));
        if run.words.chars().any(is_joined) {
            // Letters that join or run from right to left need to be shaped.
            surface.draw_text(start, font, style.size_pt, &run.words, false, TextDirection::Auto);
        } else {
            surface.draw_glyphs(start, &glyphs(run), font, &run.words, style.size_pt, false);
        }
        x_pt += run.width_em() * style.size_pt;
    }
    Ok(())
}

fn glyphs(run: &Run) -> Vec<KrillaGlyph> {
    let font = run.typeface.font();
    let glyph = |(at, c): (usize, char)| {
        let id = GlyphId::new(u32::from(font.glyph_id(c).0));
        KrillaGlyph::new(id, run.typeface.advance(c), 0.0, 0.0, 0.0, at..at + c.len_utf8(), None)
    };
    run.words.char_indices().map(glyph).collect()
}

/// Hebrew to Arabic, the scripts of India to Khmer, and their forms for display.
fn is_joined(c: char) -> bool {
    matches!(u32::from(c), 0x0590..=0x08FF | 0x0900..=0x109F | 0x1780..=0x17FF | 0xFB1D..=0xFDFF | 0xFE70..=0xFEFC)
}
