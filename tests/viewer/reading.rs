//! A case from the first look to the next one, by keys and by buttons; what was said is there after a restart.

use std::path::PathBuf;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use fovea::reading::{Judgement, Reading};
use fovea::session::SessionCommand;
use fovea::session::camera::Zoom;

use crate::window::{Window, act, build_desk, press, sample, wait};

const NONE: Modifiers = Modifiers::NONE;

fn day() -> Vec<PathBuf> {
    ["phantom-moderate.jpg", "phantom-severe.jpg", "phantom-mild.jpg"].map(sample).to_vec()
}

fn open_day(window: &mut Window) {
    act(window, SessionCommand::Open(day()));
    wait(window, "the first picture and its answer", |app| {
        app.session.current().is_some_and(|current| current.answer.shown.is_some())
    });
}

fn said(window: &Window) -> Reading {
    let session = &window.state().session;
    session.readings.reading(&session.on_screen().unwrap()).cloned().unwrap_or_default()
}

fn answered(window: &mut Window) {
    wait(window, "the answer", |app| app.session.shown().is_some());
}

fn next(window: &mut Window) {
    let before = window.state().session.on_screen();
    press(window, NONE, Key::N);
    wait(window, "the next picture and its answer", |app| {
        app.session.on_screen() != before && app.session.current().is_some_and(|current| current.answer.shown.is_some())
    });
}

#[test]
fn a_case_takes_fewer_than_six_keys_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = build_desk(folder.path());
    act(&mut window, SessionCommand::ReadFirst(true));
    open_day(&mut window);
    window.get_by_label("Your grade?");
    press(&mut window, NONE, Key::Num2);
    answered(&mut window);
    assert_eq!((said(&window).class, said(&window).answer_seen_before), (Some(2), false));
    window.get_by_label_contains("You: 2 Moderate, blind");
    press(&mut window, NONE, Key::Y);
    assert!(said(&window).judgement.is_some());
    press(&mut window, NONE, Key::K);
    assert!(said(&window).flagged);
    next(&mut window);
    // A grade, an agreement, a flag and the next picture: four.
    press(&mut window, NONE, Key::U);
    answered(&mut window);
    window.get_by_label_contains("You: Not gradable, blind");
    press(&mut window, NONE, Key::C);
    window.get_by_role_and_label(Role::TextInput, "Comment").type_text("eyelid");
    window.run_steps(3);
    press(&mut window, NONE, Key::Enter);
    assert_eq!(said(&window).comment, "eyelid");
    press(&mut window, NONE, Key::Plus);
    assert_ne!(window.state().camera().zoom, Zoom::Fit);
    std::thread::sleep(std::time::Duration::from_millis(600));
    window.run_steps(3);
    // The end of the program waits until all is kept; a killed one is another test's.
    drop(window);

    let mut again = build_desk(folder.path());
    open_day(&mut again);
    wait(&mut again, "the place of then", |app| {
        app.session.on_screen().is_some_and(|of| of.path.ends_with("phantom-severe.jpg"))
            && app.session.shown().is_some()
    });
    assert_eq!((said(&again).ungradable, said(&again).comment.as_str()), (true, "eyelid"));
    assert_ne!(again.state().camera().zoom, Zoom::Fit, "as large as then");
    next(&mut again);
    again.get_by_label("Your grade?");
}

#[test]
fn an_answer_that_was_seen_can_be_agreed_with_or_overruled_by_the_mouse() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = build_desk(folder.path());
    open_day(&mut window);
    answered(&mut window);
    window.get_by_label("You: not read yet");
    window.get_by_role_and_label(Role::Button, "Agree").click();
    window.run_steps(3);
    assert_eq!((said(&window).judgement, said(&window).answer_seen_before), (Some(Judgement::Accepted), true));
    window.get_by_role_and_label(Role::Button, "Your answer…").click();
    window.run_steps(3);
    window.get_by_role_and_label(Role::Button, "My grade is 4 Proliferative").click();
    window.run_steps(3);
    assert_eq!((said(&window).class, said(&window).judgement), (Some(4), Some(Judgement::Overruled)));
    assert!(window.query_by_label_contains("My grade is").is_none(), "it was said");
    window.get_by_label_contains("unlike the model");
}
