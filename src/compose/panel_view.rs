//! One view of a panel: a picture at the size of the page, its title above, and below it what its colours mean.
//!
//! Knows neither what it shows nor where on the page it stands.

use image::imageops::replace;
use image::{Rgb, RgbImage};
use imageproc::drawing::draw_filled_rect_mut;
use imageproc::rect::Rect;

use super::bar::ColourBar;
use super::layer::{box_line_px, draw_box};
use super::legend::{CLEAR_WHITE, QUIET, WARNING};
use super::mark::{Mark, draw_edges, draw_marks, draw_outline};
use super::resize::resized;
use super::text::{Align, Face, Fit, Text, draw_text, fit, text_width};
use crate::geometry::{PixelBox, Transform};

pub(super) const VIEW_WIDTH: u32 = 720;
/// A tall picture is shown narrower instead.
const VIEW_HEIGHT_LIMIT: u32 = 760;
pub(super) const GAP: u32 = 24;
pub(super) const TITLE: u32 = 44;
const CAPTION: u32 = 96;
const PER_ROW: usize = 3;

/// What stands below a view.
#[derive(Debug)]
pub enum Caption {
    /// A legend.
    Bar(ColourBar),
    /// A line of text.
    Words(String),
    /// Why there are no colours to be explained.
    Warning(String),
}

/// A finished view.
#[derive(Debug)]
pub struct PanelView {
    title: String,
    /// At the size at which it is shown.
    picture: RgbImage,
    caption: Caption,
}

impl PanelView {
    /// A view of `picture`, scaled to the width of a panel's column.
    pub fn new(title: impl Into<String>, picture: &RgbImage, caption: Caption) -> Self {
        let picture = resized(picture, view_size(picture.dimensions()));
        Self { title: title.into(), picture, caption }
    }

    /// Draws the red box; `frame` is in pixels of a picture of `size`. Its lines are drawn after scaling and stay crisp.
    pub fn boxed(mut self, frame: Option<PixelBox>, size: (u32, u32)) -> Self {
        let Some(frame) = frame else { return self };
        let view_px = self.picture.dimensions();
        let scaled = |start: u32, length: u32, scale: f64| {
            let (from, to) = (f64::from(start) * scale, (f64::from(start) + f64::from(length)) * scale);
            (from.floor() as u32, (to.ceil() - from.floor()) as u32)
        };
        let (x, width) = scaled(frame.x, frame.width, f64::from(view_px.0) / f64::from(size.0));
        let (y, height) = scaled(frame.y, frame.height, f64::from(view_px.1) / f64::from(size.1));
        draw_box(&mut self.picture, PixelBox { x, y, width, height }, box_line_px(view_px));
        self
    }

    /// Draws a thin line round a field; `line` is in pixels of a picture of `size`.
    pub fn outlined(mut self, line: &[(f64, f64)], size: (u32, u32)) -> Self {
        let view_from_source = self.view_from_source(size);
        draw_outline(&mut self.picture, line, &view_from_source, 2.0);
        self
    }

    /// Draws marks, in pixels of a picture of `size`, and letters at the edges.
    pub fn marked(mut self, marks: &[Mark], edges: Option<&[String; 4]>, size: (u32, u32)) -> Self {
        let view_from_source = self.view_from_source(size);
        if let Some(edges) = edges {
            draw_edges(&mut self.picture, edges, 24.0);
        }
        draw_marks(&mut self.picture, marks, &view_from_source, 2.2);
        self
    }

    fn view_from_source(&self, (width, height): (u32, u32)) -> Transform {
        let (across, down) = self.picture.dimensions();
        let scale = |view: u32, source: u32| f64::from(view) / f64::from(source.max(1));
        Transform::scale_then_move(scale(across, width), scale(down, height), 0.0, 0.0)
    }

    /// Says on the picture why it shows nothing, where it shows nothing.
    pub fn saying(mut self, words: Option<&str>) -> Self {
        let (Some(words), (width, height)) = (words, self.picture.dimensions()) else { return self };
        let (size_px, words) = fit(Face::Regular, 22.0, width.saturating_sub(24), Fit::End, words);
        let (wide, line_px) = (text_width(Face::Regular, size_px, &words) + 16, size_px.ceil() as u32 + 12);
        if wide <= width && 2 * line_px <= height {
            let (left, top) = ((width - wide) / 2, height - line_px - line_px / 2);
            draw_filled_rect_mut(&mut self.picture, area(left, top, wide, line_px), Rgb([0, 0, 0]));
            let style = line(Face::Regular, size_px, CLEAR_WHITE);
            draw_text(&mut self.picture, &style, (left as i32 + 8, top as i32 + 6), &words);
        }
        self
    }
}

/// How many of `count` stand in each of so many `rows`, the later ones being fuller.
pub fn spread(count: usize, rows: usize) -> Vec<usize> {
    let rows = rows.clamp(1, count.max(1));
    (0..rows).map(|row| (count + row) / rows).collect()
}

/// The rows of a page, each with its height, titles and captions included.
pub(super) fn rows(views: &[PanelView]) -> Vec<(&[PanelView], u32)> {
    let mut rest = views;
    let take = |count: usize| {
        let (row, after) = rest.split_at(count);
        rest = after;
        let highest = row.iter().map(|view| view.picture.height()).max().unwrap_or_default();
        (row, TITLE + highest + CAPTION)
    };
    spread(views.len(), views.len().div_ceil(PER_ROW)).into_iter().map(take).collect()
}

/// Puts a view with its upper left corner at `left`, `top`, into a row of the given height.
pub(super) fn put(page: &mut RgbImage, view: &PanelView, (left, top): (u32, u32), row_height: u32) {
    let (size_px, title) = fit(Face::Bold, 23.0, VIEW_WIDTH, Fit::End, &view.title);
    draw_text(page, &line(Face::Bold, size_px, CLEAR_WHITE), (left as i32, (top + 8) as i32), &title);
    let height = row_height - TITLE - CAPTION;
    draw_filled_rect_mut(page, area(left, top + TITLE, VIEW_WIDTH, height), Rgb([0, 0, 0]));
    let aside = (VIEW_WIDTH - view.picture.width()) / 2;
    replace(page, &view.picture, i64::from(left + aside), i64::from(top + TITLE));
    caption(page, &view.caption, (left, top + TITLE + height + 16));
}

fn caption(page: &mut RgbImage, caption: &Caption, (left, top): (u32, u32)) {
    let (words, colour) = match caption {
        Caption::Bar(bar) => return bar_with_ticks(page, bar, (left, top)),
        Caption::Words(words) => (words, QUIET),
        Caption::Warning(words) => (words, WARNING),
    };
    let (size_px, words) = fit(Face::Regular, 20.0, VIEW_WIDTH, Fit::End, words);
    draw_text(page, &line(Face::Regular, size_px, colour), (left as i32, top as i32 - 2), &words);
}

fn bar_with_ticks(page: &mut RgbImage, bar: &ColourBar, (left, top): (u32, u32)) {
    let picture = bar.picture((VIEW_WIDTH, 14));
    replace(page, &picture, i64::from(left), i64::from(top));
    for tick in &bar.ticks {
        let x = left + (tick.along * (VIEW_WIDTH - 1) as f32).round() as u32;
        draw_filled_rect_mut(page, area(x, top + picture.height(), 1, 6), QUIET);
        let (align, label) = match tick.along {
            0.0 => (Align::Left, format!("{}  {}", tick.label, bar.ends[0])),
            1.0 => (Align::Right, format!("{}  {}", bar.ends[1], tick.label)),
            _ => (Align::Centre, tick.label.clone()),
        };
        let style = Text { align, ..line(Face::Regular, 20.0, QUIET) };
        draw_text(page, &style, (x as i32, (top + picture.height() + 8) as i32), &label);
    }
}

pub(super) fn line(face: Face, size_px: f32, colour: Rgb<u8>) -> Text {
    Text { face, size_px, colour, align: Align::Left }
}

pub(super) fn area(x: u32, y: u32, width: u32, height: u32) -> Rect {
    Rect::at(x as i32, y as i32).of_size(width.max(1), height.max(1))
}

/// The size at which a picture is shown: as wide as a view, unless it would become too tall.
fn view_size((width, height): (u32, u32)) -> (u32, u32) {
    let (width, height) = (f64::from(width.max(1)), f64::from(height.max(1)));
    let scale = (f64::from(VIEW_WIDTH) / width).min(f64::from(VIEW_HEIGHT_LIMIT) / height);
    let pixels = |length: f64| (length * scale).round().max(1.0) as u32;
    (pixels(width), pixels(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_rows_are_fuller_and_no_view_is_lost() {
        assert_eq!([spread(3, 2), spread(5, 2), spread(5, 3)], [vec![1, 2], vec![2, 3], vec![1, 2, 2]]);
        assert_eq!([spread(0, 2), spread(2, 7), spread(4, 1)], [vec![0], vec![1, 1], vec![4]]);
        for (count, rows) in (0..9).flat_map(|count| (1..5).map(move |rows| (count, rows))) {
            assert_eq!(spread(count, rows).iter().sum::<usize>(), count);
        }
    }

    #[test]
    fn an_empty_view_says_so_and_a_view_without_colours_says_why_below() {
        let picture = RgbImage::from_pixel(720, 480, Rgb([90; 3]));
        let white = |view: &PanelView| view.picture.pixels().any(|pixel| pixel == &CLEAR_WHITE);
        let plain = PanelView::new("CAM", &picture, Caption::Warning("No class activation map".to_owned()));
        assert!(!white(&plain));
        let mut page = RgbImage::new(VIEW_WIDTH, TITLE + 480 + CAPTION);
        put(&mut page, &plain, (0, 0), TITLE + 480 + CAPTION);
        let below = TITLE + 480..TITLE + 480 + CAPTION;
        assert!(page.enumerate_pixels().any(|(_, y, pixel)| below.contains(&y) && pixel == &WARNING));
        assert!(white(&plain.saying(Some("The map is empty"))));
        let tiny = PanelView::new("CAM", &RgbImage::new(1, 2000), Caption::Words(String::new()));
        assert_eq!(tiny.saying(Some("The map is empty")).picture.dimensions(), (1, 760));
    }
}
