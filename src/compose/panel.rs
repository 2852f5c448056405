//! One picture for a report: the photograph, its class activation map and its CLEAR map side by side, with the
//! decision above and the grade legend below.
//!
//! Takes finished layers and words; must not know how they were computed.

use image::imageops::{FilterType, replace, resize};
use image::{Rgb, RgbImage, RgbaImage};
use imageproc::drawing::draw_filled_rect_mut;
use imageproc::rect::Rect;

use super::bar::{Tick, cam_bar, response_bar, ticks};
use super::cam::{CamScale, CamStyle};
use super::layer::{box_line_px, draw_box, over};
use super::legend::{CLEAR_WHITE, FAINT, GROUND, LegendEntry, QUIET, legend, swatch};
use super::text::{Align, Face, Fit, Text, draw_text, fit, text_width};
use crate::geometry::PixelBox;

/// What a panel shows. All layers have the picture's size, in its own pixels.
#[derive(Debug, Clone)]
pub struct Panel<'a> {
    pub file_name: &'a str,
    pub model_name: &'a str,
    pub picture: &'a RgbImage,
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
    /// Index of the class that the CAM and the red box are of.
    pub shown: usize,
    pub cam_layer: &'a RgbaImage,
    pub cam_scale: CamScale,
    pub cam_style: &'a CamStyle,
    /// What stands above the CLEAR map.
    pub cam_title: &'a str,
    /// Where there is no map to be shown: stands below the plain picture in the place of the colour bar.
    pub without_cam: Option<&'a str>,
    pub clear_title: &'a str,
    /// The CLEAR map, opaque on black or to be laid over the picture.
    pub clear_layer: &'a RgbaImage,
    /// The response at full brightness, gain included.
    pub clear_full: f32,
    /// The most attentive region for the decided class, in source pixels.
    pub attention: Option<PixelBox>,
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
    /// What the red box shows, or why there is none.
    pub box_says: &'a str,
}

const VIEW_WIDTH: u32 = 720;
/// A tall picture is shown narrower instead.
const VIEW_HEIGHT_LIMIT: u32 = 760;
const MARGIN: u32 = 40;
const GAP: u32 = 24;
const WIDTH: u32 = 2 * MARGIN + 3 * VIEW_WIDTH + 2 * GAP;
const HEADER: u32 = 196;
/// So many colours stand beside the answer.
const MOST_SWATCHES: usize = 5;
const TITLE: u32 = 44;
const CAPTION: u32 = 96;
const FOOTER: u32 = 84;
const WARNING: Rgb<u8> = Rgb([255, 196, 92]);

/// Draws the panel: 2288 pixels wide, as high as its contents ask for.
pub fn panel(panel: &Panel<'_>) -> RgbImage {
    let (view_width, view_height) = view_size(panel.picture.dimensions());
    let legend = {
        let entries: Vec<_> = panel.drawn.iter().filter_map(|c| panel.entries.get(*c)).collect();
        let framed: Vec<bool> = panel.drawn.iter().map(|c| panel.said.contains(c)).collect();
        legend(&entries, &framed, WIDTH - 2 * MARGIN)
    };
    let views_top = HEADER + TITLE;
    let legend_top = views_top + view_height + CAPTION;
    let height = legend_top + legend.height() + FOOTER;
    let mut page = RgbImage::from_pixel(WIDTH, height, GROUND);
    header(&mut page, panel);
    let cam = panel.without_cam.map_or_else(|| over(panel.picture, panel.cam_layer), |_| panel.picture.clone());
    let clear = over(panel.picture, panel.clear_layer);
    let views = [("Input", panel.picture, true), (panel.cam_title, &cam, false), (panel.clear_title, &clear, true)];
    for (index, (title, picture, framed)) in (0..).zip(views) {
        let left = MARGIN + index * (VIEW_WIDTH + GAP);
        let (size_px, title) = fit(Face::Bold, 23.0, VIEW_WIDTH, Fit::End, title);
        let style = Text { size_px, ..line(Face::Bold, 23.0, CLEAR_WHITE) };
        draw_text(&mut page, &style, (left as i32, (HEADER + 8) as i32), &title);
        draw_filled_rect_mut(&mut page, area(left, views_top, VIEW_WIDTH, view_height), Rgb([0, 0, 0]));
        let view = view(picture, (view_width, view_height), panel.attention.filter(|_| framed));
        replace(&mut page, &view, i64::from(left + (VIEW_WIDTH - view_width) / 2), i64::from(views_top));
    }
    captions(&mut page, panel, views_top + view_height + 16);
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

/// Under each view what its colours mean, with true numbers.
fn captions(page: &mut RgbImage, panel: &Panel<'_>, top: u32) {
    let quiet = line(Face::Regular, 20.0, QUIET);
    let (size_px, words) = fit(Face::Regular, 20.0, VIEW_WIDTH, Fit::End, panel.box_says);
    draw_text(page, &Text { size_px, ..quiet }, (MARGIN as i32, top as i32 - 2), &words);
    let cam_left = MARGIN + VIEW_WIDTH + GAP;
    if let Some(words) = panel.without_cam {
        let (size_px, words) = fit(Face::Regular, 20.0, VIEW_WIDTH, Fit::End, words);
        draw_text(
            page,
            &Text { size_px, ..line(Face::Regular, 20.0, WARNING) },
            (cam_left as i32, top as i32 - 2),
            &words,
        );
    } else {
        let bar = cam_bar(panel.cam_scale, panel.cam_style, (VIEW_WIDTH, 14));
        let ends = if panel.cam_scale.is_signed() { ("against", "for") } else { ("none", "for") };
        let cam_ticks = ticks(panel.cam_scale.low, panel.cam_scale.high);
        bar_with_ticks(page, &bar, &cam_ticks, ends, (cam_left, top));
    }
    let clear_left = cam_left + VIEW_WIDTH + GAP;
    let brightness = response_bar((VIEW_WIDTH, 14));
    bar_with_ticks(page, &brightness, &ticks(0.0, panel.clear_full), ("no response", "strong"), (clear_left, top));
}

fn bar_with_ticks(page: &mut RgbImage, bar: &RgbImage, ticks: &[Tick], ends: (&str, &str), (left, top): (u32, u32)) {
    replace(page, bar, i64::from(left), i64::from(top));
    let last = bar.width() - 1;
    for tick in ticks {
        let x = left + (tick.along * last as f32).round() as u32;
        draw_filled_rect_mut(page, area(x, top + bar.height(), 1, 6), QUIET);
        let (align, label) = match tick.along {
            0.0 => (Align::Left, format!("{}  {}", tick.label, ends.0)),
            1.0 => (Align::Right, format!("{}  {}", ends.1, tick.label)),
            _ => (Align::Centre, tick.label.clone()),
        };
        let style = Text { align, ..line(Face::Regular, 20.0, QUIET) };
        draw_text(page, &style, (x as i32, (top + bar.height() + 8) as i32), &label);
    }
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

fn line(face: Face, size_px: f32, colour: Rgb<u8>) -> Text {
    Text { face, size_px, colour, align: Align::Left }
}

fn area(x: u32, y: u32, width: u32, height: u32) -> Rect {
    Rect::at(x as i32, y as i32).of_size(width.max(1), height.max(1))
}

/// The size at which a picture is shown: as wide as a view, unless it would become too tall.
fn view_size((width, height): (u32, u32)) -> (u32, u32) {
    let (width, height) = (f64::from(width.max(1)), f64::from(height.max(1)));
    let scale = (f64::from(VIEW_WIDTH) / width).min(f64::from(VIEW_HEIGHT_LIMIT) / height);
    let pixels = |length: f64| (length * scale).round().max(1.0) as u32;
    (pixels(width), pixels(height))
}

/// A picture at view size with the red box, drawn after scaling so that its lines stay crisp.
fn view(picture: &RgbImage, size: (u32, u32), frame: Option<PixelBox>) -> RgbImage {
    let mut view = resize(picture, size.0, size.1, FilterType::CatmullRom);
    if let Some(frame) = frame {
        let along_x = f64::from(size.0) / f64::from(picture.width());
        let along_y = f64::from(size.1) / f64::from(picture.height());
        let scaled = |start: u32, length: u32, scale: f64| {
            let (from, to) = (f64::from(start) * scale, (f64::from(start) + f64::from(length)) * scale);
            (from.floor() as u32, (to.ceil() - from.floor()) as u32)
        };
        let ((x, width), (y, height)) = (scaled(frame.x, frame.width, along_x), scaled(frame.y, frame.height, along_y));
        draw_box(&mut view, PixelBox { x, y, width, height }, box_line_px(size));
    }
    view
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Colour;
    use crate::compose::layer::RED;

    fn drawn(size: (u32, u32), attention: Option<PixelBox>, label: &str) -> RgbImage {
        drawn_with(size, attention, label, None)
    }

    fn drawn_with(size: (u32, u32), attention: Option<PixelBox>, label: &str, without_cam: Option<&str>) -> RgbImage {
        let entry = |label: &str, probability| LegendEntry {
            label: label.to_owned(),
            colour: Colour([0, 255, 0]),
            probability,
            share: Some(0.5),
            enabled: true,
        };
        let entries = [entry("No apparent retinopathy", 0.25), entry(label, 0.75)];
        let empty = RgbaImage::new(size.0, size.1);
        let green = RgbaImage::from_pixel(size.0, size.1, image::Rgba([0, 255, 0, 255]));
        panel(&Panel {
            file_name: "IM-0001.jpg",
            model_name: "model",
            picture: &RgbImage::from_pixel(size.0, size.1, Rgb([90, 90, 90])),
            entries: &entries,
            headline: label,
            beneath: "",
            rule: "the most probable class",
            disagreement: None,
            said: &[1],
            drawn: &[0, 1],
            shown: 1,
            cam_layer: &green,
            cam_scale: CamScale { low: 0.0, high: 0.0 },
            cam_style: &CamStyle::default(),
            cam_title: "CAM",
            without_cam,
            clear_title: "CLEAR",
            clear_layer: &empty,
            clear_full: 0.0,
            attention,
            footer: "CPU",
            warning: None,
            is_refused: false,
            quality: None,
            unfit: None,
            box_says: "Red box",
        })
    }

    #[test]
    fn the_box_stands_where_it_belongs_in_the_first_and_third_view_only() {
        let page = drawn((1440, 960), Some(PixelBox { x: 400, y: 200, width: 200, height: 100 }), "Mild");
        let (top, step) = (HEADER + TITLE, VIEW_WIDTH + GAP);
        for (view, red) in [(0, true), (1, false), (2, true)] {
            let pixel = |x, y| *page.get_pixel(MARGIN + view * step + x, top + y) == RED;
            assert_eq!([pixel(199, 125), pixel(300, 125), pixel(250, 99), pixel(250, 150)], [red; 4], "view {view}");
            assert!(!pixel(250, 125));
        }
    }

    #[test]
    fn a_network_without_cam_has_the_plain_picture_and_a_sentence_instead_of_a_bar() {
        let [with, without] =
            [None, Some("No class activation map")].map(|words| drawn_with((1440, 960), None, "Mild", words));
        let second = MARGIN + VIEW_WIDTH + GAP;
        let inside = (second + 300, HEADER + TITLE + 200);
        assert_eq!([&with, &without].map(|page| page.get_pixel(inside.0, inside.1).0), [[0, 255, 0], [90, 90, 90]]);
        let below = |page: &RgbImage| {
            let top = HEADER + TITLE + view_size((1440, 960)).1 + 8;
            (top..top + 40).any(|y| (second..second + VIEW_WIDTH).any(|x| page.get_pixel(x, y) == &WARNING))
        };
        assert!(below(&without) && !below(&with));
    }

    #[test]
    fn a_clear_map_that_is_no_picture_of_its_own_lies_over_the_input() {
        let page = drawn((1440, 960), None, "Mild");
        let third = MARGIN + 2 * (VIEW_WIDTH + GAP);
        assert_eq!(page.get_pixel(third + 300, HEADER + TITLE + 200), &Rgb([90, 90, 90]));
    }

    #[test]
    fn margins_stay_empty_whatever_the_words_and_sizes() {
        let long = "a very long label ".repeat(30);
        for size in [(1424, 946), (300, 2000), (1, 1)] {
            let page = drawn(size, None, &long);
            assert_eq!(page.width(), WIDTH);
            let margin = |x: u32| !(MARGIN - 2..WIDTH - MARGIN + 2).contains(&x);
            assert!(page.enumerate_pixels().all(|(x, _, pixel)| !margin(x) || *pixel == GROUND), "{size:?}");
        }
    }
}
