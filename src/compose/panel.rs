//! One picture for a report: the photograph and its maps side by side, with the decision above and the grade legend
//! below.
//!
//! Takes finished views and words; must not know which maps there are.

use image::RgbImage;
use image::imageops::replace;
use imageproc::drawing::draw_filled_rect_mut;

use super::legend::{CLEAR_WHITE, FAINT, GROUND, LegendEntry, QUIET, WARNING, legend, swatch};
use super::panel_view::{GAP, PanelView, VIEW_WIDTH, area, line, put, rows};
use super::text::{Align, Face, Fit, Text, draw_text, fit, text_width};

/// What a panel shows.
#[derive(Debug)]
pub struct Panel<'a> {
    /// Of the picture, at the top.
    pub file_name: &'a str,
    /// Beside it.
    pub model_name: &'a str,
    /// In the order in which they stand side by side, up to three in a row.
    pub views: &'a [PanelView],
    /// One entry per class, in class order.
    pub entries: &'a [LegendEntry],
    /// The answer in large letters, with the figure that it goes by.
    pub headline: &'a str,
    /// What stands beneath it: the grade in words, or why there is no answer.
    pub beneath: &'a str,
    /// How the headline follows from its figure.
    pub rule: &'a str,
    /// Where decision, probability and response do not point to one class.
    pub disagreement: Option<&'a str>,
    /// The classes that the answer names.
    pub said: &'a [usize],
    /// The classes that stand in the legend.
    pub drawn: &'a [usize],
    /// Device, version, rule, magnitude: whatever belongs to the result.
    pub footer: &'a str,
    /// What speaks against believing the answer.
    pub warning: Option<&'a str>,
    /// Whether the answer is held back: then the headline says that.
    pub is_refused: bool,
    /// How fit the picture is, and why; stands above the answer.
    pub quality: Option<&'a str>,
    /// That it cannot be graded, in the place of `quality`.
    pub unfit: Option<&'a str>,
}

const MARGIN: u32 = 40;
const WIDTH: u32 = 2 * MARGIN + 3 * VIEW_WIDTH + 2 * GAP;
const HEADER: u32 = 196;
/// Most colours beside the answer.
const MOST_SWATCHES: usize = 5;
const FOOTER: u32 = 84;

/// Draws the panel: 2288 pixels wide, as high as its contents ask for.
pub fn panel(panel: &Panel<'_>) -> RgbImage {
    let legend = {
        let entries: Vec<_> = panel.drawn.iter().filter_map(|c| panel.entries.get(*c)).collect();
        let framed: Vec<bool> = panel.drawn.iter().map(|c| panel.said.contains(c)).collect();
        legend(&entries, &framed, WIDTH - 2 * MARGIN)
    };
    let rows = rows(panel.views);
    let legend_top = HEADER + rows.iter().map(|(_, height)| height).sum::<u32>();
    let height = legend_top + legend.height() + FOOTER;
    let mut page = RgbImage::from_pixel(WIDTH, height, GROUND);
    header(&mut page, panel);
    let mut top = HEADER;
    for (views, height) in rows {
        for (column, view) in (0..).zip(views) {
            put(&mut page, view, (MARGIN + column * (VIEW_WIDTH + GAP), top), height);
        }
        top += height;
    }
    replace(&mut page, &legend, i64::from(MARGIN), i64::from(legend_top));
    footer(&mut page, panel, legend_top + legend.height());
    page
}

/// File and model on the left; on the right quality, answer, what stands beneath it and its rule. Below, over the whole
/// width, what does not agree, or why there is no answer.
fn header(page: &mut RgbImage, panel: &Panel<'_>) {
    let (whole, half) = (WIDTH - 2 * MARGIN, (WIDTH - 2 * MARGIN) / 2 - GAP);
    let mut text = |face, size_px, colour, align, (how, room), y, words: &str| {
        let x = if align == Align::Right { WIDTH - MARGIN } else { MARGIN };
        let (size_px, words) = fit(face, size_px, room, how, words);
        draw_text(page, &Text { face, size_px, colour, align }, (x as i32, y), &words);
        text_width(face, size_px, &words)
    };
    let (start, end) = ((Fit::Middle, half - 60), (Fit::End, half - 60));
    text(Face::Bold, 34.0, CLEAR_WHITE, Align::Left, start, 38, panel.file_name);
    text(Face::Regular, 24.0, QUIET, Align::Left, end, 86, panel.model_name);
    match (panel.unfit, panel.quality) {
        (Some(unfit), _) => text(Face::Bold, 24.0, WARNING, Align::Right, end, 4, unfit),
        (None, says) => text(Face::Regular, 20.0, QUIET, Align::Right, end, 8, says.unwrap_or_default()),
    };
    let (colour, beneath) = if panel.is_refused { (WARNING, "") } else { (CLEAR_WHITE, panel.beneath) };
    let wide = text(Face::Bold, 40.0, colour, Align::Right, end, 34, panel.headline);
    text(Face::Regular, 24.0, QUIET, Align::Right, end, 84, beneath);
    text(Face::Regular, 20.0, QUIET, Align::Right, end, 116, panel.rule);
    let (band, y) = if panel.is_refused { (panel.beneath, 116) } else { (panel.disagreement.unwrap_or_default(), 146) };
    text(Face::Bold, 22.0, WARNING, Align::Right, (Fit::End, whole), y, band);
    let said = panel.said.iter().filter_map(|class| panel.entries.get(*class)).take(MOST_SWATCHES);
    for (entry, place) in said.collect::<Vec<_>>().into_iter().rev().zip(1..) {
        swatch(page, entry, ((WIDTH - MARGIN - wide) as i32 - 8 - 38 * place, 40), 30);
    }
    draw_filled_rect_mut(page, area(MARGIN, HEADER - 16, WIDTH - 2 * MARGIN, 1), FAINT);
}

fn footer(page: &mut RgbImage, panel: &Panel<'_>, top: u32) {
    draw_filled_rect_mut(page, area(MARGIN, top + 22, WIDTH - 2 * MARGIN, 1), FAINT);
    let y = (top + 36) as i32;
    let notice = "Research use only, not for diagnosis";
    let notice = panel.warning.map_or(notice.to_owned(), |warning| format!("{notice}. {warning}"));
    let (size_px, notice) = fit(Face::Bold, 21.0, WIDTH - 2 * MARGIN, Fit::End, &notice);
    let taken = draw_text(page, &line(Face::Bold, size_px, WARNING), (MARGIN as i32, y), &notice);
    let room = (WIDTH - 2 * MARGIN).saturating_sub(taken + GAP);
    let (size_px, words) = fit(Face::Regular, 20.0, room, Fit::End, panel.footer);
    let style = Text { size_px, align: Align::Right, ..line(Face::Regular, 20.0, QUIET) };
    draw_text(page, &style, ((WIDTH - MARGIN) as i32, y), &words);
}

#[cfg(test)]
mod tests {
    use super::super::bar::response_bar;
    use super::super::panel_view::{Caption, TITLE};
    use super::*;
    use image::Rgb;

    use crate::bundle::Colour;
    use crate::compose::layer::RED;
    use crate::geometry::PixelBox;

    fn drawn(size: (u32, u32), views: usize, label: &str) -> RgbImage {
        let entry = |label: &str, probability| LegendEntry {
            label: label.to_owned(),
            colour: Colour([0, 255, 0]),
            probability,
            shares: vec![("response", 0.5)],
            enabled: true,
        };
        let entries = [entry("No apparent retinopathy", 0.25), entry(label, 0.75)];
        let picture = RgbImage::from_pixel(size.0, size.1, Rgb([90, 90, 90]));
        let view = |n: usize| {
            let frame = PixelBox { x: 400, y: 200, width: 200, height: 100 };
            let view = PanelView::new(label, &picture, Caption::Bar(response_bar(1.0)));
            if n.is_multiple_of(2) { view.boxed(Some(frame), size) } else { view }
        };
        let views: Vec<PanelView> = (0..views).map(view).collect();
        panel(&Panel {
            file_name: "IM-0001.jpg",
            model_name: "model",
            views: &views,
            entries: &entries,
            headline: label,
            beneath: "",
            rule: "the most probable class",
            disagreement: None,
            said: &[1],
            drawn: &[0, 1],
            footer: "CPU",
            warning: None,
            is_refused: false,
            quality: None,
            unfit: None,
        })
    }

    #[test]
    fn the_box_stands_where_it_belongs_and_in_no_other_view() {
        let page = drawn((1440, 960), 3, "Mild");
        let (top, step) = (HEADER + TITLE, VIEW_WIDTH + GAP);
        for (view, red) in [(0, true), (1, false), (2, true)] {
            let pixel = |x, y| *page.get_pixel(MARGIN + view * step + x, top + y) == RED;
            assert_eq!([pixel(199, 125), pixel(300, 125), pixel(250, 99), pixel(250, 150)], [red; 4], "view {view}");
            assert!(!pixel(250, 125));
        }
    }

    #[test]
    fn five_views_take_two_rows_and_the_second_is_full() {
        let (three, five) = (drawn((1440, 960), 3, "Mild"), drawn((1440, 960), 5, "Mild"));
        let row = five.height() - three.height();
        assert!(row > 480);
        let grey = |column: u32, row_top: u32| {
            let x = MARGIN + column * (VIEW_WIDTH + GAP) + 20;
            five.get_pixel(x, row_top + TITLE + 40) == &Rgb([90, 90, 90])
        };
        assert_eq!([grey(0, HEADER), grey(1, HEADER), grey(2, HEADER)], [true, true, false]);
        assert_eq!([0, 1, 2].map(|column| grey(column, HEADER + row)), [true; 3]);
    }

    #[test]
    fn margins_stay_empty_whatever_the_words_and_sizes() {
        let long = "a very long label ".repeat(30);
        for size in [(1424, 946), (300, 2000), (1, 1)] {
            for views in [1, 3, 5] {
                let page = drawn(size, views, &long);
                assert_eq!(page.width(), WIDTH);
                let margin = |x: u32| !(MARGIN - 2..WIDTH - MARGIN + 2).contains(&x);
                assert!(page.enumerate_pixels().all(|(x, _, pixel)| !margin(x) || *pixel == GROUND), "{size:?}");
            }
        }
    }
}
