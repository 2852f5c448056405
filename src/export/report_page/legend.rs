//! Colour bars and the colours of the classes alone, as vectors for whoever sets a figure.

use super::{ReportCase, classes, views};
use crate::export::ink::PageTheme;
use crate::page::{Area, Block, Face, Fit, Page, TextStyle, fitted, line_mm};

const WIDTH_MM: f32 = 90.0;
const PAD_MM: f32 = 4.0;
const ROOM_MM: f32 = WIDTH_MM - 2.0 * PAD_MM;
const ROW_MM: f32 = 5.0;

/// As large as its contents. Of a picture whose answer is held back only the classes.
pub fn legend_page(case: &ReportCase<'_>, theme: PageTheme) -> Page {
    let (ink, pictures) = (theme.ink(), case.pictures);
    let (scene, mut block) = (pictures.scene(), Block::new(PAD_MM));
    let bars = pictures.layers().filter(|_| !pictures.report().is_refused);
    for (title, bar) in bars.filter_map(|layer| Some((layer.kind().title(&scene), layer.kind().legend(&scene)?))) {
        let (size_pt, title) = fitted(Face::Bold, 8.0, ROOM_MM, Fit::End, &title);
        block.text(
            (PAD_MM, block.height_mm + 0.75 * line_mm(8.0)),
            TextStyle::new(Face::Bold, size_pt, ink.text),
            title,
        );
        block.height_mm += line_mm(8.0) + 1.0;
        let bar = views::bar(&bar, ROOM_MM, &ink);
        let height_mm = bar.height_mm;
        block.put(bar, (PAD_MM, block.height_mm));
        block.height_mm += height_mm + 2.5;
    }
    for entry in pictures.legend_entries() {
        let area = Area::new(PAD_MM, block.height_mm + 0.6, 3.4, 3.4);
        classes::swatch(&mut block, &entry, area, &ink);
        let (size_pt, label) = fitted(Face::Regular, 8.5, ROOM_MM - 6.0, Fit::End, &entry.label);
        block.text((PAD_MM + 6.0, block.height_mm + 3.5), TextStyle::new(Face::Regular, size_pt, ink.text), label);
        block.height_mm += ROW_MM;
    }
    let mut page = Page::new(format!("Legend: {}", case.file_name), (WIDTH_MM, block.height_mm + PAD_MM), ink.ground);
    page.put(block, (0.0, 0.0));
    page
}
