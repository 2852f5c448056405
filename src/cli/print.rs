//! What is printed. A reader that has seen enough is no fault, one that cannot take more is told of at the end; and
//! nothing that a file's name holds gives orders to a terminal.

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::sync::OnceLock;

/// Why answers could not be printed.
static LOST: OnceLock<ErrorKind> = OnceLock::new();

/// Prints a line of the answer.
pub fn say(line: impl Display) {
    if let Err(error) = writeln!(std::io::stdout(), "{}", harmless(&line.to_string()))
        && error.kind() != ErrorKind::BrokenPipe
    {
        let _ = LOST.set(error.kind());
    }
}

/// Prints a line beside the answer.
pub fn note(line: impl Display) {
    // Nobody is left to be told where this fails.
    let _ = writeln!(std::io::stderr(), "{}", harmless(&line.to_string()));
}

/// Why some of the answer was lost on its way out, where it was.
pub fn lost() -> Option<ErrorKind> {
    LOST.get().copied()
}

/// Control characters as their codes; a new line is a new line.
fn harmless(text: &str) -> String {
    let is_harmful = |c: char| c.is_control() && c != '\n';
    if !text.contains(is_harmful) {
        return text.to_owned();
    }
    let shown = |c: char| if is_harmful(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_no_orders_to_a_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\r\u{9b}31m\nc é"), "a\\u{1b}[2Jb\\r\\u{9b}31m\nc é");
    }
}
