//! Tests whether the map on the screen can be trusted: requested once, run one by one, and cancelled when another picture,
//! model or rule comes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::State;
use super::doing::Doing;
use crate::method::MapKind;
use crate::session::effect::Effect;
use crate::session::trust::{TrustFound, TrustJob, TrustKey, TrustPart};

/// Pictures whose results are kept.
const MOST_KEPT: usize = 24;

#[derive(Debug, Default)]
pub struct Trust {
    /// What is to be tried, since when.
    wanted: Option<(TrustKey, Instant)>,
    /// The part that is being tried, by its number.
    asked: Option<(u64, TrustPart)>,
    found: HashMap<TrustKey, Vec<TrustFound>>,
}

impl State {
    /// What the map on the screen is of, once its answer may be seen.
    fn trust_key(&self) -> Option<TrustKey> {
        self.shown()?;
        let (current, model, settings) = (self.current.as_ref()?, self.engine.model()?, self.settings()?);
        Some(TrustKey { picture: current.key(), model: model.sha256.clone(), kind: MapKind::clear(settings.rule) })
    }

    /// What came of the parts that were tried on the map on the screen; `None` where nothing was asked.
    pub fn trust(&self) -> Option<&[TrustFound]> {
        let key = self.trust_key()?;
        let is_wanted = self.trust.wanted.as_ref().is_some_and(|(wanted, _)| *wanted == key);
        self.trust.found.get(&key).map(Vec::as_slice).or(is_wanted.then_some(&[]))
    }

    /// Whether there is a map that something could be tried on, and not all has been.
    pub fn trust_is_open(&self) -> bool {
        self.trust_key().is_some_and(|key| self.missing_part(&key).is_some())
    }

    /// The part that is being tried.
    pub fn trying(&self) -> Option<(TrustPart, Instant)> {
        let (key, since) = self.trust.wanted.as_ref()?;
        Some((self.missing_part(key)?, *since))
    }

    fn missing_part(&self, key: &TrustKey) -> Option<TrustPart> {
        let found = self.trust.found.get(key).map_or(&[] as &[TrustFound], Vec::as_slice);
        TrustPart::ALL.into_iter().find(|part| found.iter().all(|found| found.part() != *part))
    }

    /// Has everything tried on the map on the screen.
    pub(super) fn try_trust(&mut self, now: Instant) {
        let Some(key) = self.trust_key() else {
            return self.notice("There is no map to be tried yet.".to_owned(), false, None, now);
        };
        if self.trust.wanted.as_ref().is_some_and(|(wanted, _)| *wanted == key) {
            return;
        }
        self.stop_trying();
        if self.trust.found.len() >= MOST_KEPT {
            self.trust.found.clear();
        }
        self.trust.wanted = Some((key, now));
    }

    /// Cancels the tests; returns whether any were running.
    pub(super) fn stop_trying(&mut self) -> bool {
        if self.trust.asked.take().is_some() {
            self.effects.push(Effect::Trust(None));
        }
        self.trust.wanted.take().is_some()
    }

    /// Asks for the next part.
    pub(super) fn pursue_trust(&mut self) {
        let Some((key, _)) = self.trust.wanted.clone() else { return };
        if self.trust_key().as_ref() != Some(&key) {
            self.stop_trying();
            return;
        }
        let Some(part) = self.missing_part(&key) else {
            self.trust.wanted = None;
            return;
        };
        let (Doing::Rest, None) = (&self.doing, &self.trust.asked) else { return };
        let (Some(current), Some(model)) = (&self.current, self.engine.ready()) else { return };
        let (picture, name) = (Arc::clone(&current.picture), model.card.name.clone());
        let folders = self.options.folders.clone();
        let number = self.number();
        self.trust.asked = Some((number, part));
        self.effects.push(Effect::Trust(Some(TrustJob { number, of: key, part, picture, name, folders })));
    }

    pub(super) fn tried(&mut self, of: u64, found: Result<TrustFound, String>, now: Instant) {
        if self.trust.asked.take_if(|(number, _)| *number == of).is_none() {
            return;
        }
        match (found, &self.trust.wanted) {
            (Ok(found), Some((key, _))) => self.trust.found.entry(key.clone()).or_default().push(found),
            (Ok(_), None) => {}
            (Err(reason), _) => {
                self.trust.wanted = None;
                self.notice(format!("The map could not be tried: {reason}"), true, None, now);
            }
        }
    }
}
