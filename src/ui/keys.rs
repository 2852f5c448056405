//! Keys and the commands that they stand for: the one table behind keyboard, menus and the list under "?".

use egui::{Context, Key, KeyboardShortcut, Modifiers};

use crate::session::{Command, SessionCommand, View, ViewCommand, WindowCommand};

/// A command with its key and what the list says of it.
pub struct Binding {
    pub group: &'static str,
    pub says: &'static str,
    pub shortcut: KeyboardShortcut,
    pub command: Command,
}

const NONE: Modifiers = Modifiers::NONE;

fn binding(
    group: &'static str,
    says: &'static str,
    modifiers: Modifiers,
    key: Key,
    command: impl Into<Command>,
) -> Binding {
    Binding { group, says, shortcut: KeyboardShortcut::new(modifiers, key), command: command.into() }
}

/// All bindings but the digits, which depend on the model's classes.
pub fn bindings() -> Vec<Binding> {
    let command_shift = Modifiers::COMMAND | Modifiers::SHIFT;
    let mut all = vec![
        binding("Files", "Open pictures", Modifiers::COMMAND, Key::O, WindowCommand::OpenFiles),
        binding("Files", "Open a folder", command_shift, Key::O, WindowCommand::OpenFolder),
        binding("Files", "Open a path that is typed", Modifiers::COMMAND, Key::L, WindowCommand::OpenTyped),
        binding("Files", "Read the file again", NONE, Key::F5, SessionCommand::Reload),
        binding("Files", "Export pictures, maps and record", Modifiers::COMMAND, Key::E, WindowCommand::Export),
        binding("Files", "Copy the report picture", command_shift, Key::C, WindowCommand::CopyPanel),
        binding("Files", "Quit", Modifiers::COMMAND, Key::Q, WindowCommand::Quit),
        binding("Pictures", "Next picture", NONE, Key::PageDown, SessionCommand::Next),
        binding("Pictures", "Next picture", NONE, Key::N, SessionCommand::Next),
        binding("Pictures", "Previous picture", NONE, Key::PageUp, SessionCommand::Previous),
        binding("Pictures", "Previous picture", NONE, Key::P, SessionCommand::Previous),
        binding("Pictures", "Show or hide the list of pictures", NONE, Key::W, WindowCommand::WorklistPanel),
        binding("Maps", "CAM of the next class", NONE, Key::ArrowRight, SessionCommand::ClassNext),
        binding("Maps", "CAM of the previous class", NONE, Key::ArrowLeft, SessionCommand::ClassPrevious),
        binding("Maps", "CAM of the decided class", NONE, Key::D, SessionCommand::Class(None)),
        binding("Maps", "All classes on", NONE, Key::A, SessionCommand::AllGrades(true)),
        binding("Maps", "More opacity", NONE, Key::CloseBracket, SessionCommand::OpacityUp),
        binding("Maps", "More opacity", NONE, Key::ArrowUp, SessionCommand::OpacityUp),
        binding("Maps", "Less opacity", NONE, Key::OpenBracket, SessionCommand::OpacityDown),
        binding("Maps", "Less opacity", NONE, Key::ArrowDown, SessionCommand::OpacityDown),
        binding("Maps", "Red box on or off", NONE, Key::B, SessionCommand::ToggleBox),
        binding("Maps", "Values under the pointer as a chart", NONE, Key::V, WindowCommand::ProbeChart),
        binding("Grey pictures", "Window from the darkest to the lightest", NONE, Key::L, SessionCommand::WindowAuto),
        binding("Grey pictures", "Swap light and dark", NONE, Key::X, SessionCommand::WindowInvert),
        binding("Grey pictures", "Window as the file has it", NONE, Key::R, SessionCommand::WindowReset),
        binding("Grey pictures", "Next frame", NONE, Key::Period, SessionCommand::FrameNext),
        binding("Grey pictures", "Previous frame", NONE, Key::Comma, SessionCommand::FramePrevious),
        binding("Grey pictures", "Scale bar on or off", NONE, Key::S, WindowCommand::Ruler),
        binding("View", "Fit the picture into the view", NONE, Key::F, ViewCommand::Fit),
        binding("View", "Actual size, 1:1", NONE, Key::Z, ViewCommand::ActualSize),
        binding("View", "Magnify", NONE, Key::Plus, ViewCommand::ZoomIn),
        binding("View", "Magnify", NONE, Key::Equals, ViewCommand::ZoomIn),
        binding("View", "Shrink", NONE, Key::Minus, ViewCommand::ZoomOut),
        binding("View", "Full screen", NONE, Key::F11, WindowCommand::FullScreen),
        binding("View", "More or fewer controls", NONE, Key::M, WindowCommand::More),
        binding("Help", "This list", NONE, Key::F1, WindowCommand::Help),
        binding("Help", "This list", NONE, Key::Questionmark, WindowCommand::Help),
        binding("Help", "What the model can and cannot do", NONE, Key::I, WindowCommand::ModelCard),
        binding("Help", "Stop what is going on; close a dialog", NONE, Key::Escape, WindowCommand::Escape),
    ];
    for (view, key) in View::ALL.into_iter().zip([Key::F6, Key::F7, Key::F8, Key::F9, Key::F10]) {
        all.push(binding("View", view.kind().only(), NONE, key, ViewCommand::Maximise(view)));
    }
    for (key, x, y) in [(Key::ArrowLeft, -1, 0), (Key::ArrowRight, 1, 0), (Key::ArrowUp, 0, -1), (Key::ArrowDown, 0, 1)]
    {
        all.push(binding("View", "Move the picture", Modifiers::COMMAND, key, ViewCommand::Pan(-x, -y)));
        all.push(binding("View", "Move the cross-hair", Modifiers::SHIFT, key, ViewCommand::MoveProbe(x, y)));
    }
    all
}

/// The shortcut of `command` as text, for menus.
pub fn shortcut_text(command: &Command) -> Option<String> {
    bindings().iter().find(|binding| binding.command == *command).map(|binding| key_text(&binding.shortcut))
}

/// A key as it is printed on keyboards.
pub fn key_text(shortcut: &KeyboardShortcut) -> String {
    let key = match shortcut.logical_key {
        Key::ArrowLeft => "←",
        Key::ArrowRight => "→",
        Key::ArrowUp => "↑",
        Key::ArrowDown => "↓",
        Key::PageDown => "Page down",
        Key::PageUp => "Page up",
        Key::OpenBracket => "[",
        Key::CloseBracket => "]",
        Key::Plus => "+",
        Key::Minus => "−",
        Key::Equals => "=",
        Key::Questionmark => "?",
        Key::Escape => "Esc",
        Key::Period => ".",
        Key::Comma => ",",
        other => other.name(),
    };
    let (held, command) = (shortcut.modifiers, if cfg!(target_os = "macos") { "Cmd+" } else { "Ctrl+" });
    let command = if held.command { command } else { "" };
    format!("{command}{}{key}", if held.shift { "Shift+" } else { "" })
}

/// The commands whose keys were pressed. Keys that a focused control
/// (`is_focused`) or text field needs are left to it.
pub fn pressed(ctx: &Context, digits: &[(Key, usize)], is_focused: bool) -> Vec<Command> {
    if ctx.text_edit_focused() {
        return Vec::new();
    }
    let moves = |key: Key| matches!(key, Key::ArrowLeft | Key::ArrowRight | Key::ArrowUp | Key::ArrowDown);
    ctx.input_mut(|input| {
        let mut commands = Vec::new();
        // Shortcuts with more modifiers first: the plain key must not swallow them.
        let mut all = bindings();
        let modifiers = |b: &Binding| {
            let m = b.shortcut.modifiers;
            usize::from(m.command) + usize::from(m.shift)
        };
        all.sort_by_key(|b| std::cmp::Reverse(modifiers(b)));
        for binding in all {
            let left_alone = is_focused && modifiers(&binding) == 0 && moves(binding.shortcut.logical_key);
            if !left_alone {
                let KeyboardShortcut { modifiers, logical_key } = binding.shortcut;
                // A slow frame may hold several presses of one key: each counts.
                let presses = input.count_and_consume_key(modifiers, logical_key);
                commands.extend(std::iter::repeat_n(binding.command, presses));
            }
        }
        for (key, class) in digits {
            let alone = input.count_and_consume_key(Modifiers::ALT, *key);
            commands.extend(std::iter::repeat_n(SessionCommand::OnlyGrade(*class).into(), alone));
            let plain = input.count_and_consume_key(NONE, *key);
            commands.extend(std::iter::repeat_n(SessionCommand::Grade(*class).into(), plain));
        }
        commands
    })
}

const DIGITS: [Key; 10] =
    [Key::Num0, Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

/// The digit of each class: its name where all names are digits (a grade 2 must not answer to the key 3), else its
/// position from 1.
pub fn digits(names: &[&str]) -> Vec<(Key, usize)> {
    let named: Option<Vec<usize>> = names.iter().map(|name| name.parse().ok().filter(|digit| *digit < 10)).collect();
    let digit = |class: usize| named.as_ref().map_or(class + 1, |named| named[class]);
    (0..names.len()).filter_map(|class| Some((*DIGITS.get(digit(class))?, class))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_stands_for_two_commands() {
        let all = bindings();
        for (i, a) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|b| a.shortcut != b.shortcut), "{} and another", a.says);
        }
    }

    #[test]
    fn a_digit_means_the_grade_of_that_name() {
        assert_eq!(digits(&["0", "1", "2"]), [(Key::Num0, 0), (Key::Num1, 1), (Key::Num2, 2)]);
        assert_eq!(digits(&["edema", "mass"]), [(Key::Num1, 0), (Key::Num2, 1)]);
        let many = vec!["x"; 14];
        assert_eq!(digits(&many).len(), 9);
    }
}
