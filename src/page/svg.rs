//! A page as one SVG file: letters stay letters, typefaces and pictures stand in it as data.
//!
//! Must not know what a page is about.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::text::{Run, Typeface, runs};
use super::{Align, Area, POINTS_OF_MM, Page, PageItem, Rgb, base64, subset};

pub fn written(page: &Page) -> String {
    let mut typefaces = Typefaces::default();
    let mut body = String::new();
    for (index, item) in page.items.iter().enumerate() {
        put(&mut body, &mut typefaces, item, index);
    }
    let (width, height) = page.size_mm;
    let title = escaped(&page.title);
    let ground = colour(page.ground);
    let faces = typefaces.style();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}mm\" height=\"{height}mm\" \
         viewBox=\"0 0 {width} {height}\" xml:lang=\"en\">\n<title>{title}</title>\n<style>{faces}</style>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"{ground}\"/>\n{body}</svg>\n"
    )
}

/// Those of a page, each with its letters.
#[derive(Default)]
struct Typefaces {
    used: Vec<(Typeface, BTreeSet<char>)>,
}

impl Typefaces {
    /// What `run`'s typeface is called on this page.
    fn name(&mut self, run: &Run) -> String {
        let at = self.used.iter().position(|(known, _)| *known == run.typeface).unwrap_or_else(|| {
            self.used.push((run.typeface, BTreeSet::new()));
            self.used.len() - 1
        });
        self.used[at].1.extend(run.words.chars());
        format!("f{at}")
    }

    fn style(&self) -> String {
        let face = |(at, (typeface, letters)): (usize, &(Typeface, BTreeSet<char>))| {
            let bytes = subset::subset(*typeface, letters)?;
            let kind = if bytes.starts_with(b"OTTO") { "otf" } else { "ttf" };
            let data = base64::encoded(&bytes);
            Some(format!("@font-face{{font-family:f{at};src:url(data:font/{kind};base64,{data})}}\n"))
        };
        let faces: String = self.used.iter().enumerate().filter_map(face).collect();
        // Widths were counted without pairs.
        format!("{faces}text{{white-space:pre;font-kerning:none;font-variant-ligatures:none}}")
    }
}

fn put(body: &mut String, typefaces: &mut Typefaces, item: &PageItem, index: usize) {
    // Writing to a string cannot fail.
    let _ = match item {
        PageItem::Text { x_mm, y_mm, style, words } => {
            let size_mm = style.size_pt / POINTS_OF_MM;
            let anchor = match style.align {
                Align::Left => "start",
                Align::Centre => "middle",
                Align::Right => "end",
            };
            let mut parts = String::new();
            for run in runs(style.face, words) {
                let name = typefaces.name(&run);
                let words = escaped(&run.words);
                let _ = write!(parts, "<tspan font-family=\"{name},'DejaVu Sans',sans-serif\">{words}</tspan>");
            }
            writeln!(
                body,
                "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\" text-anchor=\"{anchor}\" xml:space=\"preserve\">{parts}</text>",
                short(*x_mm),
                short(*y_mm),
                short(size_mm),
                colour(style.colour)
            )
        }
        PageItem::Filled { area, colour: of } => writeln!(body, "<rect {} fill=\"{}\"/>", place(area), colour(*of)),
        PageItem::Stroked { area, colour: of, line_mm } => {
            let (area, of, line) = (place(area), colour(*of), short(*line_mm));
            writeln!(body, "<rect {area} fill=\"none\" stroke=\"{of}\" stroke-width=\"{line}\"/>")
        }
        PageItem::Picture { area, picture } => {
            let data = base64::encoded(&picture.jpeg);
            let area = place(area);
            writeln!(body, "<image {area} preserveAspectRatio=\"none\" href=\"data:image/jpeg;base64,{data}\"/>")
        }
        PageItem::Gradient { area, stops } => {
            let mut colours = String::new();
            for (along, of) in stops {
                let _ = write!(colours, "<stop offset=\"{}\" stop-color=\"{}\"/>", fine(*along), colour(*of));
            }
            let area = place(area);
            writeln!(
                body,
                "<linearGradient id=\"g{index}\">{colours}</linearGradient><rect {area} fill=\"url(#g{index})\"/>"
            )
        }
    };
}

fn place(area: &Area) -> String {
    let Area { x_mm, y_mm, width_mm, height_mm } = *area;
    format!("x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", short(x_mm), short(y_mm), short(width_mm), short(height_mm))
}

/// Micrometres are enough.
fn short(value_mm: f32) -> String {
    let text = format!("{value_mm:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn fine(along: f32) -> String {
    format!("{along:.5}")
}

fn colour([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// As XML's own signs ask for; what XML cannot hold at all is no letter.
fn escaped(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for c in words.chars().filter(|c| !c.is_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}')) {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            _ => text.push(c),
        }
    }
    text
}
