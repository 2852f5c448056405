//! Properties of the two methods that hold whatever the weights are.
#![allow(clippy::unwrap_used, clippy::print_stderr)] // A panic is how a test fails.

mod common;

use common::{
    card, family_card, formula_bundle, formula_input, mirrored_input, mirrored_maps, on_cpu, reference_card,
    relative_error,
};
use fovea::bundle::Bundle;
use fovea::explain::clear;
use fovea::method::{BackProjection, BackwardRule, Evidence};

const RULES: [BackwardRule; 4] = BackwardRule::ALL;

/// Every size divides, every stride is 1 before a pooling: mirroring commutes with each layer but for ties. Where ReLU
/// leaves a pooling window of zeros, its switch points to the window's first pixel, mirrored or not.
fn aligned_bundle() -> Bundle {
    let layers = r#"layers = [
  { kind = "conv", channels = 6, kernel = 3 },
  { kind = "max-pool", size = 2 },
  { kind = "conv", channels = 7, kernel = 3, norm = false },
  { kind = "max-pool", size = 2 },
  { kind = "classes", kernel = 1 },
]"#;
    formula_bundle(card(layers, [3, 16, 24], 3))
}

#[test]
fn the_score_is_the_mean_of_the_class_map_plus_bias() {
    let bundle = formula_bundle(reference_card(false));
    let network = on_cpu(&bundle);
    let pass = network.forward(&formula_input([3, 45, 38], 5)).unwrap();
    let cam = network.class_maps(&pass).unwrap();
    let bias = &bundle.weights["layers.5.bias"].values;
    for (class, (bias, score)) in bias.iter().zip(&pass.scores).enumerate() {
        let map = cam.class(class).unwrap();
        let mean = map.iter().sum::<f32>() / map.len() as f32;
        assert!((mean + bias - score).abs() < 1e-5, "class {class}");
    }
    assert!(cam.data.iter().any(|v| *v < 0.0), "the sign is kept");
}

#[test]
fn a_zero_class_map_gives_zero_response_and_others_do_not() {
    let mut bundle = aligned_bundle();
    let weight = &mut bundle.weights.get_mut("layers.4.weight").unwrap().values;
    let per_class = weight.len() / 3;
    weight[per_class..2 * per_class].fill(0.0);
    let network = on_cpu(&bundle);
    let pass = network.forward(&formula_input([3, 16, 24], 7)).unwrap();
    for rule in RULES {
        let response = network.back_project(&pass, &[0, 1, 2], rule).unwrap();
        assert!(response.class(1).unwrap().iter().all(|v| *v == 0.0), "{rule:?}");
        assert!([0, 2].iter().any(|c| response.class(*c).unwrap().iter().any(|v| *v != 0.0)), "{rule:?}");
    }
}

/// R is quadratic in the class's kernel k (z = k * f, then the way back through k): under the linear rule twice the
/// kernel gives four times the response. A kernel of opposite sign makes evidence for a class of what was against it.
#[test]
fn the_linear_rule_is_linear_in_z() {
    let plain = aligned_bundle();
    let network = on_cpu(&plain);
    let input = formula_input([3, 16, 24], 8);
    let pass = network.forward(&input).unwrap();
    let of = |evidence| BackProjection { rule: BackwardRule::Linear, evidence };
    let once = network.back_project(&pass, &[0, 1, 2], of(Evidence::For)).unwrap();
    let against = network.back_project(&pass, &[0, 1, 2], of(Evidence::Against)).unwrap();
    assert!(relative_error(&against.data, &once.data) > 0.1, "they differ");
    for (factor, before, expected) in [(2.0f32, &once, 4.0f32), (-1.0, &against, 1.0), (0.5, &once, 0.25)] {
        let mut scaled = plain.clone();
        scaled.weights.get_mut("layers.4.weight").unwrap().values.iter_mut().for_each(|w| *w *= factor);
        let network = on_cpu(&scaled);
        let pass = network.forward(&input).unwrap();
        let found = network.back_project(&pass, &[0, 1, 2], BackwardRule::Linear).unwrap();
        let wanted: Vec<f32> = before.data.iter().map(|v| v * expected).collect();
        assert!(relative_error(&found.data, &wanted) < 1e-5, "factor {factor}");
        let all = [true; 3];
        if factor > 0.0 {
            let positive = |maps: &fovea::maps::ClassMaps| clear::dominant(maps, &all).class;
            assert_eq!(positive(&found), positive(&once), "the argmax survives a common positive factor");
        }
    }
}

/// A map of a class that the network rejects everywhere must not take the hue: with its sign it would respond like one
/// that the network accepts.
#[test]
fn a_class_that_is_spoken_against_everywhere_has_no_response() {
    let mut bundle = aligned_bundle();
    let weight = &mut bundle.weights.get_mut("layers.4.weight").unwrap().values;
    let per_class = weight.len() / 3;
    // Features are never negative, so that a kernel below zero makes a map below zero.
    weight[per_class..2 * per_class].iter_mut().for_each(|w| *w = -w.abs() - 0.1);
    let network = on_cpu(&bundle);
    let pass = network.forward(&formula_input([3, 16, 24], 7)).unwrap();
    assert!(network.class_maps(&pass).unwrap().class(1).unwrap().iter().all(|v| *v <= 0.0));
    for rule in RULES {
        let response = network.back_project(&pass, &[0, 1, 2], rule).unwrap();
        assert!(response.class(1).unwrap().iter().all(|v| *v == 0.0), "{rule:?}");
        assert!(!clear::dominant(&response, &[true; 3]).class.contains(&Some(1)), "{rule:?}");
        let how = BackProjection { rule, evidence: Evidence::Against };
        let against = network.back_project(&pass, &[1], how).unwrap();
        assert!(against.class(1).unwrap().iter().any(|v| *v != 0.0), "{rule:?}");
    }
}

/// At the last layer the gradient of a linear head is its weights: HiResCAM is the CAM there, Grad-CAM its positive part.
#[test]
fn gradient_maps_at_the_last_layer_are_the_cam() {
    let card = family_card("densenet", common::dense::TINY, [3, 40, 48], 3);
    let network = on_cpu(&common::dense::dense_bundle(card));
    let last = network.layers().len() - 1;
    let pass = network.forward_with(&common::dense::noise_input([40, 48], 11), Some(last)).unwrap();
    let cam = network.class_maps(&pass).unwrap();
    let maps = |place_by_place| network.gradient_maps(&pass, &[0, 1, 2], place_by_place).unwrap().unwrap();
    assert!(relative_error(&maps(true).data, &cam.data) < 1e-5);
    let positive: Vec<f32> = cam.data.iter().map(|v| v.max(0.0)).collect();
    assert!(relative_error(&maps(false).data, &positive) < 1e-5);
    assert!(network.forward(&common::dense::noise_input([40, 48], 11)).unwrap().layer().is_none());
}

/// MobileNetV3 has a hidden layer behind its pooling: no CAM, but places under Grad-CAM.
#[test]
fn without_a_cam_the_usual_layer_still_has_places() {
    let card = family_card("graph", "network = \"mobilenet-v3-small\"", [3, 64, 64], 3);
    let network = on_cpu(&common::dense::dense_bundle(card));
    assert!(!network.has_cam());
    let usual = network.usual_layer().unwrap();
    assert_eq!(network.layers()[usual].shape[1..], [2, 2]);
    let pass = network.forward_with(&common::dense::noise_input([64, 64], 3), Some(usual)).unwrap();
    assert_eq!(network.class_maps(&pass).unwrap().data.len(), 3);
    let maps = network.gradient_maps(&pass, &[0, 1, 2], true).unwrap().unwrap();
    assert!(maps.data.len() == 12 && maps.data.iter().any(|v| *v != 0.0));
    assert!(on_cpu(&formula_bundle(reference_card(false))).has_cam());
}

/// Without biases behind it a layer's values times the gradient add up to the score (Euler): at every such layer the sum
/// of HiResCAM is that of the class map.
#[test]
fn hires_cam_adds_up_to_the_score_at_an_inner_layer() {
    let mut bundle = aligned_bundle();
    bundle.weights.get_mut("layers.2.bias").unwrap().values.fill(0.0);
    let network = on_cpu(&bundle);
    let names: Vec<&str> = network.layers().iter().map(|layer| layer.name.as_str()).collect();
    assert_eq!(names, ["layers.0", "layers.2"]);
    let input = formula_input([3, 16, 24], 6);
    for layer in 0..2 {
        let pass = network.forward_with(&input, Some(layer)).unwrap();
        let sums = |maps: &fovea::maps::ClassMaps| maps.each().map(|(_, map)| map.iter().sum()).collect::<Vec<f32>>();
        let found = network.gradient_maps(&pass, &[0, 1, 2], true).unwrap().unwrap();
        assert!(relative_error(&sums(&found), &sums(&network.class_maps(&pass).unwrap())) < 1e-4, "layer {layer}");
        let grad_cam = network.gradient_maps(&pass, &[0, 1, 2], false).unwrap().unwrap();
        assert!(grad_cam.data.iter().all(|v| *v >= 0.0) && grad_cam.data.iter().any(|v| *v > 0.0));
    }
}

#[test]
fn mirrored_input_and_kernels_give_mirrored_maps() {
    let mut plain = aligned_bundle();
    // Enough light that no pooling window is dark all over.
    for bias in ["layers.0.norm.bias", "layers.2.bias"] {
        plain.weights.get_mut(bias).unwrap().values.iter_mut().for_each(|b| *b += 2.5);
    }
    let mut mirrored = plain.clone();
    for tensor in mirrored.weights.values_mut().filter(|t| t.shape.len() == 4) {
        let width = tensor.shape[3];
        tensor.values.chunks_exact_mut(width).for_each(<[f32]>::reverse);
    }
    let input = formula_input([3, 16, 24], 9);
    let (a, b) = (on_cpu(&plain), on_cpu(&mirrored));
    let (pass_a, pass_b) = (a.forward(&input).unwrap(), b.forward(&mirrored_input(&input)).unwrap());
    assert!(relative_error(&pass_b.scores, &pass_a.scores) < 1e-5);
    let (cam_a, cam_b) = (a.class_maps(&pass_a).unwrap(), b.class_maps(&pass_b).unwrap());
    assert!(relative_error(&cam_b.data, &mirrored_maps(&cam_a).data) < 1e-5);
    for rule in RULES {
        let response_a = a.back_project(&pass_a, &[0, 1, 2], rule).unwrap();
        let response_b = b.back_project(&pass_b, &[0, 1, 2], rule).unwrap();
        assert!(relative_error(&response_b.data, &mirrored_maps(&response_a).data) < 1e-5, "{rule:?}");
    }
}

#[test]
fn a_subset_of_classes_goes_back_as_it_does_among_all() {
    let network = on_cpu(&formula_bundle(reference_card(false)));
    let pass = network.forward(&formula_input([3, 45, 38], 4)).unwrap();
    for rule in RULES {
        let all = network.back_project(&pass, &[0, 1, 2, 3], rule).unwrap();
        let some = network.back_project(&pass, &[3, 1], rule).unwrap();
        assert!(relative_error(some.class(3).unwrap(), all.class(3).unwrap()) < 1e-5);
        assert!(relative_error(some.class(1).unwrap(), all.class(1).unwrap()) < 1e-5);
    }
}

#[test]
fn rules_differ() {
    let network = on_cpu(&formula_bundle(reference_card(false)));
    let pass = network.forward(&formula_input([3, 45, 38], 4)).unwrap();
    let responses = RULES.map(|rule| network.back_project(&pass, &[0], rule).unwrap().data);
    for i in 0..4 {
        for j in 0..i {
            assert!(relative_error(&responses[i], &responses[j]) > 0.01, "{:?} {:?}", RULES[i], RULES[j]);
        }
    }
}

#[test]
fn an_input_of_another_size_is_refused() {
    let network = on_cpu(&formula_bundle(reference_card(false)));
    let error = network.forward(&formula_input([3, 45, 39], 4)).unwrap_err().to_string();
    assert!(error.contains("[3, 45, 38]") && error.contains("[3, 45, 39]"), "{error}");
}
