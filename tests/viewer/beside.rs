//! Two pictures beside each other, the next picture, and how much of the screen the pictures have.

use std::time::Instant;

use fovea::reading::{Eye, Identity};
use fovea::session::ListCommand;

use super::radiographs::{chest, for_chests, view_rect};
use super::*;

/// Both healthy eyes are of one patient and one day, the mild one is an earlier picture of the left.
fn of_one_patient(window: &mut Window) {
    let all = [
        ("phantom-healthy-left.jpg", Eye::Left, "2024-05-02"),
        ("phantom-healthy-right.jpg", Eye::Right, "2024-05-02"),
        ("phantom-mild.jpg", Eye::Left, "2021-01-01"),
    ];
    for (name, eye, taken) in all {
        let (patient, taken) = ("p".to_owned(), Some(taken.to_owned()));
        let identity = Identity { patient, eye: Some(eye), taken, ..Identity::default() };
        act(window, ListCommand::Identity(sample(name), identity));
    }
}

fn opened_pair() -> Window {
    let mut window = build(None, false);
    open(
        &mut window,
        &[sample("phantom-healthy-left.jpg"), sample("phantom-healthy-right.jpg"), sample("phantom-mild.jpg")],
    );
    of_one_patient(&mut window);
    window
}

fn is_beside(app: &App, name: &str) -> bool {
    let is_it = app.session.companion().is_some_and(|beside| beside.path() == sample(name));
    is_it && app.session.companion_shown().is_some()
}

#[test]
fn both_eyes_hang_as_readers_hang_them_and_the_cross_hair_is_mirrored() {
    let mut window = opened_pair();
    press(&mut window, Modifiers::NONE, Key::O);
    wait(&mut window, "the other eye", |app| is_beside(app, "phantom-healthy-right.jpg"));
    let left = view_rect(&window, "Input view of phantom-healthy-left.jpg");
    let right = view_rect(&window, "Input view of phantom-healthy-right.jpg, beside");
    assert!(right.right() <= left.left() && right.top() == left.top(), "the right eye on the left: {right} {left}");
    for view in ["CLEAR-DR view of phantom-healthy-left.jpg", "CLEAR-DR view of phantom-healthy-right.jpg, beside"] {
        window.get_by_role_and_label(Role::Image, view);
    }
    window.get_by_role_and_label(Role::Label, "R");
    window.get_by_role_and_label(Role::Label, "L");
    let said = window.state().session.companion_says();
    assert!(says(&window, &said) && !said.is_empty(), "{said}");
    // A pointer in the one eye is as far from the disc's side in the other.
    window.hover_at(right.center() + egui::vec2(60.0, 20.0));
    window.run_steps(3);
    let line = |window: &Window| window.get_by_label_contains("  value ").value().unwrap();
    let beside = line(&window);
    window.hover_at(left.center() + egui::vec2(-60.0, 20.0));
    window.run_steps(3);
    let place = |line: &str| {
        let numbers: Vec<f64> =
            line.trim_start_matches('(').split(')').next().unwrap().split(", ").map(|n| n.parse().unwrap()).collect();
        (numbers[0], numbers[1])
    };
    let ((a, b), (c, d)) = (place(&beside), place(&line(&window)));
    assert!((a - c).abs() < 4.0 && (b - d).abs() < 4.0, "{beside}, {}", line(&window));
    // Zoom is one for both, and a list is gone through with both eyes.
    press(&mut window, Modifiers::NONE, Key::Plus);
    window.check_accessibility();
    act(&mut window, SessionCommand::Next);
    wait(&mut window, "the eyes change places", |app| is_beside(app, "phantom-healthy-left.jpg"));
    press(&mut window, Modifiers::NONE, Key::O);
    assert!(window.state().session.companion().is_none());
    window.get_by_role_and_label(Role::Image, "CAM view of phantom-healthy-right.jpg");
}

#[test]
fn a_prior_stands_on_the_right_and_is_not_mirrored() {
    let mut window = opened_pair();
    press(&mut window, Modifiers::SHIFT, Key::P);
    wait(&mut window, "the prior", |app| is_beside(app, "phantom-mild.jpg"));
    let present = view_rect(&window, "Input view of phantom-healthy-left.jpg");
    let prior = view_rect(&window, "Input view of phantom-mild.jpg, beside");
    assert!(prior.left() >= present.right() && !window.state().session.is_mirrored());
    window.get_by_role_and_label(Role::Label, "2021-01-01");
}

#[test]
fn a_blind_reader_sees_no_answer_beside_either() {
    let mut window = build(None, false);
    act(&mut window, SessionCommand::ReadFirst(true));
    let both = ["phantom-healthy-left.jpg", "phantom-healthy-right.jpg"].map(sample);
    act(&mut window, SessionCommand::Open(both.to_vec()));
    wait(&mut window, "the picture", |app| app.session.current().is_some() && app.session.card().is_some());
    of_one_patient(&mut window);
    act(&mut window, SessionCommand::OtherEye);
    wait(&mut window, "the picture beside", |app| {
        app.session.companion().is_some_and(|beside| beside.current().is_some())
    });
    window.run_steps(40);
    assert!(window.state().session.companion_shown().is_none());
    window.get_by_label("Answer hidden until you have read it");
    assert!(window.query_by_label_contains("CLEAR-DR view").is_none());
    press(&mut window, Modifiers::NONE, Key::Num0);
    wait(&mut window, "the own answer", |app| app.session.shown().is_some());
    assert!(window.state().session.companion_shown().is_none(), "the other eye has not been read");
}

#[test]
fn the_pictures_have_the_screen() {
    let mut window = for_chests();
    window.set_size(egui::vec2(1920.0, 1080.0));
    let all = ["consolidation", "clear", "interstitial"].map(chest).into_iter().filter(|path| path.exists());
    open(&mut window, &all.collect::<Vec<_>>());
    window.run_steps(4);
    let (width, height) = window.state().session.current().unwrap().picture.size_px();
    let views = ["Input", "CAM", "CLEAR"]
        .map(|view| view_rect(&window, &format!("{view} view of phantom-chest-consolidation.dcm")));
    let aspect = width as f32 / height as f32;
    let area = |rect: &egui::Rect| {
        let across = rect.width().min(rect.height() * aspect);
        across * across / aspect
    };
    let part = views.iter().map(area).sum::<f32>() / (1920.0 * 1080.0);
    eprintln!("pictures of aspect {aspect:.2} have {:.1} % of the screen", 100.0 * part);
    assert!(part >= 0.45, "{part}: {views:?}");
}

#[test]
fn the_next_photograph_is_there_at_once() {
    let mut window = build(None, false);
    open(&mut window, &[Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/samples")]);
    let thumbnails = |app: &App| app.session.worklist.items().iter().all(|item| item.thumbnail.is_some());
    wait(&mut window, "all thumbnails", thumbnails);
    let path = |window: &Window| window.state().session.current().unwrap().path.clone();
    // Read ahead: whole with the next frame.
    let start = Instant::now();
    window.key_press_modifiers(Modifiers::NONE, Key::N);
    window.step();
    window.step();
    eprintln!("read ahead, the photograph after {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    assert_eq!(path(&window), sample("phantom-healthy-right.jpg"));
    // Not read ahead: small at once, and nothing of the last one.
    act(&mut window, SessionCommand::Reload);
    let last = sample("phantom-severe.jpg");
    let start = Instant::now();
    window.state_mut().commands.push(SessionCommand::Show(last.clone()).into());
    window.step();
    window.step();
    if path(&window) != last {
        eprintln!("not read ahead, its thumbnail after {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
        assert_eq!(window.state().session.coming(), Some(last.as_path()));
        assert!(!says(&window, "Probability of"), "no answer of another picture");
    }
    wait(&mut window, "the picture itself", |app| app.session.current().is_some_and(|current| current.path == last));
    eprintln!("not read ahead, the photograph after {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
}

#[test]
fn zoom_and_class_stay_if_they_are_to() {
    let mut window = opened_pair();
    let zoom = |window: &Window| window.get_by_label_contains("1424×946").value().unwrap();
    for keep in [false, true] {
        act(&mut window, SessionCommand::KeepView(keep));
        act(&mut window, ViewCommand::ActualSize);
        act(&mut window, SessionCommand::Class(Some(4)));
        let before = window.state().session.current().unwrap().path.clone();
        act(&mut window, if keep { SessionCommand::Previous } else { SessionCommand::Next });
        wait(&mut window, "the other", |app| {
            app.session.current().is_some_and(|current| current.path != before) && app.session.shown().is_some()
        });
        assert_eq!(zoom(&window).contains(" 100 %"), keep, "{}", zoom(&window));
        assert_eq!(window.state().session.choices.class, keep.then_some(4));
    }
}
