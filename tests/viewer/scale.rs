//! Text of every size: nothing overlaps, nothing leaves the window; a large screen that gives no hint is scaled for.

use egui::accesskit::Role;
use egui::{Rect, vec2};
use fovea::session::{SessionCommand, WindowCommand};

use super::tree::{Seen, nodes};
use super::window::*;

/// What carries words of its own.
fn has_words(seen: &Seen) -> bool {
    matches!(
        seen.role,
        Role::Label | Role::Button | Role::CheckBox | Role::RadioButton | Role::Link | Role::ComboBox | Role::Heading
    )
}

/// A window of 1280×800 pixels with text at `scale`.
fn at_scale(window: &mut Window, scale: f32) -> Rect {
    window.state_mut().session.preferences.text_scale = Some(scale);
    let size = vec2(1280.0, 800.0) / scale;
    window.set_size(size);
    window.run_steps(6);
    assert!((window.ctx.zoom_factor() - scale).abs() < 1e-3);
    Rect::from_min_size(egui::Pos2::ZERO, size)
}

/// Words in sight must not lie on each other, and what does not scroll must be within the window.
fn check(window: &Window, inside: Rect, what: &str) {
    let all = nodes(window);
    let words: Vec<&Seen> = all.iter().filter(|seen| has_words(seen)).collect();
    for (i, a) in words.iter().enumerate() {
        let seen = a.rect.intersect(inside);
        assert!(
            a.rect.left() >= -0.5 && a.rect.right() <= inside.right() + 0.5,
            "{what}: {:?} {} {:?} leaves the window at {:?}",
            a.role,
            a.name,
            a.value,
            a.rect
        );
        for b in &words[..i] {
            let both = seen.intersect(b.rect).shrink(0.75);
            let nested = a.rect.contains_rect(b.rect) || b.rect.contains_rect(a.rect);
            let is_named_twice = a.value.is_some() && a.value == b.value;
            assert!(
                !both.is_positive() || (nested && is_named_twice),
                "{what}: “{}{:?}” at {:?} lies on “{}{:?}” at {:?}",
                a.name,
                a.value,
                a.rect,
                b.name,
                b.value,
                b.rect
            );
        }
    }
    for seen in all.iter().filter(|seen| seen.role == Role::Image && seen.name.contains(" view of ")) {
        assert!(seen.rect.right() <= inside.right() + 0.5 && seen.rect.width() > 60.0, "{what}: {:?}", seen.rect);
    }
}

#[test]
fn at_150_and_300_per_cent_nothing_overlaps_and_nothing_leaves_the_window() {
    for scale in [1.5, 3.0] {
        let mut window = build(None, false);
        let inside = at_scale(&mut window, scale);
        check(&window, inside, &format!("start at {scale}"));
        open(&mut window, &[sample("")]);
        wait(&mut window, "all", |app| app.session.busy().is_none());
        window.run_steps(4);
        check(&window, inside, &format!("pictures at {scale}"));
        act(&mut window, SessionCommand::Open(vec!["/absent/a-picture-that-was-moved-away.png".into()]));
        wait(&mut window, "a problem", |app| !app.session.notices.is_empty());
        check(&window, inside, &format!("a problem at {scale}"));
        window.state_mut().session.notices.clear();
        for command in [WindowCommand::Help, WindowCommand::ModelCard, WindowCommand::Export, WindowCommand::OpenTyped]
        {
            act(&mut window, command);
            window.run_steps(4);
            let dialog = dialog_nodes(&window, inside, &format!("{command:?} at {scale}"));
            assert!(dialog > 0);
            act(&mut window, WindowCommand::Escape);
        }
    }
}

/// What a dialog holds lies within the window: its buttons can be reached.
fn dialog_nodes(window: &Window, inside: Rect, what: &str) -> usize {
    let closes = nodes(window).into_iter().filter(|seen| seen.role == Role::Button && seen.name == "Close");
    let mut count = 0;
    for close in closes {
        assert!(inside.contains_rect(close.rect), "{what}: {:?}", close.rect);
        count += 1;
    }
    count
}

#[test]
fn a_first_start_on_a_large_screen_without_a_hint_is_larger_and_what_is_chosen_stays() {
    let on_4k = |preferences| {
        let mut window = build(preferences, false);
        let viewport = window.input_mut().viewports.entry(egui::ViewportId::ROOT).or_default();
        viewport.monitor_size = Some(vec2(3840.0, 2160.0));
        viewport.native_pixels_per_point = Some(1.0);
        window.run_steps(4);
        window
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    let mut window = on_4k(Some(file.clone()));
    assert_eq!(window.ctx.zoom_factor(), 2.0);
    assert_eq!(window.state().session.preferences.text_scale, None, "nobody has chosen it");
    window.state_mut().session.preferences.text_scale = Some(1.25);
    window.run_steps(3);
    eframe::App::on_exit(window.state_mut());
    drop(window);
    let window = on_4k(Some(file));
    assert_eq!(window.ctx.zoom_factor(), 1.25);
}
