//! "Read first": the reader says a grade before the model's is shown; both are kept with the time taken.
//!
//! Must not know how anything is shown.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What a reader said of one frame of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    pub class: usize,
    /// From the picture's appearance to the answer.
    pub seconds: f64,
}

/// All readings of a session under one model.
#[derive(Debug, Default)]
pub struct ReadFirst {
    pub enabled: bool,
    readings: HashMap<(PathBuf, u32), Reading>,
    appeared: Option<(PathBuf, u32, Instant)>,
}

impl ReadFirst {
    pub fn new(enabled: bool) -> Self {
        Self { enabled, ..Self::default() }
    }

    /// Notes that a frame of `path` is on the screen; the first time counts.
    pub fn appears(&mut self, path: &Path, frame: u32, now: Instant) {
        if self.appeared.as_ref().is_none_or(|(known, of, _)| known != path || *of != frame) {
            self.appeared = Some((path.to_owned(), frame, now));
        }
    }

    /// Whether the model's answer must not be shown yet.
    pub fn hides(&self, path: &Path, frame: u32) -> bool {
        self.enabled && self.reading(path, frame).is_none()
    }

    /// Takes the reader's answer; the first one stays.
    pub fn enter(&mut self, path: &Path, frame: u32, class: usize, now: Instant) {
        let appeared = self.appeared.as_ref().filter(|(known, of, _)| known == path && *of == frame);
        let since = appeared.map_or(now, |(_, _, at)| *at);
        let seconds = now.duration_since(since).as_secs_f64();
        self.readings.entry((path.to_owned(), frame)).or_insert(Reading { class, seconds });
    }

    pub fn reading(&self, path: &Path, frame: u32) -> Option<Reading> {
        self.readings.get(&(path.to_owned(), frame)).copied()
    }

    /// Another model has other classes.
    pub fn forget(&mut self) {
        self.readings.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_answer_is_hidden_until_the_first_reading_which_stays() {
        let (path, start) = (Path::new("a.jpg"), Instant::now());
        let mut read_first = ReadFirst::new(true);
        read_first.appears(path, 0, start);
        read_first.appears(path, 0, start + Duration::from_secs(2));
        assert!(read_first.hides(path, 0));
        read_first.enter(path, 0, 3, start + Duration::from_secs(5));
        read_first.enter(path, 0, 1, start + Duration::from_secs(9));
        assert_eq!(read_first.reading(path, 0), Some(Reading { class: 3, seconds: 5.0 }));
        assert!(!read_first.hides(path, 0) && read_first.hides(Path::new("b.jpg"), 0));
        assert!(read_first.hides(path, 1), "another frame has an answer of its own");
        read_first.enabled = false;
        assert!(!read_first.hides(Path::new("b.jpg"), 0));
    }
}
