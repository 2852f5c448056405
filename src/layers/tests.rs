//! What all layers promise, on small maps made by hand.

use image::{GenericImageView, Rgb};

use super::*;
use crate::bundle::Library;
use crate::compose::CamScale;
use crate::explain::{Explanation, Settings, TimingsMs, Verdict, clear};
use crate::maps::ClassMaps;
use crate::method::{BackwardRule, Evidence};

/// Of 12×8 pixels; the maps have 4×4 cells that lie on its middle.
const SIZE: (u32, u32) = (12, 8);

fn card(name: &str) -> Card {
    Library::open(&[]).unwrap().usable().find(|card| card.name == name).unwrap().clone()
}

/// Class `c`'s CAM is `cam[c]` everywhere; the responses differ from cell to cell unless `response` is 0.
fn explained(card: &Card, cam: [f32; 5], response: f32, rule: BackwardRule) -> Explanation {
    let flat = |values: [f32; 5]| values.iter().flat_map(|v| [*v; 16]).collect::<Vec<_>>();
    let response: Vec<f32> = (0..80).map(|i| response * ((i * 37 + 11) % 53) as f32).collect();
    let response = ClassMaps::new(5, 4, 4, response);
    Explanation {
        scores: cam.to_vec(),
        verdict: Verdict::from_scores(&cam, &card.output),
        cam: ClassMaps::new(5, 4, 4, flat(cam)),
        cam_layer: None,
        response_shares: clear::shares(&response),
        response,
        source_from_model: Transform::scale_then_move(2.0, 2.0, 2.0, 0.0),
        source_size_px: SIZE,
        attention: None,
        no_box: None,
        normal: None,
        settings: Settings { rule, smoothing_px: 0.0, ..Settings::recommended(card) },
        device: "CPU".to_owned(),
        timings_ms: TimingsMs::default(),
    }
}

fn maps(explanation: &Explanation) -> Maps<'_> {
    let (smoothed, cam_scale) = (&explanation.response, CamScale::of_all(&explanation.cam));
    Maps { explanation, smoothed, peak: smoothed.peak(), cam_scale }
}

fn scene<'a>(
    card: &'a Card,
    style: &'a Style,
    explanation: &'a Explanation,
    other: Option<&'a Explanation>,
) -> Scene<'a> {
    Scene {
        card,
        style,
        maps: maps(explanation),
        other: other.map(maps),
        ungradable: None,
        outline: &[],
        box_says: "Red box",
    }
}

const CAM: [f32; 5] = [4.0, 1.5, 1.0, 0.2, 0.0];

#[test]
fn names_and_endings_are_a_contract() {
    let names: Vec<&str> = Layer::ALL.iter().map(|layer| layer.kind().name()).collect();
    assert_eq!(names, ["input", "cam", "clear", "other-clear", "difference"]);
    assert_eq!(Layer::listed(false).collect::<Vec<_>>(), [Layer::Input, Layer::Cam, Layer::Clear]);
    assert_eq!(Layer::listed(true).count(), 5);
    let card = card("retina-dr");
    let endings: Vec<String> = Layer::ALL.iter().flat_map(|layer| layer.kind().files(&card)).collect();
    let classes = |what: &str| (0..5).map(|c| format!("{what}-{c}.png")).collect::<Vec<_>>();
    let whole = ["ungradable", "cam-overlay", "clear-dr", "clear-dr-overlay", "difference"].map(|n| format!("{n}.png"));
    let mut expected = [classes("cam"), classes("response"), whole.to_vec()].concat();
    expected.sort();
    let mut sorted = endings;
    sorted.sort();
    assert_eq!(sorted, expected);
}

#[test]
fn the_rule_stands_in_the_title_where_it_is_not_the_card_s_or_is_compared() {
    let (card, style) = (card("retina-dr"), Style::default());
    let own = explained(&card, CAM, 1.0, card.explanation.rule);
    let mut linear = explained(&card, CAM, 1.0, BackwardRule::Linear);
    let title = |scene: Scene<'_>| Layer::Clear.kind().title(&scene);
    assert_eq!(title(scene(&card, &style, &own, None)), "CLEAR-DR: dominant grade and response");
    assert_eq!(title(scene(&card, &style, &linear, None)), "CLEAR-DR (linear): dominant grade and response");
    let both = scene(&card, &style, &own, Some(&linear));
    assert_eq!(title(both), "CLEAR-DR (guided): dominant grade and response");
    assert_eq!(Layer::OtherClear.kind().title(&both), "CLEAR-DR (linear): dominant grade and response");
    assert_eq!(Layer::Difference.kind().title(&both), "Difference: guided − linear, each of its own maximum");
    linear.settings.evidence = Evidence::Against;
    assert_eq!(title(scene(&card, &style, &linear, None)), "CLEAR-DR (linear): grade most spoken against");
}

#[test]
fn what_a_class_is_called_is_asked_of_the_card_and_not_of_a_title() {
    let (mut card, style) = (card("retina-dr"), Style::default());
    card.output.ordered = false;
    let explanation = explained(&card, CAM, 1.0, card.explanation.rule);
    let title = Layer::Clear.kind().title(&scene(&card, &style, &explanation, None));
    assert_eq!(title, "CLEAR-DR: dominant class and response");
    card.preprocessing.remove(0);
    assert_eq!(Layer::Clear.kind().plain(Some(&card)), "CLEAR");
}

#[test]
fn of_two_classes_the_weaker_one_s_cam_file_is_darker_and_its_view_says_when_it_cannot_be_seen() {
    let (card, mut style) = (card("retina-dr"), Style::default());
    (style.cam.threshold, style.cam.opacity) = (0.2, 1.0);
    let mut explanation = explained(&card, CAM, 1.0, card.explanation.rule);
    let picture = RgbImage::from_pixel(SIZE.0, SIZE.1, Rgb([0; 3]));
    let light = |explanation: &Explanation, class: usize| {
        let scene = scene(&card, &style, explanation, None);
        let file = Layer::Cam.kind().file(class, &scene, &picture).unwrap().picture;
        let [r, g, b, alpha] = file.get_pixel(6, 4).0;
        [r, g, b].iter().map(|v| u32::from(*v)).sum::<u32>() * u32::from(alpha) / 255
    };
    let lights: Vec<u32> = (0..5).map(|class| light(&explanation, class)).collect();
    assert!(lights[0] > lights[1] + 100 && lights[1] > lights[2] && lights[3] == 0, "{lights:?}");
    let mut says = |class| {
        explanation.settings.class = Some(class);
        Layer::Cam.kind().empty(&scene(&card, &style, &explanation, None))
    };
    assert_eq!([says(0), says(2)], [None, None]);
    assert!(says(3).unwrap().starts_with("Too weak to be seen") && says(4).unwrap().starts_with("The map is empty"));
    let bar = Layer::Cam.kind().legend(&scene(&card, &style, &explanation, None)).unwrap();
    assert_eq!(bar.ticks[2].label, "4.00", "the bar shows the scale of all classes");
}

#[test]
fn an_empty_layer_says_so() {
    let (card, mut style) = (card("retina-dr"), Style::default());
    let full = explained(&card, CAM, 1.0, BackwardRule::Guided);
    let silent = explained(&card, [0.0; 5], 0.0, BackwardRule::Linear);
    let says = |layer: Layer, scene: Scene<'_>| layer.kind().empty(&scene);
    let (some, none) = (scene(&card, &style, &full, Some(&full)), scene(&card, &style, &silent, Some(&silent)));
    for layer in [Layer::Cam, Layer::Clear, Layer::OtherClear, Layer::Difference] {
        assert!(says(layer, none).is_some(), "{layer:?}");
        assert_eq!(says(layer, some).is_some(), layer == Layer::Difference, "{layer:?}");
    }
    assert_eq!(says(Layer::Difference, scene(&card, &style, &full, Some(&silent))), None);
    style.clear.enabled = vec![false; 5];
    let off = scene(&card, &style, &full, Some(&silent));
    assert_eq!(says(Layer::Clear, off), Some("All classes are switched off"));
}

#[test]
fn a_region_is_bit_for_bit_a_part_of_the_whole() {
    let (card, style) = (card("retina-dr"), Style::default());
    let guided = explained(&card, CAM, 1.0, BackwardRule::Guided);
    let mut linear = explained(&card, CAM, 9.0, BackwardRule::Linear);
    linear.response.data.reverse();
    let scene = scene(&card, &style, &guided, Some(&linear));
    for layer in Layer::ALL.into_iter().filter(|layer| *layer != Layer::Input) {
        let whole = layer.kind().compose(&scene, &Transform::IDENTITY, SIZE).unwrap();
        let moved = Transform::scale_then_move(1.0, 1.0, -3.0, -2.0);
        let part = layer.kind().compose(&scene, &moved, (7, 5)).unwrap();
        assert_eq!(part, image::imageops::crop_imm(&whole, 3, 2, 7, 5).to_image(), "{layer:?}");
        assert!(part.pixels().any(|pixel| pixel.0[..3] != [0; 3]), "{layer:?}");
    }
}

#[test]
fn the_class_map_has_a_box_where_it_is_wanted_and_nowhere_else() {
    let card = card("retina-dr");
    let mut explanation = explained(&card, [0.0, 0.0, 2.0, 0.0, 0.0], 1.0, BackwardRule::Linear);
    // Two cells of the decided class stand out; each is 2×2 pixels, from the fourth column on.
    let decided = explanation.shown_class();
    explanation.cam.data[16 * decided..16 * (decided + 1)].fill(0.1);
    explanation.cam.data[16 * decided + 5] = 2.0;
    explanation.cam.data[16 * decided + 6] = 1.0;
    let style = Style { cam_boxed: true, ..Style::default() };
    let found = Layer::Cam.kind().red_box(&scene(&card, &style, &explanation, None)).unwrap();
    assert_eq!((found.x, found.y, found.width, found.height), (4, 2, 4, 2));
    assert_eq!(Layer::Cam.kind().red_box(&scene(&card, &Style::default(), &explanation, None)), None);
    let picture = RgbImage::from_pixel(12, 8, Rgb([90; 3]));
    let last = Layer::Cam.kind().files(&card).len() - 1;
    let file =
        |style: &Style| Layer::Cam.kind().file(last, &scene(&card, style, &explanation, None), &picture).unwrap();
    assert_ne!(file(&style).picture, file(&Style::default()).picture, "the box is drawn");
}
