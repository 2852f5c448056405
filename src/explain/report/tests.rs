use super::*;
use crate::bundle::card::{Decision, Output, OutputActivation};
use crate::bundle::quality::Quality;
use crate::bundle::{Calibration, Library};
use crate::explain::{Settings, TimingsMs, Verdict, clear};
use crate::geometry::Transform;
use crate::maps::ClassMaps;
use crate::method::Evidence;

fn card(name: &str) -> Card {
    Library::open(&[]).unwrap().find(name).unwrap().card.unwrap()
}

/// What the model of `card` says with these probabilities, where class c responds with `responses[c]` in a place of its own.
fn explained(card: &Card, verdict: Verdict, responses: &[f32]) -> Explanation {
    let classes = responses.len();
    let mut data = vec![0.0; classes * classes];
    for (class, response) in responses.iter().enumerate() {
        data[class * classes + class] = *response;
    }
    let response = ClassMaps::new(classes, 1, classes, data);
    Explanation {
        scores: vec![0.0; classes],
        cam: response.clone(),
        cam_layer: None,
        response_shares: clear::shares(&response),
        response,
        source_from_model: Transform::IDENTITY,
        source_size_px: (classes as u32, 1),
        attention: None,
        no_box: None,
        normal: card.normal_class(),
        settings: Settings::recommended(card),
        device: String::new(),
        timings_ms: TimingsMs::default(),
        verdict,
    }
}

fn verdict(card: &Card, probabilities: &[f32]) -> Verdict {
    let scores: Vec<f32> = match card.output.activation {
        OutputActivation::Softmax => probabilities.iter().map(|p| p.ln()).collect(),
        OutputActivation::Sigmoid => probabilities.iter().map(|p| (p / (1.0 - p)).ln()).collect(),
    };
    Verdict::from_scores(&scores, &card.output)
}

fn said(card: &Card, probabilities: &[f32], responses: &[f32]) -> Report {
    report(card, &explained(card, verdict(card, probabilities), responses), None, None, false)
}

const EVEN: [f32; 5] = [1.0; 5];

#[test]
fn a_model_of_grades_answers_its_question_first_and_names_the_grade_below() {
    let card = card("retina-dr");
    let no = said(&card, &[0.70, 0.20, 0.06, 0.03, 0.01], &EVEN);
    assert_eq!((no.headline.as_str(), no.figure.as_str()), ("Referable: no", "P(grade ≥ 2) 10 %"));
    assert_eq!(no.beneath, "grade 0 No retinopathy 70 %");
    // The points of the card are 28 % and 46 %.
    let undecided = said(&card, &[0.40, 0.25, 0.30, 0.04, 0.01], &EVEN);
    assert_eq!((undecided.headline.as_str(), undecided.figure.as_str()), ("Referable: undecided", "P(grade ≥ 2) 35 %"));
    let yes = said(&card, &[0.05, 0.15, 0.45, 0.30, 0.05], &EVEN);
    assert_eq!((yes.headline.as_str(), yes.figure.as_str()), ("Referable: yes", "P(grade ≥ 2) 80 %"));
    for figure in ["46 %", "90 %", "28 %", "undecided between"] {
        assert!(yes.rule.contains(figure), "{}", yes.rule);
    }
    assert_eq!(yes.line(), "Referable: yes  P(grade ≥ 2) 80 %  grade 2 Moderate 45 %");
}

#[test]
fn a_calibrated_model_names_its_set_with_the_probability_of_all() {
    let card = card("retina-dr");
    let calibration = Calibration {
        model: card.name.clone(),
        sha256: String::new(),
        coverage: 0.9,
        threshold: 0.5,
        pictures: 100,
        patients: None,
        measured_coverage: [0.8, 0.9, 1.0],
        mean_size: 2.0,
    };
    let verdict = verdict(&card, &[0.05, 0.15, 0.45, 0.30, 0.05]).calibrated(&card.output, Some(&calibration));
    let said = report(&card, &explained(&card, verdict, &EVEN), None, None, false);
    assert_eq!(said.beneath, "grade 2 Moderate or 3 Severe, together 75 %");
    assert_eq!(said.said, [2, 3]);
}

/// Of whichever decision: a figure beside the headline is never exceeded by that of a class which the headline denies.
#[test]
fn no_headline_stands_beside_a_more_probable_class() {
    let mut card = card("retina-dr");
    card.output.questions.clear();
    card.output.decision = Decision::Median;
    let said = said(&card, &[0.45, 0.22, 0.18, 0.10, 0.05], &EVEN);
    assert_eq!((said.headline.as_str(), said.figure.as_str()), ("1 Mild", ""), "22 % would stand beside 45 %");
    assert!(said.beneath.contains("0 No retinopathy 45 %") && !said.agreement.agrees, "{said:?}");
}

#[test]
fn health_findings_and_plain_classes_are_headed_by_what_was_decided() {
    let chest = card("cxr-pneumonia");
    let ill = said(&chest, &[0.05, 0.60, 0.35], &[1.0; 3]);
    assert_eq!((ill.headline.as_str(), ill.figure.as_str()), ("Bacterial pneumonia", "P(not Normal) 95 %"));
    let well = said(&chest, &[0.30, 0.45, 0.25], &[1.0; 3]);
    assert_eq!((well.headline.as_str(), well.figure.as_str()), ("Normal", "P(not Normal) 70 %"));
    assert!(well.rule.contains("76 %") && !well.agreement.agrees, "{well:?}");

    let mut two = chest.clone();
    two.classes.truncate(2);
    let ill = said(&two, &[0.1, 0.9], &[1.0; 2]);
    assert_eq!(
        (ill.line().as_str(), ill.rule.as_str()),
        ("Bacterial pneumonia  P(Bacterial pneumonia) 90 %", "Bacterial pneumonia from 76 % on")
    );

    let digits = card("mnist");
    let mut probabilities = [0.01; 10];
    probabilities[7] = 0.91;
    let seven = said(&digits, &probabilities, &[1.0; 10]);
    assert_eq!((seven.figure.as_str(), seven.rule.as_str()), ("91 %", "the most probable class"));
    assert!(seven.headline.contains('7'), "{seven:?}");

    let findings = card("chexnet");
    let mut probabilities = [0.2; 14];
    let none = said(&findings, &probabilities, &[1.0; 14]);
    assert_eq!((none.headline.as_str(), none.rule.as_str()), ("No finding", "each finding from 50 % on"));
    assert!(none.said.is_empty() && none.agreement.agrees);
    (probabilities[2], probabilities[4]) = (0.8, 0.6);
    let found = said(&findings, &probabilities, &[1.0; 14]);
    assert_eq!((found.headline.as_str(), found.beneath.as_str()), ("Effusion, Mass", "with 80 %, 60 %"));
}

#[test]
fn one_sentence_says_where_decision_and_response_disagree() {
    let card = card("retina-dr");
    let moderate = [0.05, 0.15, 0.45, 0.30, 0.05];
    let agrees = said(&card, &moderate, &[0.0, 0.0, 3.0, 1.0, 0.0]);
    assert!(agrees.agreement.agrees && agrees.disagreement().is_none());
    let differs = said(&card, &moderate, &[0.0, 0.0, 9.0, 16.0, 0.0]);
    assert_eq!(
        differs.disagreement(),
        Some("The decided grade is 2 Moderate, but 3 Severe holds most of the response (64 %).")
    );
    assert_eq!(differs.agreement.dominant_response, Some(3));
    // Referable by all grades from 2 on together, while the most probable single one is 1.
    let torn = said(&card, &[0.1, 0.35, 0.3, 0.2, 0.05], &[0.0, 1.0, 0.0, 0.0, 0.0]);
    let says = torn.disagreement().unwrap();
    assert!(says.contains("1 Mild") && says.contains("Referable is answered with yes"), "{says}");
    // What speaks against the classes does not agree or disagree with them.
    let mut against = explained(&card, verdict(&card, &moderate), &[0.0, 0.0, 9.0, 16.0, 0.0]);
    against.settings.evidence = Evidence::Against;
    let against = report(&card, &against, None, None, false);
    assert!(against.agreement.agrees && against.agreement.dominant_response.is_none());
}

#[test]
fn findings_are_compared_with_the_response_to_what_was_found_alone() {
    let card = card("chexnet");
    let mut probabilities = [0.2; 14];
    (probabilities[2], probabilities[4]) = (0.8, 0.6);
    let mut responses = [0.0; 14];
    (responses[0], responses[2], responses[4]) = (9.0, 3.0, 1.0);
    assert!(said(&card, &probabilities, &responses).agreement.agrees, "0 was not found");
    responses[4] = 4.0;
    let says = said(&card, &probabilities, &responses).agreement.says.unwrap();
    assert!(says.contains("Effusion") && says.contains("Mass"), "{says}");
}

#[test]
fn a_refused_picture_has_the_refusal_in_the_place_of_its_answer_until_somebody_asks() {
    let card = card("retina-dr");
    let text = "Not a picture for this model: its file says CR, TIBIA; retina-dr reads a colour fundus photograph.";
    let why = text.split_once(": ").unwrap().1.to_owned();
    let advice = Advice { why, instead: None };
    let explanation = explained(&card, verdict(&card, &[0.05, 0.15, 0.45, 0.30, 0.05]), &[0.0, 0.0, 9.0, 16.0, 0.0]);
    let held = report(&card, &explanation, Some(&advice), None, false);
    assert_eq!((held.headline.as_str(), held.line().as_str()), ("Not a picture for this model", text));
    assert!(held.is_refused && held.said.is_empty() && held.disagreement().is_none() && held.warning().is_none());
    let asked = report(&card, &explanation, Some(&advice), None, true);
    assert!(asked.headline.starts_with("Referable") && !asked.is_refused);
    assert_eq!(asked.warning(), Some(text));
    assert_eq!(asked.gate, held.gate);
    let plain = report(&card, &explanation, None, None, false);
    assert!(
        plain.gate.unwrap().passes
            && report(&super::tests::card("mnist"), &explanation, None, None, false).gate.is_none()
    );
}

#[test]
fn quality_stands_with_its_reasons() {
    let card = card("retina-dr");
    let explanation = explained(&card, verdict(&card, &[0.2; 5]), &EVEN);
    let of = |quality, reasons: &[&str]| {
        let reasons = reasons.iter().map(|reason| (*reason).to_owned()).collect();
        let assessed = Assessment { quality, reasons, map: None };
        report(&card, &explanation, None, Some(&assessed), false)
    };
    let poor = of(Quality::Reject, &["too dark", "out of focus"]);
    assert_eq!(poor.unfit(), Some("not gradable: too dark, out of focus"));
    let fair = of(Quality::Usable, &["out of focus"]);
    assert_eq!((fair.unfit(), fair.quality.as_ref().unwrap().says.as_str()), (None, "quality: usable (out of focus)"));
}

#[test]
fn where_there_is_no_box_it_is_said_why() {
    let card = card("retina-dr");
    let says = |class: usize, responses: &[f32]| {
        let mut explanation = explained(&card, verdict(&card, &[0.2; 5]), responses);
        let smoothed = explanation.response.clone();
        explanation.show_class(Some(class), &smoothed);
        (explanation.attention.is_some(), report(&card, &explanation, None, None, false).box_says)
    };
    let responses = [50.0, 0.0, 45.0, 5.0, 1.0];
    assert!(!says(0, &responses).0);
    assert!(says(0, &responses).1.contains("nothing was found"));
    assert_eq!(says(2, &responses), (true, "Red box: where 2 Moderate responds most".to_owned()));
    let weak = says(3, &responses);
    assert!(!weak.0 && weak.1.contains("5 %"), "{weak:?}");
    assert!(!says(2, &[0.0; 5]).0, "over an empty map");
}

#[test]
fn a_card_may_call_only_its_first_grade_normal() {
    let mut card = card("retina-dr");
    assert_eq!(card.normal_class(), Some(0));
    card.classes[0].normal = false;
    assert_eq!((card.normal_class(), card.check()), (None, Ok(())));
    card.classes[2].normal = true;
    assert!(card.check().is_err(), "grades begin with the normal one");
    let chest = super::tests::card("chexnet");
    assert_eq!(chest.normal_class(), None);
    let mut pneumonia = super::tests::card("cxr-pneumonia");
    pneumonia.classes[0].normal = false;
    assert_eq!(pneumonia.normal_class(), Some(0), "under `threshold` the first class stands for health");
    let Output { questions, .. } = &mut card.output;
    questions[0].headline = Some("Any".to_owned());
    card.classes[2].normal = false;
    assert!(card.check().is_err(), "two headlines");
}
