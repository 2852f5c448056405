//! What a report was made of and with: sums of picture and model, date, settings, versions.

use super::ReportCase;
use super::sheet::WIDTH_MM;
use crate::export::ink::Ink;
use crate::page::{Area, Block, Face, Fit, TextStyle, fitted};

const SIZE_PT: f32 = 7.0;
const ROW_MM: f32 = 3.5;
const KEYS_MM: f32 = 20.0;

/// Of all pictures of a page; what they share stands once.
pub fn block(cases: &[ReportCase<'_>], ink: &Ink) -> Block {
    let mut rows: Vec<(String, String)> = Vec::new();
    for case in cases {
        let (key, value) = of_picture(case);
        let key = match case.eye.filter(|_| cases.len() > 1) {
            Some(eye) => format!("{key} {}", eye.short_name()),
            None => key.to_owned(),
        };
        rows.push((key, value));
    }
    for (key, value) in cases.iter().flat_map(shared) {
        let row = (key.to_owned(), value);
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows.retain(|(_, value)| !value.is_empty());
    let mut block = Block::new(2.0 + ROW_MM * rows.len() as f32);
    block.fill(Area::new(0.0, 0.0, WIDTH_MM, 0.2), ink.faint);
    for (row, (key, value)) in rows.into_iter().enumerate() {
        let baseline_mm = 1.6 + ROW_MM * row as f32 + 2.6;
        block.text((0.0, baseline_mm), TextStyle::new(Face::Regular, SIZE_PT, ink.quiet), key);
        let (size_pt, value) = fitted(Face::Regular, SIZE_PT, WIDTH_MM - KEYS_MM, Fit::End, &value);
        block.text((KEYS_MM, baseline_mm), TextStyle::new(Face::Regular, size_pt, ink.text), value);
    }
    block
}

fn of_picture(case: &ReportCase<'_>) -> (&'static str, String) {
    let record = case.record;
    let sum = record.picture_sha256.as_deref().map_or("SHA-256 not known".to_owned(), |sum| format!("SHA-256 {sum}"));
    let mut picture = vec![sum, format!("{} × {} px", record.source_width_px, record.source_height_px)];
    picture.extend(record.frame.map(|frame| format!("frame {frame}")));
    if let Some(window) = &record.window {
        let inverted = if window.inverted { ", inverted" } else { "" };
        picture.push(match (window.centre, window.width) {
            (Some(centre), Some(width)) => format!("window {centre} / {width} {}{inverted}", window.function),
            _ => format!("window of the file's own {}{inverted}", window.function),
        });
    }
    ("Picture", picture.join(", "))
}

fn shared(case: &ReportCase<'_>) -> [(&'static str, String); 4] {
    let (record, card, settings) = (case.record, case.pictures.card, &case.record.settings);
    let class = card.classes.get(settings.shown_class).map(crate::bundle::card::Class::full_name).unwrap_or_default();
    let rule = match settings.compare_rule {
        Some(other) => format!("rules {} and {}", settings.rule.name(), other.name()),
        None => format!("rule {}", settings.rule.name()),
    };
    let layer = settings.cam_layer.as_ref().map(|layer| format!(" at {layer}")).unwrap_or_default();
    let method = format!(
        "{rule}, evidence {}, magnitude {}, smoothing {} px, {}{layer}, shown class {class}",
        settings.evidence.name(),
        settings.magnitude.name(),
        settings.smoothing_px,
        settings.cam.title(),
    );
    let style = &record.style;
    let percent = |fraction: f32| format!("{:.0} %", 100.0 * fraction);
    let clear =
        if style.clear.on_black { "on black".to_owned() } else { format!("opacity {}", percent(style.clear.opacity)) };
    let drawing = format!(
        "CAM {} opacity {} from {} of the scale on, CLEAR {clear} gain {}, palette {}",
        style.cam.colours.name(),
        percent(style.cam.opacity),
        percent(style.cam.threshold),
        style.clear.gain,
        style.palette.name(),
    );
    [
        ("Model", format!("SHA-256 {}, {} {}", record.model_sha256, record.model, card.version)),
        ("Settings", method),
        ("Drawing", drawing),
        ("Made", format!("{}, fovea {}, {}", record.date, record.version, record.device)),
    ]
}
