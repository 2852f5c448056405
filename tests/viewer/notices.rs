//! Messages have a place of their own, and go.

use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use fovea::session::{Layer, SessionCommand, ViewCommand};

use super::window::*;

fn view_rects(window: &Window) -> Vec<egui::Rect> {
    window
        .query_all_by_role(Role::Image)
        .filter(|node| node.accesskit_node().label().is_some_and(|l| l.contains(" view of ")))
        .map(|node| node.rect())
        .collect()
}

/// Paths that lead nowhere give a problem each.
fn with_problems(count: usize) -> Window {
    let mut window = opened();
    for n in 0..count {
        act(
            &mut window,
            SessionCommand::Open(vec![format!("/absent/{n}-of-a-picture-that-was-moved-away.png").into()]),
        );
        wait(&mut window, "a problem", |app| app.session.notices.len() == n + 1);
    }
    window
}

#[test]
fn messages_stand_in_a_strip_of_their_own_and_cover_nothing() {
    let mut window = with_problems(3);
    let newest = window.get_by_label_contains("2-of-a-picture").rect();
    assert!(window.query_by_label_contains("0-of-a-picture").is_none(), "the others are folded");
    let status = window.get_by_label("Research use only, not for diagnosis").rect();
    assert!(newest.bottom() <= status.top(), "above the status line");
    let views = view_rects(&window);
    assert_eq!(views.len(), 3);
    assert!(views.iter().all(|view| !view.intersects(newest)), "{views:?} {newest:?}");
    let inspector = window.get_by_label("Follow the decision").rect();
    assert!(!inspector.intersects(newest) && inspector.bottom() < newest.top());
    window.get_by_role_and_label(Role::Button, "2 more").click();
    window.run_steps(3);
    for n in 0..3 {
        window.get_by_label_contains(&format!("{n}-of-a-picture"));
    }
    assert!(
        view_rects(&window).iter().all(|view| !view.intersects(window.get_by_label_contains("2-of-a-picture").rect()))
    );
    window.get_by_role_and_label(Role::Button, "Fold").click();
    window.run_steps(3);
    assert!(window.query_by_label_contains("0-of-a-picture").is_none());
}

#[test]
fn problems_go_by_key_and_by_mouse_and_news_by_themselves() {
    let mut window = with_problems(2);
    act(&mut window, ViewCommand::Maximise(Layer::Cam));
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert_eq!((window.state().session.notices.len(), view_rects(&window).len()), (2, 3), "the enlarged view first");
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert_eq!(window.state().session.notices.len(), 1);
    assert!(says(&window, "0-of-a-picture") && !says(&window, "1-of-a-picture"), "the newest went");
    window.get_by_role_and_label(Role::Button, "Dismiss").click();
    window.run_steps(3);
    assert!(window.state().session.notices.is_empty() && !says(&window, "Dismiss"));
    act(&mut window, SessionCommand::Open(vec!["/absent/problem.png".into()]));
    wait(&mut window, "a problem", |app| app.session.notices.len() == 1);
    window.state_mut().session.notices[0].is_problem = false;
    window.state_mut().session.notices[0].since = Instant::now().checked_sub(Duration::from_secs(60)).unwrap();
    window.run_steps(3);
    assert!(!says(&window, "problem.png"), "news do not stay");
}

#[test]
fn one_long_sentence_wraps_within_the_window() {
    let mut window = opened();
    let long = format!("/absent/{}.png", "a long name of a picture ".repeat(16));
    act(&mut window, SessionCommand::Open(vec![long.into()]));
    wait(&mut window, "a problem", |app| app.session.notices.len() == 1);
    let rect = window.get_by_label_contains("a long name of a picture").rect();
    assert!(rect.right() <= 1280.0 && rect.height() > 30.0, "{rect:?}");
    let dismiss = window.get_by_role_and_label(Role::Button, "Dismiss").rect();
    assert!(dismiss.right() <= 1280.0 && !dismiss.intersects(rect), "{dismiss:?} {rect:?}");
}
