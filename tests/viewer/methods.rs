//! What the papers leave open, chosen in the window.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use fovea::method::{BackwardRule, CamMethod, Evidence, Magnitude};
use fovea::session::{SessionCommand, WindowCommand};
use fovea::ui::App;

use super::window::*;

#[test]
fn only_the_backward_rule_asks_the_network_again() {
    let mut window = opened();
    act(&mut window, WindowCommand::More);
    let runs = window.state().session.network_runs();
    for (slider, value) in
        [("CAM opacity", 0.2), ("Threshold", 0.4), ("Gain", 3.0), ("Smoothing, px", 1.0), ("Class", 4.0)]
    {
        window.get_by_role_and_label(Role::Slider, slider).set_value_accesskit(value);
        window.run_steps(3);
    }
    let peak = |window: &Window| window.state().session.shown().unwrap().peak;
    let before = peak(&window);
    act(&mut window, SessionCommand::Magnitude(Magnitude::Signed));
    wait(&mut window, "smoothing and magnitude", |app| {
        let settings = app.session.shown().unwrap().explanation.settings;
        settings.smoothing_px == 1.0 && settings.magnitude == Magnitude::Signed
    });
    assert_ne!(peak(&window), before, "less smoothing leaves a higher peak");
    assert_eq!(window.state().session.network_runs(), runs);
    act(&mut window, SessionCommand::Rule(BackwardRule::Linear));
    let is_linear = |app: &App| app.session.shown().unwrap().explanation.settings.rule == BackwardRule::Linear;
    wait(&mut window, "the other rule", is_linear);
    assert_eq!(window.state().session.network_runs(), runs + 1);
    act(&mut window, SessionCommand::Rule(BackwardRule::Guided));
    act(&mut window, SessionCommand::Rule(BackwardRule::Linear));
    wait(&mut window, "the rule that is known", is_linear);
    assert_eq!(window.state().session.network_runs(), runs + 1, "both rules are known by now");
}

#[test]
fn another_map_of_one_class_and_the_evidence_against_say_so_above_themselves() {
    let mut window = opened();
    act(&mut window, WindowCommand::More);
    let layer = |app: &App| app.session.shown().unwrap().explanation.cam_layer.clone();
    assert_eq!(layer(window.state()), None);
    act(&mut window, SessionCommand::CamMethod(CamMethod::GradCam));
    wait(&mut window, "Grad-CAM", |app| layer(app).is_some());
    window.run_steps(3);
    let last = layer(window.state()).unwrap();
    assert!(says(&window, &format!("Grad-CAM at {last}: ")), "{last}");
    assert!(window.state().session.model().unwrap().layers.len() > 10);
    act(&mut window, SessionCommand::CamLayer(3));
    wait(&mut window, "another layer", |app| layer(app).is_some_and(|layer| layer != last));
    act(&mut window, SessionCommand::CamMethod(CamMethod::Cam));
    wait(&mut window, "the CAM", |app| layer(app).is_none());
    window.run_steps(3);
    assert!(says(&window, "CAM: evidence for "));
    act(&mut window, SessionCommand::Evidence(Evidence::Against));
    wait(&mut window, "the other evidence", |app| {
        app.session.shown().unwrap().explanation.settings.evidence == Evidence::Against
    });
    window.run_steps(3);
    assert!(says(&window, "CLEAR-DR: grade most spoken against"));
    // This model's maps are never negative.
    assert_eq!(window.state().session.shown().unwrap().peak, 0.0);
}
