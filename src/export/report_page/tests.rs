//! Whatever a report says fits on its page. With `FOVEA_PAGES=FOLDER` the pages of these tests are kept for whoever wants to
//! look at them.

use image::RgbImage;

use super::*;
use crate::bundle::{Advice, Assessment, Card, quality::Quality};
use crate::explain::{Explanation, Report, report};
use crate::export::ReaderRecord;
use crate::export::drawn::{card, explained, photograph};
use crate::layers::Style;
use crate::maps::ClassMaps;
use crate::method::BackwardRule;
use crate::page::{Align, PageItem, width_mm};
use crate::reading::table::TableOptions;
use crate::reading::{Contents, Entry, FrameOf, Identity, Judgement, Reading, ReadingsHeader};

const LONG: &str = "IDRiD_0123456789_a-very-long-name-from-some-archive-眼底-with-\u{202e}turned-parts-and-more-of-it-2024-02-29_R.jpg";

/// One picture and all that is said of it.
struct Made {
    file_name: String,
    card: Card,
    picture: RgbImage,
    explanation: Explanation,
    other: Option<Explanation>,
    style: Style,
    report: Report,
    reader: Option<ReaderRecord>,
}

impl Made {
    fn new(file_name: &str, model: &str, size_px: (u32, u32)) -> Self {
        let card = card(model);
        let explanation = explained(&card, card.explanation.rule, size_px);
        let report = report(&card, &explanation, None, None, false);
        let (picture, style) = (photograph(size_px), Style::default());
        Self { file_name: file_name.to_owned(), card, picture, explanation, other: None, style, report, reader: None }
    }

    fn read(mut self, reading: &Reading) -> Self {
        self.reader = ReaderRecord::of("A. Reader", reading, &self.card);
        self
    }

    fn with<T>(&self, eye: Option<Eye>, take: impl FnOnce(&ReportCase<'_>) -> T) -> T {
        let pictures = Pictures::new(&self.picture, &self.card, &self.explanation, &self.style)
            .with_report(self.report.clone())
            .compared_with(self.other.as_ref());
        let sum = "0123456789abcdef".repeat(4);
        let model = (&self.card, sum.as_str());
        let mut record = Record::new(self.file_name.clone(), model, &self.explanation, &self.report, &self.style, 3.0);
        record.settings.compare_rule = self.other.as_ref().map(|other| other.settings.rule);
        record.picture_sha256 = Some(sum.clone());
        record.reader = self.reader.clone();
        take(&ReportCase { file_name: &self.file_name, pictures: &pictures, record: &record, eye })
    }

    fn page(&self, theme: PageTheme) -> Page {
        self.with(None, |case| picture_page(case, theme).unwrap())
    }
}

fn a_reading() -> Reading {
    Reading {
        class: Some(3),
        flagged: true,
        comment: "Several blot haemorrhages in two quadrants; venous beading above, and exudates that reach the \
                  fovea. See again in three months, sooner where sight gets worse or the other eye is affected."
            .to_owned(),
        judgement: Some(Judgement::Overruled),
        seconds: Some(41.3),
        at: Some("2024-02-29T23:59:58Z".to_owned()),
        ..Reading::default()
    }
}

fn words(page: &Page) -> Vec<&str> {
    let mut all = Vec::new();
    for item in page.items() {
        if let PageItem::Text { words, .. } = item {
            all.push(words.as_str());
        }
    }
    all
}

/// Nothing lies beyond the page's edge, no line of text upon another, and no text upon a picture.
fn fits(name: &str, page: &Page) {
    let mut lines: Vec<(String, [f32; 4])> = Vec::new();
    let mut pictures: Vec<[f32; 4]> = Vec::new();
    for item in page.items() {
        let edges = match item {
            PageItem::Text { x_mm, y_mm, style, words } => {
                let wide = width_mm(style.face, style.size_pt, words);
                let left = match style.align {
                    Align::Left => *x_mm,
                    Align::Centre => x_mm - wide / 2.0,
                    Align::Right => x_mm - wide,
                };
                // From the height of a small letter to the baseline.
                let edges = [left, y_mm - 0.5 * style.size_pt * 0.353, left + wide, *y_mm];
                lines.push((words.clone(), edges));
                edges
            }
            PageItem::Filled { area, .. }
            | PageItem::Stroked { area, .. }
            | PageItem::Picture { area, .. }
            | PageItem::Gradient { area, .. } => {
                let edges = [area.x_mm, area.y_mm, area.x_mm + area.width_mm, area.y_mm + area.height_mm];
                if matches!(item, PageItem::Picture { .. }) {
                    pictures.push(edges);
                }
                edges
            }
        };
        let [left, top, right, bottom] = edges;
        assert!(
            left >= 9.9 && top >= 5.0 && right <= page.size_mm.0 - 9.9 && bottom <= page.size_mm.1 - 5.0,
            "{name}: {item:?}"
        );
    }
    let meet = |a: &[f32; 4], b: &[f32; 4]| a[0] < b[2] - 0.1 && b[0] < a[2] - 0.1 && a[1] < b[3] && b[1] < a[3];
    for (index, (text, edges)) in lines.iter().enumerate() {
        let upon = lines[..index].iter().find(|(_, other)| meet(edges, other));
        assert!(upon.is_none(), "{name}: {text:?} lies upon {upon:?}");
        assert!(!pictures.iter().any(|picture| meet(edges, picture)), "{name}: {text:?} lies upon a picture");
    }
}

fn keep(name: &str, pages: Vec<Page>, theme: PageTheme) {
    pages.iter().for_each(|page| fits(name, page));
    let document = document(name, "2024-02-29T23:59:58Z", pages, theme);
    let pdf = document.to_pdf().unwrap();
    if let Some(folder) = std::env::var_os("FOVEA_PAGES") {
        let path = std::path::PathBuf::from(folder).join(format!("{name}-{}", theme.name()));
        std::fs::write(path.with_extension("pdf"), pdf).unwrap();
        std::fs::write(path.with_extension("svg"), document.pages[0].to_svg()).unwrap();
    }
}

fn both(name: &str, pages: impl Fn(PageTheme) -> Vec<Page>) {
    PageTheme::ALL.into_iter().for_each(|theme| keep(name, pages(theme), theme));
}

#[test]
fn a_picture_with_its_reader_fits() {
    let made = Made::new("phantom-moderate.jpg", "retina-dr", (1200, 1000)).read(&a_reading());
    both("picture", |theme| vec![made.page(theme)]);
    let page = made.page(PageTheme::Light);
    let all = words(&page).join("\n");
    for said in [made.report.headline.as_str(), &made.report.figure, "3 Severe", "overrules", "flagged", NOTICE] {
        assert!(all.contains(said), "{said} is not in\n{all}");
    }
    assert!(all.contains(&"0123456789abcdef".repeat(4)) && all.contains("2 Moderate"));
    assert_eq!(page.items().iter().filter(|item| matches!(item, PageItem::Picture { .. })).count(), 3);
    assert_eq!(page.items().iter().filter(|item| matches!(item, PageItem::Gradient { .. })).count(), 2);
}

#[test]
fn fourteen_findings_two_rules_long_names_and_a_tall_picture_fit() {
    let mut made = Made::new(LONG, "chexnet", (700, 2100)).read(&a_reading());
    let reasons = vec!["too dark".to_owned(), "out of focus".to_owned()];
    let unfit = Assessment { quality: Quality::Reject, reasons, map: None };
    made.report = report(&made.card, &made.explanation, None, Some(&unfit), true);
    both("findings", |theme| vec![made.page(theme)]);
    made.other = Some(explained(&made.card, BackwardRule::Linear, (700, 2100)));
    both("two-rules", |theme| vec![made.page(theme)]);
    assert!(
        made.page(PageTheme::Dark).items().iter().filter(|item| matches!(item, PageItem::Picture { .. })).count() == 5
    );
    let wide = Made::new(LONG, "retina-dr", (3000, 40));
    both("strip", |theme| vec![wide.page(theme)]);
}

#[test]
fn a_refused_picture_shows_no_map_and_no_probability() {
    let mut made = Made::new("shin.png", "retina-dr", (800, 600));
    let advice = Advice {
        why: "no round field on black, as a fundus camera leaves it; the picture looks like a radiograph".to_owned(),
        instead: Some("cxr-pneumonia".to_owned()),
    };
    made.report = report(&made.card, &made.explanation, Some(&advice), None, false);
    both("refused", |theme| vec![made.page(theme)]);
    let page = made.page(PageTheme::Light);
    assert_eq!(page.items().iter().filter(|item| matches!(item, PageItem::Picture { .. })).count(), 1);
    assert!(!words(&page).iter().any(|line| line.contains("2 Moderate") && !line.contains("shown class")));
    assert!(!page.items().iter().any(|item| matches!(item, PageItem::Gradient { .. })));
    let legend = made.with(None, |case| legend_page(case, PageTheme::Light));
    assert!(!legend.items().iter().any(|item| matches!(item, PageItem::Gradient { .. })));
}

#[test]
fn a_network_without_places_says_so() {
    let mut made = Made::new("digit.png", "mnist", (28, 28));
    made.explanation.cam = ClassMaps::new(10, 1, 1, vec![1.0; 10]);
    made.explanation.attention = None;
    both("no-cam", |theme| vec![made.page(theme)]);
    assert!(words(&made.page(PageTheme::Light)).join(" ").contains("No class activation map"));
}

#[test]
fn both_eyes_of_a_patient_stand_on_one_page() {
    let right = Made::new("Patient001_R.jpg", "retina-dr", (1200, 1000)).read(&a_reading());
    let left = Made::new(LONG, "retina-dr", (1200, 1000));
    let pair = |theme| {
        let page = right.with(Some(Eye::Right), |right| {
            left.with(Some(Eye::Left), |left| patient_page("Patient 001", &[*right, *left], theme))
        });
        vec![page.unwrap()]
    };
    both("patient", pair);
    let page = pair(PageTheme::Light).remove(0);
    let all = words(&page).join("\n");
    assert!(all.contains("R  right eye") && all.contains("L  left eye") && all.contains("not read"));
    assert_eq!(all.matches("retina-dr 1").count(), 1, "what both share stands once");
    let chests = Made::new(LONG, "chexnet", (2000, 2000)).read(&a_reading());
    let both_chests = |theme| vec![chests.with(None, |case| patient_page(LONG, &[*case, *case], theme).unwrap())];
    both("two-chests", both_chests);
}

#[test]
fn a_list_goes_on_over_pages_and_marks_what_differs() {
    let head = ReadingsHeader {
        opened: vec!["/data".into()],
        reader: "A. Reader".to_owned(),
        model: "retina-dr".to_owned(),
        classes: ["0 No retinopathy", "1 Mild", "2 Moderate", "3 Severe", "4 Proliferative"]
            .map(str::to_owned)
            .to_vec(),
        ..ReadingsHeader::default()
    };
    let entry = |index: usize| {
        let of = FrameOf { path: format!("/data/{index:03}_left-{LONG}").into(), frame: (index % 2) as u32 };
        let eye = Some(if index.is_multiple_of(2) { Eye::Right } else { Eye::Left });
        let identity = Identity { patient: format!("Patient{:03}", index / 2), eye, taken: None, is_private: false };
        let reading = if index.is_multiple_of(3) { a_reading() } else { Reading::default() };
        let answer = crate::reading::Answer {
            model: String::new(),
            class: index % 5,
            probability: 0.5,
            probabilities: vec![0.2; 5],
            headline: "Referable: undecided".to_owned(),
            gradable: None,
            is_refused: false,
            agrees: None,
        };
        (of, Entry { identity, reading, answer: Some(answer), ..Entry::default() })
    };
    let contents = Contents { head, entries: (0..120).map(entry).collect(), ..Contents::default() };
    let list = List::of(&contents, "Readings of a morning", TableOptions { with_patients: true });
    assert!(list.summary.starts_with("120 pictures, 40 read, 32 where reader and model differ"), "{}", list.summary);
    assert!(!list.rows[0].file_name.contains('/') && list.rows[1].file_name.ends_with("[2]"));
    both("list", |theme| list_pages(&list, theme));
    assert_eq!(list_pages(&list, PageTheme::Light).len(), 3);
    assert_eq!(list_pages(&List::default(), PageTheme::Light).len(), 1);
}

#[test]
fn a_legend_stands_alone_with_true_numbers() {
    let made = Made::new("phantom-moderate.jpg", "retina-dr", (1200, 1000));
    let page = made.with(None, |case| legend_page(case, PageTheme::Light));
    let document = document("legend", "", vec![page.clone()], PageTheme::Light);
    assert!(document.to_pdf().is_ok());
    if let Some(folder) = std::env::var_os("FOVEA_PAGES") {
        std::fs::write(std::path::Path::new(&folder).join("legend.svg"), page.to_svg()).unwrap();
    }
    let pictures = Pictures::new(&made.picture, &made.card, &made.explanation, &made.style);
    let bar = crate::layers::Layer::Cam.kind().legend(&pictures.scene()).unwrap();
    let all = words(&page).join("\n");
    assert!(bar.ticks.iter().all(|tick| all.contains(&tick.label)) && all.contains("4 Proliferative"));
}
