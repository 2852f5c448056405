//! The desktop's file dialogs, apart from the frame loop.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use egui::Context;
use rfd::{AsyncFileDialog, FileHandle};

/// Nobody closes a dialog this quickly: an answer of nothing before means that there was none.
const TOO_QUICK: Duration = Duration::from_millis(400);

/// What a dialog gave.
#[derive(Debug, PartialEq)]
pub enum Answer {
    Waiting,
    /// Nothing where the user closed it.
    Open(Vec<PathBuf>),
    ExportTo(Option<PathBuf>),
    /// The desktop has no dialogs.
    NoDialog,
}

/// A dialog that is open.
pub struct Picker {
    answer: Receiver<Answer>,
}

impl Picker {
    pub fn files(ctx: &Context) -> Self {
        let dialog = AsyncFileDialog::new()
            .set_title("Open pictures")
            .add_filter("Pictures", &crate::scan::find::ENDINGS)
            .add_filter("All files", &["*"]);
        Self::start(ctx, dialog.pick_files(), Answer::Open, |handles| paths(&handles))
    }

    pub fn folder(ctx: &Context) -> Self {
        let dialog = AsyncFileDialog::new().set_title("Open a folder of pictures");
        Self::start(ctx, dialog.pick_folder(), Answer::Open, |handle| paths(&[handle]))
    }

    pub fn export_folder(ctx: &Context) -> Self {
        let dialog = AsyncFileDialog::new().set_title("Export into this folder");
        let answer = |folder: Option<PathBuf>| Answer::ExportTo(folder);
        Self::start(ctx, dialog.pick_folder(), answer, |handle| Some(handle.path().to_owned()))
    }

    fn start<T: 'static, P: Default + Send + 'static>(
        ctx: &Context,
        dialog: impl Future<Output = Option<T>> + Send + 'static,
        answer: impl FnOnce(P) -> Answer + Send + 'static,
        paths: impl FnOnce(T) -> P + Send + 'static,
    ) -> Self {
        let (sender, receiver) = channel();
        let ctx = ctx.clone();
        std::thread::spawn(move || {
            let start = Instant::now();
            let given = match pollster::block_on(dialog) {
                Some(chosen) => answer(paths(chosen)),
                None if start.elapsed() < TOO_QUICK => Answer::NoDialog,
                None => answer(P::default()),
            };
            // The window may be gone.
            let _ = sender.send(given);
            ctx.request_repaint();
        });
        Self { answer: receiver }
    }

    pub fn poll(&self) -> Answer {
        match self.answer.try_recv() {
            Ok(answer) => answer,
            Err(TryRecvError::Empty) => Answer::Waiting,
            Err(TryRecvError::Disconnected) => Answer::NoDialog,
        }
    }
}

fn paths(handles: &[FileHandle]) -> Vec<PathBuf> {
    handles.iter().map(|handle| handle.path().to_owned()).collect()
}
