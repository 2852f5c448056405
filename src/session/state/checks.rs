//! Invariants of a state, at every moment and at rest.

use super::world::{REFUSED, World, decided, pixels_of, scores, tried};
use crate::explain::Settings;
use crate::method::MapKind;
use crate::reading::Answer;
use crate::session::lab::Measured;
use crate::session::trust::TrustKey;
use crate::session::worklist::{Item, SortBy};

impl World {
    /// No study is kept that nobody looks at.
    fn check_studies(&self) -> Result<(), String> {
        let state = &self.state;
        let finding = state.finding.iter().flat_map(|finding| &finding.paths);
        let coming = state.doing.opening().and_then(|opening| opening.list.as_ref());
        let coming = coming.into_iter().flat_map(|list| list.opened());
        let is_study = |path: &std::path::PathBuf| path.as_path() == std::path::Path::new(super::world::STUDY);
        let on_screen = state.current().map(|current| &current.path);
        let is_used = finding.chain(coming).chain(state.worklist.opened()).chain(on_screen).any(is_study);
        if state.archive.studies() > 0 && !is_used {
            return Err("a study lies here that nobody looks at".to_owned());
        }
        Ok(())
    }

    /// What is on the screen belongs together, whatever is under way.
    pub fn check(&self) -> Result<(), String> {
        self.check_lab()?;
        self.check_trust()?;
        self.check_studies()?;
        let state = &self.state;
        let Some(current) = state.current() else { return Ok(()) };
        let key = current.key();
        let differs = |what: &str, found: &dyn std::fmt::Debug| Err(format!("{what} on {key:?}: {found:?}"));
        let pixels = current.picture.scan.to_rgb8().get_pixel(0, 0).0;
        if pixels != pixels_of(&key) {
            return differs("another picture", &pixels);
        }
        let sides = [(&current.answer, "answer"), (&current.second, "second")];
        let model = state.model().map_or("9", |model| model.sha256.as_str());
        for look in sides.iter().filter_map(|(side, _)| side.look.as_ref()) {
            if look.scores != scores(&key, model, look.asked) {
                return differs("a look at something else", &look.scores);
            }
        }
        for (shown, side) in sides.into_iter().filter_map(|(side, name)| Some((side.shown.as_ref()?, name))) {
            let Some(model) = state.model() else { return differs("maps without a model", &side) };
            let explanation = &shown.explanation;
            if explanation.scores != scores(&key, &model.sha256, explanation.settings.asked()) {
                return differs(&format!("maps of something else ({side}, {})", model.sha256), &explanation.scores);
            }
        }
        if let (Some(shown), Some(compared)) = (state.shown(), state.compared()) {
            let (one, other) = (shown.explanation.settings, compared.explanation.settings);
            if Some(other.rule) != state.choices.compare || one.cam != other.cam || one.evidence != other.evidence {
                return differs("maps that are not to be compared", &(one, other));
            }
        }
        let refused = pixels[0] == REFUSED as u8 && state.card().is_some_and(|card| card.gate.is_some());
        if refused && state.shown().is_some() && state.answer_is_withheld() || !refused && state.answer_is_withheld() {
            return differs("the gate", &state.advice());
        }
        let entry = state.on_screen().and_then(|of| state.readings.entry(&of));
        if state.shown().is_some() {
            let Some(entry) = entry else { return differs("an answer beside no entry", &()) };
            if !entry.answer_seen {
                return differs("an answer that nobody saw", &entry);
            }
            if state.readings.blind && !entry.reading.is_read() && !entry.answer_seen {
                return differs("an answer before the reader's", &entry);
            }
        }
        if let Some(item) = state.worklist.items().iter().find(|item| {
            let key = state.cache.key(&item.path, 0);
            let said =
                |answer: &Answer| state.model().is_some_and(|model| answer.class != decided(&key, &model.sha256));
            key.reading == current.reading && item.path == current.path && item.answer.as_ref().is_some_and(said)
        }) {
            return differs("a grade", &(&item.name, &item.answer));
        }
        let is_other = |answer: &Answer| state.model().is_none_or(|model| model.sha256 != answer.model);
        if let Some(item) = state.worklist.items().iter().find(|item| item.answer.as_ref().is_some_and(is_other)) {
            return differs("an answer of another model", &(&item.name, &item.answer));
        }
        self.check_beside(model)?;
        let measured = state.measurements_of(&current.path, current.frame).len();
        if state.measurements().len() != measured || state.selected_measurement().is_some_and(|at| at >= measured) {
            return differs("measurements", &measured);
        }
        match state.notices.iter().find(|notice| notice.text.starts_with("ahead")) {
            Some(notice) => differs("a notice for a picture that nobody chose", &notice.text),
            None => Ok(()),
        }
    }

    /// What was tried was tried on the map on the screen, and is told with its answer alone.
    fn check_trust(&self) -> Result<(), String> {
        let state = &self.state;
        let Some(found) = state.trust() else { return Ok(()) };
        let (Some(current), Some(model), Some(settings), true) =
            (state.current(), state.model(), state.settings(), state.shown().is_some())
        else {
            return Err("something tried on nothing".to_owned());
        };
        let kind = MapKind::clear(settings.rule);
        let of = TrustKey { picture: current.key(), model: model.sha256.clone(), kind };
        let wrong = found.iter().find(|found| **found != tried(&of, found.part()));
        wrong.map_or(Ok(()), |wrong| Err(format!("{wrong:?} was not tried on {of:?}")))
    }

    /// What labels tell is of the list as it is now, and of what may be known alone.
    fn check_lab(&self) -> Result<(), String> {
        let state = &self.state;
        let labelled = || state.worklist.items().iter().filter(|item| item.truth.is_some());
        if labelled().next().is_some() && state.labels_file().is_none() {
            return Err("labels of no table".to_owned());
        }
        let Some(measured) = state.measured() else {
            let is_missing = labelled().next().is_some() && state.card().is_some();
            return if is_missing { Err("labels that nothing is measured of".to_owned()) } else { Ok(()) };
        };
        let now = state.card().zip(state.contrast()).map(|(card, asked)| Measured::of(&state.worklist, card, asked));
        if now.as_ref() != Some(measured) {
            return Err(format!("{measured:?} is measured instead of {now:?}"));
        }
        let is_known = |item: &&Item| !item.is_hidden && item.answer.as_ref().is_some_and(|answer| !answer.is_refused);
        let known = labelled().filter(is_known).count() as u64;
        if measured.matrix.n() != known {
            return Err(format!("{} pictures in the matrix, and {known} are known", measured.matrix.n()));
        }
        let point = state.operating_point().is_some_and(|point| (0.0..=1.0).contains(&point));
        let prevalence = state.prevalence().is_none_or(|part| part > 0.0 && part < 1.0);
        if point && prevalence { Ok(()) } else { Err("a point that no slider has".to_owned()) }
    }

    /// What stands beside the picture on the screen belongs together as well, and nothing of it is given away.
    fn check_beside(&self, model: &str) -> Result<(), String> {
        let state = &self.state;
        let Some(beside) = state.companion() else { return Ok(()) };
        let Some(current) = beside.current() else { return Ok(()) };
        let key = current.key();
        let differs = |what: &str, found: &dyn std::fmt::Debug| Err(format!("beside: {what} on {key:?}: {found:?}"));
        let pixels = current.picture.scan.to_rgb8().get_pixel(0, 0).0;
        if pixels != pixels_of(&key)
            || Some(key.path.as_path()) == state.current().map(|current| current.path.as_path())
        {
            return differs("another picture", &pixels);
        }
        if let Some(look) = current.answer.look.as_ref().filter(|look| look.scores != scores(&key, model, look.asked)) {
            return differs("a look at something else", &look.scores);
        }
        let maps = current.answer.shown.as_ref().map(|shown| &shown.explanation);
        if let Some(maps) = maps.filter(|maps| maps.scores != scores(&key, model, maps.settings.asked())) {
            return differs("maps of something else", &maps.scores);
        }
        let refused = pixels[0] == REFUSED as u8 && state.card().is_some_and(|card| card.gate.is_some());
        if (refused || state.awaits_reader()) && state.companion_shown().is_some() {
            return differs("an answer given away", &state.companion_says());
        }
        Ok(())
    }

    /// Nothing is awaited and nothing is missing.
    fn check_rest_beside(&self) -> Result<(), String> {
        let state = &self.state;
        let Some(beside) = state.companion() else { return Ok(()) };
        let look = beside.current().and_then(|current| current.answer.look.as_ref());
        let wanted = state.settings().map(|settings| settings.asked());
        if beside.problem.is_none() && (beside.current().is_none() || look.map(|look| look.asked) != wanted) {
            let asked = look.map(|look| look.asked);
            return Err(format!("{asked:?} at rest beside instead of {wanted:?} of {}", beside.path().display()));
        }
        let made = beside.current().map(|current| &current.answer);
        if look.is_some() && made.is_some_and(|side| side.shown.is_none() && side.made_for.is_none()) {
            return Err("a look without maps at rest beside".to_owned());
        }
        Ok(())
    }

    /// Nothing is awaited and nothing is missing.
    pub fn check_rest(&self) -> Result<(), String> {
        let state = &self.state;
        if let Some(busy) = state.busy() {
            return Err(format!("still busy: {busy:?}"));
        }
        if let Some(kept) = self.target.as_ref().and_then(|file| self.kept.get(file)) {
            let (entries, all) = (&kept.entries, state.all_readings());
            for (of, entry) in all.entries.into_iter().filter(|_| state.worklist.len() > 1) {
                if entries.iter().find(|(known, _)| *known == of).map(|(_, entry)| entry) != Some(&entry) {
                    return Err(format!("kept is {entries:?} instead of {entry:?} of {of:?}"));
                }
            }
        }
        let explains = state.worklist.sorted_by() == SortBy::Mismatch;
        let is_done = |answer: &Answer| !explains || answer.is_refused || answer.agrees.is_some();
        let is_open = |item: &&Item| !item.answer.as_ref().is_some_and(is_done) && item.problem.is_none();
        if let Some(item) = state.worklist.items().iter().find(is_open)
            && state.grading().is_some_and(|progress| !progress.is_paused)
            && state.engine.ready().is_some()
        {
            return Err(format!("{} is not graded at rest", item.name));
        }
        let Some((current, settings)) = state.current().zip(state.settings()) else { return Ok(()) };
        self.check_rest_beside()?;
        let second = state.choices.compare.map(|rule| Settings { rule, ..settings });
        for (side, settings) in [(&current.answer, Some(settings)), (&current.second, second)] {
            let wanted = settings.map(|settings| settings.asked());
            let found = side.look.as_ref().map(|look| look.asked);
            if found != wanted && side.given_up.is_none() {
                return Err(format!("{found:?} at rest instead of {wanted:?}"));
            }
            let shown = side.shown.as_ref().map(|shown| shown.explanation.settings.asked());
            if shown.is_some() && shown != found {
                return Err(format!("maps under {shown:?} at rest beside a look under {found:?}"));
            }
            if found.is_some() && shown.is_none() && side.made_for.is_none() {
                return Err("a look without maps at rest".to_owned());
            }
        }
        Ok(())
    }
}
