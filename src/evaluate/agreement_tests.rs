//! The same figures as Quantus and scikit-image have of the same maps: `tests/reference/maps.py` wrote them down.

use std::convert::Infallible;

use serde::Deserialize;

use super::fill::{Fill, Filler, Planes};
use super::place::{Extent, Pointer, Region, Size, found_by, iou};
use super::similarity::Similarity;
use super::truth::{Order, ways};

#[derive(Deserialize)]
struct Reference {
    side: usize,
    step: usize,
    cases: Vec<Reading>,
}

#[derive(Deserialize)]
struct Reading {
    map: Vec<f32>,
    other: Vec<f32>,
    mask: Vec<u8>,
    picture: Vec<f32>,
    weights: Vec<f32>,
    bias: f32,
    pointing: f64,
    energy: f64,
    iou_from_half: f64,
    spearman: f64,
    ssim: f64,
    deletion: Vec<f64>,
    insertion: Vec<f64>,
    deletion_area: f64,
    insertion_area: f64,
}

fn reference() -> Reference {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/maps.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() < 1e-3, "{what}: {found} where {expected} is expected");
}

#[test]
fn places_and_likeness_are_those_of_quantus() {
    let Reference { side, cases, .. } = reference();
    assert!(cases.iter().any(|case| case.pointing == 1.0) && cases.iter().any(|case| case.pointing == 0.0));
    for case in &cases {
        let pixels = (0..side * side).filter(|at| case.mask[*at] > 0).collect();
        let region = Region { kind: "marked".to_owned(), size: Size::Large, extent: Extent::Pixels(pixels) };
        let (placed, marked) = found_by(Pointer::Middle, &case.map, &[region], (side, side));
        // The tolerance of half a pixel reaches no neighbour.
        close(placed.found[0].pointing, case.pointing, "pointing");
        close(placed.found[0].energy, case.energy, "energy");
        close(iou(&placed, &placed.found[0], &marked[0], 9), case.iou_from_half, "IoU");
        let found = Similarity::of(&case.map, &case.other, (side, side), &vec![true; side * side]);
        close(found.spearman.unwrap(), case.spearman, "Spearman");
        close(found.ssim.unwrap(), case.ssim, "SSIM");
    }
}

#[test]
fn curves_are_those_of_quantus() {
    let Reference { side, step, cases } = reference();
    for case in &cases {
        let probability = |values: &[f32]| {
            let score: f32 = values.iter().zip(&case.weights).map(|(v, w)| v * w).sum::<f32>() + case.bias;
            1.0 / (1.0 + (-score).exp())
        };
        let picture = Planes { values: case.picture.clone(), channels: 1, height: side, width: side };
        let field = vec![true; side * side];
        let filler = Filler::new(&picture, &field, Fill::Black);
        let order = Order::strongest_first(&field, side, 1, &case.map, 1);
        let ends = [probability(&vec![0.0; side * side]), probability(&case.picture)];
        let asked = |picture: Planes| Ok::<_, Infallible>(Some(probability(&picture.values)));
        let found = ways(&order, &filler, side * side / step, ends, asked).unwrap().unwrap();
        for (values, expected, what) in
            [(&found.deletion, &case.deletion, "deletion"), (&found.insertion, &case.insertion, "insertion")]
        {
            assert_eq!(values.len(), expected.len());
            values.iter().zip(expected).for_each(|(value, expected)| close(f64::from(*value), *expected, what));
        }
        close(found.areas[0], case.insertion_area, "insertion's area");
        close(found.areas[1], case.deletion_area, "deletion's area");
    }
}
