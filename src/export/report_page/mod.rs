//! The report as pages for print: of one picture, of one patient's pictures, of a list, and the legend alone.
//!
//! Words come from [`crate::explain::Report`], maps and legends from the layers; here it is decided only what stands where.
//! Everything but the pictures has its height first, and the pictures take the room that is left, so that a page is always
//! one page. Must not know windows or files.

mod answer;
mod classes;
mod facts;
mod legend;
mod list;
mod reader;
mod sheet;
mod views;

use image::ImageError;

use self::sheet::{BOTTOM_MM, GAP_MM, Sheet};
use super::{NOTICE, PageTheme, Pictures, Record};
use crate::page::{Document, Page};
use crate::reading::Eye;

pub use self::legend::legend_page;
pub use self::list::{List, ListRow, list_pages};

/// Between the blocks of a page with several pictures.
const CLOSE_MM: f32 = 2.6;

/// One explained picture as a report shows it.
#[derive(Debug, Clone, Copy)]
pub struct ReportCase<'a> {
    pub file_name: &'a str,
    pub pictures: &'a Pictures<'a>,
    pub record: &'a Record,
    pub eye: Option<Eye>,
}

impl ReportCase<'_> {
    fn eye_name(&self) -> Option<&'static str> {
        self.eye.map(|eye| match eye {
            Eye::Right => "R  right eye",
            Eye::Left => "L  left eye",
        })
    }
}

/// The report of one picture.
///
/// # Errors
/// A picture that cannot be encoded.
pub fn picture_page(case: &ReportCase<'_>, theme: PageTheme) -> Result<Page, ImageError> {
    let ink = theme.ink();
    let model = format!("{}: {}", case.pictures.card.name, case.pictures.card.title);
    let mut sheet = Sheet::begin(case.file_name, &model, case.eye_name().unwrap_or_default(), ink);
    let answer = answer::block(case, &ink, answer::Room::Page);
    let classes = classes::block(case, &ink, classes::Room::Page);
    let facts = facts::block(&[*case], &ink);
    let fixed_mm = answer.height_mm + classes.height_mm + facts.height_mm + 4.0 * GAP_MM;
    let views = views::block(case, &ink, BOTTOM_MM - sheet.top_mm - fixed_mm)?;
    for block in [answer, views, classes] {
        sheet.put(block);
    }
    sheet.put_at_bottom(facts);
    Ok(sheet.finish())
}

/// The report of one patient's pictures, of both eyes as a rule, on one page. `title` is what the reader wants to call it.
///
/// # Errors
/// A picture that cannot be encoded.
pub fn patient_page(title: &str, cases: &[ReportCase<'_>], theme: PageTheme) -> Result<Page, ImageError> {
    let ink = theme.ink();
    let mut models: Vec<String> =
        cases.iter().map(|case| format!("{}: {}", case.pictures.card.name, case.pictures.card.title)).collect();
    models.dedup();
    let mut sheet = Sheet::begin(title, &models.join("; "), "", ink);
    sheet.gap_mm = CLOSE_MM;
    let facts = facts::block(cases, &ink);
    let blocks = |case| {
        let answer = answer::block(case, &ink, answer::Room::Half);
        [sheet::case_name(case, &ink), answer, classes::block(case, &ink, classes::Room::Half)]
    };
    let blocks: Vec<_> = cases.iter().map(blocks).collect();
    let fixed_mm: f32 = blocks.iter().flatten().map(|block| block.height_mm + CLOSE_MM).sum();
    // What the words leave is shared alike, so that both eyes are of one size.
    let room_mm = BOTTOM_MM - sheet.top_mm - facts.height_mm - fixed_mm;
    let room_mm = room_mm / cases.len().max(1) as f32 - CLOSE_MM;
    for (case, [name, answer, classes]) in cases.iter().zip(blocks) {
        let views = views::block(case, &ink, room_mm)?;
        for block in [name, answer, views, classes] {
            sheet.put(block);
        }
    }
    sheet.put_at_bottom(facts);
    Ok(sheet.finish())
}

/// `pages` as one document, each with its number.
pub fn document(title: &str, date: &str, pages: Vec<Page>, theme: PageTheme) -> Document {
    let (count, ink) = (pages.len(), theme.ink());
    let numbered = |(index, page): (usize, Page)| sheet::numbered(page, index + 1, count, &ink);
    Document {
        title: title.to_owned(),
        subject: NOTICE.to_owned(),
        creator: concat!("fovea ", env!("CARGO_PKG_VERSION")).to_owned(),
        date: date.to_owned(),
        pages: pages.into_iter().enumerate().map(numbered).collect(),
    }
}

#[cfg(test)]
mod tests;
