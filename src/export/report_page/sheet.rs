//! What all pages of a report share: title above, notice and number below, blocks between them.

use super::{NOTICE, ReportCase};
use crate::export::ink::Ink;
use crate::page::{A4_MM, Align, Area, Block, Face, Fit, Page, TextStyle, fitted, line_mm, width_mm};

const MARGIN_MM: f32 = 14.0;
pub const WIDTH_MM: f32 = A4_MM.0 - 2.0 * MARGIN_MM;
/// Where the room for blocks ends.
pub const BOTTOM_MM: f32 = A4_MM.1 - 18.0;
/// Between blocks.
pub const GAP_MM: f32 = 4.0;
const HAIR_MM: f32 = 0.2;

/// A page that is being filled from the top.
pub struct Sheet {
    page: Page,
    pub top_mm: f32,
    /// Between the blocks.
    pub gap_mm: f32,
}

impl Sheet {
    /// With `title` in large letters, `beneath` below it and `aside` at the right.
    pub fn begin(title: &str, beneath: &str, aside: &str, ink: Ink) -> Self {
        let mut head = Block::default();
        let aside_mm = width_mm(Face::Bold, 12.0, aside);
        let right = TextStyle::new(Face::Bold, 12.0, ink.text).aligned(Align::Right);
        head.text((WIDTH_MM, 5.0), right, aside);
        let (size_pt, name) = fitted(Face::Bold, 14.0, WIDTH_MM - aside_mm - 4.0, Fit::Middle, title);
        head.text((0.0, 5.0), TextStyle::new(Face::Bold, size_pt, ink.text), name);
        let (size_pt, beneath) = fitted(Face::Regular, 8.5, WIDTH_MM, Fit::End, beneath);
        head.text((0.0, 10.0), TextStyle::new(Face::Regular, size_pt, ink.quiet), beneath);
        head.fill(Area::new(0.0, 13.0, WIDTH_MM, HAIR_MM), ink.faint);
        let mut page = Page::new(title, A4_MM, ink.ground);
        page.put(head, (MARGIN_MM, 11.0));
        let mut foot = Block::default();
        foot.fill(Area::new(0.0, 0.0, WIDTH_MM, HAIR_MM), ink.faint);
        foot.text((0.0, 5.0), TextStyle::new(Face::Bold, 8.0, ink.warning), NOTICE);
        page.put(foot, (MARGIN_MM, A4_MM.1 - 15.0));
        Self { page, top_mm: 11.0 + 13.0 + GAP_MM, gap_mm: GAP_MM }
    }

    /// Puts `block` below what is there.
    pub fn put(&mut self, block: Block) {
        if block.height_mm > 0.0 {
            let height_mm = block.height_mm;
            self.page.put(block, (MARGIN_MM, self.top_mm));
            self.top_mm += height_mm + self.gap_mm;
        }
    }

    pub fn put_at_bottom(&mut self, block: Block) {
        let top_mm = BOTTOM_MM - block.height_mm;
        self.page.put(block, (MARGIN_MM, top_mm));
    }

    pub fn finish(self) -> Page {
        self.page
    }
}

/// Writes a sheet's number at its foot, and the program. What is no sheet stays as it is.
pub fn numbered(mut page: Page, number: usize, of: usize, ink: &Ink) -> Page {
    if page.size_mm != A4_MM {
        return page;
    }
    let program = concat!("fovea ", env!("CARGO_PKG_VERSION"));
    let words = if of > 1 { format!("{program}   page {number} of {of}") } else { program.to_owned() };
    let mut foot = Block::default();
    foot.text((0.0, 0.0), TextStyle::new(Face::Regular, 7.5, ink.quiet).aligned(Align::Right), words);
    page.put(foot, (A4_MM.0 - MARGIN_MM, A4_MM.1 - 10.0));
    page
}

/// Which of a patient's pictures follows.
pub fn case_name(case: &ReportCase<'_>, ink: &Ink) -> Block {
    // Nearer to what follows than to what stands above.
    let (above_mm, mut block) = (1.6, Block::new(line_mm(10.0) + 1.0));
    let eye = case.eye_name().unwrap_or_default();
    let left_mm = if eye.is_empty() { 0.0 } else { width_mm(Face::Bold, 10.5, eye) + 5.0 };
    block.text((0.0, above_mm + 3.5), TextStyle::new(Face::Bold, 10.5, ink.text), eye);
    let (size_pt, name) = fitted(Face::Regular, 9.0, WIDTH_MM - left_mm, Fit::Middle, case.file_name);
    block.text((left_mm, above_mm + 3.5), TextStyle::new(Face::Regular, size_pt, ink.quiet), name);
    block
}
