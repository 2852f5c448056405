//! Examples side by side as one figure: correct and misclassified ones of every class with their maps, as CLEAR-DR's paper
//! has them (Kumar, Taylor, Wong 2017, fig. 4), and for digits the table of CLEAR's paper (Kumar, Wong, Taylor 2017).
//!
//! An example keeps only what is printed of it, so that a figure of many takes little memory. Must not know files.

use image::imageops::{FilterType, resize};
use image::{ImageError, RgbImage};

use super::NOTICE;
use super::ink::{Ink, PageTheme};
use super::pictures::Pictures;
use crate::compose::{self, CamColours, CamScale, CamStyle, RED};
use crate::explain::clear::{negative_focus, positive_focus};
use crate::geometry::Transform;
use crate::layers::Layer;
use crate::maps::ClassMaps;
use crate::page::{A4_MM, Area, Block, Face, Fit, Page, PagePicture, Rgb, TextStyle, fitted, line_mm, wrapped};

const MARGIN_MM: f32 = 10.0;
const WIDTH_MM: f32 = A4_MM.0 - 2.0 * MARGIN_MM;
const DOTS_PER_MM: f32 = 300.0 / 25.4;
const NAME_MM: f32 = 24.0;
const GAP_MM: f32 = 1.6;
const BETWEEN_MM: f32 = 5.0;
const WORDS_PT: f32 = 7.0;
const HEAD_PT: f32 = 8.0;
/// A picture with fewer pixels is shown as pixels.
const FEW_PX: u32 = 100;

/// What stands side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// Picture and CLEAR map with its box; correct examples beside misclassified ones.
    Maps,
    /// Picture, class map, CLEAR map, positive and negative focus; a row for each example.
    Foci,
}

impl Columns {
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Maps => &["picture", "CLEAR map"],
            Self::Foci => &["input", "class map", "CLEAR map", "positive focus", "negative focus"],
        }
    }

    fn examples_per_row(self) -> usize {
        match self {
            Self::Maps => 2,
            Self::Foci => 1,
        }
    }

    fn view_mm(self) -> f32 {
        let (views, examples) = (self.names().len() as f32, self.examples_per_row() as f32);
        let between_mm = (examples - 1.0) * BETWEEN_MM + examples * (views - 1.0) * GAP_MM;
        (WIDTH_MM - NAME_MM - between_mm) / (views * examples)
    }
}

/// One explained picture as it is printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    pub truth: usize,
    pub decided: usize,
    /// Of the decided class.
    pub probability: f32,
    views: Vec<PagePicture>,
    /// Left, top, width and height of the red box as parts of the picture.
    frame: Option<[f32; 4]>,
    /// Height by width.
    shape: f32,
}

impl Example {
    /// # Errors
    /// A picture that cannot be encoded.
    pub fn new(pictures: &Pictures<'_>, truth: usize, columns: Columns) -> Result<Self, ImageError> {
        let (picture, explanation) = (pictures.picture, pictures.explanation);
        let (width_px, height_px) = picture.dimensions();
        let shape = height_px as f32 / width_px.max(1) as f32;
        let dots = |mm: f32| ((mm * DOTS_PER_MM).round() as u32).clamp(1, 4000);
        let size = (dots(columns.view_mm()), dots(columns.view_mm() * shape));
        let is_small = width_px < FEW_PX;
        let larger = || resize(picture, size.0, size.1, FilterType::Nearest);
        let ground = if is_small { larger() } else { compose::resized(picture, size) };
        let scale = |dots: u32, px: u32| f64::from(dots) / f64::from(px.max(1));
        let ground_from_source =
            Transform::scale_then_move(scale(size.0, width_px), scale(size.1, height_px), 0.0, 0.0);
        let scene = pictures.scene();
        let layer = |layer| pictures.drawn(layer, &scene, &ground, &ground_from_source);
        let focus = |values: Vec<f32>| {
            drawn_focus(values, &explanation.response, &explanation.source_from_model.then(&ground_from_source), size)
        };
        let decided = explanation.shown_class();
        let views = match columns {
            Columns::Maps => vec![layer(Layer::Input), layer(Layer::Clear)],
            Columns::Foci => vec![
                layer(Layer::Input),
                layer(Layer::Cam),
                layer(Layer::Clear),
                focus(positive_focus(&explanation.response, decided).unwrap_or_default()),
                focus(negative_focus(&explanation.response, decided)),
            ],
        };
        let frame = explanation.attention.as_ref().filter(|_| columns == Columns::Maps).map(|attention| {
            let bounds = attention.bounds;
            let (wide, high) = (width_px.max(1) as f32, height_px.max(1) as f32);
            [bounds.x as f32 / wide, bounds.y as f32 / high, bounds.width as f32 / wide, bounds.height as f32 / high]
        });
        Ok(Self {
            truth,
            decided,
            probability: explanation.verdict.probabilities[decided],
            views: views.iter().map(PagePicture::new).collect::<Result<_, _>>()?,
            frame,
            shape,
        })
    }

    pub fn is_correct(&self) -> bool {
        self.truth == self.decided
    }
}

/// A focus on black, both on the scale of all classes together.
fn drawn_focus(values: Vec<f32>, response: &ClassMaps, print_from_model: &Transform, size: (u32, u32)) -> RgbImage {
    let black = RgbImage::new(size.0, size.1);
    if values.len() != response.width * response.height {
        return black;
    }
    let map = ClassMaps::new(1, response.height, response.width, values);
    let scale = CamScale { low: 0.0, high: response.peak() };
    let style = CamStyle { opacity: 1.0, threshold: 0.0, colours: CamColours::Inferno };
    compose::over(&black, &compose::cam_layer(&map, 0, print_from_model, size, scale, &style))
}

/// A figure of examples.
#[derive(Debug, Clone, PartialEq)]
pub struct Gallery {
    pub title: String,
    /// How the examples were chosen, and of what.
    pub caption: String,
    /// Name and colour of every class.
    pub classes: Vec<(String, Rgb)>,
    pub columns: Columns,
    pub examples: Vec<Example>,
}

impl Gallery {
    /// Which example stands where: of each class a correct one beside a misclassified one, or each in a row of its own.
    fn rows(&self) -> Vec<(String, Vec<Option<&Example>>)> {
        let of = |class: usize, is_correct: bool| {
            self.examples.iter().filter(move |example| example.truth == class && example.is_correct() == is_correct)
        };
        let mut rows = Vec::new();
        for (class, (name, _)) in self.classes.iter().enumerate() {
            let (correct, wrong): (Vec<_>, Vec<_>) = (of(class, true).collect(), of(class, false).collect());
            match self.columns {
                Columns::Maps => {
                    // A class without any example has a row that says so.
                    for at in 0..correct.len().max(wrong.len()).max(1) {
                        rows.push((name.clone(), vec![correct.get(at).copied(), wrong.get(at).copied()]));
                    }
                }
                Columns::Foci => {
                    rows.extend(correct.into_iter().chain(wrong).map(|one| (name.clone(), vec![Some(one)])))
                }
            }
        }
        rows
    }

    /// The figure as a page of its own, as high as it needs.
    pub fn page(&self, theme: PageTheme) -> Page {
        let (ink, mut sheet) = (theme.ink(), Block::default());
        let (size_pt, title) = fitted(Face::Bold, 12.0, WIDTH_MM, Fit::End, &self.title);
        sheet.text((0.0, 4.5), TextStyle::new(Face::Bold, size_pt, ink.text), title);
        sheet.height_mm = 8.0;
        self.put_heads(&mut sheet, &ink);
        let view_mm = self.columns.view_mm();
        let example_mm = self.columns.names().len() as f32 * (view_mm + GAP_MM) - GAP_MM;
        for (name, examples) in self.rows() {
            let mut row = Block::default();
            for (line, words) in wrapped(Face::Bold, HEAD_PT, NAME_MM - 2.0, 3, &name).into_iter().enumerate() {
                row.text(
                    (0.0, 3.4 + line as f32 * line_mm(HEAD_PT)),
                    TextStyle::new(Face::Bold, HEAD_PT, ink.text),
                    words,
                );
            }
            let high = examples.iter().flatten().map(|example| example.shape).fold(0.2, f32::max);
            row.height_mm = view_mm * high + line_mm(WORDS_PT) + 2.0;
            for (at, example) in examples.into_iter().enumerate() {
                let left_mm = NAME_MM + at as f32 * (example_mm + BETWEEN_MM);
                match example {
                    Some(example) => self.put_example(&mut row, example, left_mm, &ink),
                    None => row.text((left_mm, 3.4), TextStyle::new(Face::Regular, WORDS_PT, ink.quiet), "none"),
                }
            }
            let (top_mm, height_mm) = (sheet.height_mm, row.height_mm);
            sheet.put(row, (0.0, top_mm));
            sheet.height_mm += height_mm + 1.2;
        }
        self.put_legend(&mut sheet, &ink);
        for words in wrapped(Face::Regular, HEAD_PT, WIDTH_MM, 8, &self.caption) {
            let baseline_mm = sheet.height_mm + 3.2;
            sheet.text((0.0, baseline_mm), TextStyle::new(Face::Regular, HEAD_PT, ink.text), words);
            sheet.height_mm += line_mm(HEAD_PT);
        }
        let baseline_mm = sheet.height_mm + 4.4;
        sheet.text((0.0, baseline_mm), TextStyle::new(Face::Bold, WORDS_PT, ink.warning), NOTICE);
        let size_mm = (A4_MM.0, sheet.height_mm + 6.0 + 2.0 * MARGIN_MM);
        let mut page = Page::new(self.title.clone(), size_mm, ink.ground);
        page.put(sheet, (MARGIN_MM, MARGIN_MM));
        page
    }

    fn put_heads(&self, sheet: &mut Block, ink: &Ink) {
        let (view_mm, names) = (self.columns.view_mm(), self.columns.names());
        let example_mm = names.len() as f32 * (view_mm + GAP_MM) - GAP_MM;
        if self.columns == Columns::Maps {
            for (at, words) in ["Correct", "Misclassified"].into_iter().enumerate() {
                let left_mm = NAME_MM + at as f32 * (example_mm + BETWEEN_MM);
                sheet.text((left_mm, sheet.height_mm + 3.0), TextStyle::new(Face::Bold, HEAD_PT, ink.text), words);
            }
            sheet.height_mm += line_mm(HEAD_PT) + 0.6;
        }
        for at in 0..self.columns.examples_per_row() {
            for (view, name) in names.iter().enumerate() {
                let left_mm = NAME_MM + at as f32 * (example_mm + BETWEEN_MM) + view as f32 * (view_mm + GAP_MM);
                sheet.text((left_mm, sheet.height_mm + 2.6), TextStyle::new(Face::Regular, WORDS_PT, ink.quiet), *name);
            }
        }
        sheet.height_mm += line_mm(WORDS_PT) + 0.8;
    }

    fn put_example(&self, row: &mut Block, example: &Example, left_mm: f32, ink: &Ink) {
        let view_mm = self.columns.view_mm();
        let height_mm = view_mm * example.shape;
        for (at, view) in example.views.iter().enumerate() {
            let x_mm = left_mm + at as f32 * (view_mm + GAP_MM);
            row.picture(Area::new(x_mm, 0.0, view_mm, height_mm), view.clone());
            if let Some([left, top, width, height]) = example.frame.filter(|_| at > 0) {
                let place = Area::new(x_mm + left * view_mm, top * height_mm, width * view_mm, height * height_mm);
                row.stroke(place, [20, 0, 0], 0.7);
                row.stroke(place, RED.0, 0.45);
            }
        }
        let name = |class: usize| self.classes.get(class).map_or("?", |(name, _)| name.as_str());
        let says = format!("answer: {}, {}", name(example.decided), compose::percent(example.probability));
        let room_mm = example.views.len() as f32 * (view_mm + GAP_MM) - GAP_MM;
        let (size_pt, says) = fitted(Face::Regular, WORDS_PT, room_mm, Fit::End, &says);
        let colour = if example.is_correct() { ink.text } else { ink.warning };
        row.text((left_mm, height_mm + 3.0), TextStyle::new(Face::Regular, size_pt, colour), says);
    }

    fn put_legend(&self, sheet: &mut Block, ink: &Ink) {
        let (mut left_mm, mut top_mm) = (0.0, sheet.height_mm + 1.0);
        for (name, colour) in &self.classes {
            let (size_pt, name) = fitted(Face::Regular, WORDS_PT, 50.0, Fit::End, name);
            let width_mm = 8.0 + crate::page::width_mm(Face::Regular, size_pt, &name);
            if left_mm + width_mm > WIDTH_MM {
                (left_mm, top_mm) = (0.0, top_mm + 4.4);
            }
            sheet.fill(Area::new(left_mm, top_mm, 3.0, 3.0), *colour);
            sheet.stroke(Area::new(left_mm, top_mm, 3.0, 3.0), ink.faint, 0.15);
            sheet.text((left_mm + 4.2, top_mm + 2.4), TextStyle::new(Face::Regular, size_pt, ink.text), name);
            left_mm += width_mm;
        }
        sheet.height_mm = top_mm + 6.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::drawn::{card, explained, photograph};
    use crate::layers::Style;
    use crate::page::PageItem;

    fn example(model: &str, size_px: (u32, u32), truth: usize, columns: Columns) -> Example {
        let (card, picture, look) = (card(model), photograph(size_px), Style::default());
        let explanation = explained(&card, card.explanation.rule, size_px);
        Example::new(&Pictures::new(&picture, &card, &explanation, &look), truth, columns).unwrap()
    }

    fn gallery(model: &str, columns: Columns, examples: Vec<Example>) -> Gallery {
        let card = card(model);
        let colours = Style::default().colours(&card);
        let class =
            |(class, colour): (&crate::bundle::card::Class, &crate::bundle::Colour)| (class.full_name(), colour.0);
        Gallery {
            title: format!("{model}: examples"),
            caption: "Of each class the correct and the misclassified picture of the highest probability.".to_owned(),
            classes: card.classes.iter().zip(&colours).map(class).collect(),
            columns,
            examples,
        }
    }

    fn kept(page: &Page, name: &str) {
        if let Ok(folder) = std::env::var("FOVEA_PAGES") {
            page.to_picture(150.0).unwrap().save(format!("{folder}/{name}.png")).unwrap();
        }
    }

    #[test]
    fn every_class_has_a_row_and_nothing_leaves_the_page() {
        let correct = example("retina-dr", (320, 240), 2, Columns::Maps);
        let wrong = example("retina-dr", (300, 300), 4, Columns::Maps);
        assert!(correct.is_correct() && !wrong.is_correct());
        let page = gallery("retina-dr", Columns::Maps, vec![correct, wrong]).page(PageTheme::Light);
        let words: Vec<&str> = page
            .items()
            .iter()
            .filter_map(|item| match item {
                PageItem::Text { words, .. } => Some(words.as_str()),
                _ => None,
            })
            .collect();
        // Three classes have none at all, and two lack one of both kinds.
        assert_eq!(words.iter().filter(|words| **words == "none").count(), 8, "{words:?}");
        for part in ["Correct", "Misclassified", "4 Proliferative", NOTICE] {
            assert!(words.iter().any(|words| words.starts_with(part)), "{part}: {words:?}");
        }
        for item in page.items() {
            if let PageItem::Picture { area, .. } = item {
                assert!(area.x_mm + area.width_mm <= A4_MM.0 - MARGIN_MM + 0.01, "{area:?}");
                assert!(area.y_mm + area.height_mm < page.size_mm.1, "{area:?}");
            }
        }
        kept(&page, "gallery");
    }

    #[test]
    fn digits_have_a_row_each_with_both_foci() {
        let one = |truth| example("mnist", (28, 28), truth, Columns::Foci);
        let page = gallery("mnist", Columns::Foci, vec![one(2), one(7)]).page(PageTheme::Light);
        let pictures = page.items().iter().filter(|item| matches!(item, PageItem::Picture { .. })).count();
        assert_eq!(pictures, 2 * Columns::Foci.names().len());
        kept(&page, "digits");
    }
}
