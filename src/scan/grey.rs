//! Grey values with a meaning, and their display under a window. Must not know files or DICOM.
//!
//! A pixel is held as a 16-bit code; a table gives each code its value. Windowing is then one look-up a pixel.

use std::ops::RangeInclusive;
use std::sync::OnceLock;

use image::{GrayImage, ImageBuffer, Luma, RgbImage};
use rayon::prelude::*;

use super::window::{GreyDisplay, Preset, Voi, Window};

/// Share of the pixels that the automatic window leaves out at either end.
const AUTO_TAIL: f64 = 0.005;

/// Grey pixels, what their codes mean, and which of them are no picture.
#[derive(Debug, Clone)]
pub struct GreyValues {
    /// As they are stored, upright.
    pub codes: ImageBuffer<Luma<u16>, Vec<u16>>,
    /// The value of each code, after the modality LUT. Codes beyond its end do not occur.
    values: Vec<f64>,
    /// Codes that fill up where nothing was measured: always background, and no part of the automatic window.
    padding: Option<RangeInclusive<u16>>,
    /// Whether low values are light (MONOCHROME1). Applied once, by [`GreyValues::lookup`].
    low_is_light: bool,
    /// What the file offers; never empty, and the first is the default.
    presets: Vec<Preset>,
    /// Counted when it is first asked for: it takes a look at every pixel.
    counted: OnceLock<Vec<(f64, u64)>>,
}

impl GreyValues {
    /// `presets` are the file's own windows and tables. Without any the automatic window is the default, for up to 8
    /// bits the whole range. `None` where a code has no value in the table.
    pub fn new(
        codes: ImageBuffer<Luma<u16>, Vec<u16>>,
        values: Vec<f64>,
        padding: Option<RangeInclusive<u16>>,
        low_is_light: bool,
        presets: Vec<Preset>,
    ) -> Option<Self> {
        let highest = codes.par_iter().copied().max().unwrap_or(0);
        let mut grey = Self { codes, values, padding, low_is_light, presets, counted: OnceLock::new() };
        if usize::from(highest) >= grey.values.len() {
            return None;
        }
        if grey.presets.is_empty() {
            grey.presets.push(grey.own_preset());
        }
        Some(grey)
    }

    fn own_preset(&self) -> Preset {
        // Eight bits were made for a screen: secondary captures are shown as they are.
        let is_deep = self.values.len() > 256;
        match (self.values.first().copied(), self.values.last().copied()) {
            (Some(low), Some(high)) if !is_deep => {
                let voi = Voi::Window(Window::spanning(low.min(high), low.max(high)));
                Preset { name: "Whole range".to_owned(), voi }
            }
            _ => Preset { name: "Automatic".to_owned(), voi: Voi::Window(self.auto_window()) },
        }
    }

    /// The windows and tables that the file offers.
    pub fn presets(&self) -> &[Preset] {
        &self.presets
    }

    /// How the picture is shown at first, and what a model is given.
    pub fn default_voi(&self) -> &Voi {
        &self.presets[0].voi
    }

    /// As the file wants to be shown.
    pub fn default_display(&self) -> GreyDisplay {
        GreyDisplay { voi: self.default_voi().clone(), inverted: false }
    }

    /// Bits that the codes need.
    pub fn bits(&self) -> u8 {
        (usize::BITS - self.values.len().saturating_sub(1).leading_zeros()).max(1) as u8
    }

    /// Values that mean themselves, as those of a PNG or TIFF, shown from black to white over all `bits`.
    pub fn plain(codes: ImageBuffer<Luma<u16>, Vec<u16>>, bits: u8) -> Self {
        let most = ((1u32 << bits.clamp(1, 16)) - 1) as u16;
        let whole = Preset { name: "Whole range".to_owned(), voi: Voi::Window(Window::spanning(0.0, f64::from(most))) };
        let values = (0..=most).map(f64::from).collect();
        Self { codes, values, padding: None, low_is_light: false, presets: vec![whole], counted: OnceLock::new() }
    }

    /// An 8-bit picture.
    pub fn from_bytes(bytes: &GrayImage) -> Self {
        let codes =
            ImageBuffer::from_fn(bytes.width(), bytes.height(), |x, y| Luma([bytes.get_pixel(x, y).0[0].into()]));
        Self::plain(codes, 8)
    }

    /// Width and height in pixels.
    pub fn size_px(&self) -> (u32, u32) {
        self.codes.dimensions()
    }

    /// The value at a pixel after the modality LUT; `None` beyond the picture and in padding.
    pub fn value(&self, x: u32, y: u32) -> Option<f64> {
        let code = self.codes.get_pixel_checked(x, y)?.0[0];
        (!self.is_padding(code)).then(|| self.values[usize::from(code)])
    }

    /// The value that a code stands for, padding or not.
    pub fn value_of(&self, code: u16) -> Option<f64> {
        self.values.get(usize::from(code)).copied()
    }

    /// Whether the code stands for no value (PixelPaddingValue, 0028,0120).
    pub fn is_padding(&self, code: u16) -> bool {
        self.padding.as_ref().is_some_and(|range| range.contains(&code))
    }

    /// The lowest and the highest value outside padding: the ends of a slider.
    pub fn range(&self) -> (f64, f64) {
        let counted = self.counted();
        match (counted.first(), counted.last()) {
            (Some(low), Some(high)) => (low.0, high.0),
            _ => (0.0, 1.0),
        }
    }

    /// The window from the 0.5th to the 99.5th percentile outside padding.
    pub fn auto_window(&self) -> Window {
        let counted = self.counted();
        let all: u64 = counted.iter().map(|(_, count)| count).sum();
        let tail = (all as f64 * AUTO_TAIL).floor() as u64;
        let reach = |mut from: Box<dyn Iterator<Item = &(f64, u64)> + '_>| {
            let mut left = tail;
            from.find(|(_, count)| {
                let within = left < *count;
                left = left.saturating_sub(*count);
                within
            })
            .map(|(value, _)| *value)
        };
        match (reach(Box::new(counted.iter())), reach(Box::new(counted.iter().rev()))) {
            (Some(low), Some(high)) => Window::spanning(low, high),
            _ => Window::spanning(0.0, 1.0),
        }
    }

    /// The 8-bit grey of every code under `voi`. Padding is black, whichever way round the picture is.
    pub fn lookup(&self, voi: &Voi, inverted: bool) -> Vec<u8> {
        let turned = self.low_is_light != inverted;
        let grey = |(code, value): (usize, &f64)| {
            if self.is_padding(code as u16) {
                return 0;
            }
            let light = voi.light(*value);
            let light = if turned { 1.0 - light } else { light };
            (light * 255.0).round() as u8
        };
        self.values.par_iter().enumerate().with_min_len(4096).map(grey).collect()
    }

    /// The whole picture under `voi`, as a screen shows it; `inverted` is the viewer's own wish.
    pub fn display(&self, voi: &Voi, inverted: bool) -> GrayImage {
        let (width, height) = self.size_px();
        let mut shown = GrayImage::new(width, height);
        self.light_up(&mut shown, voi, inverted, |light| [light]);
        shown
    }

    /// Like [`Self::display`], in colour.
    pub fn display_rgb(&self, voi: &Voi, inverted: bool) -> RgbImage {
        let (width, height) = self.size_px();
        let mut shown = RgbImage::new(width, height);
        self.light_up(&mut shown, voi, inverted, |light| [light; 3]);
        shown
    }

    fn light_up<const N: usize>(&self, shown: &mut [u8], voi: &Voi, inverted: bool, pixel: fn(u8) -> [u8; N]) {
        let lookup: Vec<[u8; N]> = self.lookup(voi, inverted).into_iter().map(pixel).collect();
        let (shown, _) = shown.as_chunks_mut::<N>();
        let line = self.codes.width().max(1) as usize;
        let lines = shown.par_chunks_mut(line).zip(self.codes.par_chunks(line)).with_min_len(16);
        lines.for_each(|(out, codes)| out.iter_mut().zip(codes).for_each(|(o, c)| *o = lookup[usize::from(*c)]));
    }

    /// Values that occur outside padding, rising, with how often they do.
    fn counted(&self) -> &[(f64, u64)] {
        self.counted.get_or_init(|| self.count())
    }

    fn count(&self) -> Vec<(f64, u64)> {
        let add = |mut counts: Vec<u64>, codes: &[u16]| {
            codes.iter().for_each(|code| counts[usize::from(*code)] += 1);
            counts
        };
        let none = || vec![0u64; self.values.len()];
        let sum = |mut a: Vec<u64>, b: Vec<u64>| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            a
        };
        let counts = self.codes.par_chunks(1 << 20).fold(none, add).reduce(none, sum);
        let occurs = |(code, count): &(usize, u64)| *count > 0 && !self.is_padding(*code as u16);
        let mut counted: Vec<_> =
            counts.into_iter().enumerate().filter(occurs).map(|(code, count)| (self.values[code], count)).collect();
        counted.sort_by(|a, b| a.0.total_cmp(&b.0));
        counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(padding: Option<RangeInclusive<u16>>, low_is_light: bool) -> GreyValues {
        let codes = ImageBuffer::from_fn(1000, 1, |x, _| Luma([x as u16]));
        GreyValues::new(codes, (0..1000).map(f64::from).collect(), padding, low_is_light, Vec::new()).unwrap()
    }

    #[test]
    fn the_automatic_window_leaves_out_its_tails_and_padding() {
        let Window { centre, width, .. } = ramp(None, false).auto_window();
        assert_eq!((centre, width), (499.5, 989.0), "from 5 to 994");
        let Window { centre, width, .. } = ramp(Some(0..=799), false).auto_window();
        assert_eq!((centre, width), (899.5, 197.0), "one of 200 at either end: from 801 to 998");
        assert_eq!(ramp(Some(0..=799), false).range(), (800.0, 999.0));
    }

    #[test]
    fn inversion_happens_once_and_padding_stays_black() {
        let voi = Voi::Window(Window::spanning(0.0, 999.0));
        let ends = |grey: &GreyValues, inverted| {
            let shown = grey.display(&voi, inverted);
            [shown.get_pixel(10, 0).0[0], shown.get_pixel(999, 0).0[0]]
        };
        assert_eq!(ends(&ramp(None, false), false), [3, 255]);
        assert_eq!(ends(&ramp(None, true), false), [252, 0]);
        assert_eq!(ends(&ramp(None, true), true), [3, 255]);
        assert_eq!(ends(&ramp(Some(0..=20), true), false), [0, 0]);
        assert_eq!(ramp(Some(0..=20), true).value(10, 0), None);
    }

    #[test]
    fn a_code_without_a_value_is_refused() {
        let codes = ImageBuffer::from_fn(2, 1, |x, _| Luma([x as u16 * 9]));
        assert!(GreyValues::new(codes, vec![0.0; 9], None, false, Vec::new()).is_none());
    }
}
