//! The legend of the classes: colour, name, probability and share of the response of each.

use super::ReportCase;
use super::sheet::WIDTH_MM;
use crate::compose::LegendEntry;
use crate::compose::percent;
use crate::export::ink::Ink;
use crate::page::{Align, Area, Block, Face, Fit, Rgb, TextStyle, fitted};

const GAP_MM: f32 = 6.0;
const HEAD_MM: f32 = 4.0;
/// Of a network with more classes those that were mapped are listed, as in the window.
const MOST_LISTED: usize = 20;
const FIGURE_MM: f32 = 12.5;

/// How much there may be of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Page,
    /// One of two pictures on a page.
    Half,
}

/// Nothing of a picture whose answer is held back.
pub fn block(case: &ReportCase<'_>, ink: &Ink, room: Room) -> Block {
    let (report, mut block) = (case.pictures.report(), Block::default());
    if report.is_refused {
        return block;
    }
    let entries = case.pictures.legend_entries();
    let held = &case.pictures.explanation.response.held;
    let listed: Vec<usize> = if entries.len() <= MOST_LISTED { (0..entries.len()).collect() } else { held.clone() };
    let shares = entries.iter().map(|entry| entry.shares.len()).max().unwrap_or_default();
    let columns = match (listed.len(), room) {
        (..=6, Room::Page) => 1,
        (10.., Room::Half) if shares < 2 => 3,
        _ => 2,
    };
    let table = Table::new(columns, shares, if room == Room::Page { 5.0 } else { 4.3 });
    let rows = listed.len().div_ceil(columns);
    for column in 0..columns.min(listed.len()) {
        table.head(&mut block, &entries, column, ink);
    }
    for (place, class) in listed.iter().enumerate() {
        let said = report.said.contains(class);
        table.row(&mut block, &entries[*class], said, (place / rows.max(1), place % rows.max(1)), ink);
    }
    block.height_mm = HEAD_MM + rows as f32 * table.row_mm;
    if listed.len() < entries.len() {
        let words = format!("and {} more classes, whose responses were not computed", entries.len() - listed.len());
        block.text((0.0, block.height_mm + 3.0), TextStyle::new(Face::Regular, 7.5, ink.quiet), words);
        block.height_mm += 4.5;
    }
    block
}

struct Table {
    column_mm: f32,
    name_mm: f32,
    measure_mm: f32,
    row_mm: f32,
    has_bars: bool,
}

impl Table {
    fn new(columns: usize, shares: usize, row_mm: f32) -> Self {
        let column_mm = (WIDTH_MM - GAP_MM * (columns - 1) as f32) / columns as f32;
        let measures = (1 + shares) as f32;
        let widest_mm = match columns {
            1 => 46.0,
            2 => 25.0,
            _ => FIGURE_MM + 1.0,
        };
        let measure_mm = (column_mm * 0.62 / measures).clamp(FIGURE_MM + 1.0, widest_mm);
        let has_bars = measure_mm > FIGURE_MM + 7.0;
        Self { column_mm, name_mm: column_mm - measures * measure_mm - 6.0, measure_mm, row_mm, has_bars }
    }

    fn left_mm(&self, column: usize) -> f32 {
        column as f32 * (self.column_mm + GAP_MM)
    }

    fn measure_left_mm(&self, column: usize, measure: usize) -> f32 {
        self.left_mm(column) + self.column_mm - self.measure_mm * 1.0 - self.measure_mm * measure as f32
    }

    fn head(&self, block: &mut Block, entries: &[LegendEntry], column: usize, ink: &Ink) {
        let shares = entries.iter().map(|entry| &entry.shares).max_by_key(|shares| shares.len());
        let names: Vec<&str> = shares.into_iter().flatten().map(|(name, _)| *name).collect();
        let names: Vec<&str> = std::iter::once("probability").chain(names).collect();
        for (place, name) in names.iter().rev().enumerate() {
            let right_mm = self.measure_left_mm(column, place) + self.measure_mm;
            let (size_pt, name) = fitted(Face::Regular, 6.5, self.measure_mm - 0.5, Fit::End, name);
            block.text((right_mm, 2.4), TextStyle::new(Face::Regular, size_pt, ink.quiet).aligned(Align::Right), name);
        }
    }

    fn row(&self, block: &mut Block, entry: &LegendEntry, said: bool, (column, row): (usize, usize), ink: &Ink) {
        let (left_mm, top_mm) = (self.left_mm(column), HEAD_MM + row as f32 * self.row_mm);
        let baseline_mm = top_mm + self.row_mm / 2.0 + 1.0;
        if said {
            let area = Area::new(left_mm, top_mm + 0.15, self.column_mm, self.row_mm - 0.3);
            block.fill(area, ink.raised);
        }
        swatch(block, entry, Area::new(left_mm + 0.8, baseline_mm - 2.6, 3.0, 3.0), ink);
        let face = if said { Face::Bold } else { Face::Regular };
        let (size_pt, name) = fitted(face, 8.0, self.name_mm, Fit::End, &entry.label);
        block.text((left_mm + 5.4, baseline_mm), TextStyle::new(face, size_pt, ink.text), name);
        let share_colour = if entry.enabled { entry.colour.0 } else { ink.faint };
        let measures = std::iter::once((entry.probability, ink.text))
            .chain(entry.shares.iter().map(|(_, share)| (*share, share_colour)));
        let measures: Vec<(f32, Rgb)> = measures.collect();
        for (place, (value, colour)) in measures.into_iter().rev().enumerate() {
            self.measure(block, (value, colour), (self.measure_left_mm(column, place), baseline_mm), ink);
        }
    }

    /// A fraction as bar and per cent.
    fn measure(&self, block: &mut Block, (value, colour): (f32, Rgb), (left_mm, baseline_mm): (f32, f32), ink: &Ink) {
        if self.has_bars {
            let area = Area::new(left_mm + 2.0, baseline_mm - 1.9, self.measure_mm - FIGURE_MM - 2.0, 1.8);
            block.fill(area, ink.faint);
            let part = if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 };
            block.fill(Area { width_mm: area.width_mm * part, ..area }, colour);
            // Pale colours would be lost on paper.
            block.stroke(area, ink.quiet, 0.1);
        }
        let style = TextStyle::new(Face::Regular, 7.5, ink.text).aligned(Align::Right);
        block.text((left_mm + self.measure_mm, baseline_mm), style, percent(value));
    }
}

/// A class's colour; hollow where the class is switched off.
pub fn swatch(block: &mut Block, entry: &LegendEntry, area: Area, ink: &Ink) {
    if entry.enabled {
        block.fill(area, entry.colour.0);
    }
    block.stroke(area, ink.quiet, 0.15);
}
