//! The photograph and its maps side by side, each with what its colours mean.

use image::{ImageError, RgbImage};

use super::ReportCase;
use super::sheet::WIDTH_MM;
use crate::compose::{self, Caption, ColourBar, RED};
use crate::export::ink::Ink;
use crate::geometry::{PixelBox, Transform};
use crate::layers::{Layer, Scene};
use crate::page::{Align, Area, Block, Face, Fit, PagePicture, Rgb, TextStyle, fitted, line_mm, wrapped};

const DOTS_PER_MM: f32 = 200.0 / 25.4;
const GAP_MM: f32 = 4.0;
const TITLE_PT: f32 = 7.5;
const MOST_TITLE_LINES: usize = 2;
/// Between a title and its picture.
const BELOW_TITLE_MM: f32 = 1.2;
const CAPTION_MM: f32 = 10.0;
const CAPTION_PT: f32 = 7.0;
const BAR_MM: f32 = 2.6;
const PER_ROW: usize = 3;
/// A picture alone on its page is no larger than this.
const MOST_WIDTH_MM: f32 = 110.0;
/// No picture is lower, however little room there is.
const LEAST_HEIGHT_MM: f32 = 12.0;

/// All views in `room_mm`.
pub fn block(case: &ReportCase<'_>, ink: &Ink, room_mm: f32) -> Result<Block, ImageError> {
    let scene = Scene { ungradable: None, ..case.pictures.scene() };
    let report = case.pictures.report();
    // Maps would give an answer away that is held back.
    let is_shown = |layer: &Layer| !report.is_refused || *layer == Layer::Input;
    let layers: Vec<Layer> = case.pictures.layers().filter(is_shown).collect();
    let rows = compose::spread(layers.len(), layers.len().div_ceil(PER_ROW));
    let fullest = rows.iter().copied().max().unwrap_or(1).max(1);
    let column_mm = ((WIDTH_MM - GAP_MM * (fullest - 1) as f32) / fullest as f32).min(MOST_WIDTH_MM);
    let title_lines = layers.iter().map(|layer| title(*layer, &scene, column_mm).len()).max().unwrap_or(1);
    let title_mm = title_lines as f32 * line_mm(TITLE_PT) + BELOW_TITLE_MM;
    let most_height_mm = (room_mm / rows.len() as f32 - title_mm - CAPTION_MM).max(LEAST_HEIGHT_MM);
    let size_mm = size_mm(case.pictures.picture.dimensions(), (column_mm, most_height_mm));
    let column_mm = if layers.len() == 1 { WIDTH_MM } else { column_mm };
    let ground = Ground::new(case, size_mm, title_mm);
    let (mut block, mut rest) = (Block::default(), layers.as_slice());
    for count in rows {
        let (row, after) = rest.split_at(count);
        for (column, layer) in row.iter().enumerate() {
            let left_mm = column as f32 * (column_mm + GAP_MM);
            block.put(view(*layer, &scene, &ground, ink, column_mm)?, (left_mm, block.height_mm));
        }
        block.height_mm += title_mm + size_mm.1 + CAPTION_MM;
        rest = after;
    }
    Ok(block)
}

fn title(layer: Layer, scene: &Scene<'_>, column_mm: f32) -> Vec<String> {
    wrapped(Face::Bold, TITLE_PT, column_mm, MOST_TITLE_LINES, &layer.kind().title(scene))
}

/// As large as fits into `room_mm`, in the picture's own shape.
fn size_mm((width_px, height_px): (u32, u32), room_mm: (f32, f32)) -> (f32, f32) {
    let (width, height) = (width_px.max(1) as f32, height_px.max(1) as f32);
    let mm_of_px = (room_mm.0 / width).min(room_mm.1 / height);
    // A strip stays visible.
    ((width * mm_of_px).max(0.5), (height * mm_of_px).max(0.5))
}

/// The picture at the dots of print.
struct Ground<'a> {
    pixels: RgbImage,
    print_from_source: Transform,
    size_mm: (f32, f32),
    title_mm: f32,
    case: &'a ReportCase<'a>,
}

impl<'a> Ground<'a> {
    fn new(case: &'a ReportCase<'a>, size_mm: (f32, f32), title_mm: f32) -> Self {
        let picture = case.pictures.picture;
        let dots = |mm: f32| ((mm * DOTS_PER_MM).round() as u32).max(1);
        let (width, height) = (dots(size_mm.0), dots(size_mm.1));
        let (sx, sy) = (f64::from(width) / f64::from(picture.width()), f64::from(height) / f64::from(picture.height()));
        let pixels = compose::resized(picture, (width, height));
        Self { pixels, print_from_source: Transform::scale_then_move(sx, sy, 0.0, 0.0), size_mm, title_mm, case }
    }
}

fn view(layer: Layer, scene: &Scene<'_>, ground: &Ground<'_>, ink: &Ink, column_mm: f32) -> Result<Block, ImageError> {
    let (kind, mut block) = (layer.kind(), Block::default());
    let ((width_mm, height_mm), title_mm) = (ground.size_mm, ground.title_mm);
    // The last line stands at the picture.
    for (line, words) in title(layer, scene, column_mm).into_iter().rev().enumerate() {
        let baseline_mm = title_mm - BELOW_TITLE_MM - 0.6 - line as f32 * line_mm(TITLE_PT);
        block.text((0.0, baseline_mm), TextStyle::new(Face::Bold, TITLE_PT, ink.text), words);
    }
    let pixels = ground.case.pictures.drawn(layer, scene, &ground.pixels, &ground.print_from_source);
    // A single picture begins where everything else begins.
    let aside_mm = if column_mm < WIDTH_MM { (column_mm - width_mm) / 2.0 } else { 0.0 };
    let area = Area::new(aside_mm, title_mm, width_mm, height_mm);
    block.picture(area, PagePicture::new(&pixels)?);
    let is_refused = ground.case.pictures.report().is_refused;
    if let Some(frame) = kind.red_box(scene).filter(|_| !is_refused) {
        red_box(&mut block, frame, ground.case.pictures.picture.dimensions(), area);
    }
    let empty = kind.empty(scene);
    let below = (0.0, title_mm + height_mm + 1.4);
    match kind.caption(scene) {
        Caption::Bar(bar) => {
            let mut legend = self::bar(&bar, column_mm, ink);
            if let Some(empty) = empty {
                said(&mut legend, empty, column_mm, ink);
            }
            block.put(legend, below);
        }
        Caption::Warning(words) => block.put(caption(&words, column_mm, ink.warning), below),
        Caption::Words(words) => block.put(caption(&words, column_mm, ink.quiet), below),
    }
    Ok(block)
}

fn caption(words: &str, column_mm: f32, colour: Rgb) -> Block {
    let mut block = Block::default();
    for (line, words) in wrapped(Face::Regular, CAPTION_PT, column_mm, 2, words).into_iter().enumerate() {
        let baseline_mm = 2.4 + line as f32 * line_mm(CAPTION_PT);
        block.text((0.0, baseline_mm), TextStyle::new(Face::Regular, CAPTION_PT, colour), words);
    }
    block
}

/// Why there is nothing to be seen, below a bar that says what would be.
fn said(legend: &mut Block, words: &str, column_mm: f32, ink: &Ink) {
    let (size_pt, words) = fitted(Face::Regular, 6.5, column_mm, Fit::End, words);
    legend.text((0.0, CAPTION_MM - 1.8), TextStyle::new(Face::Regular, size_pt, ink.warning), words);
}

/// Red with a dark rim, as on the screen; always inside the picture.
fn red_box(block: &mut Block, frame: PixelBox, (width_px, height_px): (u32, u32), area: Area) {
    let mm_of_px = (area.width_mm / width_px as f32, area.height_mm / height_px as f32);
    let edge = |start: u32, length: u32, scale: f32, room_mm: f32| {
        let (from, to) = (start as f32 * scale, (start as f32 + length as f32) * scale);
        (from.clamp(0.0, room_mm), to.clamp(0.0, room_mm))
    };
    let (left, right) = edge(frame.x, frame.width, mm_of_px.0, area.width_mm);
    let (top, bottom) = edge(frame.y, frame.height, mm_of_px.1, area.height_mm);
    let place = Area::new(area.x_mm + left, area.y_mm + top, right - left, bottom - top);
    // Coarse screens round widths: the rim may vanish there, the red may not.
    block.stroke(place, [20, 0, 0], 0.85);
    block.stroke(place, RED.0, 0.6);
}

/// A colour bar of vectors with its true numbers.
pub fn bar(bar: &ColourBar, width_mm: f32, ink: &Ink) -> Block {
    let mut block = Block::new(BAR_MM + 4.4);
    let area = Area::new(0.0, 0.0, width_mm, BAR_MM);
    block.gradient(area, bar.stops());
    block.stroke(area, ink.faint, 0.15);
    for tick in &bar.ticks {
        let x_mm = tick.along * width_mm;
        block.fill(Area::new((x_mm - 0.1).clamp(0.0, width_mm - 0.2), BAR_MM, 0.2, 0.9), ink.quiet);
        let (align, label) = match tick.along {
            0.0 => (Align::Left, format!("{}  {}", tick.label, bar.ends[0])),
            1.0 => (Align::Right, format!("{}  {}", bar.ends[1], tick.label)),
            _ => (Align::Centre, tick.label.clone()),
        };
        block.text((x_mm, BAR_MM + 3.6), TextStyle::new(Face::Regular, 6.5, ink.quiet).aligned(align), label);
    }
    block
}
