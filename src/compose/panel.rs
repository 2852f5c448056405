//! One picture for a report: the photograph and its maps side by side, with the decision above and the grade legend
//! below.
//!
//! Takes finished views and words; must not know which maps there are.

use image::RgbImage;
use image::imageops::replace;
use imageproc::drawing::draw_filled_rect_mut;

use super::legend::{CLEAR_WHITE, FAINT, GROUND, LegendEntry, QUIET, WARNING, legend, percent, swatch};
use super::panel_view::{GAP, PanelView, VIEW_WIDTH, area, line, put, rows};
use super::text::{Align, Face, Fit, Text, draw_text, fit, text_width};

/// What a panel shows.
#[derive(Debug)]
pub struct Panel<'a> {
    pub file_name: &'a str,
    pub model_name: &'a str,
    /// In the order in which they stand beside each other, up to three in a row.
    pub views: &'a [PanelView],
    /// One entry per class, in class order.
    pub entries: &'a [LegendEntry],
    /// Index of the decided class.
    pub decided: usize,
    /// Of a model whose classes are findings of their own: those at their operating points.
    pub findings: Option<&'a [usize]>,
    /// Of a calibrated model that has more than one answer: all of them in words.
    pub said_as_set: Option<&'a str>,
    /// The classes that stand in the legend.
    pub drawn: &'a [usize],
    /// Device, version, rule, magnitude: whatever belongs to the result.
    pub footer: &'a str,
    /// What speaks against believing the answer.
    pub warning: Option<&'a str>,
    /// Stands above the answer: that the picture cannot be graded, and why.
    pub unfit: Option<&'a str>,
}

impl Panel<'_> {
    /// Whether the model says that `class` is there.
    fn is_said(&self, class: usize) -> bool {
        self.findings.map_or(class == self.decided, |findings| findings.contains(&class))
    }

    /// The answer in large letters, and what stands beneath it.
    fn answer(&self, decided: &LegendEntry) -> (String, String) {
        let with = |entry: &LegendEntry| format!("{}  {}", entry.label, percent(entry.probability));
        if let Some(findings) = self.findings {
            let names: Vec<&str> =
                findings.iter().filter_map(|c| self.entries.get(*c)).map(|entry| entry.label.as_str()).collect();
            return match names.as_slice() {
                [] => ("No finding".to_owned(), format!("nearest to its operating point: {}", with(decided))),
                names => (names.join(", "), format!("at their operating points; clearest {}", with(decided))),
            };
        }
        let others = self.entries.iter().enumerate().filter(|(index, _)| *index != self.decided);
        let beside = others.max_by(|a, b| a.1.probability.total_cmp(&b.1.probability)).map(|(_, second)| {
            // Decisions by median or threshold need not be for the most probable class.
            let word = if second.probability > decided.probability { "most probable:" } else { "then" };
            format!("{word} {}", with(second))
        });
        match self.said_as_set {
            Some(set) => (set.to_owned(), format!("single answer: {}", with(decided))),
            None => (with(decided), beside.unwrap_or_default()),
        }
    }
}

const MARGIN: u32 = 40;
const WIDTH: u32 = 2 * MARGIN + 3 * VIEW_WIDTH + 2 * GAP;
const HEADER: u32 = 150;
const FOOTER: u32 = 84;

/// Draws the panel: 2288 pixels wide, as high as its contents ask for.
pub fn panel(panel: &Panel<'_>) -> RgbImage {
    let legend = {
        let entries: Vec<_> = panel.drawn.iter().filter_map(|c| panel.entries.get(*c)).collect();
        let framed: Vec<bool> = panel.drawn.iter().map(|c| panel.is_said(*c)).collect();
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

/// File and model on the left, decision and runner-up on the right.
fn header(page: &mut RgbImage, panel: &Panel<'_>) {
    let half = (WIDTH - 2 * MARGIN) / 2 - GAP;
    let mut text = |face, size_px, colour, align, how, y, words: &str| {
        let x = if align == Align::Right { WIDTH - MARGIN } else { MARGIN };
        let (size_px, words) = fit(face, size_px, half - 60, how, words);
        draw_text(page, &Text { face, size_px, colour, align }, (x as i32, y), &words);
        text_width(face, size_px, &words)
    };
    text(Face::Bold, 34.0, CLEAR_WHITE, Align::Left, Fit::Middle, 38, panel.file_name);
    text(Face::Regular, 24.0, QUIET, Align::Left, Fit::End, 86, panel.model_name);
    let Some(decided) = panel.entries.get(panel.decided) else { return };
    if let Some(unfit) = panel.unfit {
        text(Face::Bold, 24.0, WARNING, Align::Right, Fit::End, 4, unfit);
    }
    let (answer, beside) = panel.answer(decided);
    let wide = text(Face::Bold, 40.0, CLEAR_WHITE, Align::Right, Fit::End, 34, &answer);
    text(Face::Regular, 24.0, QUIET, Align::Right, Fit::End, 86, &beside);
    if panel.findings.is_none_or(|findings| !findings.is_empty()) {
        swatch(page, decided, ((WIDTH - MARGIN - wide - 46) as i32, 40), 30);
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
            decided: 1,
            findings: None,
            said_as_set: None,
            drawn: &[0, 1],
            footer: "CPU",
            warning: None,
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
