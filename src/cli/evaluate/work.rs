//! One picture of an evaluation, from its file to its line.

use std::path::Path;

use anyhow::{Context, Result, anyhow};

use super::rows::Row;
use crate::bundle::{advise, assess};
use crate::evaluate::truth::{Others, PictureTruth, TruthSettings};
use crate::evaluate::{MayGoOn, Subject};
use crate::explain::{Explainer, Explanation, Settings, report};
use crate::export::needed_bytes;
use crate::guard::memory::Memory;
use crate::guard::panics;
use crate::input;
use crate::scan::{Encoded, Scan};

/// What all pictures share.
pub struct Work<'a> {
    pub explainer: &'a Explainer,
    pub settings: Settings,
    pub memory: &'a Memory,
    pub truth: &'a TruthSettings,
    /// The models that maps are held against.
    pub others: Others<'a>,
    pub may_go_on: MayGoOn<'a>,
}

/// What is wanted of one picture.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub image: &'a str,
    pub patient: &'a str,
    /// Whether the maps are put to the test on it.
    pub truth: bool,
}

impl Wanted<'_> {
    /// Whether `row` has it all.
    fn is_in(&self, row: &Row) -> bool {
        !self.truth || row.truth.is_some()
    }
}

impl Work<'_> {
    /// Measures the picture at `path`, unless `known` has its line; `None` where it may not go on. A panic on its way is its
    /// failure alone.
    pub fn one(
        &self,
        path: &Path,
        wanted: Wanted<'_>,
        known: impl Fn(&str) -> Option<Row>,
    ) -> Result<Option<(Row, bool)>> {
        let failed = |reason: String| Err(anyhow!("{}: {}", path.display(), panics::sentence(&reason)));
        panics::caught(|| self.whole_way(path, wanted, known)).unwrap_or_else(failed)
    }

    fn whole_way(
        &self,
        path: &Path,
        wanted: Wanted<'_>,
        known: impl Fn(&str) -> Option<Row>,
    ) -> Result<Option<(Row, bool)>> {
        let place = || format!("{}", path.display());
        let file = Encoded::read(path, 0).with_context(place)?;
        let sha256 = file.sha256();
        if let Some(row) = known(&sha256).filter(|row| wanted.is_in(row)) {
            return Ok(Some((row, false)));
        }
        let bytes = needed_bytes(&file.header, &self.explainer.card, false);
        let _taken = self.memory.take(bytes).with_context(place)?;
        let scan = file.decode().with_context(place)?;
        drop(file);
        let explanation = self.explainer.explain(&scan, &self.settings).with_context(place)?;
        let mut row = self.row(wanted.image, sha256, &scan, &explanation);
        if wanted.truth {
            let subject = Subject::new(self.explainer, &scan, &self.truth.kinds).with_context(place)?;
            let names = (wanted.image, wanted.patient);
            let truth =
                PictureTruth::of(&subject, names, self.truth, self.others, self.may_go_on).with_context(place)?;
            if truth.is_none() {
                return Ok(None);
            }
            row.truth = truth;
        }
        Ok(Some((row, true)))
    }

    fn row(&self, image: &str, sha256: String, scan: &Scan, explanation: &Explanation) -> Row {
        let (card, measures) = (&self.explainer.card, input::measure(scan));
        let (advice, assessed) = (advise(card, &measures, || None), assess(card, &measures));
        let report = report(card, explanation, advice.as_ref(), assessed.as_ref(), true);
        let verdict = &explanation.verdict;
        Row {
            image: image.to_owned(),
            sha256,
            probabilities: verdict.probabilities.clone(),
            decided: verdict.decided,
            findings: verdict.findings.clone(),
            gradable: assessed.map(|assessed| assessed.is_gradable()),
            is_refused: advice.is_some(),
            agrees: Some(report.agreement.agrees),
            truth: None,
        }
    }
}
