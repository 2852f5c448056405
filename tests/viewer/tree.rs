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
    /// What of it is in sight: a part of the window that scrolls hides the rest.
    pub visible: egui::Rect,
    /// Which part of the window it stands in.
    pub part: String,
    pub depth: usize,
    line: String,
}

/// All nodes in the order of the tree.
pub fn nodes(window: &Window) -> Vec<Seen> {
    let mut all = Vec::new();
    walk(&window.root().accesskit_node(), 0, "", &mut all);
    // The tree is in pixels.
    let scale = window.ctx.pixels_per_point();
    all.iter_mut().for_each(|seen| seen.rect = seen.rect / scale);
    // What scrolls is hidden where the menu begins and the status line.
    let edge = |parts: &[&str]| {
        let of = all.iter().filter(|seen| parts.contains(&seen.part.as_str()) && seen.role != Role::Region);
        of.map(|seen| seen.rect).filter(|rect| rect.is_positive()).reduce(egui::Rect::union)
    };
    let top = edge(&["Menu and toolbar"]).map_or(0.0, |rect| rect.bottom());
    let bottom = edge(&["Status", "Messages"]).map_or(f32::INFINITY, |rect| rect.top());
    for seen in &mut all {
        let scrolls = ["Views", "Start", "Pictures", "What the model says"].contains(&seen.part.as_str());
        let (top, bottom) = if scrolls { (top, bottom) } else { (f32::NEG_INFINITY, f32::INFINITY) };
        seen.visible = seen.rect.intersect(egui::Rect::from_x_y_ranges(egui::Rangef::EVERYTHING, top..=bottom));
    }
    all
}

/// The tree as text.
pub fn text(window: &Window) -> String {
    nodes(window).iter().map(|seen| format!("{}{}\n", "  ".repeat(seen.depth), seen.line)).collect()
}

fn walk(node: &AccessKitNode<'_>, depth: usize, part: &str, all: &mut Vec<Seen>) {
    let silent = matches!(node.role(), Role::GenericContainer | Role::Unknown) && node.label().is_none();
    if !silent && !node.is_hidden() {
        all.push(seen(node, depth, part));
    }
    let part = node.label().filter(|_| node.role() == Role::Region).unwrap_or_else(|| part.to_owned());
    let below = if silent { depth } else { depth + 1 };
    for child in node.children() {
        walk(&child, below, &part, all);
    }
}

fn seen(node: &AccessKitNode<'_>, depth: usize, part: &str) -> Seen {
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
    let rect = bounds(node);
    Seen { role: node.role(), name, value, rect, visible: rect, part: part.to_owned(), depth, line }
}

fn bounds(node: &AccessKitNode<'_>) -> egui::Rect {
    node.bounding_box().map_or(egui::Rect::NOTHING, |bounds| {
        let (x0, y0, x1, y1) = (bounds.x0 as f32, bounds.y0 as f32, bounds.x1 as f32, bounds.y1 as f32);
        egui::Rect::from_min_max(egui::pos2(x0, y0), egui::pos2(x1, y1))
    })
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
        fovea::session::WindowCommand::Archive,
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
