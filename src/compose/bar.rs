//! Colour bars: what a colour of a layer stands for, with true numbers.
//!
//! Must not know where on a page a bar stands.

use image::{Rgb, RgbImage};

use super::cam::{CamScale, CamStyle, colour_at};

/// A number beside a bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// From the bar's low end (0) to its high end (1).
    pub along: f32,
    pub label: String,
}

/// The colours of a class activation map from low (left) to high (right), `width`×`height` pixels. The part that the
/// style's threshold makes transparent is darkened.
pub fn cam_bar(scale: CamScale, style: &CamStyle, (width, height): (u32, u32)) -> RgbImage {
    let reach = scale.reach();
    RgbImage::from_fn(width, height, |x, _| {
        let along = (x as f32 + 0.5) / width as f32;
        let value = scale.low + (scale.high - scale.low) * along;
        let colour = colour_at(along, scale.is_signed(), style.colours);
        let hidden = reach.is_none_or(|reach| value.abs() / reach < style.threshold);
        Rgb(if hidden { colour.map(|c| 20 + c / 6) } else { colour })
    })
}

/// The brightness of a CLEAR map from no response (left) to full brightness (right).
pub fn response_bar((width, height): (u32, u32)) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| Rgb([((x as f32 + 0.5) / width as f32 * 255.0) as u8; 3]))
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
        let bar = cam_bar(CamScale { low: 0.0, high: 2.0 }, &style, (100, 2));
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
