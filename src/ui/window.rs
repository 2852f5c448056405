//! Opens the native window, or says in a sentence why there is none.

use std::path::PathBuf;

use eframe::NativeOptions;
use egui::{Context, ViewportBuilder, ViewportCommand, vec2};

use super::{App, names};
use crate::session::Options;
use crate::session::preferences::Preferences;

const SMALLEST: egui::Vec2 = vec2(640.0, 480.0);
/// Of the window at a first start.
pub(super) const USUAL: egui::Vec2 = vec2(1280.0, 800.0);

/// Of the program, and of its window while nothing is open.
pub(super) const NAME: &str = "Fovea";
/// The program's mark; a Wayland desktop takes it from the installed desktop entry instead.
const ICON: &[u8] = include_bytes!("../../packaging/icon/fovea-128.png");
/// A window's title has at most so many letters of a picture's name.
const MOST_LETTERS: usize = 80;

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum WindowError {
    #[error("there is no display to open a window on; `fovea explain FILE` works without one")]
    NoDisplay,
    #[error("the window could not be opened: {0}; `fovea explain FILE` works without one")]
    Failed(String),
}

/// Opens the window and runs until it is closed.
///
/// # Errors
/// No display, or a desktop or graphics driver that fails.
pub fn open(options: Options, paths: Vec<PathBuf>) -> Result<(), WindowError> {
    if !has_display() {
        return Err(WindowError::NoDisplay);
    }
    // The session reads and checks the file again; a damaged one is set aside there, and said.
    let place = options
        .preferences
        .as_ref()
        .filter(|file| file.exists())
        .and_then(|file| Preferences::read(file).ok()??.window);
    let size = place.map_or(USUAL, |place| vec2(place.width, place.height)).clamp(SMALLEST, vec2(7680.0, 4320.0));
    let viewport = ViewportBuilder::default()
        .with_title(NAME)
        .with_app_id("fovea")
        .with_icon(eframe::icon_data::from_png_bytes(ICON).unwrap_or_default())
        .with_inner_size(size)
        .with_min_inner_size(SMALLEST)
        .with_maximized(place.is_some_and(|place| place.maximised))
        .with_drag_and_drop(true);
    let native = NativeOptions { viewport, ..NativeOptions::default() };
    eframe::run_native(
        "fovea",
        native,
        Box::new(|creation| Ok(Box::new(App::new(&creation.egui_ctx, options, paths)?))),
    )
    .map_err(|error| WindowError::Failed(error.to_string()))
}

impl App {
    /// The window says what is open.
    pub(super) fn say_title(&mut self, ctx: &Context) {
        let label = |path| self.session.worklist.get(path).map(|item| item.label.clone());
        let open = self.session.current().and_then(|current| label(&current.path));
        let title = open.map_or(NAME.to_owned(), |name| format!("{} — {NAME}", names::short(&name, MOST_LETTERS)));
        if self.title != title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }
}

#[cfg(all(unix, not(target_os = "macos")))]
fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(is_set)
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn has_display() -> bool {
    true
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_icon_can_be_decoded() {
        let icon = eframe::icon_data::from_png_bytes(super::ICON).expect("a PNG file");
        assert_eq!((icon.width, icon.height), (128, 128));
    }
}
