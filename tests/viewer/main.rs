//! The real window, driven by role and name as a reader or a screen reader would. Pixels are looked at in one test.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::print_stdout)] // A panic is how a test fails.

mod beside;
#[path = "../common/mod.rs"]
mod common;
mod evidence;
#[path = "../dicom/file.rs"]
#[allow(dead_code)]
mod file;
mod keyboard;
mod layers;
mod list;
mod measure;
mod methods;
mod names;
mod notices;
mod pacs;
mod radiographs;
mod reading;
mod reports;
mod scale;
mod tree;
mod waiting;
mod window;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command as Program;
use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use fovea::session::{Layer, SessionCommand, ViewCommand, WindowCommand};
use fovea::ui::App;

use window::*;

#[test]
fn presses_of_one_key_within_one_frame_all_count() {
    let mut window = opened();
    for _ in 0..4 {
        press(&mut window, Modifiers::NONE, Key::ArrowLeft);
    }
    assert_eq!(shown_class(&window), 0);
    press_in_one_frame(&mut window, Key::ArrowRight, 2);
    assert_eq!(shown_class(&window), 2);
    let is_on = |window: &Window, grade: usize| window.state().session.preferences.style.is_on(grade);
    press_in_one_frame(&mut window, Key::Num2, 2);
    assert!(is_on(&window, 2), "off and on again");
    press_in_one_frame(&mut window, Key::Num2, 3);
    assert!(!is_on(&window, 2));
}

#[test]
fn a_sample_from_the_start_screen_is_graded_and_named_for_screen_readers() {
    let mut window = build(None, false);
    window.run_steps(3);
    window.get_by_role_and_label(Role::Button, "Moderate").click();
    window.step();
    wait(&mut window, "the explanation", |app| app.session.shown().is_some());
    let shown = window.state().session.shown().unwrap();
    let card = window.state().session.card().unwrap();
    let verdict = &shown.explanation.verdict;
    let class = &card.classes[verdict.decided];
    let decided = format!("{} {}", class.name, class.label);
    window.get_by_role_and_label(Role::Label, "Referable: yes");
    assert!(window.query_all_by_label_contains(&format!("grade {decided}")).count() > 0, "the grade stands below");
    let probability = format!("Probability of {decided}: {:.1} %", 100.0 * verdict.probabilities[verdict.decided]);
    window.get_by_role_and_label(Role::Meter, &probability);
    for view in ["Input", "CAM", "CLEAR-DR"] {
        window.get_by_role_and_label(Role::Image, &format!("{view} view of phantom-moderate.jpg"));
    }
    window.get_by_label("Research use only, not for diagnosis");
    window.check_accessibility();
}

#[test]
fn the_class_slider_changes_the_cam_and_runs_no_network() {
    let mut window = opened();
    let (runs, layers) = (window.state().session.network_runs(), window.state().layers_composed());
    window.get_by_role_and_label(Role::Slider, "Class").set_value_accesskit(3.0);
    window.run_steps(4);
    assert_eq!(shown_class(&window), 3);
    window.get_by_label("CAM: evidence for 3 Severe");
    assert_eq!(window.state().session.network_runs(), runs);
    assert_eq!(window.state().layers_composed(), layers + 1, "the CAM was composed anew, the CLEAR map was not");
    window.get_by_role_and_label(Role::CheckBox, "Follow the decision").click();
    window.run_steps(4);
    assert_eq!(shown_class(&window), window.state().session.shown().unwrap().explanation.verdict.decided);
}

#[test]
fn a_grade_switched_off_changes_the_pixels_where_it_was_dominant_and_no_others() {
    if !can_draw() {
        return;
    }
    let mut window = build(None, true);
    open(&mut window, &[moderate()]);
    act(&mut window, ViewCommand::Maximise(Layer::Clear));
    act(&mut window, SessionCommand::Box(false));
    // One source pixel is one screen pixel: what is on the screen can be told from the maps exactly.
    act(&mut window, ViewCommand::ActualSize);
    let shown = window.state().session.shown().unwrap();
    let shares = &shown.explanation.response_shares;
    let grade = (0..shares.len()).max_by(|a, b| shares[*a].partial_cmp(&shares[*b]).unwrap()).unwrap();
    let view = window.get_by_role_and_label(Role::Image, "CLEAR-DR view of phantom-moderate.jpg").rect();
    let before = window.render().unwrap();
    let class = window.state().session.card().unwrap().classes[grade].clone();
    window.get_by_role_and_label(Role::CheckBox, &format!("{} {}", class.name, class.label)).click();
    window.run_steps(4);
    let after = window.render().unwrap();

    let shown = window.state().session.shown().unwrap();
    // The picture's middle stands in the view's middle, on whole pixels.
    let left = view.left() + (view.width() / 2.0 - 712.0).round();
    let top = view.top() + (view.height() / 2.0 - 473.0).round();
    let (mut changed, mut dominated) = (0, 0);
    for y in view.top().ceil() as u32 + 2..view.bottom() as u32 - 2 {
        for x in view.left().ceil() as u32 + 2..view.right() as u32 - 2 {
            let at = (f64::from(x) + 0.5 - f64::from(left), f64::from(y) + 0.5 - f64::from(top));
            let was_dominant = shown.probe(at.0, at.1).and_then(|probe| probe.dominant(|_| true)) == Some(grade);
            if before.get_pixel(x, y) != after.get_pixel(x, y) {
                changed += 1;
                assert!(was_dominant, "at {at:?} another grade was dominant");
            }
            dominated += u32::from(was_dominant);
        }
    }
    assert!(changed > 200 && dominated >= changed, "{changed} of {dominated}");
}

#[test]
fn a_bad_file_gives_a_notice_and_leaves_the_view() {
    let mut window = opened();
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("cut.jpg");
    fs::write(&bad, &fs::read(moderate()).unwrap()[..20_000]).unwrap();
    act(&mut window, SessionCommand::Open(vec![bad]));
    wait(&mut window, "the notice", |app| !app.session.notices.is_empty());
    window.get_by_label_contains("cut off before its end");
    window.get_by_role_and_label(Role::Image, "Input view of phantom-moderate.jpg");
    assert!(window.state().session.shown().is_some());
    window.get_by_role_and_label(Role::Button, "Dismiss").click();
    window.run_steps(3);
    assert!(window.query_by_label_contains("cut off").is_none());
    act(&mut window, SessionCommand::Open(vec![folder.path().join("absent.png")]));
    wait(&mut window, "the notice", |app| !app.session.notices.is_empty());
    window.get_by_label_contains("there is no such file");
}

#[test]
fn a_list_is_walked_by_keys_and_going_back_asks_nothing() {
    let mut window = build(None, false);
    open(&mut window, &[Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples")]);
    let name = |window: &Window| {
        let path = window.state().session.selected().unwrap();
        path.file_name().unwrap().to_string_lossy().into_owned()
    };
    assert_eq!(name(&window), "phantom-healthy-left.jpg");
    press(&mut window, Modifiers::NONE, Key::PageDown);
    assert_eq!(name(&window), "phantom-healthy-right.jpg");
    wait(&mut window, "the second and those ahead", |app| {
        app.session.shown().is_some() && app.session.network_runs() == 4
    });
    let thumbnails = |app: &App| app.session.worklist.items().iter().all(|item| item.thumbnail.is_some());
    wait(&mut window, "all thumbnails", thumbnails);
    press(&mut window, Modifiers::NONE, Key::PageUp);
    wait(&mut window, "the first again", |app| app.session.shown().is_some());
    assert_eq!((name(&window).as_str(), window.state().session.network_runs()), ("phantom-healthy-left.jpg", 4));
    window.get_by(|node| node.label().is_some_and(|label| label.starts_with("phantom-mild.jpg "))).click();
    window.run_steps(3);
    wait(&mut window, "the one clicked", |app| app.session.shown().is_some());
    assert_eq!((name(&window).as_str(), window.state().session.network_runs()), ("phantom-mild.jpg", 4));
}

#[test]
fn keys_reach_every_part() {
    let mut window = opened();
    let decided = shown_class(&window);
    press(&mut window, Modifiers::NONE, Key::ArrowRight);
    assert_eq!(shown_class(&window), (decided + 1).min(4));
    press(&mut window, Modifiers::NONE, Key::D);
    assert_eq!(shown_class(&window), decided);
    let is_on = |window: &Window, grade: usize| window.state().session.preferences.style.is_on(grade);
    press(&mut window, Modifiers::NONE, Key::Num2);
    assert!(!is_on(&window, 2) && is_on(&window, 1));
    press(&mut window, Modifiers::ALT, Key::Num3);
    assert!(is_on(&window, 3) && !is_on(&window, 0) && !is_on(&window, 2));
    press(&mut window, Modifiers::NONE, Key::A);
    assert!((0..5).all(|grade| is_on(&window, grade)));
    let opacity = |window: &Window| window.state().session.preferences.style.cam.opacity;
    let before = opacity(&window);
    press(&mut window, Modifiers::NONE, Key::OpenBracket);
    assert!(opacity(&window) < before);
    let boxed = |window: &Window| window.state().session.preferences.style.boxed;
    press(&mut window, Modifiers::NONE, Key::B);
    assert!(!boxed(&window));
    press(&mut window, Modifiers::NONE, Key::Questionmark);
    window.get_by_label("Mouse, in a view");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert!(window.query_by_label("Mouse, in a view").is_none());
    press(&mut window, Modifiers::NONE, Key::F8);
    assert!(window.query_by_label("Input view of phantom-moderate.jpg").is_none());
    press(&mut window, Modifiers::NONE, Key::Escape);
    window.get_by_label("Input view of phantom-moderate.jpg");
    press(&mut window, Modifiers::SHIFT, Key::ArrowRight);
    window.get_by_label_contains("response 0:");
}

#[test]
fn the_mouse_zooms_all_views_at_the_pointer_and_probes() {
    let mut window = opened();
    let view = window.get_by_role_and_label(Role::Image, "CAM view of phantom-moderate.jpg").rect();
    window.hover_at(view.center());
    window.run_steps(3);
    assert!(says(&window, "response 0: "));
    let zoom = |window: &Window| window.get_by_label_contains("1424×946").value().unwrap();
    let before = zoom(&window);
    let delta = egui::vec2(0.0, 200.0);
    let (unit, phase) = (egui::MouseWheelUnit::Point, egui::TouchPhase::Move);
    window.event(egui::Event::MouseWheel {
        unit,
        delta,
        phase,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    });
    window.run_steps(12);
    assert_ne!(zoom(&window), before);
    press(&mut window, Modifiers::NONE, Key::Z);
    assert!(zoom(&window).contains(" 100 %"), "{}", zoom(&window));
}

#[test]
fn the_probe_follows_a_pointer_however_slow_it_is() {
    let mut window = opened();
    let view = window.get_by_role_and_label(Role::Image, "CAM view of phantom-moderate.jpg").rect();
    let mut before = String::new();
    // One event and then a long while: egui takes such a pointer for one at rest.
    for step in 0..4 {
        window.hover_at(view.center() + egui::vec2(9.0 * step as f32, 0.0));
        window.run_steps(8);
        let line = window.get_by_label_contains("response 0:").value().unwrap();
        assert_ne!(line, before);
        before = line;
    }
}

#[test]
fn a_picture_wider_than_any_texture_opens_at_every_zoom() {
    let mut window = build(None, false);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide.png");
    let limit = window.ctx.input(|input| input.max_texture_side) as u32;
    image::RgbImage::from_fn(5 * limit, 60, |x, _| image::Rgb([(x % 251) as u8; 3])).save(&path).unwrap();
    act(&mut window, SessionCommand::Open(vec![path]));
    wait(&mut window, "the picture", |app| app.session.current().is_some());
    window.get_by_role_and_label(Role::Image, "Input view of wide.png");
    for command in [ViewCommand::ActualSize, ViewCommand::ZoomIn, ViewCommand::Fit, ViewCommand::Maximise(Layer::Input)]
    {
        act(&mut window, command);
    }
}

#[test]
fn space_hides_the_maps_while_it_is_held() {
    if !can_draw() {
        return;
    }
    let mut window = build(None, true);
    open(&mut window, &[moderate()]);
    let place = window.get_by_role_and_label(Role::Image, "CAM view of phantom-moderate.jpg").rect().shrink(3.0);
    let pixels = |window: &mut Window| {
        let (x, y) = (place.left() as u32, place.top() as u32);
        let picture = window.render().unwrap();
        image::imageops::crop_imm(&picture, x, y, place.width() as u32, place.height() as u32).to_image()
    };
    let before = pixels(&mut window);
    window.key_down(Key::Space);
    window.run_steps(3);
    let held = pixels(&mut window);
    window.key_up(Key::Space);
    window.run_steps(3);
    assert!(held != before && pixels(&mut window) == before);
}

#[test]
fn small_pictures_of_the_window_stay_as_they_are() {
    if !can_draw() {
        return;
    }
    // Text is set a little differently by other drivers: colours and places are what counts.
    let lenient = egui_kittest::SnapshotOptions::new().threshold(2.0).max_failed_pixels(400);
    let mut window = build(None, true);
    window.set_size(egui::vec2(640.0, 480.0));
    window.run_steps(3);
    window.snapshot_options("start", &lenient);
    open(&mut window, &[moderate()]);
    act(&mut window, ViewCommand::Maximise(Layer::Clear));
    window.remove_cursor();
    window.run_steps(3);
    window.snapshot_options("clear", &lenient);
}

#[test]
fn the_reader_reads_first() {
    let mut window = build(None, false);
    act(&mut window, SessionCommand::ReadFirst(true));
    act(&mut window, SessionCommand::Open(vec![moderate()]));
    wait(&mut window, "the hidden answer", |app| {
        app.session.current().is_some_and(|current| current.answer.shown.is_some())
    });
    window.get_by_label("Your grade?");
    assert!(window.state().session.shown().is_none());
    assert!(window.query_by_label_contains("Probability of").is_none());
    assert!(window.query_by_label_contains("CAM view").is_none(), "the picture and nothing else");
    press(&mut window, Modifiers::NONE, Key::Num3);
    wait(&mut window, "the answer", |app| app.session.shown().is_some());
    window.get_by_label_contains("You: 3 Severe");
    let folder = tempfile::tempdir().unwrap();
    export(&mut window, folder.path());
    let record = fs::read(folder.path().join("phantom-moderate.json")).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
    assert_eq!(record["reader"]["class"], "3");
    assert!(record["reader"]["seconds"].as_f64().unwrap() >= 0.0);
    assert!(record["decided"].is_number());
}

#[test]
fn what_is_exported_is_bit_for_bit_what_explain_writes() {
    let mut window = opened();
    for command in [
        SessionCommand::Class(Some(3)),
        SessionCommand::CamOpacity(0.25),
        SessionCommand::Grade(2),
        SessionCommand::Gain(2.0),
    ] {
        act(&mut window, command);
    }
    act(&mut window, SessionCommand::OnBlack(false));
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    export(&mut window, ours.path());
    let mut program = Program::cargo_bin("fovea").unwrap();
    program.args(["explain", "--device", "cpu", "--class", "3", "--cam-opacity", "0.25", "--without", "2"]);
    program
        .args(["--gain", "2.0", "--clear-over-input", "--out"])
        .arg(theirs.path())
        .arg(moderate())
        .assert()
        .success();
    let mut names: Vec<_> = fs::read_dir(theirs.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names.len(), 17, "panel, maps, record, ten single maps, three overlays, what cannot be graded");
    for name in names.iter().filter(|name| !name.to_string_lossy().ends_with(".json")) {
        let (a, b) = (fs::read(ours.path().join(name)).unwrap(), fs::read(theirs.path().join(name)).unwrap());
        assert!(a == b, "{name:?} differs");
    }
    let again = fs::metadata(ours.path().join("phantom-moderate.npz")).unwrap().modified().unwrap();
    window.state_mut().session.notices.clear();
    window.state_mut().session.export(ours.path(), "phantom-moderate", fovea::export::Parts::ALL, false);
    wait(&mut window, "the refusal", |app| !app.session.notices.is_empty());
    window.get_by_label_contains("exists already");
    assert_eq!(fs::metadata(ours.path().join("phantom-moderate.npz")).unwrap().modified().unwrap(), again);
}

#[test]
fn an_unfit_picture_is_marked_in_inspector_list_and_view() {
    let folder = tempfile::tempdir().unwrap();
    let dark = folder.path().join("a-dark.png");
    let mut darker = image::open(moderate()).unwrap().to_rgb8();
    darker.iter_mut().for_each(|v| *v = (f32::from(*v) * 0.15) as u8);
    darker.save(&dark).unwrap();
    let mut window = build(None, false);
    open(&mut window, &[dark, moderate()]);
    assert!(says(&window, "Not gradable: too dark"));
    window.get_by_role_and_label(Role::CheckBox, "Hatch where it cannot be graded").click();
    window.run_steps(4);
    assert!(!window.state().session.preferences.style.hatched);
    let grade = window.state().session.worklist.items()[0].answer.clone().unwrap();
    assert_eq!(grade.gradable, Some(false));
    assert!(says(&window, "a-dark.png Not gradable: "), "a screen reader hears it in the list");
    act(&mut window, SessionCommand::Next);
    wait(&mut window, "the other picture", |app| {
        app.session.current().is_some_and(|current| current.path == moderate()) && app.session.shown().is_some()
    });
    assert!(says(&window, "Quality: good") && !says(&window, "Not gradable: too dark"));
}

#[test]
fn settings_survive_and_a_damaged_file_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    let mut window = build(Some(file.clone()), false);
    act(&mut window, SessionCommand::CamOpacity(0.3));
    act(&mut window, WindowCommand::More);
    eframe::App::on_exit(window.state_mut());
    drop(window);
    let window = build(Some(file.clone()), false);
    let preferences = &window.state().session.preferences;
    assert!(preferences.more && preferences.style.cam.opacity == 0.3);
    drop(window);
    fs::write(&file, "more = 7").unwrap();
    let mut window = build(Some(file), false);
    window.run_steps(3);
    window.get_by_label_contains("set aside");
}

#[test]
fn a_model_that_fails_leaves_the_last_one() {
    let mut window = opened();
    act(&mut window, SessionCommand::Model("no-such-model".to_owned()));
    wait(&mut window, "the notice", |app| !app.session.notices.is_empty());
    window.get_by_label_contains("there is no model `no-such-model`");
    assert_eq!(window.state().session.card().unwrap().name, "retina-dr");
    act(&mut window, SessionCommand::Model("mnist".to_owned()));
    wait(&mut window, "the other model", |app| {
        app.session.card().unwrap().name == "mnist" && app.session.shown().is_some()
    });
    assert!(says(&window, "CLEAR: dominant class and response"));
}

#[test]
fn whether_the_answer_is_steady_stands_under_it() {
    let mut window = build(None, false);
    act(&mut window, SessionCommand::ReadFirst(true));
    act(&mut window, SessionCommand::Open(vec![moderate()]));
    wait(&mut window, "the hidden answer", |app| {
        app.session.current().is_some_and(|current| current.answer.shown.is_some())
    });
    assert!(window.query_by_label_contains("teady").is_none(), "a reader has to answer first");
    press(&mut window, Modifiers::NONE, Key::Num3);
    wait(&mut window, "the variants", |app| app.session.steady().is_some());
    let says =
        if window.state().session.steady().unwrap().is_steady() { "Steady: always " } else { "Not steady: changes" };
    window.get_by_label_contains(says);
}
