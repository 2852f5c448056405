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

/// Prints what a program is to read, as it is. A reader that went away is no fault.
pub fn bytes(bytes: &[u8]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
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

/// More of a line tells nobody anything.
const LONGEST_LINE: usize = 2000;

/// Control characters as their codes, and no line without an end; a new line is a new line.
fn harmless(text: &str) -> String {
    let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    let line = |line: &str| {
        let mut kept: String = line.chars().take(LONGEST_LINE).map(shown).collect();
        if line.chars().nth(LONGEST_LINE).is_some() {
            kept.push('…');
        }
        kept
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_no_orders_to_a_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\r\u{9b}31m\nc é"), "a\\u{1b}[2Jb\\r\\u{9b}31m\nc é");
        assert_eq!(harmless(&"é".repeat(9000)).chars().count(), LONGEST_LINE + 1);
    }
}
