//! What is fetched beside maps and pictures when somebody asks: whose picture it is, and what the network receives.
//!
//! Must not know the user interface.

use std::sync::Arc;

use image::RgbImage;

use super::message::Event;
use super::personal::Personal;
use super::{Session, SessionCommand};
use crate::{input, scan};

/// Answers to what was asked about the picture on the screen; they go with it.
#[derive(Debug, Default)]
pub struct Aside {
    personal: Option<Personal>,
    shows_model_input: bool,
    /// The picture's number, and what the network receives of it.
    model_input: Option<(u64, RgbImage)>,
    /// The picture that was asked for last.
    asked: Option<u64>,
}

impl Session {
    /// Whose picture it is, once that was asked for.
    pub fn personal(&self) -> Option<&Personal> {
        self.aside.personal.as_ref()
    }

    pub fn shows_model_input(&self) -> bool {
        self.aside.shows_model_input
    }

    /// What the network receives of the picture on the screen, with a number that is the picture's own.
    pub fn model_input(&self) -> Option<(u64, &RgbImage)> {
        let id = self.current.as_ref()?.id;
        self.aside.model_input.as_ref().filter(|(of, _)| *of == id).map(|(of, picture)| (*of, picture))
    }

    pub(super) fn ask(&mut self, command: &SessionCommand) {
        match command {
            SessionCommand::Personal(false) => self.aside.personal = None,
            SessionCommand::Personal(true) => {
                let Some((id, path)) = self.current.as_ref().map(|current| (current.id, current.path.clone())) else {
                    return;
                };
                self.voice.later(move || {
                    let said = Personal(scan::personal(&path).map_err(|error| error.to_string()));
                    Some(Event::Personal { id, said })
                });
            }
            SessionCommand::ModelInput => {
                self.aside.shows_model_input = !self.aside.shows_model_input;
                self.want_model_input();
            }
            _ => {}
        }
    }

    /// Has the network's view of the picture on the screen made, where it is shown and not there yet.
    pub(super) fn want_model_input(&mut self) {
        let Some((current, model)) = self.current.as_ref().zip(self.model.as_ref()) else { return };
        if !self.aside.shows_model_input || self.aside.asked == Some(current.id) {
            return;
        }
        self.aside.asked = Some(current.id);
        let (id, picture, card) = (current.id, Arc::clone(&current.picture), Arc::clone(&model.card));
        self.voice.later(move || {
            let input = input::prepare(&picture.scan, &card.preprocessing).ok()?;
            Some(Event::ModelInput { id, picture: input.to_picture() })
        });
    }

    /// Another picture or another model: nothing of the last one stays.
    pub(super) fn forget_aside(&mut self) {
        self.aside = Aside { shows_model_input: self.aside.shows_model_input, ..Aside::default() };
    }

    pub(super) fn take_personal(&mut self, id: u64, said: Personal) {
        if self.current.as_ref().is_some_and(|current| current.id == id) {
            self.aside.personal = Some(said);
        }
    }

    pub(super) fn take_model_input(&mut self, id: u64, picture: RgbImage) {
        self.aside.model_input = Some((id, picture));
    }
}
