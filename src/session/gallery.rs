//! Examples of correct and wrong answers as one figure: which pictures, and their explanation one after another.
//!
//! Must not know threads.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::ImageFormat;

use super::worklist::{Item, Worklist};
use crate::bundle::{Card, assess};
use crate::evaluate::Truth;
use crate::explain::{Explainer, Settings, report};
use crate::export::gallery::{Columns, Example, Gallery};
use crate::export::report_page::document;
use crate::export::{PageTheme, Pictures};
use crate::guard::whole::OutputSet;
use crate::input;
use crate::layers::Style;
use crate::scan::Scan;

/// With more classes or pictures, a figure would become a book.
const MOST_CLASSES: usize = 20;
const MOST_PICTURES: usize = 60;
/// A network of smaller pictures reads digits, of which so much is to be seen.
const DIGITS_PX: usize = 64;
const PRINT_DPI: f32 = 300.0;

/// A picture of the figure, with its true class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    pub path: PathBuf,
    pub truth: usize,
}

/// The pictures shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picks {
    pub all: Vec<Pick>,
    /// Whether the reader chose them, by flags.
    pub by_reader: bool,
    /// Number of labelled and answered pictures to choose from.
    pub among: usize,
}

impl Picks {
    /// The flagged pictures; without any, the most probable correct and wrong answer of each class. Pictures
    /// whose label or answer the reader may not know yet are left out, as are those that cannot be graded.
    ///
    /// # Errors
    /// Why there is no such figure.
    pub fn of(list: &Worklist, card: &Card) -> Result<Self, String> {
        if !suits(card) {
            return Err(format!("{} has no gallery: it is for models of one answer and few classes.", card.name));
        }
        let known = |item: &Item| match (item.believed_answer(), item.seen_truth()) {
            (Some(answer), Some(Truth::Class(truth))) if answer.gradable != Some(false) => {
                Some((answer.class, answer.probability, *truth))
            }
            _ => None,
        };
        let all: Vec<(&Item, (usize, f32, usize))> =
            list.items().iter().filter_map(|item| Some((item, known(item)?))).collect();
        let pick =
            |(item, (_, _, truth)): &(&Item, (usize, f32, usize))| Pick { path: item.path.clone(), truth: *truth };
        let flagged: Vec<Pick> = all.iter().filter(|(item, _)| item.is_flagged()).map(pick).collect();
        let by_reader = !flagged.is_empty();
        let surest = |class: usize, is_right: bool| {
            let fits = all.iter().filter(move |(_, (said, _, truth))| *truth == class && (said == truth) == is_right);
            fits.max_by(|(_, a), (_, b)| a.1.total_cmp(&b.1))
        };
        let chosen = if by_reader {
            flagged
        } else {
            let both = (0..card.classes.len()).flat_map(|class| [surest(class, true), surest(class, false)]);
            both.flatten().map(pick).collect()
        };
        match chosen.len() {
            0 => Err("No picture of the list has both a label and an answer.".to_owned()),
            many if many > MOST_PICTURES => {
                Err(format!("{many} pictures are flagged; a gallery has {MOST_PICTURES} at most."))
            }
            _ => Ok(Self { all: chosen, by_reader, among: all.len() }),
        }
    }

    fn how(&self, card: &Card) -> String {
        if self.by_reader {
            format!("{} of {} labelled pictures, chosen by the reader", self.all.len(), self.among)
        } else {
            by_program(self.among, card)
        }
    }
}

/// How examples are chosen by default.
pub fn by_program(among: usize, card: &Card) -> String {
    format!(
        "Of {among} labelled pictures, for each class the correctly and the wrongly answered one of which {} was surest \
         (the highest probability of its answer); chosen by the program, not by hand",
        card.name
    )
}

fn caption(how: &str, settings: &Settings) -> String {
    format!(
        "{how}. Rows are the label's classes. Pictures that the model does not read, or that cannot be graded, are left \
         out. CLEAR map: hue is the class that responds most, brightness how strongly, on one scale; backward rule {}.",
        settings.rule.name()
    )
}

/// Explains `scan`, whose class is `truth`, as the figure shows it.
///
/// # Errors
/// A picture that cannot be explained, in a sentence.
pub fn example(
    explainer: &Explainer,
    scan: &Scan,
    (settings, style): (&Settings, &Style),
    truth: usize,
) -> Result<Example, String> {
    let settings = Settings { class: None, ..*settings };
    let explanation = explainer.explain(scan, &settings).map_err(|error| error.to_string())?;
    let card = &explainer.card;
    let (measures, lit) = input::measure_with_field(scan);
    let assessed = assess(card, &measures);
    let says = report(card, &explanation, None, assessed.as_ref(), true);
    let picture = scan.to_rgb8();
    let pictures = Pictures::new(&picture, card, &explanation, style)
        .with_report(says)
        .with_outline(lit.as_ref().map_or(&[], |lit| &lit.contour));
    Example::new(&pictures, truth, columns(card)).map_err(|error| error.to_string())
}

/// The figure of `examples`, that `how` says how they were chosen.
pub fn gallery(card: &Card, (settings, style): (&Settings, &Style), how: &str, examples: Vec<Example>) -> Gallery {
    let colours = style.colours(card);
    let classes = card.classes.iter().zip(&colours).map(|(class, colour)| (class.full_name(), colour.0)).collect();
    Gallery {
        title: format!("{}: correct and misclassified examples", card.name),
        caption: caption(how, settings),
        classes,
        columns: columns(card),
        examples,
    }
}

/// Whether a model can have such a figure.
pub fn suits(card: &Card) -> bool {
    !card.output.has_findings() && card.classes.len() <= MOST_CLASSES
}

/// A figure in the making.
#[derive(Debug, Clone)]
pub struct GalleryJob {
    pub number: u64,
    /// The SHA-256 of the model's weights.
    pub model: String,
    pub picks: Picks,
    pub settings: Settings,
    pub style: Style,
    /// Examples explained so far.
    pub done: Vec<Example>,
}

impl GalleryJob {
    /// Explains the next picture, which `open` reads where there is memory for it; `false` where there is none left.
    ///
    /// # Errors
    /// A picture that cannot be opened or explained, in a sentence.
    pub fn go_on(
        &mut self,
        explainer: &Explainer,
        open: impl Fn(&Path) -> Result<Scan, String>,
    ) -> Result<bool, String> {
        let Some(Pick { path, truth }) = self.picks.all.get(self.done.len()) else { return Ok(false) };
        let named = |reason: String| format!("{}: {reason}", path.file_name().unwrap_or_default().to_string_lossy());
        let scan = open(path)?;
        let example = example(explainer, &scan, (&self.settings, &self.style), *truth).map_err(named)?;
        self.done.push(example);
        Ok(self.done.len() < self.picks.all.len())
    }

    pub fn finished(self, card: &Card) -> Gallery {
        let how = self.picks.how(card);
        gallery(card, (&self.settings, &self.style), &how, self.done)
    }
}

/// The columns of a row.
fn columns(card: &Card) -> Columns {
    if card.architecture.input()[1] < DIGITS_PX { Columns::Foci } else { Columns::Maps }
}

/// Writes the figure for print: `file` as PDF, with an SVG and a PNG of the same name beside it, all or none; returns
/// their paths. `date` stands in the PDF.
///
/// # Errors
/// A file that exists already, or a place that cannot be written to, in a sentence.
pub fn write(gallery: &Gallery, file: &Path, date: &str) -> Result<Vec<PathBuf>, String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let mut set = OutputSet::new(folder, &name, false);
    set.check(["pdf", "svg", "png"]).map_err(|error| error.to_string())?;
    let page = gallery.page(PageTheme::Light);
    let mut png = Cursor::new(Vec::new());
    let picture = page.to_picture(PRINT_DPI).map_err(|error| error.to_string())?;
    picture.write_to(&mut png, ImageFormat::Png).map_err(|error| error.to_string())?;
    set.add("png", png.get_ref()).map_err(|error| error.to_string())?;
    set.add("svg", page.to_svg().as_bytes()).map_err(|error| error.to_string())?;
    let document = document(&gallery.title, date, vec![page], PageTheme::Light);
    set.add("pdf", &document.to_pdf().map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
    set.finish().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::Library;
    use crate::reading::{Answer, Reading};
    use crate::session::worklist::{Classes, SortBy};

    fn card(name: &str) -> Card {
        Library::open(&[]).unwrap().find(name).unwrap().card.unwrap()
    }

    fn answer(class: usize, probability: f32) -> Answer {
        Answer {
            model: "m".to_owned(),
            class,
            probability,
            probabilities: vec![0.0; 5],
            headline: String::new(),
            gradable: None,
            is_refused: false,
            agrees: None,
        }
    }

    /// Name, label, answer and how sure it is.
    fn list(pictures: &[(&str, usize, usize, f32)]) -> Worklist {
        let mut list = Worklist::new(pictures.iter().map(|(name, ..)| PathBuf::from(name)).collect(), SortBy::Given);
        list.set_classes(Classes::of(&card("retina-dr")));
        list.set_truths(pictures.iter().map(|(name, truth, ..)| (PathBuf::from(name), Truth::Class(*truth))).collect());
        for (name, _, said, probability) in pictures {
            list.item_mut(Path::new(name)).unwrap().answer = Some(answer(*said, *probability));
        }
        list
    }

    fn names(picks: &Picks) -> Vec<&str> {
        picks.all.iter().map(|pick| pick.path.to_str().unwrap()).collect()
    }

    #[test]
    fn the_surest_right_and_wrong_of_each_class_are_taken_unless_the_reader_flags() {
        let mut list =
            list(&[("a", 0, 0, 0.6), ("b", 0, 0, 0.9), ("c", 0, 3, 0.7), ("d", 2, 1, 0.5), ("e", 2, 0, 0.8)]);
        let card = card("retina-dr");
        let picks = Picks::of(&list, &card).unwrap();
        assert_eq!((names(&picks), picks.by_reader, picks.among), (vec!["b", "c", "e"], false, 5));
        assert!(picks.how(&card).contains("chosen by the program"));
        // What the reader may not know yet, what cannot be graded and what is not read has no place.
        list.item_mut(Path::new("b")).unwrap().is_hidden = true;
        list.item_mut(Path::new("c")).unwrap().answer.as_mut().unwrap().gradable = Some(false);
        list.item_mut(Path::new("e")).unwrap().answer.as_mut().unwrap().is_refused = true;
        assert_eq!(names(&Picks::of(&list, &card).unwrap()), ["a", "d"]);
        let flag = Reading { flagged: true, ..Reading::default() };
        list.item_mut(Path::new("d")).unwrap().reading = Some(flag);
        let picks = Picks::of(&list, &card).unwrap();
        assert_eq!((names(&picks), picks.by_reader), (vec!["d"], true));
        assert!(picks.how(&card).starts_with("1 of 2 labelled pictures, chosen by the reader"));
        list.set_truths([].into());
        assert!(Picks::of(&list, &card).unwrap_err().contains("both a label and an answer"));
        assert!(Picks::of(&list, &self::card("chexnet")).unwrap_err().contains("one answer"));
    }
}
