//! The picture on the screen, with its looks.
//!
//! Must not know what is asked for: [`super::pursue`] compares it with what is here.

use std::path::PathBuf;
use std::sync::Arc;

use crate::bundle::{Advice, Assessment};
use crate::explain::{Look, Settings, Steadiness};
use crate::session::grey::GreyState;
use crate::session::key::{PictureKey, Under};
use crate::session::picture::Picture;
use crate::session::shown::Shown;

/// The picture on the screen.
#[derive(Debug)]
pub struct Current {
    /// Unique among all pictures shown.
    pub id: u64,
    pub path: PathBuf,
    /// Counted from 0.
    pub frame: u32,
    pub(super) reading: u32,
    pub picture: Arc<Picture>,
    /// Under the rule in use.
    pub answer: Side,
    /// Under a second rule, where two are compared.
    pub second: Side,
    /// How it is shown, where it is grey.
    pub grey: Option<GreyState>,
    /// That the answer was asked for although the model does not read such pictures.
    pub(super) anyway: bool,
    pub(super) advice: Option<Advice>,
    /// The question which other model reads it.
    pub(super) advising: Option<u64>,
    pub(super) assessed: Option<Assessment>,
    pub(super) steady: Option<Arc<Steadiness>>,
}

/// One look at the picture on the screen, and what is drawn of it.
#[derive(Debug, Default)]
pub struct Side {
    pub look: Option<Arc<Look>>,
    pub shown: Option<Shown>,
    /// What `shown` was worked out for, its class left out.
    pub(super) made_for: Option<Settings>,
    pub(super) deriving: Option<(u64, Settings)>,
    /// Failed or stopped: not tried again by itself.
    pub(super) given_up: Option<Under>,
}

/// One of the two looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Answer,
    Second,
}

impl Role {
    pub const ALL: [Self; 2] = [Self::Answer, Self::Second];
}

impl Current {
    pub fn key(&self) -> PictureKey {
        PictureKey { path: self.path.clone(), frame: self.frame, reading: self.reading }
    }

    pub fn side(&self, role: Role) -> &Side {
        match role {
            Role::Answer => &self.answer,
            Role::Second => &self.second,
        }
    }

    pub fn side_mut(&mut self, role: Role) -> &mut Side {
        match role {
            Role::Answer => &mut self.answer,
            Role::Second => &mut self.second,
        }
    }

    /// Another model answers from now on.
    pub fn forget_answers(&mut self) {
        (self.answer, self.second) = (Side::default(), Side::default());
        (self.anyway, self.advice, self.advising) = (false, None, None);
        (self.assessed, self.steady) = (None, None);
    }
}

impl Side {
    /// What has to be computed from the present look, under `chosen`.
    pub fn settings(&self, chosen: &Settings) -> Option<Settings> {
        let asked = self.look.as_ref()?.asked;
        let (rule, evidence) = (asked.back_projection.rule, asked.back_projection.evidence);
        Some(Settings { rule, evidence, cam: asked.cam, class: None, ..*chosen })
    }

    pub fn is_deriving(&self, number: u64) -> bool {
        self.deriving.is_some_and(|(known, _)| known == number)
    }

    /// Takes what was computed, unless the look has changed since.
    pub fn take_shown(&mut self, number: u64, mut shown: Shown, class: Option<usize>) {
        let Some((_, settings)) = self.deriving.take_if(|(known, _)| *known == number) else { return };
        if self.look.as_ref().is_some_and(|look| look.asked == settings.asked()) {
            if shown.explanation.settings.class != class {
                shown.explanation.show_class(class, &shown.smoothed);
            }
            (self.shown, self.made_for) = (Some(shown), Some(settings));
        }
    }

    /// What could not be computed is neither shown nor tried again.
    pub fn derive_failed(&mut self, number: u64) {
        if let Some((_, settings)) = self.deriving.take_if(|(known, _)| *known == number) {
            (self.shown, self.made_for) = (None, Some(settings));
        }
    }

    pub fn show_class(&mut self, class: Option<usize>) {
        if let Some(shown) = &mut self.shown
            && shown.explanation.settings.class != class
        {
            shown.explanation.show_class(class, &shown.smoothed);
        }
    }
}
