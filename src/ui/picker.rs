//! The desktop's file dialogs, outside the frame loop.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use egui::Context;
use rfd::{AsyncFileDialog, FileHandle};

use crate::reading::READINGS;
use crate::session::{Command, LabCommand, ReadingCommand, SessionCommand};

/// Nobody closes a dialog this quickly: an empty answer before that means that no dialog opened.
const TOO_QUICK: Duration = Duration::from_millis(400);

/// What a path is for, whether it is picked or typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    Open,
    SaveReadings,
    Table,
    Labels,
    Gallery,
}

impl Typed {
    pub fn command(self, file: PathBuf) -> Command {
        match self {
            Self::Open => SessionCommand::Open(vec![file]).into(),
            Self::SaveReadings => ReadingCommand::Save(with_ending(file, &[READINGS])).into(),
            Self::Labels => LabCommand::Labels(file).into(),
            Self::Gallery => LabCommand::Gallery(with_ending(file, &["pdf"])).into(),
            Self::Table => ReadingCommand::Table(with_ending(file, &["csv", "json"])).into(),
        }
    }

    /// The question, and the button's label.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Open => ("Path of a picture, a folder or a reading session", "Open"),
            Self::SaveReadings => ("Path of a file for this reading session (.fovea)", "Save"),
            Self::Labels => {
                ("Path of a table of labels (.csv): image,grade, or image and a column for each finding", "Read")
            }
            Self::Gallery => ("Path of a figure (.pdf); an SVG and a PNG stand beside it", "Write"),
            Self::Table => ("Path of a table (.csv or .json)", "Write"),
        }
    }
}

/// The answer of a dialog.
#[derive(Debug, PartialEq)]
pub enum Picked {
    Waiting,
    /// Nothing if the user closed it.
    Open(Vec<PathBuf>),
    /// The folder that a dialog of the window has a field for.
    Into(Option<PathBuf>),
    /// For what [`Picker::typed`] says.
    One(Option<PathBuf>),
    /// The desktop has no dialogs.
    NoDialog,
}

/// An open dialog.
pub struct Picker {
    answer: Receiver<Picked>,
    /// What a path that has to be typed instead would be for.
    pub typed: Typed,
}

impl Picker {
    pub fn files(ctx: &Context) -> Self {
        let dialog = AsyncFileDialog::new()
            .set_title("Open pictures")
            .add_filter("Pictures", &crate::scan::find::ENDINGS)
            .add_filter("Reading sessions", &[READINGS])
            .add_filter("All files", &["*"]);
        Self::start(ctx, dialog.pick_files(), Picked::Open, |handles| paths(&handles))
    }

    pub fn folder(ctx: &Context) -> Self {
        let dialog = AsyncFileDialog::new().set_title("Open a folder of pictures");
        Self::start(ctx, dialog.pick_folder(), Picked::Open, |handle| paths(&[handle]))
    }

    pub fn labels(ctx: &Context) -> Self {
        let dialog = AsyncFileDialog::new()
            .set_title("Labels of the pictures in the list")
            .add_filter("Tables", &["csv"])
            .add_filter("All files", &["*"]);
        let picker = Self::start(ctx, dialog.pick_file(), Picked::One, |handle| Some(handle.path().to_owned()));
        Self { typed: Typed::Labels, ..picker }
    }

    pub fn export_folder(ctx: &Context) -> Self {
        Self::into_folder(ctx, "Export into this folder")
    }

    pub fn keep_folder(ctx: &Context) -> Self {
        Self::into_folder(ctx, "Keep copies of studies in this folder")
    }

    fn into_folder(ctx: &Context, title: &str) -> Self {
        let dialog = AsyncFileDialog::new().set_title(title);
        let answer = |folder: Option<PathBuf>| Picked::Into(folder);
        Self::start(ctx, dialog.pick_folder(), answer, |handle| Some(handle.path().to_owned()))
    }

    pub fn save(ctx: &Context, typed: Typed, title: &str, name: &str) -> Self {
        let dialog = AsyncFileDialog::new().set_title(title).set_file_name(name);
        let answer = |file: Option<PathBuf>| Picked::One(file);
        Self { typed, ..Self::start(ctx, dialog.save_file(), answer, |handle| Some(handle.path().to_owned())) }
    }

    fn start<T: 'static, P: Default + Send + 'static>(
        ctx: &Context,
        dialog: impl Future<Output = Option<T>> + Send + 'static,
        answer: impl FnOnce(P) -> Picked + Send + 'static,
        paths: impl FnOnce(T) -> P + Send + 'static,
    ) -> Self {
        let (sender, receiver) = channel();
        let ctx = ctx.clone();
        std::thread::spawn(move || {
            let start = Instant::now();
            let given = match pollster::block_on(dialog) {
                Some(chosen) => answer(paths(chosen)),
                None if start.elapsed() < TOO_QUICK => Picked::NoDialog,
                None => answer(P::default()),
            };
            // The window may be gone.
            let _ = sender.send(given);
            ctx.request_repaint();
        });
        Self { answer: receiver, typed: Typed::Open }
    }

    pub fn poll(&self) -> Picked {
        match self.answer.try_recv() {
            Ok(answer) => answer,
            Err(TryRecvError::Empty) => Picked::Waiting,
            Err(TryRecvError::Disconnected) => Picked::NoDialog,
        }
    }
}

fn paths(handles: &[FileHandle]) -> Vec<PathBuf> {
    handles.iter().map(|handle| handle.path().to_owned()).collect()
}

/// `file` with the first of the `known` endings behind its whole name, unless it has one of them.
fn with_ending(file: PathBuf, known: &[&str]) -> PathBuf {
    if file.extension().is_some_and(|ending| known.iter().any(|known| ending.eq_ignore_ascii_case(known))) {
        return file;
    }
    let mut name = file.into_os_string();
    name.push(".");
    name.push(known[0]);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_added_and_nothing_is_taken_away() {
        let named = |name: &str| with_ending(PathBuf::from(name), &["csv", "json"]);
        for (given, expected) in
            [("day", "day.csv"), ("day.2024-03", "day.2024-03.csv"), ("day.JSON", "day.JSON"), ("day.csv", "day.csv")]
        {
            assert_eq!(named(given), PathBuf::from(expected));
        }
    }
}
