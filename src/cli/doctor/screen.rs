//! Whether there is a display, and what letters can be drawn.

use super::finding::Finding;
use crate::fonts;

/// A letter of each script that names of files are often in.
const SCRIPTS: [(&str, char); 6] =
    [("Arabic", 'ع'), ("Chinese", '眼'), ("Devanagari", 'अ'), ("Japanese", 'め'), ("Korean", '눈'), ("Thai", 'ต')];

/// Where windows would open. Its address may name a machine, and is not told.
pub fn display() -> Vec<Finding> {
    if cfg!(not(feature = "window")) {
        return vec![Finding::missing("window", "this program was built without the feature `window`")];
    }
    if cfg!(any(target_os = "macos", target_os = "windows")) {
        return vec![Finding::fine("window", "the system's own")];
    }
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let wayland = is_set("WAYLAND_DISPLAY") || is_set("WAYLAND_SOCKET");
    let mut lines = match (wayland, is_set("DISPLAY")) {
        (false, false) => {
            vec![Finding::missing("window", "neither WAYLAND_DISPLAY nor DISPLAY is set: no window opens")]
        }
        (true, false) => vec![Finding::fine("window", "Wayland")],
        (false, true) => vec![Finding::fine("window", "X11")],
        (true, true) => vec![Finding::fine("window", "Wayland, X11")],
    };
    if is_set("DISPLAY") || wayland {
        let session = std::env::var("XDG_SESSION_TYPE").unwrap_or_else(|_| "unknown".to_owned());
        let is_remote = ["SSH_CONNECTION", "SSH_CLIENT"].into_iter().any(is_set);
        lines.push(Finding::fine("session", session + if is_remote { ", through SSH" } else { "" }));
    }
    lines
}

/// Which font draws which script.
pub fn fonts() -> Vec<Finding> {
    let mut lines = vec![Finding::fine("built in", "DejaVu Sans")];
    for (script, letter) in SCRIPTS {
        lines.push(match fonts::source(letter) {
            Some(name) => Finding::fine(script, name),
            None => Finding::missing(script, format!("no font: letters stand as {}", fonts::spelled(letter))),
        });
    }
    lines
}
