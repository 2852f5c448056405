//! The thread that writes readings: one file at a time, each change as a whole, in order.
//!
//! Must not know what is read or shown.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};

use super::message::{Event, ReadingsWish, Voice};
use crate::guard::panics;
use crate::reading::{Change, Contents, ReadingFile, ReadingsHeader};

enum Task {
    Open(ReadingsWish),
    Keep(Vec<Change>),
}

/// Joined on drop, once everything given to it is written.
#[derive(Debug)]
pub struct Keeper {
    tasks: Option<Sender<Task>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Keeper {
    /// # Errors
    /// No thread can be started.
    pub fn start(voice: Voice) -> std::io::Result<Self> {
        let (tasks, todo) = channel();
        let thread = std::thread::Builder::new().name("readings".to_owned()).spawn(move || {
            let mut desk = Desk { voice, target: None, file: None, has_failed: false };
            for task in todo {
                let done = panics::caught(std::panic::AssertUnwindSafe(|| match task {
                    Task::Open(wish) => desk.open(wish),
                    Task::Keep(changes) => desk.keep(&changes),
                }));
                if let Err(reason) = done {
                    desk.failed(&panics::sentence(&reason));
                }
            }
        })?;
        Ok(Self { tasks: Some(tasks), thread: Some(thread) })
    }

    pub fn open(&self, wish: ReadingsWish) {
        self.give(Task::Open(wish));
    }

    pub fn keep(&self, changes: Vec<Change>) {
        self.give(Task::Keep(changes));
    }

    fn give(&self, task: Task) {
        // The thread ends only when this does.
        if let Some(tasks) = &self.tasks {
            let _ = tasks.send(task);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Desk {
    voice: Voice,
    /// Where the next change goes, and the header for a new file.
    target: Option<(PathBuf, ReadingsHeader)>,
    file: Option<ReadingFile>,
    /// Whether a write failure was reported: once is enough.
    has_failed: bool,
}

impl Desk {
    fn open(&mut self, wish: ReadingsWish) {
        (self.file, self.has_failed) = (None, false);
        let ReadingsWish { number, file, head, is_of_study } = wish;
        let moved = Some(head.opened.as_slice()).filter(|_| is_of_study);
        let contents = match known(&file, moved) {
            Ok(Some((open, contents))) => {
                self.file = Some(open);
                Ok(Some(contents))
            }
            Ok(None) => Ok(None),
            Err(reason) => Err(reason),
        };
        // A file that cannot be read is left alone.
        self.target = contents.is_ok().then_some((file, head));
        self.has_failed = contents.is_err();
        self.voice.say(Event::ReadingsCame { number, contents });
    }

    fn keep(&mut self, changes: &[Change]) {
        if self.file.is_none()
            && let Some((path, head)) = &self.target
        {
            match created(path, head) {
                Ok(file) => self.file = Some(file),
                Err(reason) => return self.failed(&reason),
            }
        }
        if let Some(file) = &mut self.file
            && let Err(error) = file.keep_all(changes)
        {
            self.failed(&error.to_string());
        }
    }

    fn failed(&mut self, reason: &str) {
        if !std::mem::replace(&mut self.has_failed, true) {
            self.voice.say(Event::NotKept { reason: format!("Readings are not kept: {reason}") });
        }
    }
}

/// What stands in a file, if there is one. Of a study that lies elsewhere each time, `moved` is where it lies now.
fn known(path: &Path, moved: Option<&[PathBuf]>) -> Result<Option<(ReadingFile, Contents)>, String> {
    if !path.exists() {
        return Ok(None);
    }
    let mut file = ReadingFile::open(path).map_err(|error| error.to_string())?;
    let mut contents = file.read().map_err(|error| error.to_string())?;
    if let (Some([now]), [before]) = (moved, contents.head.opened.as_slice())
        && now != before
    {
        file.folder_moved(&before.clone(), now).map_err(|error| error.to_string())?;
        contents = file.read().map_err(|error| error.to_string())?;
    }
    Ok(Some((file, contents)))
}

fn created(path: &Path, head: &ReadingsHeader) -> Result<ReadingFile, String> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    ReadingFile::create(path, head).map_err(|error| error.to_string())
}
