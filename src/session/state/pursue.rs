//! Requests what the state still lacks: the looks at the picture on the screen, what is drawn of them, and once all that
//! is there, what may be wanted next.
//!
//! This is recomputed after each event, so that no order of events can leave something out.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::State;
use super::current::Role;
use super::doing::{Doing, Explaining};
use crate::bundle::{advise, assess};
use crate::explain::{Look, Settings};
use crate::method::Asked;
use crate::session::effect::Effect;
use crate::session::key::{LookKey, Under};
use crate::session::message::{ExplainPhase, Job, SteadyJob};

/// How many pictures are explained ahead, and how many are kept behind.
const AHEAD: usize = 2;

impl State {
    pub(super) fn pursue(&mut self, now: Instant) {
        self.forget_agreement();
        self.take_known_looks();
        let missing = self.missing_look();
        let is_asked = |explaining: &Explaining| missing.as_ref().is_some_and(|(_, key)| explaining.key == *key);
        match (&self.doing, &missing) {
            // Whatever is missing is asked for once that picture is there.
            (Doing::Opening(_), _) | (Doing::Rest, None) => {}
            (Doing::Explaining(explaining), _) if is_asked(explaining) => {}
            (Doing::Explaining(_), None) => self.give_up_waiting(),
            (Doing::Rest | Doing::Explaining(_), Some((_, key))) => self.ask_for(key.clone(), now),
        }
        self.derive();
        self.want_thumbnails();
        self.recall();
        self.pursue_beside();
        self.pursue_trust();
        if matches!((&self.doing, missing), (Doing::Rest, None)) {
            self.look_ahead();
            self.try_steadiness();
            self.grade_all();
        }
    }

    /// How each side is to be asked for.
    fn asked(&self, role: Role) -> Option<Asked> {
        let settings = self.settings()?;
        match role {
            Role::Answer => Some(settings.asked()),
            Role::Second => {
                let rule = self.choices.compare?;
                Some(Settings { rule, ..settings }.asked())
            }
        }
    }

    /// What each side is to be a look under; of a model that is being replaced as long as it answers.
    pub(super) fn under(&self, role: Role) -> Option<Under> {
        Some(Under { model: self.engine.model()?.sha256.clone(), asked: self.asked(role)? })
    }

    /// Looks that were made before cost nothing.
    fn take_known_looks(&mut self) {
        for role in Role::ALL {
            let under = self.under(role);
            let Some(current) = &mut self.current else { return };
            let key = current.key();
            let side = current.side_mut(role);
            let Some(under) = under else {
                // Nothing is compared, or nothing can be.
                *side = Default::default();
                continue;
            };
            if side.look.as_ref().is_some_and(|look| look.asked == under.asked) {
                continue;
            }
            if let Some(look) = self.cache.peek(&key).and_then(|known| known.look(&under)) {
                self.take_look(role, look);
            }
        }
    }

    /// A look at the picture on the screen, as it is asked for now, has come.
    pub(super) fn take_look(&mut self, role: Role, look: Arc<Look>) {
        if let Some(current) = &mut self.current {
            let side = current.side_mut(role);
            (side.look, side.given_up) = (Some(look), None);
        }
    }

    /// The look that is to be asked for next.
    fn missing_look(&self) -> Option<(Role, LookKey)> {
        let (current, _) = self.current.as_ref().zip(self.engine.ready())?;
        Role::ALL.into_iter().find_map(|role| {
            let (side, under) = (current.side(role), self.under(role)?);
            let is_there = side.look.as_ref().is_some_and(|look| look.asked == under.asked);
            let is_given_up = side.given_up.as_ref() == Some(&under);
            (!is_there && !is_given_up).then(|| (role, LookKey { picture: current.key(), under }))
        })
    }

    /// Asks the network for the picture on the screen, once more.
    fn ask_for(&mut self, key: LookKey, now: Instant) {
        let Some(current) = &self.current else { return };
        let picture = Some(Arc::clone(&current.picture));
        let ticket = self.number();
        let job = Job { ticket: Some(ticket), key: key.picture.clone(), picture, under: Some(key.under.clone()) };
        self.effects.push(Effect::Explain(job));
        self.doing = Doing::Explaining(Explaining { ticket, key, phase: ExplainPhase::Explaining, since: now });
    }

    /// Requests what is shown of the present looks, one at a time for each; meanwhile the newest choices wait.
    fn derive(&mut self) {
        let Some(chosen) = self.settings() else { return };
        for role in Role::ALL {
            let Some(current) = &self.current else { return };
            let side = current.side(role);
            let Some((settings, look)) = side.settings(&chosen).zip(side.look.clone()) else { continue };
            if side.deriving.is_some() || side.made_for == Some(settings) {
                continue;
            }
            let number = self.number();
            if let Some(current) = &mut self.current {
                current.side_mut(role).deriving = Some((number, settings));
            }
            self.effects.push(Effect::Derive { number, look, settings });
        }
    }

    /// Has the neighbours explained while the user looks.
    fn look_ahead(&mut self) {
        let (Some(current), Some(under)) = (&self.current, self.under(Role::Answer)) else { return };
        if current.answer.look.is_none() || self.engine.ready().is_none() {
            return;
        }
        let around = Some((current.key(), under.clone()));
        if self.ahead_of == around {
            return;
        }
        let mut wanted: Vec<PathBuf> = Vec::new();
        for (forwards, count) in [(true, AHEAD), (false, 1)] {
            let mut from = current.path.clone();
            for _ in 0..count {
                let Some(item) = self.worklist.neighbour(&from, forwards) else { break };
                from.clone_from(&item.path);
                wanted.push(from.clone());
            }
        }
        let jobs = wanted.into_iter().filter_map(|path| {
            let key = self.cache.key(&path, 0);
            let known = self.cache.peek(&key).cloned().unwrap_or_default();
            let is_known = known.picture.is_some() && known.look(&under).is_some();
            (!is_known).then(|| Job { ticket: None, key, picture: known.picture, under: Some(under.clone()) })
        });
        self.effects.push(Effect::Ahead(jobs.collect()));
        self.ahead_of = around;
    }

    /// Has the answer tried on variants of the picture, once nothing else is wanted.
    fn try_steadiness(&mut self) {
        let (Some(current), Some(model)) = (&mut self.current, self.engine.ready()) else { return };
        let Some(look) = &current.answer.look else { return };
        let key = current.key();
        if current.steady.is_none() {
            current.steady = self.cache.peek(&key).and_then(|known| known.steady(&model.sha256));
        }
        let of = Some((key.clone(), model.sha256.clone()));
        if current.steady.is_some() || self.steady_of == of {
            return;
        }
        let (picture, look, model) = (Arc::clone(&current.picture), Arc::clone(look), model.sha256.clone());
        self.effects.push(Effect::Steady(SteadyJob { key, picture, model, look }));
        self.steady_of = of;
    }

    /// Asks the model's gate about the picture on the screen.
    pub(super) fn judge(&mut self) {
        let (Some(current), Some(model)) = (&self.current, self.engine.model()) else { return };
        let (card, picture) = (Arc::clone(&model.card), Arc::clone(&current.picture));
        let assessed = assess(&card, &picture.measures);
        // Which other model would read it is asked apart from here: their cards lie on a disk.
        let advice = advise(&card, &picture.measures, || None);
        let number = advice.is_some().then(|| self.number());
        if let Some(current) = &mut self.current {
            (current.assessed, current.advice, current.advising) = (assessed, advice, number);
        }
        self.effects.extend(number.map(|number| Effect::Advise { number, card, picture }));
    }
}
