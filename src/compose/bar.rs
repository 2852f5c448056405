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
    /// What stands beside it.
    pub label: String,
}

/// What a layer's colours stand for: all of them from the low end to the high one, with numbers and words.
pub struct ColourBar {
    /// The colour so far along the bar, 0 to 1.
    colour: Box<dyn Fn(f32) -> [u8; 3] + Send + Sync>,
    /// From the lower end to the upper.
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
    /// `colour` is that of a place between 0 (the lower end) and 1; `ends` are the words at both ends.
    pub fn new(
        ticks: Vec<Tick>,
        ends: [impl Into<String>; 2],
        colour: impl Fn(f32) -> [u8; 3] + Send + Sync + 'static,
    ) -> Self {
        Self { colour: Box::new(colour), ticks, ends: ends.map(Into::into) }
    }

    /// The colours as stops of a gradient, each with its place along the bar: as few as show every colour, two at one
    /// place for an edge.
    pub fn stops(&self) -> Vec<(f32, [u8; 3])> {
        const SAMPLES: usize = 256;
        let place = |sample: usize| sample as f32 / SAMPLES as f32;
        let colours: Vec<[u8; 3]> = (0..=SAMPLES).map(|sample| (self.colour)(place(sample))).collect();
        let mut stops = vec![(0.0, colours[0])];
        let mut start = 0;
        for end in 1..=SAMPLES {
            if is_edge(colours[end - 1], colours[end]) {
                let (last, edge) = (place(end - 1), place(end) - 0.5 / SAMPLES as f32);
                stops.extend([(last, colours[end - 1]), (edge, colours[end - 1]), (edge, colours[end])]);
                start = end;
            } else if end == SAMPLES || !is_straight(&colours[start..=end + 1]) {
                stops.push((place(end), colours[end]));
                start = end;
            }
        }
        stops
    }

    /// The colours from low (left) to high (right), `width`×`height` pixels.
    pub fn picture(&self, (width, height): (u32, u32)) -> RgbImage {
        let line: Vec<Rgb<u8>> = (0..width).map(|x| Rgb((self.colour)((x as f32 + 0.5) / width as f32))).collect();
        RgbImage::from_fn(width, height, |x, _| line[x as usize])
    }
}

/// Whether two neighbours are so different that a gradient between them would show colours that the bar has not.
fn is_edge(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(b).any(|(a, b)| a.abs_diff(b) > 24)
}

/// Whether a gradient between the ends gives what lies between, to a step of light.
fn is_straight(colours: &[[u8; 3]]) -> bool {
    let (first, last, count) = (colours[0], colours[colours.len() - 1], colours.len() - 1);
    colours.iter().enumerate().all(|(at, colour)| {
        (0..3).all(|part| {
            let along = at as f32 / count as f32;
            let straight = f32::from(first[part]) + (f32::from(last[part]) - f32::from(first[part])) * along;
            (straight - f32::from(colour[part])).abs() <= 1.0
        })
    })
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
    fn a_gradient_of_the_stops_is_the_bar() {
        let signed = CamScale { low: -2.0, high: 2.0 };
        let style = CamStyle { threshold: 0.3, ..CamStyle::default() };
        for bar in [cam_bar(CamScale { low: 0.0, high: 2.0 }, &style), cam_bar(signed, &style), response_bar(1.0)] {
            let (stops, picture) = (bar.stops(), bar.picture((1000, 1)));
            assert!(stops.len() < 90 && stops[0].0 == 0.0 && stops[stops.len() - 1].0 == 1.0);
            let wrong = picture.pixels().enumerate().filter(|(x, pixel)| {
                let along = (*x as f32 + 0.5) / 1000.0;
                let next = stops.partition_point(|(place, _)| *place <= along).clamp(1, stops.len() - 1);
                let ((from, a), (to, b)) = (stops[next - 1], stops[next]);
                let part = (along - from) / (to - from);
                (0..3).any(|c| {
                    (f32::from(a[c]) + (f32::from(b[c]) - f32::from(a[c])) * part - f32::from(pixel.0[c])).abs() > 4.0
                })
            });
            // Each edge may lie half a sample away.
            assert!(wrong.count() <= 8);
        }
    }

    #[test]
    fn ticks_show_the_true_ends() {
        let labels = |low, high| ticks(low, high).into_iter().map(|t| t.label).collect::<Vec<_>>();
        assert_eq!(labels(-2.5, 2.5), ["−2.50", "0", "2.50"]);
        assert_eq!(labels(0.0, 0.0).len(), 1);
        assert_eq!(labels(f32::NAN, 1.0).len(), 1);
    }
}
