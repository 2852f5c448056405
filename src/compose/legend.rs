//! The grade legend: per class its colour, name, probability, and share of the response.
//!
//! Knows the numbers as they are given, not how they were computed.

use image::{Rgb, RgbImage};
use imageproc::drawing::{draw_filled_rect_mut, draw_hollow_rect_mut};
use imageproc::rect::Rect;

use super::text::{Align, Face, Fit, Text, draw_text, fit};
use crate::bundle::Colour;

pub(super) const GROUND: Rgb<u8> = Rgb([17, 19, 22]);
pub(super) const CARD: Rgb<u8> = Rgb([27, 30, 34]);
pub(super) const FAINT: Rgb<u8> = Rgb([58, 62, 68]);
pub(super) const QUIET: Rgb<u8> = Rgb([164, 170, 178]);
pub(super) const WARNING: Rgb<u8> = Rgb([255, 196, 92]);
pub(super) const CLEAR_WHITE: Rgb<u8> = Rgb([238, 240, 242]);

/// One class in a legend.
#[derive(Debug, Clone, PartialEq)]
pub struct LegendEntry {
    /// What it says.
    pub label: String,
    /// Of the square before it.
    pub colour: Colour,
    /// The network's probability, 0 to 1.
    pub probability: f32,
    /// The class's shares of the whole response, 0 to 1: one, or of two rules each under the rule's name.
    pub shares: Vec<(&'static str, f32)>,
    /// A class that is switched off is drawn without its colour.
    pub enabled: bool,
}

/// Of a card with one share of the response, and what each further one adds.
const HEIGHT: u32 = 116;
const LINE: u32 = 28;
const GAP: u32 = 16;
const PER_ROW: usize = 5;
const PAD: i32 = 18;

/// The legend of `entries`, `width` pixels wide: up to five cards per row, those that the model says are there framed.
pub fn legend(entries: &[&LegendEntry], framed: &[bool], width: u32) -> RgbImage {
    let columns = entries.len().clamp(1, PER_ROW);
    let rows = entries.len().div_ceil(columns) as u32;
    let shares = entries.iter().map(|entry| entry.shares.len()).max().unwrap_or_default() as u32;
    let card_height = HEIGHT + LINE * shares.saturating_sub(1);
    let mut picture = RgbImage::from_pixel(width, (rows * (card_height + GAP)).saturating_sub(GAP).max(1), GROUND);
    let card_width = (width - GAP * (columns as u32 - 1)) / columns as u32;
    for (index, entry) in entries.iter().enumerate() {
        let (column, row) = ((index % columns) as u32, (index / columns) as u32);
        let corner = ((column * (card_width + GAP)) as i32, (row * (card_height + GAP)) as i32);
        card(&mut picture, entry, framed.get(index).copied().unwrap_or(false), corner, (card_width, card_height));
    }
    picture
}

fn card(picture: &mut RgbImage, entry: &LegendEntry, decided: bool, (x, y): (i32, i32), (width, height): (u32, u32)) {
    draw_filled_rect_mut(picture, Rect::at(x, y).of_size(width, height), CARD);
    if decided {
        for inset in 0..2 {
            let frame = Rect::at(x + inset, y + inset).of_size(width - 2 * inset as u32, height - 2 * inset as u32);
            draw_hollow_rect_mut(picture, frame, CLEAR_WHITE);
        }
    }
    swatch(picture, entry, (x + PAD, y + 17), 22);
    let (face, colour) = if decided { (Face::Bold, CLEAR_WHITE) } else { (Face::Regular, Rgb([214, 218, 222])) };
    let room = width.saturating_sub(2 * PAD as u32 + 34);
    let (size_px, label) = fit(face, 24.0, room, Fit::End, &entry.label);
    let label_top = y + 28 - (size_px / 2.0).round() as i32;
    draw_text(picture, &Text { face, size_px, colour, align: Align::Left }, (x + PAD + 34, label_top), &label);
    let bar_colour = if decided { CLEAR_WHITE } else { QUIET };
    measure(picture, "probability", entry.probability, bar_colour, (x + PAD, y + 54), width - 2 * PAD as u32);
    let share_colour = if entry.enabled { Rgb(entry.colour.0) } else { FAINT };
    for (line, (name, share)) in (0..).zip(&entry.shares) {
        let corner = (x + PAD, y + 82 + line * LINE as i32);
        measure(picture, name, *share, share_colour, corner, width - 2 * PAD as u32);
    }
}

/// The class's colour as a square; hollow where the class is switched off.
pub(super) fn swatch(picture: &mut RgbImage, entry: &LegendEntry, (x, y): (i32, i32), side: u32) {
    let square = Rect::at(x, y).of_size(side, side);
    if entry.enabled {
        draw_filled_rect_mut(picture, square, Rgb(entry.colour.0));
    } else {
        draw_hollow_rect_mut(picture, square, QUIET);
    }
}

/// A fraction as name, bar and per cent.
fn measure(picture: &mut RgbImage, name: &str, value: f32, colour: Rgb<u8>, (x, y): (i32, i32), width: u32) {
    let text = |align| Text { face: Face::Regular, size_px: 18.0, colour: QUIET, align };
    draw_text(picture, &text(Align::Left), (x, y), name);
    draw_text(picture, &text(Align::Right), (x + width as i32, y), &percent(value));
    let (start, end) = (x + 112, x + width as i32 - 76);
    if end > start {
        let length = (end - start) as u32;
        draw_filled_rect_mut(picture, Rect::at(start, y + 5).of_size(length, 9), FAINT);
        let filled = (value.clamp(0.0, 1.0) * length as f32).round() as u32;
        if filled > 0 {
            draw_filled_rect_mut(picture, Rect::at(start, y + 5).of_size(filled, 9), colour);
        }
    }
}

/// A fraction in per cent with one decimal; a dash for what is no number.
/// A fraction in per cent, to a tenth.
pub fn percent(value: f32) -> String {
    if value.is_finite() { format!("{:.1} %", 100.0 * value) } else { "—".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(label: &str, colour: [u8; 3]) -> LegendEntry {
        LegendEntry {
            label: label.to_owned(),
            colour: Colour(colour),
            probability: 0.5,
            shares: vec![("response", 0.0)],
            enabled: true,
        }
    }

    #[test]
    fn each_class_shows_its_colour_in_its_own_card_and_the_decided_one_is_framed() {
        let entries = [entry("None", [1, 2, 250]), entry("Mild", [250, 2, 1])];
        let picture = legend(&entries.iter().collect::<Vec<_>>(), &[false, true], 800);
        assert_eq!(picture.get_pixel(30, 28).0, [1, 2, 250]);
        assert_eq!(picture.get_pixel(408 + 30, 28).0, [250, 2, 1]);
        assert_eq!((picture.get_pixel(0, 50), picture.get_pixel(408, 50)), (&CARD, &CLEAR_WHITE));
    }

    #[test]
    fn the_shares_of_two_rules_stand_below_each_other() {
        let two = LegendEntry { shares: vec![("guided", 0.9), ("linear", 0.1)], ..entry("Mild", [250, 2, 1]) };
        let picture = legend(&[&two], &[false], 600);
        assert_eq!(picture.height(), HEIGHT + LINE);
        let filled = |y: u32| (0..600).filter(|x| picture.get_pixel(*x, y).0 == [250, 2, 1]).count();
        assert!(filled(82 + 9) > 5 * filled(82 + 28 + 9) && filled(82 + 28 + 9) > 5);
    }

    #[test]
    fn many_classes_take_several_rows_and_none_at_all_does_not_panic() {
        let entries: Vec<_> = (0..14).map(|_| entry("Pleural_Thickening with a long name", [9, 9, 9])).collect();
        let all: Vec<_> = entries.iter().collect();
        assert_eq!(legend(&all, &[false; 14], 1000).height(), 3 * HEIGHT + 2 * GAP);
        assert_eq!(legend(&[], &[], 1000).width(), 1000);
    }
}
