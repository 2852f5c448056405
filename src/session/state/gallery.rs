//! The figure of examples: asked for once, explained picture by picture below the reader's wishes, then written.

use std::path::PathBuf;
use std::time::Instant;

use super::State;
use crate::export::gallery::Gallery;
use crate::export::iso_date;
use crate::session::effect::Effect;
use crate::session::gallery::{GalleryJob, Picks};

/// A figure in the making.
#[derive(Debug)]
pub struct Making {
    number: u64,
    file: PathBuf,
    pub since: Instant,
    pub done: usize,
    pub all: usize,
}

impl State {
    pub(super) fn make_gallery(&mut self, file: PathBuf, now: Instant) {
        let (Some(model), Some(settings)) = (self.engine.ready(), self.settings()) else {
            return self.notice("There is no model yet.".to_owned(), false, None, now);
        };
        let picks = match Picks::of(&self.worklist, &model.card) {
            Ok(picks) => picks,
            Err(reason) => return self.notice(reason, true, None, now),
        };
        let (model, style, all) = (model.sha256.clone(), self.preferences.style.clone(), picks.all.len());
        let number = self.number();
        self.making = Some(Making { number, file, since: now, done: 0, all });
        let job = GalleryJob { number, model, picks, settings, style, done: Vec::new() };
        self.effects.push(Effect::Gallery(Some(Box::new(job))));
    }

    /// Cancels the figure; returns whether one was in the making.
    pub(super) fn stop_gallery(&mut self) -> bool {
        let was_made = self.making.take().is_some();
        if was_made {
            self.effects.push(Effect::Gallery(None));
        }
        was_made
    }

    pub(super) fn gallery_goes_on(&mut self, of: u64, count: usize) {
        if let Some(making) = self.making.as_mut().filter(|making| making.number == of) {
            making.done = count;
        }
    }

    pub(super) fn gallery_made(&mut self, of: u64, made: Result<Box<Gallery>, String>, now: Instant) {
        let Some(making) = self.making.take_if(|making| making.number == of) else { return };
        match made {
            Ok(gallery) => {
                let number = self.export_begins(now);
                let (then, date) = self.began;
                let date = iso_date(date + now.saturating_duration_since(then));
                self.effects.push(Effect::WriteGallery { number, file: making.file, gallery, date });
            }
            Err(reason) => self.notice(reason, true, None, now),
        }
    }
}
