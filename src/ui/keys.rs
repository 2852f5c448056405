//! The keyboard: which keys trigger which commands of [`super::actions`], and what keys are called.

use egui::{Context, Key, KeyboardShortcut, Modifiers};

use super::actions;
use crate::session::{Command, SessionCommand};

const NONE: Modifiers = Modifiers::NONE;

/// The name of a key as printed on keyboards.
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
        Key::Slash => "/",
        Key::Comma => ",",
        other => other.name(),
    };
    let (held, command) = (shortcut.modifiers, if cfg!(target_os = "macos") { "Cmd+" } else { "Ctrl+" });
    let command = if held.command { command } else { "" };
    format!("{command}{}{key}", if held.shift { "Shift+" } else { "" })
}

/// The commands among those that `allows` names whose keys were pressed. Keys that a focused control (`is_focused`) or
/// text field needs are left to it.
pub fn pressed(
    ctx: &Context,
    digits: &[(Key, usize)],
    is_focused: bool,
    allows: impl Fn(&Command) -> bool,
) -> Vec<Command> {
    if ctx.text_edit_focused() {
        return Vec::new();
    }
    let moves = |key: Key| matches!(key, Key::ArrowLeft | Key::ArrowRight | Key::ArrowUp | Key::ArrowDown);
    ctx.input_mut(|input| {
        let mut commands = Vec::new();
        // Shortcuts with more modifiers first: the plain key must not swallow them.
        let held = |shortcut: &KeyboardShortcut| {
            usize::from(shortcut.modifiers.command) + usize::from(shortcut.modifiers.shift)
        };
        let mut all: Vec<(KeyboardShortcut, Command)> = Vec::new();
        for action in actions::all() {
            all.extend(action.shortcuts().map(|shortcut| (shortcut, action.command.clone())));
        }
        all.sort_by_key(|(shortcut, _)| std::cmp::Reverse(held(shortcut)));
        for (shortcut, command) in all.into_iter().filter(|(_, command)| allows(command)) {
            if !(is_focused && held(&shortcut) == 0 && moves(shortcut.logical_key)) {
                // A slow frame may contain several presses of one key: each counts.
                let presses = input.count_and_consume_key(shortcut.modifiers, shortcut.logical_key);
                commands.extend(std::iter::repeat_n(command, presses));
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
    fn a_digit_means_the_grade_of_that_name() {
        assert_eq!(digits(&["0", "1", "2"]), [(Key::Num0, 0), (Key::Num1, 1), (Key::Num2, 2)]);
        assert_eq!(digits(&["edema", "mass"]), [(Key::Num1, 0), (Key::Num2, 1)]);
        let many = vec!["x"; 14];
        assert_eq!(digits(&many).len(), 9);
    }
}
