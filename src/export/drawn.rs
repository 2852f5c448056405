//! Drawn photographs with drawn maps, for tests of what is made of them.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

use image::{Rgb, RgbImage};

use crate::bundle::{Card, Library};
use crate::explain::attention::Attention;
use crate::explain::{Explanation, Settings, TimingsMs, Verdict, clear};
use crate::geometry::{PixelBox, Transform};
use crate::maps::ClassMaps;
use crate::method::BackwardRule;

pub fn card(name: &str) -> Card {
    Library::open(&[]).unwrap().find(name).unwrap().card.unwrap()
}

/// A disc with a vessel, of `size` pixels.
pub fn photograph((width, height): (u32, u32)) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (x as f32 / width as f32 - 0.5, y as f32 / height as f32 - 0.5);
        let light = (1.0 - 3.6 * (u * u + v * v)).max(0.0);
        let vessel = if (v - 0.3 * (9.0 * u).sin() * u).abs() < 0.008 { 0.4 } else { 1.0 };
        Rgb([230.0, 120.0, 60.0].map(|full: f32| (full * light * vessel) as u8))
    })
}

/// Of as many classes as the card has; every third place speaks for another one.
pub fn explained(card: &Card, rule: BackwardRule, size_px: (u32, u32)) -> Explanation {
    let (classes, side) = (card.classes.len(), 24);
    let value = |c: usize, x: usize, y: usize| {
        let (u, v) = (x as f32 / 23.0 - 0.2 - 0.6 * c as f32 / classes as f32, y as f32 / 23.0 - 0.4);
        (-(u * u + v * v) * 22.0).exp() * (1.0 + c as f32 / 7.0)
    };
    let data = (0..classes * side * side).map(|i| value(i / (side * side), i % side, i / side % side)).collect();
    let cam = ClassMaps::new(classes, side, side, data);
    let response = cam.clone();
    let scores: Vec<f32> = (0..classes).map(|c| 1.3 - ((c as f32) - 2.0).abs() * 0.7).collect();
    let scale = (f64::from(size_px.0) / 24.0, f64::from(size_px.1) / 24.0);
    let mut explanation = Explanation {
        verdict: Verdict::from_scores(&scores, &card.output),
        scores,
        cam,
        cam_layer: None,
        response_shares: clear::shares(&response),
        response,
        source_from_model: Transform::scale_then_move(scale.0, scale.1, 0.0, 0.0),
        source_size_px: size_px,
        attention: None,
        no_box: None,
        normal: card.normal_class(),
        settings: Settings { rule, ..Settings::recommended(card) },
        device: "CPU".to_owned(),
        timings_ms: TimingsMs::default(),
    };
    let bounds = PixelBox { x: size_px.0 / 3, y: size_px.1 / 3, width: size_px.0 / 4, height: size_px.1 / 5 };
    explanation.attention = Some(Attention { class: explanation.shown_class(), bounds, share: 0.34 });
    explanation
}
