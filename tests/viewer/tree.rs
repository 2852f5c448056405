//! The window as a screen reader is given it, one line a node: role, name, value, state.

use egui::accesskit::{Role, Toggled};
use egui_kittest::kittest::{AccessKitNode, NodeT};

use super::window::*;

/// One thing of the window.
pub struct Seen {
    pub role: Role,
    pub name: String,
    pub value: Option<String>,
    pub rect: egui::Rect,
    pub depth: usize,
    line: String,
}

/// All nodes in the order of the tree.
pub fn nodes(window: &Window) -> Vec<Seen> {
    let mut all = Vec::new();
    walk(&window.root().accesskit_node(), 0, &mut all);
    // The tree is in pixels.
    all.iter_mut().for_each(|seen| seen.rect = seen.rect / window.ctx.pixels_per_point());
    all
}

/// The tree as text.
pub fn text(window: &Window) -> String {
    nodes(window).iter().map(|seen| format!("{}{}\n", "  ".repeat(seen.depth), seen.line)).collect()
}

fn walk(node: &AccessKitNode<'_>, depth: usize, all: &mut Vec<Seen>) {
    let silent = matches!(node.role(), Role::GenericContainer | Role::Unknown) && node.label().is_none();
    if !silent && !node.is_hidden() {
        all.push(seen(node, depth));
    }
    let below = if silent { depth } else { depth + 1 };
    for child in node.children() {
        walk(&child, below, all);
    }
}

fn seen(node: &AccessKitNode<'_>, depth: usize) -> Seen {
    let (name, value) = (node.label().unwrap_or_default(), node.value());
    let mut line = format!("{:?} “{name}”", node.role());
    if let Some(value) = value.as_deref().filter(|value| **value != name) {
        line.push_str(&format!(" = “{value}”"));
    }
    if let Some(number) = node.numeric_value() {
        line.push_str(&format!(" = {number}"));
    }
    match node.toggled() {
        Some(Toggled::True) => line.push_str(", on"),
        Some(Toggled::False) => line.push_str(", off"),
        _ => {}
    }
    if let Some(says) = node.data().description() {
        line.push_str(&format!(", {says}"));
    }
    if let Some(keys) = node.data().keyboard_shortcut() {
        line.push_str(&format!(", key {keys}"));
    }
    if node.is_disabled() {
        line.push_str(", not possible now");
    }
    if node.is_focused() {
        line.push_str(", has the keyboard");
    }
    let rect = node.bounding_box().map_or(egui::Rect::NOTHING, |bounds| {
        egui::Rect::from_min_max(
            egui::pos2(bounds.x0 as f32, bounds.y0 as f32),
            egui::pos2(bounds.x1 as f32, bounds.y1 as f32),
        )
    });
    Seen { role: node.role(), name, value, rect, depth, line }
}

/// What a control is called must be more than a sign or a number.
fn reads_badly(seen: &Seen) -> bool {
    let is_control = matches!(
        seen.role,
        Role::Button
            | Role::CheckBox
            | Role::RadioButton
            | Role::ComboBox
            | Role::Slider
            | Role::Link
            | Role::TextInput
            | Role::Image
            | Role::Meter
            | Role::ListBox
            | Role::ListBoxOption
            | Role::SpinButton
    );
    is_control && seen.name.chars().filter(|c| c.is_alphabetic()).count() < 2
}

#[test]
fn every_control_has_a_name_in_words() {
    let mut window = build(None, false);
    window.run_steps(4);
    let mut texts = vec![("start", text(&window))];
    let mut bad: Vec<String> = nodes(&window).iter().filter(|seen| reads_badly(seen)).map(|s| s.line.clone()).collect();
    open(&mut window, &[sample("")]);
    act(&mut window, fovea::session::WindowCommand::More);
    window.run_steps(4);
    texts.push(("picture", text(&window)));
    bad.extend(nodes(&window).iter().filter(|seen| reads_badly(seen)).map(|s| s.line.clone()));
    for command in [
        fovea::session::WindowCommand::Help,
        fovea::session::WindowCommand::ModelCard,
        fovea::session::WindowCommand::Export,
    ] {
        act(&mut window, command);
        window.run_steps(3);
        bad.extend(nodes(&window).iter().filter(|seen| reads_badly(seen)).map(|s| s.line.clone()));
        act(&mut window, fovea::session::WindowCommand::Escape);
    }
    // For people: `cargo test --test viewer every_control -- --nocapture`.
    for (what, text) in texts {
        println!("\n=== {what}\n{text}");
    }
    assert_eq!(bad, Vec::<String>::new());
}
