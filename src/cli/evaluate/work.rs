//! One picture of an evaluation, from its file to its line.

use std::path::Path;

use anyhow::{Context, Result, anyhow};

use super::rows::Row;
use crate::bundle::{advise, assess};
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
}

impl Work<'_> {
    /// Measures the picture at `path`, unless `known` has its line. A panic on its way is its failure alone.
    pub fn one(&self, path: &Path, image: &str, known: impl Fn(&str) -> Option<Row>) -> Result<(Row, bool)> {
        let failed = |reason: String| Err(anyhow!("{}: {}", path.display(), panics::sentence(&reason)));
        panics::caught(|| self.whole_way(path, image, known)).unwrap_or_else(failed)
    }

    fn whole_way(&self, path: &Path, image: &str, known: impl Fn(&str) -> Option<Row>) -> Result<(Row, bool)> {
        let place = || format!("{}", path.display());
        let file = Encoded::read(path, 0).with_context(place)?;
        let sha256 = file.sha256();
        if let Some(row) = known(&sha256) {
            return Ok((row, false));
        }
        let bytes = needed_bytes(&file.header, &self.explainer.card, false);
        let _taken = self.memory.take(bytes).with_context(place)?;
        let scan = file.decode().with_context(place)?;
        drop(file);
        let explanation = self.explainer.explain(&scan, &self.settings).with_context(place)?;
        Ok((self.row(image, sha256, &scan, &explanation), true))
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
        }
    }
}
