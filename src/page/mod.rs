//! Pages for print as plain data: what stands where, in millimetres from the upper left corner.
//!
//! [`Document::to_pdf`] and [`Page::to_svg`] write the same items; both carry their typefaces and pictures within. This
//! module must not know what a page is about.

pub mod base64;
mod pdf;
mod raster;
mod subset;
mod svg;
mod text;

use std::sync::Arc;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageError, RgbImage};

pub use pdf::PdfError;
pub use text::{Face, Fit, fitted, line_mm, width_mm, wrapped};

/// Width and height of a sheet.
pub const A4_MM: (f32, f32) = (210.0, 297.0);

const POINTS_OF_MM: f32 = 72.0 / 25.4;

/// Red, green and blue.
pub type Rgb = [u8; 3];

/// Where a line of text has its anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Centre,
    Right,
}

/// How words are set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextStyle {
    pub face: Face,
    pub size_pt: f32,
    pub colour: Rgb,
    pub align: Align,
}

impl TextStyle {
    pub fn new(face: Face, size_pt: f32, colour: Rgb) -> Self {
        Self { face, size_pt, colour, align: Align::Left }
    }

    pub fn aligned(self, align: Align) -> Self {
        Self { align, ..self }
    }
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub x_mm: f32,
    pub y_mm: f32,
    pub width_mm: f32,
    pub height_mm: f32,
}

impl Area {
    pub fn new(x_mm: f32, y_mm: f32, width_mm: f32, height_mm: f32) -> Self {
        Self { x_mm, y_mm, width_mm, height_mm }
    }
}

/// Something on a page.
#[derive(Debug, Clone, PartialEq)]
pub enum PageItem {
    /// A line of text; its baseline is at `y_mm`.
    Text {
        x_mm: f32,
        y_mm: f32,
        style: TextStyle,
        words: String,
    },
    Filled {
        area: Area,
        colour: Rgb,
    },
    /// An outline, half inside and half outside of `area`.
    Stroked {
        area: Area,
        colour: Rgb,
        line_mm: f32,
    },
    Picture {
        area: Area,
        picture: PagePicture,
    },
    /// Colours from left to right, each with its place from 0 to 1, in order; two at one place are a sharp edge.
    Gradient {
        area: Area,
        stops: Vec<(f32, Rgb)>,
    },
}

/// A picture as the bytes of a JPEG file.
#[derive(Debug, Clone, PartialEq)]
pub struct PagePicture {
    jpeg: Arc<Vec<u8>>,
}

impl PagePicture {
    /// Fine enough that a lesion's rim stays one.
    const QUALITY: u8 = 92;

    /// # Errors
    /// A picture without pixels, or one that is too large for the format.
    pub fn new(pixels: &RgbImage) -> Result<Self, ImageError> {
        let mut jpeg = Vec::new();
        let (width, height) = pixels.dimensions();
        JpegEncoder::new_with_quality(&mut jpeg, Self::QUALITY).write_image(
            pixels.as_raw(),
            width,
            height,
            ExtendedColorType::Rgb8,
        )?;
        Ok(Self { jpeg: Arc::new(jpeg) })
    }
}

/// Items that belong together, from their own upper left corner.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Block {
    pub height_mm: f32,
    items: Vec<PageItem>,
}

impl Block {
    pub fn new(height_mm: f32) -> Self {
        Self { height_mm, items: Vec::new() }
    }

    pub fn text(&mut self, (x_mm, y_mm): (f32, f32), style: TextStyle, words: impl Into<String>) {
        let words = words.into();
        if !words.is_empty() {
            self.items.push(PageItem::Text { x_mm, y_mm, style, words });
        }
    }

    pub fn fill(&mut self, area: Area, colour: Rgb) {
        self.items.push(PageItem::Filled { area, colour });
    }

    pub fn stroke(&mut self, area: Area, colour: Rgb, line_mm: f32) {
        self.items.push(PageItem::Stroked { area, colour, line_mm });
    }

    pub fn picture(&mut self, area: Area, picture: PagePicture) {
        self.items.push(PageItem::Picture { area, picture });
    }

    pub fn gradient(&mut self, area: Area, stops: Vec<(f32, Rgb)>) {
        self.items.push(PageItem::Gradient { area, stops });
    }

    /// Puts `other` with its corner at (`x_mm`, `y_mm`).
    pub fn put(&mut self, other: Self, (x_mm, y_mm): (f32, f32)) {
        let moved = |item: PageItem| item.moved(x_mm, y_mm);
        self.items.extend(other.items.into_iter().map(moved));
    }
}

impl PageItem {
    fn moved(mut self, by_x_mm: f32, by_y_mm: f32) -> Self {
        let (x, y) = match &mut self {
            Self::Text { x_mm, y_mm, .. } => (x_mm, y_mm),
            Self::Filled { area, .. }
            | Self::Stroked { area, .. }
            | Self::Picture { area, .. }
            | Self::Gradient { area, .. } => (&mut area.x_mm, &mut area.y_mm),
        };
        *x += by_x_mm;
        *y += by_y_mm;
        self
    }
}

/// A page, its ground covered by one colour.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub title: String,
    pub size_mm: (f32, f32),
    pub ground: Rgb,
    items: Vec<PageItem>,
}

impl Page {
    pub fn new(title: impl Into<String>, size_mm: (f32, f32), ground: Rgb) -> Self {
        Self { title: title.into(), size_mm, ground, items: Vec::new() }
    }

    /// Puts `block` with its corner at (`x_mm`, `y_mm`).
    pub fn put(&mut self, block: Block, (x_mm, y_mm): (f32, f32)) {
        self.items.extend(block.items.into_iter().map(|item| item.moved(x_mm, y_mm)));
    }

    pub fn items(&self) -> &[PageItem] {
        &self.items
    }

    /// One SVG file, which refers to nothing outside itself.
    pub fn to_svg(&self) -> String {
        svg::written(self)
    }

    /// As pixels.
    ///
    /// # Errors
    /// A page of more dots than anybody prints.
    pub fn to_picture(&self, dots_per_inch: f32) -> Result<RgbImage, ImageError> {
        raster::drawn(self, dots_per_inch)
    }
}

/// What a PDF says of itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    pub title: String,
    pub subject: String,
    /// The program.
    pub creator: String,
    /// UTC, as ISO 8601 has it; left out where it is none.
    pub date: String,
    pub pages: Vec<Page>,
}

impl Document {
    /// # Errors
    /// A typeface or picture that cannot be embedded.
    pub fn to_pdf(&self) -> Result<Vec<u8>, PdfError> {
        pdf::written(self)
    }
}

#[cfg(test)]
mod tests;
