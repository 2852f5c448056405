//! The list of layers in the window: two rules beside each other, titles, and what is said of an empty map.

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use fovea::method::{BackwardRule, Evidence};
use fovea::session::{Layer, SessionCommand, ViewCommand, WindowCommand};

use super::window::*;

/// Puts `rule` beside the one in use, and waits for its maps.
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
    let composed = window.state().layers_composed();
    compare(&mut window, BackwardRule::Linear);
    assert_eq!(window.state().layers_composed(), composed + 2, "those that were there are kept");
    let session = &window.state().session;
    let shares = [session.shown(), session.compared()]
        .map(|shown| 100.0 * shown.unwrap().explanation.response_shares[3].unwrap());
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
    assert!(says(&window, "Difference colour bar: from −100 %, linear more, to 100 %, guided more"));
    act(&mut window, ViewCommand::Maximise(Layer::Difference));
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
fn the_view_menu_lists_the_layers_that_there_are() {
    let mut window = opened();
    let entries = |window: &mut Window| {
        window.get_by_role_and_label(Role::Button, "View").click();
        window.run_steps(3);
        let entries = window.query_all_by_label_contains("Only the ");
        let count = entries.filter(|entry| !entry.accesskit_node().is_disabled()).count();
        window.get_by_role_and_label(Role::Button, "View").click();
        window.run_steps(3);
        count
    };
    assert_eq!(entries(&mut window), 3);
    compare(&mut window, BackwardRule::Linear);
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
