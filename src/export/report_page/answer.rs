//! The model's answer in words at the left, the reader's own beside it.

use super::ReportCase;
use super::reader::Reader;
use super::sheet::WIDTH_MM;
use crate::export::ink::Ink;
use crate::page::{Area, Block, Face, Fit, Rgb, TextStyle, fitted, line_mm, width_mm, wrapped};

const READER_MM: f32 = 58.0;
const GAP_MM: f32 = 6.0;
const LEFT_MM: f32 = WIDTH_MM - READER_MM - GAP_MM;
const PAD_MM: f32 = 3.0;
const SWATCH_MM: f32 = 4.6;
/// Most colours beside the answer.
const MOST_SWATCHES: usize = 5;

/// How much there may be of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Page,
    /// One of two pictures on a page.
    Half,
}

pub fn block(case: &ReportCase<'_>, ink: &Ink, room: Room) -> Block {
    let (answer, reader) = (answer(case, ink, room), reader(case, ink, room));
    let height_mm = answer.height_mm.max(reader.height_mm);
    let mut block = Block::new(height_mm);
    block.fill(Area::new(LEFT_MM + GAP_MM, 0.0, READER_MM, height_mm), ink.raised);
    block.put(answer, (0.0, 0.0));
    block.put(reader, (LEFT_MM + GAP_MM, 0.0));
    block
}

/// Lines below each other.
struct Lines {
    block: Block,
    left_mm: f32,
    room_mm: f32,
}

impl Lines {
    fn new(left_mm: f32, room_mm: f32, top_mm: f32) -> Self {
        Self { block: Block::new(top_mm), left_mm, room_mm }
    }

    fn add(&mut self, face: Face, size_pt: f32, colour: Rgb, most: usize, words: &str) {
        for line in wrapped(face, size_pt, self.room_mm, most, words) {
            let baseline_mm = self.block.height_mm + 0.78 * line_mm(size_pt);
            self.block.text((self.left_mm, baseline_mm), TextStyle::new(face, size_pt, colour), line);
            self.block.height_mm += line_mm(size_pt);
        }
    }
}

fn answer(case: &ReportCase<'_>, ink: &Ink, room: Room) -> Block {
    let report = case.pictures.report();
    let mut lines = Lines::new(0.0, LEFT_MM, 0.0);
    match (report.unfit(), &report.quality) {
        (Some(unfit), _) => lines.add(Face::Bold, 9.5, ink.warning, 2, unfit),
        (None, Some(quality)) => lines.add(Face::Regular, 8.0, ink.quiet, 1, &quality.says),
        (None, None) => {}
    }
    headline(&mut lines.block, case, ink, if room == Room::Page { 18.0 } else { 14.0 });
    let most = if room == Room::Page { 3 } else { 2 };
    lines.add(Face::Regular, 9.5, ink.text, most, &report.beneath);
    lines.add(Face::Regular, 8.0, ink.quiet, 2, &report.rule);
    lines.add(Face::Bold, 8.0, ink.warning, most, report.disagreement().unwrap_or_default());
    lines.add(Face::Bold, 8.0, ink.warning, most, report.warning().unwrap_or_default());
    lines.block
}

/// The colours of the classes that are said, the headline, and the figure behind it or, where it is long, below.
fn headline(block: &mut Block, case: &ReportCase<'_>, ink: &Ink, size_pt: f32) {
    let report = case.pictures.report();
    let entries = case.pictures.legend_entries();
    let baseline_mm = block.height_mm + 0.82 * line_mm(size_pt);
    let mut left_mm = 0.0;
    for entry in report.said.iter().filter_map(|class| entries.get(*class)).take(MOST_SWATCHES) {
        let area = Area::new(left_mm, baseline_mm - SWATCH_MM, SWATCH_MM, SWATCH_MM);
        super::classes::swatch(block, entry, area, ink);
        left_mm += SWATCH_MM + 1.4;
    }
    let colour = if report.is_refused { ink.warning } else { ink.text };
    let (set_pt, words) = fitted(Face::Bold, size_pt, LEFT_MM - left_mm, Fit::End, &report.headline);
    if words != report.headline {
        // Several findings: smaller, in two lines.
        let small_pt = size_pt * 0.7;
        let lines = wrapped(Face::Bold, small_pt, LEFT_MM - left_mm, 2, &report.headline);
        block.height_mm += line_mm(size_pt) + lines.len().saturating_sub(1) as f32 * line_mm(small_pt);
        for (line, words) in lines.into_iter().enumerate() {
            let baseline_mm = baseline_mm + line as f32 * line_mm(small_pt);
            block.text((left_mm, baseline_mm), TextStyle::new(Face::Bold, small_pt, colour), words);
        }
        return figure_below(block, &report.figure, TextStyle::new(Face::Regular, size_pt * 0.62, colour));
    }
    block.text((left_mm, baseline_mm), TextStyle::new(Face::Bold, set_pt, colour), words.clone());
    block.height_mm += line_mm(size_pt);
    if report.figure.is_empty() {
        return;
    }
    let behind_mm = left_mm + width_mm(Face::Bold, set_pt, &words) + 4.0;
    let figure_pt = size_pt * 0.62;
    let style = TextStyle::new(Face::Regular, figure_pt, colour);
    if behind_mm + width_mm(Face::Regular, figure_pt, &report.figure) <= LEFT_MM {
        block.text((behind_mm, baseline_mm), style, report.figure.clone());
    } else {
        figure_below(block, &report.figure, style);
    }
}

fn figure_below(block: &mut Block, figure: &str, style: TextStyle) {
    if !figure.is_empty() {
        block.text((0.0, block.height_mm + 0.78 * line_mm(style.size_pt)), style, figure);
        block.height_mm += line_mm(style.size_pt);
    }
}

fn reader(case: &ReportCase<'_>, ink: &Ink, room: Room) -> Block {
    let mut lines = Lines::new(PAD_MM, READER_MM - 2.0 * PAD_MM, PAD_MM * 0.7);
    let Some(record) = &case.record.reader else {
        lines.add(Face::Regular, 7.5, ink.quiet, 1, "Reader's grade");
        lines.add(Face::Regular, 10.0, ink.quiet, 1, "not read");
        lines.block.height_mm += PAD_MM * 0.7;
        return lines.block;
    };
    let reader = Reader::of(record, case.pictures.card);
    let name = record.name.trim();
    let title = if name.is_empty() { "Reader's grade".to_owned() } else { format!("Reader's grade ({name})") };
    lines.add(Face::Regular, 7.5, ink.quiet, 1, &title);
    lines.add(Face::Bold, 12.0, ink.text, 2, &reader.grade);
    match room {
        Room::Page => reader.notes.iter().for_each(|note| lines.add(Face::Regular, 7.5, ink.quiet, 2, note)),
        Room::Half => lines.add(Face::Regular, 7.0, ink.quiet, 3, &reader.notes.join(", ")),
    }
    let comment = if reader.comment.is_empty() { String::new() } else { format!("“{}”", reader.comment) };
    lines.add(Face::Regular, 8.0, ink.text, if room == Room::Page { 6 } else { 2 }, &comment);
    lines.block.height_mm += PAD_MM * 0.7;
    lines.block
}
