//! Colour bars: what a colour of a layer stands for, with true numbers.
//!
//! Must not know where on a page a bar stands.

use std::fmt;

use image::{Rgb, RgbImage};

use super::cam::{CamScale, CamStyle, colour_at};

/// A number beside a bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// From the bar's low end (0) to its high end (1).
    pub along: f32,
    pub label: String,
}

/// What a layer's colours stand for: all of them from the low end to the high one, with numbers and words.
pub struct ColourBar {
    /// The colour so far along the bar, 0 to 1.
    colour: Box<dyn Fn(f32) -> [u8; 3] + Send + Sync>,
    pub ticks: Vec<Tick>,
    /// What the low and the high end mean.
    pub ends: [String; 2],
}

impl fmt::Debug for ColourBar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ColourBar").field("ticks", &self.ticks).field("ends", &self.ends).finish_non_exhaustive()
    }
}

impl ColourBar {
    pub fn new(
        ticks: Vec<Tick>,
        ends: [impl Into<String>; 2],
        colour: impl Fn(f32) -> [u8; 3] + Send + Sync + 'static,
    ) -> Self {
        Self { colour: Box::new(colour), ticks, ends: ends.map(Into::into) }
    }

    /// The colours from low (left) to high (right), `width`×`height` pixels.
    pub fn picture(&self, (width, height): (u32, u32)) -> RgbImage {
        let line: Vec<Rgb<u8>> = (0..width).map(|x| Rgb((self.colour)((x as f32 + 0.5) / width as f32))).collect();
        RgbImage::from_fn(width, height, |x, _| line[x as usize])
    }
}

/// The bar of a class activation map. The part that the style's threshold makes transparent is darkened.
pub fn cam_bar(scale: CamScale, style: &CamStyle) -> ColourBar {
    let (reach, style) = (scale.reach(), style.clone());
    let ends = if scale.is_signed() { ["against", "for"] } else { ["none", "for"] };
    ColourBar::new(ticks(scale.low, scale.high), ends, move |along| {
        let value = scale.low + (scale.high - scale.low) * along;
        let colour = colour_at(along, scale.is_signed(), style.colours);
        let hidden = reach.is_none_or(|reach| value.abs() / reach < style.threshold);
        if hidden { colour.map(|c| 20 + c / 6) } else { colour }
    })
}

/// The brightness of a CLEAR map from no response to `full`, at which it is brightest.
pub fn response_bar(full: f32) -> ColourBar {
    ColourBar::new(ticks(0.0, full), ["no response", "strong"], |along| [(along * 255.0) as u8; 3])
}

/// The numbers at a bar's ends and in its middle; one number where the scale is empty.
pub fn ticks(low: f32, high: f32) -> Vec<Tick> {
    if !(high > low && (high - low).is_finite()) {
        return vec![Tick { along: 0.0, label: "0 (the map is empty)".to_owned() }];
    }
    let tick = |along: f32| Tick { along, label: short_number(low + (high - low) * along) };
    vec![tick(0.0), tick(0.5), tick(1.0)]
}

/// A number with three significant digits, in powers of ten where it is very large or small.
pub fn short_number(value: f32) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".to_owned() } else { "—".to_owned() };
    }
    let text = if !(1e-3..1e5).contains(&size) {
        let (digits, exponent) = (format!("{value:.2e}"), "×10");
        return match digits.split_once('e') {
            Some((digits, power)) => format!("{}{exponent}{}", digits.replace('-', "−"), superscript(power)),
            None => digits,
        };
    } else {
        let decimals = (2 - size.log10().floor() as i32).max(0) as usize;
        format!("{value:.decimals$}")
    };
    text.replace('-', "−")
}

fn superscript(power: &str) -> String {
    let raised = |c: char| match c {
        '-' => '⁻',
        _ => c.to_digit(10).and_then(|d| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(d as usize)).unwrap_or(c),
    };
    power.chars().map(raised).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits() {
        let cases = [(0.0, "0"), (1.5, "1.50"), (-12.34, "−12.3"), (1234.0, "1234"), (0.00321, "0.00321")];
        for (value, text) in cases {
            assert_eq!(short_number(value), text);
        }
        assert_eq!(short_number(4.2e-12), "4.20×10⁻¹²");
        assert_eq!(short_number(-3.0e7), "−3.00×10⁷");
    }

    #[test]
    fn a_bar_ends_in_the_scale_s_colours_and_darkens_what_is_hidden() {
        let style = CamStyle { threshold: 0.3, ..CamStyle::default() };
        let bar = cam_bar(CamScale { low: 0.0, high: 2.0 }, &style).picture((100, 2));
        let yellow = colour_at(0.995, false, style.colours);
        assert_eq!(bar.get_pixel(99, 1).0, yellow);
        assert_eq!(bar.get_pixel(29, 0).0, colour_at(0.295, false, style.colours).map(|c| 20 + c / 6));
        assert_eq!(bar.get_pixel(30, 0).0, colour_at(0.305, false, style.colours));
    }

    #[test]
    fn ticks_show_the_true_ends() {
        let labels = |low, high| ticks(low, high).into_iter().map(|t| t.label).collect::<Vec<_>>();
        assert_eq!(labels(-2.5, 2.5), ["−2.50", "0", "2.50"]);
        assert_eq!(labels(0.0, 0.0).len(), 1);
        assert_eq!(labels(f32::NAN, 1.0).len(), 1);
    }
}
