//! What is fetched beside maps and pictures when somebody asks: whose picture it is, and what the network receives.
//!
//! Must not know the user interface.

use std::sync::Arc;

use image::RgbImage;

use super::State;
use crate::session::effect::Effect;
use crate::session::personal::Personal;

/// Answers to what was asked about the picture on the screen; they go with it.
#[derive(Debug, Default)]
pub struct Aside {
    personal: Option<Personal>,
    shows_model_input: bool,
    /// What the network receives, under the number of the question.
    model_input: Option<(u64, RgbImage)>,
    /// The number of the question that stands.
    asked: Option<u64>,
}

impl State {
    /// Whose picture it is, once that was asked for.
    pub fn personal(&self) -> Option<&Personal> {
        self.aside.personal.as_ref()
    }

    pub fn shows_model_input(&self) -> bool {
        self.aside.shows_model_input
    }

    /// What the network receives of the picture on the screen, with a number that no other such picture has.
    pub fn model_input(&self) -> Option<(u64, &RgbImage)> {
        self.aside.model_input.as_ref().map(|(number, picture)| (*number, picture))
    }

    pub(super) fn ask_personal(&mut self, is_wanted: bool) {
        if !is_wanted {
            self.aside.personal = None;
        } else if let Some(current) = &self.current {
            let effect = Effect::Personal { id: current.id, path: current.path.clone() };
            self.effects.push(effect);
        }
    }

    pub(super) fn toggle_model_input(&mut self) {
        self.aside.shows_model_input = !self.aside.shows_model_input;
        self.want_model_input();
    }

    /// Has the network's view of the picture on the screen made, where it is shown and not there yet.
    pub(super) fn want_model_input(&mut self) {
        if !self.aside.shows_model_input || self.aside.asked.is_some() {
            return;
        }
        let Some((current, model)) = self.current.as_ref().zip(self.engine.model()) else { return };
        let (picture, card) = (Arc::clone(&current.picture), Arc::clone(&model.card));
        let number = self.number();
        self.aside.asked = Some(number);
        self.effects.push(Effect::ModelInput { number, picture, card });
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

    pub(super) fn take_model_input(&mut self, number: u64, picture: RgbImage) {
        if self.aside.asked == Some(number) {
            self.aside.model_input = Some((number, picture));
        }
    }
}
