//! Chest X-rays in the window: window and level, presets, frames, findings, the gate, and whose picture it is.

use egui::{Event, PointerButton, Pos2};

use super::file::{EXPLICIT, File, NAME, Value, text, us};
use super::*;

pub fn chest(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/chest-samples").join(format!("phantom-chest-{name}.dcm"))
}

pub fn for_chests() -> Window {
    build_with(Vec::new(), Some("cxr-pneumonia".to_owned()), None, false)
}

pub fn opened_chest() -> Window {
    let mut window = for_chests();
    open(&mut window, &[chest("consolidation")]);
    window
}

/// Centre and width as they are shown.
fn shown_window(window: &Window) -> (f64, f64) {
    let shown = window.state().session.grey().unwrap().window();
    (shown.centre, shown.width)
}

pub fn drag(window: &mut Window, button: PointerButton, from: Pos2, to: Pos2, modifiers: Modifiers) {
    let press = |pos, pressed| Event::PointerButton { pos, button, pressed, modifiers };
    for events in [
        vec![Event::ModifiersChanged(modifiers), Event::PointerMoved(from)],
        vec![press(from, true)],
        vec![Event::PointerMoved(from.lerp(to, 0.5))],
        vec![Event::PointerMoved(to)],
        vec![press(to, false), Event::ModifiersChanged(Modifiers::NONE)],
    ] {
        window.input_mut().events.extend(events);
        window.step();
    }
    window.run_steps(2);
}

pub fn view_rect(window: &Window, view: &str) -> egui::Rect {
    window.get_by_role_and_label(Role::Image, view).rect()
}

#[test]
fn a_chest_sample_brings_its_model_and_says_what_its_file_says() {
    let mut window = build(None, false);
    window.run_steps(3);
    window.get_by_role_and_label(Role::Button, "Chest X-ray: Consolidation").click();
    window.step();
    wait(&mut window, "the explanation", |app| {
        app.session.shown().is_some() && app.session.card().is_some_and(|card| card.name == "cxr-pneumonia")
    });
    window.get_by_label("Input: DX · CHEST · AP");
    window.get_by_label_contains("0.4 mm across and 0.4 mm down, at the detector");
    assert!(window.state().session.advice().is_none(), "it is of the model's own kind");
}

#[test]
fn a_right_drag_sets_window_and_level_and_no_network_runs() {
    let mut window = opened_chest();
    let runs = window.state().session.network_runs();
    let (centre, width) = shown_window(&window);
    assert_eq!((centre, width), (1650.0, 2600.0));
    let rect = view_rect(&window, "Input view of phantom-chest-consolidation.dcm");
    let middle = rect.center();
    drag(&mut window, PointerButton::Secondary, middle, middle - egui::vec2(rect.width() / 4.0, 0.0), Modifiers::NONE);
    let (level, narrower) = shown_window(&window);
    assert!((level - centre).abs() < 1e-6 && (0.4..0.6).contains(&(narrower / width)), "{level} {narrower}");
    drag(&mut window, PointerButton::Secondary, middle, middle + egui::vec2(0.0, rect.height() / 4.0), Modifiers::NONE);
    assert!(shown_window(&window).0 > centre + 0.2 * narrower, "downwards the centre rises");
    assert_eq!(window.state().session.network_runs(), runs);
    assert_eq!(window.state().session.grey().unwrap().preset, None, "no preset any more");
    press(&mut window, Modifiers::NONE, Key::R);
    assert_eq!(shown_window(&window), (centre, width));
}

#[test]
fn presets_inversion_and_the_automatic_window_are_a_click_away() {
    let mut window = opened_chest();
    window.get_by_role_and_label(Role::ComboBox, "Preset").click();
    window.run_steps(3);
    window.get_by_label("LUNG").click();
    window.run_steps(3);
    assert_eq!(shown_window(&window), (1250.0, 1400.0));
    let light = |window: &Window| window.state().session.grey().unwrap().lookup[1000];
    let before = light(&window);
    window.get_by_role_and_label(Role::Button, "Invert").click();
    window.run_steps(3);
    assert_eq!(light(&window), 255 - before);
    window.get_by_role_and_label(Role::Button, "Automatic window").click();
    window.run_steps(3);
    assert_ne!(shown_window(&window), (1250.0, 1400.0));
    window.get_by_role_and_label(Role::Button, "Window of the file").click();
    window.run_steps(3);
    assert_eq!(shown_window(&window), (1650.0, 2600.0));
    assert!(!window.state().session.grey().unwrap().display.inverted);
}

#[test]
fn what_is_exported_shows_the_window_of_the_moment_and_the_answer_stays() {
    let mut window = opened_chest();
    let probabilities = window.state().session.shown().unwrap().explanation.verdict.probabilities.clone();
    act(&mut window, SessionCommand::WindowLevel { centre: 900.0, width: 700.0 });
    act(&mut window, SessionCommand::WindowInvert);
    let folder = tempfile::tempdir().unwrap();
    export(&mut window, folder.path());
    let record = fs::read(folder.path().join("phantom-chest-consolidation.json")).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
    let shown = &record["window"];
    assert_eq!((shown["centre"].as_f64(), shown["width"].as_f64()), (Some(900.0), Some(700.0)));
    assert_eq!(shown["inverted"], true);
    assert!((record["classes"][1]["probability"].as_f64().unwrap() - f64::from(probabilities[1])).abs() < 1e-6);
    // The command line writes the same picture when it is told the same window.
    let theirs = tempfile::tempdir().unwrap();
    Program::cargo_bin("fovea")
        .unwrap()
        .args(["explain", "--device", "cpu", "--model", "cxr-pneumonia", "--window", "900,700", "--invert", "--out"])
        .arg(theirs.path())
        .arg(chest("consolidation"))
        .assert()
        .success();
    let name = "phantom-chest-consolidation.cam-overlay.png";
    assert!(fs::read(folder.path().join(name)).unwrap() == fs::read(theirs.path().join(name)).unwrap());
}

#[test]
fn whose_picture_it_is_is_hidden_until_asked_and_forgotten_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let pixels: Vec<u16> = (0..64u16 * 64).map(|i| i % 4096).collect();
    let file = File::grey(EXPLICIT, (64, 64), [16, 12, 11], Value::Words(pixels));
    let first = file.write(folder.path(), "a.dcm");
    let other = file.set([(0x0010_0010, text("PN", "Roe^Rick"))]).write(folder.path(), "b.dcm");
    let mut window = for_chests();
    open(&mut window, &[first.clone(), other.clone()]);
    assert!(!says(&window, "Doe"), "hidden at first");
    window.get_by_label("Show whose picture it is").click();
    window.run_steps(2);
    wait(&mut window, "the name", |app| app.session.personal().is_some());
    window.get_by_label(&format!("Patient's name: {}", NAME.replace('^', " ")));
    act(&mut window, SessionCommand::Show(other.clone()));
    wait(&mut window, "the other", |app| app.session.current().is_some_and(|current| current.path == other));
    assert!(window.state().session.personal().is_none() && !says(&window, "Doe") && !says(&window, "Roe"));
    act(&mut window, SessionCommand::AnswerAnyway);
    wait(&mut window, "its explanation", |app| app.session.shown().is_some());
    let out = tempfile::tempdir().unwrap();
    export(&mut window, out.path());
    for file in fs::read_dir(out.path()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(3).any(|three| three == b"Roe"), "no export carries a name");
    }
}

#[test]
fn frames_have_a_slider_and_keys() {
    let folder = tempfile::tempdir().unwrap();
    let pixels: Vec<u16> = (0..3 * 64 * 64u32).map(|i| (i / 4096 * 1000 + i % 64) as u16).collect();
    let file = File::grey(EXPLICIT, (64, 64), [16, 12, 11], Value::Words(pixels))
        .set([(0x0028_0008, text("IS", "3")), (0x0028_0120, us(4095))]);
    let path = file.write(folder.path(), "cine.dcm");
    let mut window = for_chests();
    open(&mut window, &[path]);
    window.get_by_role_and_label(Role::Slider, "Frame of 3");
    // What is drawn here is no chest; asked for once, the answer is there for all frames.
    assert!(window.state().session.answer_is_withheld());
    act(&mut window, SessionCommand::AnswerAnyway);
    let frame_is = |app: &App, frame: u32| app.session.frames() == (3, frame) && app.session.shown().is_some();
    press(&mut window, Modifiers::NONE, Key::Period);
    wait(&mut window, "the second frame", |app| frame_is(app, 1));
    let scan = &window.state().session.current().unwrap().picture.scan;
    assert_eq!(scan.grey().unwrap().value(5, 7), Some(1005.0));
    press_in_one_frame(&mut window, Key::Period, 2);
    wait(&mut window, "the last frame", |app| frame_is(app, 2));
    press(&mut window, Modifiers::NONE, Key::Comma);
    wait(&mut window, "the second again", |app| frame_is(app, 1));
}

#[test]
fn the_gate_gives_no_answer_and_offers_the_model_that_reads_the_picture() {
    let mut window = for_chests();
    open(&mut window, &[moderate()]);
    window.get_by_label("Not a picture for this model");
    assert!(window.query_by_label_contains("Probability of").is_none(), "no answer");
    assert!(window.state().session.shown().is_none(), "the answer stands behind a click");
    assert!(window.query_by_label_contains("CAM view").is_none(), "no map, and no picture in its place");
    let offered = |app: &App, name: &str| app.session.advice().is_some_and(|a| a.instead.as_deref() == Some(name));
    wait(&mut window, "the offer", |app| offered(app, "retina-dr"));
    window.get_by_label_contains("cxr-pneumonia reads a child's chest X-ray, frontal");
    window.get_by_role_and_label(Role::Button, "Use retina-dr").click();
    window.run_steps(2);
    wait(&mut window, "the other model", |app| {
        app.session.card().is_some_and(|card| card.name == "retina-dr") && app.session.shown().is_some()
    });
    assert!(window.state().session.advice().is_none());
    window.get_by_label("Referable: yes");
    window.get_by_label_contains("Undecided between".to_lowercase().as_str());
    window.get_by_label_contains("but 3 Severe holds most of the response");
    open(&mut window, &[chest("clear")]);
    wait(&mut window, "the offer", |app| offered(app, "cxr-pneumonia"));
    window.get_by_role_and_label(Role::Button, "Use cxr-pneumonia");
    window.get_by_role_and_label(Role::Button, "Show its answer anyway").click();
    window.run_steps(2);
    wait(&mut window, "the answer", |app| app.session.shown().is_some());
    assert!(!window.state().session.answer_is_withheld());
}

#[test]
fn the_picture_is_shown_as_the_network_receives_it() {
    let mut window = opened_chest();
    act(&mut window, WindowCommand::More);
    act(&mut window, SessionCommand::ModelInput);
    wait(&mut window, "the network's view", |app| app.session.model_input().is_some());
    window.get_by_role_and_label(Role::Image, "What the network receives, 128×128");
    let (id, before) = window.state().session.model_input().map(|(id, picture)| (id, picture.clone())).unwrap();
    act(&mut window, SessionCommand::WindowInvert);
    let (still, after) = window.state().session.model_input().unwrap();
    assert_eq!((id, &before), (still, after), "window and level are for the eye only");
}

/// A network of twelve findings, some of which any picture has and some of which none has.
fn findings_model() -> tempfile::TempDir {
    let architecture =
        r#"layers = [{ kind = "conv", channels = 4, kernel = 3, stride = 2 }, { kind = "classes", kernel = 1 }]"#;
    let mut card = common::card(architecture, [1, 16, 16], 12);
    card.name = "findings".to_owned();
    card.output.activation = fovea::bundle::card::OutputActivation::Sigmoid;
    card.output.decision = fovea::bundle::card::Decision::EachFinding;
    card.output.operating_points = (0..12).map(|c| if c < 2 { 0.000_001 } else { 0.999_999 }).collect();
    let bundle = common::formula_bundle(card);
    let folder = tempfile::tempdir().unwrap();
    common::write_bundle(&bundle, &folder.path().join("findings"));
    folder
}

#[test]
fn findings_stand_by_their_operating_points_and_ten_go_back() {
    let models = findings_model();
    let mut window = build_with(vec![models.path().to_owned()], Some("findings".to_owned()), None, false);
    open(&mut window, &[chest("clear")]);
    window.get_by_label("Each finding from its own operating point on");
    let explanation = &window.state().session.shown().unwrap().explanation;
    let mut found = explanation.verdict.findings.clone().unwrap();
    found.sort_unstable();
    assert_eq!((found, explanation.response.held.len()), (vec![0, 1], 10));
    window.get_by_label_contains("The 10 most activated of 12");
    assert_eq!(window.query_all_by_label_contains("Probability of ").count(), 12);
    let drawn = explanation.response.held.clone();
    let missing = (0..12).find(|c| !drawn.contains(c)).unwrap();
    assert!(window.query_by_role_and_label(Role::CheckBox, &format!("{missing} Class {missing}")).is_none());
    // It may lie below what the panel shows.
    let label = format!("{0} Class {0}", drawn[0]);
    window.get_by_role_and_label(Role::CheckBox, &label).scroll_to_me();
    window.run_steps(30);
    window.get_by_role_and_label(Role::CheckBox, &label).click();
    window.run_steps(3);
    assert!(!window.state().session.preferences.style.is_on(drawn[0]));
    let out = tempfile::tempdir().unwrap();
    export(&mut window, out.path());
    let record = fs::read(out.path().join("phantom-chest-clear.json")).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
    assert_eq!(record["findings"].as_array().unwrap().len(), 2);
    assert!(record["classes"][3]["operating_point"].as_f64().unwrap() > 0.99);
}

#[test]
fn a_picture_is_shown_as_its_file_has_it_until_somebody_changes_that() {
    let folder = tempfile::tempdir().unwrap();
    let grey = image::GrayImage::from_fn(120, 90, |x, y| image::Luma([(x + y) as u8]));
    let path = folder.path().join("grey.png");
    grey.save(&path).unwrap();
    let mut window = for_chests();
    for path in [path, chest("clear")] {
        open(&mut window, std::slice::from_ref(&path));
        window.run_steps(5);
        let state = window.state().session.grey().unwrap();
        assert_eq!((state.preset, state.version), (Some(0), 0), "{}", path.display());
    }
}
