//! The list of layers in the window: two rules beside each other, titles, and what is said of an empty map.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use fovea::method::{BackwardRule, Evidence};
use fovea::session::shown::Shown;
use fovea::session::{SessionCommand, View, ViewCommand, WindowCommand};

use super::window::*;

/// Puts the maps by `rule` beside those on the screen.
fn compare(window: &mut Window, rule: BackwardRule) {
    act(window, SessionCommand::Compare(Some(rule)));
    wait(window, "the other rule", |app| app.session.compared().is_some());
}

#[test]
fn two_rules_stand_side_by_side_with_their_difference_and_go_again() {
    let mut window = opened();
    act(&mut window, WindowCommand::More);
    window.get_by_role_and_label(Role::ComboBox, "Compare with rule");
    assert!(window.query_by_label_contains("Difference view").is_none());
    compare(&mut window, BackwardRule::Linear);
    let session = &window.state().session;
    let shares = [&session.shown().unwrap().explanation, &session.compared().unwrap().explanation]
        .map(|explanation| 100.0 * explanation.response_shares[3].unwrap());
    let composed = window.state().layers_composed();
    window.run_steps(3);
    assert_eq!(window.state().layers_composed(), composed + 4, "all in the smaller views, each once");
    for view in ["Input", "CAM", "CLEAR-DR", "Other CLEAR-DR", "Difference"] {
        window.get_by_role_and_label(Role::Image, &format!("{view} view of phantom-moderate.jpg"));
    }
    for title in
        ["CLEAR-DR (guided): dominant grade", "CLEAR-DR (linear): dominant grade", "Difference: guided − linear"]
    {
        assert!(says(&window, title), "{title}");
    }
    assert!(says(&window, &format!("{:.1} % | {:.1} %", shares[0], shares[1])), "{shares:?}");
    assert!(says(&window, "share of the whole response under guided and linear"));
    assert!(says(&window, "Difference colour bar: −100 %, 0, 100 %, linear responds more to guided responds more"));
    act(&mut window, ViewCommand::Maximise(View::Difference));
    assert!(window.query_by_label_contains("CAM view").is_none());
    let folder = tempfile::tempdir().unwrap();
    export(&mut window, folder.path());
    assert!(folder.path().join("phantom-moderate.difference.png").exists());
    act(&mut window, SessionCommand::Compare(None));
    assert!(window.query_by_label_contains("Difference view").is_none());
    window.get_by_role_and_label(Role::Image, "CAM view of phantom-moderate.jpg");
    assert!(says(&window, "CLEAR-DR: dominant grade and response"));
}

#[test]
fn what_is_compared_is_of_the_picture_on_the_screen() {
    let mut window = opened();
    compare(&mut window, BackwardRule::Linear);
    let scores = |shown: Option<&Shown>| shown.unwrap().explanation.scores.clone();
    let first = scores(window.state().session.compared());
    open(&mut window, &[sample("phantom-mild.jpg")]);
    wait(&mut window, "the other rule", |app| app.session.compared().is_some());
    let session = &window.state().session;
    let (answer, second) = (scores(session.shown()), scores(session.compared()));
    assert!(second == answer && second != first, "{first:?} {second:?}");
}

#[test]
fn the_view_menu_lists_the_layers_that_there_are() {
    let mut window = opened();
    let entries = |window: &mut Window| {
        window.get_by_role_and_label(Role::Button, "View").click();
        window.run_steps(3);
        let count = window.query_all_by_label_contains("Only the ").count();
        window.get_by_role_and_label(Role::Button, "View").click();
        window.run_steps(3);
        count
    };
    assert_eq!(entries(&mut window), 3);
    compare(&mut window, BackwardRule::Linear);
    window.run_steps(2);
    assert_eq!(entries(&mut window), 5);
}

#[test]
fn an_empty_map_says_so_to_a_screen_reader_too() {
    let mut window = opened();
    let says =
        |window: &Window| window.get_by_role_and_label(Role::Image, "CLEAR-DR view of phantom-moderate.jpg").value();
    assert_eq!(says(&window), None);
    // This model's maps are never negative.
    act(&mut window, SessionCommand::Evidence(Evidence::Against));
    wait(&mut window, "the other evidence", |app| {
        app.session.shown().is_some_and(|shown| shown.explanation.settings.evidence == Evidence::Against)
    });
    assert_eq!(says(&window).as_deref(), Some("The map is empty: nothing responds"));
}

#[test]
fn two_rules_with_their_difference_are_drawn() {
    if !can_draw() {
        return;
    }
    let mut window = build(None, true);
    open(&mut window, &[moderate()]);
    compare(&mut window, BackwardRule::Linear);
    window.run_steps(4);
    let picture = window.render().unwrap();
    if let Some(folder) = std::env::var_os("FOVEA_LOOK") {
        picture.save(std::path::Path::new(&folder).join("compared.png")).unwrap();
    }
    // Linear spreads where guided is silent: the difference is blue in most places.
    let view = window.get_by_role_and_label(Role::Image, "Difference view of phantom-moderate.jpg").rect();
    let inside = |x: u32, y: u32| view.contains(egui::pos2(x as f32, y as f32));
    let blue = picture.enumerate_pixels().filter(|(x, y, p)| inside(*x, *y) && p.0[2] > p.0[0] + 60).count();
    assert!(blue as f32 > 0.05 * view.area(), "{blue} of {}", view.area());
}
