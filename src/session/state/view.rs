//! What a window reads from the state.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::doing::{Doing, Engine, Explaining};
use super::{Busy, Current, State};
use crate::bundle::{Advice, Assessment, Card};
use crate::explain::{Report, Settings, Steadiness, report};
use crate::export::ReaderRecord;
use crate::session::grey::GreyState;
use crate::session::jobs::Result;
use crate::session::message::{ExplainPhase, Model};
use crate::session::shown::Shown;

impl State {
    /// The model whose answers are shown.
    pub fn model(&self) -> Option<&Model> {
        self.engine.model()
    }

    pub fn card(&self) -> Option<&Card> {
        self.model().map(|model| model.card.as_ref())
    }

    pub fn current(&self) -> Option<&Current> {
        self.current.as_ref()
    }

    /// The explanation on the screen, unless the reader has to say a grade first or the answer is withheld.
    pub fn shown(&self) -> Option<&Shown> {
        self.open_answer()?.answer.shown.as_ref()
    }

    /// Like [`Self::shown`], under the second rule where two are compared: of the same picture, frame, model and all else
    /// that the network was asked for.
    pub fn compared(&self) -> Option<&Shown> {
        let rule = self.choices.compare?;
        let settings = self.shown()?.explanation.settings;
        let asked = Settings { rule, ..settings }.asked();
        let shown = self.open_answer()?.second.shown.as_ref();
        shown.filter(|shown| shown.explanation.settings.asked() == asked)
    }

    /// How steady the answer is, once that was tried and the answer itself may be seen.
    pub fn steady(&self) -> Option<&Steadiness> {
        let current = self.open_answer()?;
        current.answer.shown.as_ref()?;
        current.steady.as_deref()
    }

    /// The picture on the screen, where nothing of its answer is kept back.
    fn open_answer(&self) -> Option<&Current> {
        self.current.as_ref().filter(|_| !self.awaits_reader() && !self.answer_is_withheld())
    }

    /// Whether the reader is asked for a grade before the model's is shown.
    pub fn awaits_reader(&self) -> bool {
        self.on_screen().is_some_and(|of| self.readings.hides(&of))
    }

    /// Whether the answer is withheld because the model does not read such pictures and nobody asked for it anyway.
    pub fn answer_is_withheld(&self) -> bool {
        self.current.as_ref().is_some_and(|current| current.advice.is_some() && !current.anyway)
    }

    /// Where models are looked for besides the program's own places.
    pub fn model_folders(&self) -> &[PathBuf] {
        &self.options.folders
    }

    /// Where preferences are kept.
    pub fn preferences_file(&self) -> Option<&Path> {
        self.options.preferences.as_deref()
    }

    /// How often a network has run for a look, ahead of the user or not.
    pub fn network_runs(&self) -> u64 {
        self.network_runs
    }

    /// What pictures and maps are kept for going back, in bytes; never more than [`super::cache::BUDGET_BYTES`] for
    /// several.
    pub fn cached_bytes(&self) -> usize {
        self.cache.bytes()
    }

    /// The picture that is asked for or shown.
    pub fn selected(&self) -> Option<&Path> {
        let coming = self.doing.opening().map(|opening| opening.key.path.as_path());
        coming.or(self.current.as_ref().map(|current| current.path.as_path()))
    }

    /// The picture that was asked for and is not on the screen yet, and since when.
    pub fn opening(&self) -> Option<(&Path, Instant)> {
        self.doing.opening().map(|opening| (opening.key.path.as_path(), opening.since))
    }

    /// Reasons against trusting the answer about the picture on the screen.
    pub fn advice(&self) -> Option<&Advice> {
        self.current.as_ref()?.advice.as_ref()
    }

    /// How fit the picture on the screen is, by a model that judges quality.
    pub fn assessed(&self) -> Option<&Assessment> {
        self.current.as_ref()?.assessed.as_ref()
    }

    /// How the picture on the screen is shown, where it is grey.
    pub fn grey(&self) -> Option<&GreyState> {
        self.current.as_ref()?.grey.as_ref()
    }

    /// Frames that the file on the screen holds, and which one is shown, counted from 0.
    pub fn frames(&self) -> (u32, u32) {
        let Some(current) = &self.current else { return (1, 0) };
        (current.picture.scan.facts.as_ref().map_or(1, |facts| facts.frames.max(1)), current.frame)
    }

    /// The settings of explanation that hold now.
    pub fn settings(&self) -> Option<Settings> {
        let recommended = Settings::recommended(self.card()?);
        Some(Settings {
            rule: self.choices.rule.unwrap_or(recommended.rule),
            evidence: self.choices.evidence.unwrap_or(recommended.evidence),
            magnitude: self.choices.magnitude.unwrap_or(recommended.magnitude),
            smoothing_px: self.choices.smoothing_px.unwrap_or(recommended.smoothing_px),
            cam: self.choices.cam,
            class: self.choices.class,
        })
    }

    /// What is in progress, for the progress line.
    pub fn busy(&self) -> Option<Busy> {
        if let Some((_, since)) = self.exports.first() {
            return Some(Busy { what: "Writing files".to_owned(), since: *since, can_stop: false });
        }
        if let Engine::Loading { name, since, .. } = &self.engine {
            return Some(Busy { what: format!("Loading the model {name}"), since: *since, can_stop: false });
        }
        let file = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (what, since) = match (&self.doing, &self.finding) {
            (Doing::Rest, None) => {
                let labels = self.lab.asked.as_ref().map(|asked| ("Reading the labels".to_owned(), asked.since));
                let trying = || self.trying().map(|(part, since)| (format!("Trying the map: {}", part.name()), since));
                let gallery = || {
                    let making = self.making.as_ref()?;
                    let what = format!("Making the gallery: {} of {} pictures", making.done, making.all);
                    Some((what, making.since))
                };
                let archive = || self.waiting_for_archive().map(|waiting| (waiting.what.says(), waiting.since));
                labels.or_else(trying).or_else(gallery).or_else(archive)?
            }
            (Doing::Rest, Some(finding)) => ("Looking for pictures".to_owned(), finding.since),
            (Doing::Opening(opening), _) => (format!("Opening {}", file(&opening.key.path)), opening.since),
            (Doing::Explaining(Explaining { phase, key, since, .. }), _) => {
                let what = match phase {
                    ExplainPhase::PreparingKernels => "Preparing the GPU's kernels (first run only)".to_owned(),
                    ExplainPhase::Explaining => format!("Explaining {}", file(&key.picture.path)),
                };
                (what, *since)
            }
        };
        Some(Busy { what, since, can_stop: true })
    }

    /// What is said of the picture on the screen, once it is explained and its answer may be seen.
    pub fn report(&self) -> Option<Report> {
        let (shown, card) = self.shown().zip(self.card())?;
        Some(report(card, &shown.explanation, self.advice(), self.assessed(), true))
    }

    /// What the answer on the screen was worked out from, for its pictures and files.
    pub(super) fn result(&self) -> Option<Result> {
        let (current, model, shown) = (self.current.as_ref()?, self.model()?, self.shown()?);
        let reading = self.readings.reading(&self.on_screen()?);
        let reader = reading.and_then(|said| ReaderRecord::of(&self.readings.head().reader, said, &model.card));
        Some(Result {
            picture: Arc::clone(&current.picture),
            card: Arc::clone(&model.card),
            sha256: model.sha256.clone(),
            explanation: shown.explanation.clone(),
            compared: self.compared().map(|other| other.explanation.clone()),
            style: self.preferences.style.clone(),
            reader,
            report: self.report()?,
            assessed: current.assessed.clone(),
            measured: self.measurements().map(|(one, figures)| (one.clone(), figures.clone())).collect(),
            display: current.grey.as_ref().map(|grey| grey.display.clone()),
        })
    }
}
