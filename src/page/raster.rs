//! A page as pixels, for whoever cannot take vectors. Must not know what a page is about.

use ab_glyph::PxScale;
use image::imageops::{FilterType, overlay, resize};
use image::{ImageError, RgbImage};
use imageproc::drawing::{draw_filled_rect_mut, draw_text_mut};
use imageproc::rect::Rect;

use super::text::runs;
use super::{Align, Area, POINTS_OF_MM, Page, PageItem, Rgb, TextStyle};

const MM_OF_INCH: f32 = 25.4;
/// Of a side: some 800 MB would be more than anybody prints.
const MOST_PX: f32 = 16_000.0;

/// The page at so many dots an inch.
///
/// # Errors
/// A picture on it that cannot be read back, or a page of too many dots.
pub fn drawn(page: &Page, dots_per_inch: f32) -> Result<RgbImage, ImageError> {
    let dots = dots_per_inch / MM_OF_INCH;
    let (width, height) = (page.size_mm.0 * dots, page.size_mm.1 * dots);
    if !(1.0..=MOST_PX).contains(&width) || !(1.0..=MOST_PX).contains(&height) {
        let kind = image::error::LimitErrorKind::DimensionError;
        return Err(ImageError::Limits(image::error::LimitError::from_kind(kind)));
    }
    let ground = image::Rgb(page.ground);
    let mut sheet = Sheet { pixels: RgbImage::from_pixel(width.round() as u32, height.round() as u32, ground), dots };
    page.items().iter().try_for_each(|item| sheet.put(item))?;
    Ok(sheet.pixels)
}

struct Sheet {
    pixels: RgbImage,
    /// A millimetre.
    dots: f32,
}

impl Sheet {
    fn put(&mut self, item: &PageItem) -> Result<(), ImageError> {
        match item {
            PageItem::Text { x_mm, y_mm, style, words } => self.text((*x_mm, *y_mm), style, words),
            PageItem::Filled { area, colour } => self.fill(area, *colour),
            PageItem::Stroked { area, colour, line_mm } => self.stroke(area, *colour, *line_mm),
            PageItem::Picture { area, picture } => {
                let (left, top, width, height) = self.place(area);
                let pixels = image::load_from_memory(&picture.jpeg)?.into_rgb8();
                let sized = resize(&pixels, width.max(1), height.max(1), FilterType::CatmullRom);
                overlay(&mut self.pixels, &sized, left.into(), top.into());
            }
            PageItem::Gradient { area, stops } => {
                let (left, top, width, height) = self.place(area);
                for x in 0..width {
                    let along = (x as f32 + 0.5) / width as f32;
                    let column = Rect::at(left + x as i32, top).of_size(1, height.max(1));
                    draw_filled_rect_mut(&mut self.pixels, column, image::Rgb(colour_at(stops, along)));
                }
            }
        }
        Ok(())
    }

    /// Left, top, width and height in dots.
    fn place(&self, area: &Area) -> (i32, i32, u32, u32) {
        let edge = |mm: f32| (mm * self.dots).round();
        let (left, top) = (edge(area.x_mm), edge(area.y_mm));
        let (right, bottom) = (edge(area.x_mm + area.width_mm), edge(area.y_mm + area.height_mm));
        (left as i32, top as i32, (right - left).max(0.0) as u32, (bottom - top).max(0.0) as u32)
    }

    fn fill(&mut self, area: &Area, colour: Rgb) {
        let (left, top, width, height) = self.place(area);
        // A hairline is seen, however few dots there are.
        let place = Rect::at(left, top).of_size(width.max(1), height.max(1));
        draw_filled_rect_mut(&mut self.pixels, place, image::Rgb(colour));
    }

    fn stroke(&mut self, area: &Area, colour: Rgb, line_mm: f32) {
        let Area { x_mm, y_mm, width_mm, height_mm } = *area;
        let half = line_mm / 2.0;
        let (left, top) = (x_mm - half, y_mm - half);
        let (wide, high) = (width_mm + line_mm, height_mm + line_mm);
        self.fill(&Area::new(left, top, wide, line_mm), colour);
        self.fill(&Area::new(left, y_mm + height_mm - half, wide, line_mm), colour);
        self.fill(&Area::new(left, top, line_mm, high), colour);
        self.fill(&Area::new(x_mm + width_mm - half, top, line_mm, high), colour);
    }

    fn text(&mut self, (x_mm, y_mm): (f32, f32), style: &TextStyle, words: &str) {
        let em = style.size_pt / POINTS_OF_MM * self.dots;
        let runs = runs(style.face, words);
        let width = em * runs.iter().map(super::text::Run::width_em).sum::<f32>();
        let mut x = x_mm * self.dots
            - match style.align {
                Align::Left => 0.0,
                Align::Centre => width / 2.0,
                Align::Right => width,
            };
        for run in runs {
            let font = run.typeface.font();
            // `PxScale` is a typeface's whole height, and the em a part of that.
            let height_unscaled = ab_glyph::Font::height_unscaled(font);
            let scale = em * height_unscaled / ab_glyph::Font::units_per_em(font).unwrap_or(height_unscaled);
            let ascent = ab_glyph::Font::ascent_unscaled(font) / height_unscaled * scale;
            let (left, top) = (x.round() as i32, (y_mm * self.dots - ascent).round() as i32);
            draw_text_mut(
                &mut self.pixels,
                image::Rgb(style.colour),
                left,
                top,
                PxScale::from(scale),
                font,
                &run.words,
            );
            x += em * run.width_em();
        }
    }
}

/// Between the stops on either side.
fn colour_at(stops: &[(f32, Rgb)], along: f32) -> Rgb {
    let after = stops.iter().position(|(place, _)| *place >= along).unwrap_or(stops.len());
    let (Some(low), Some(high)) = (stops.get(after.saturating_sub(1)), stops.get(after).or(stops.last())) else {
        return [0; 3];
    };
    let part = ((along - low.0) / (high.0 - low.0).max(f32::EPSILON)).clamp(0.0, 1.0);
    std::array::from_fn(|channel| {
        let (a, b) = (f32::from(low.1[channel]), f32::from(high.1[channel]));
        (a + (b - a) * part).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{Block, Face, PagePicture};

    #[test]
    fn what_stands_on_the_page_stands_in_the_picture() {
        let mut block = Block::new(20.0);
        block.fill(Area::new(0.0, 0.0, 5.0, 5.0), [255, 0, 0]);
        block.stroke(Area::new(10.0, 0.0, 5.0, 5.0), [0, 0, 255], 0.4);
        block.gradient(Area::new(0.0, 10.0, 10.0, 2.0), vec![(0.0, [0; 3]), (1.0, [200; 3])]);
        block.picture(
            Area::new(20.0, 0.0, 5.0, 5.0),
            PagePicture::new(&RgbImage::from_pixel(8, 8, image::Rgb([0, 200, 0]))).unwrap(),
        );
        block.text((25.0, 18.0), TextStyle::new(Face::Bold, 10.0, [0; 3]).aligned(Align::Right), "Moderate");
        let mut page = Page::new("p", (30.0, 22.0), [255; 3]);
        page.put(block, (1.0, 1.0));
        let drawn = drawn(&page, 254.0).unwrap();
        assert_eq!(drawn.dimensions(), (300, 220));
        let at = |x_mm: f32, y_mm: f32| drawn.get_pixel((10.0 * x_mm) as u32, (10.0 * y_mm) as u32).0;
        assert_eq!((at(3.0, 3.0), at(7.0, 3.0)), ([255, 0, 0], [255; 3]));
        assert_eq!((at(11.0, 3.0), at(13.0, 3.0)), ([0, 0, 255], [255; 3]));
        let [low, high] = [at(2.0, 12.0)[0], at(10.0, 12.0)[0]];
        assert!(low < 30 && high > 170, "{low}, {high}");
        assert!(at(23.0, 3.0)[1] > 190 && at(23.0, 3.0)[0] < 10);
        let is_ink = |x: u32, y: u32| drawn.get_pixel(x, y).0[0] < 100;
        let ink: Vec<u32> = (0..300).filter(|x| (150..200).any(|y| is_ink(*x, y))).collect();
        let (first, last) = (ink[0], *ink.last().unwrap());
        let width = crate::page::width_mm(Face::Bold, 10.0, "Moderate") * 10.0;
        assert!(last.abs_diff(260) <= 6 && (last - first).abs_diff(width as u32) <= 9, "{first} to {last}, {width}");
    }

    #[test]
    fn a_page_of_too_many_dots_is_refused() {
        assert!(drawn(&Page::new("p", (210.0, 297.0), [255; 3]), 3000.0).is_err());
    }
}
