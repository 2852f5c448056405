//! One picture of an evaluation, from its file to its line.

use std::path::Path;

use anyhow::{Context, Result, anyhow};

use super::labelled::Source;
use super::marks::Marks;
use super::rows::Row;
use crate::bundle::{Bundle, advise, assess};
use crate::evaluate::Subject;
use crate::evaluate::place::PicturePlaces;
use crate::evaluate::shortcuts::Looks;
use crate::evaluate::strong_features::{Definition, PictureFeatures};
use crate::evaluate::truth::{Others, PictureTruth, TruthSettings, randomised_models};
use crate::explain::{Explainer, Explanation, Settings, report};
use crate::export::needed_bytes;
use crate::guard::memory::Memory;
use crate::guard::panics;
use crate::input;
use crate::scan::{Encoded, Scan};
use crate::statistics::MayGoOn;

/// What all pictures share.
pub struct Work<'a> {
    pub explainer: &'a Explainer,
    pub settings: Settings,
    pub memory: &'a Memory,
    pub truth: &'a TruthSettings,
    /// What is randomised, anew for each picture: one draw of weights alone could mislead.
    pub bundle: &'a Bundle,
    /// A second model that maps are held against.
    pub against: Option<&'a Explainer>,
    pub marks: &'a Marks,
    /// Of CLEAR's experiment, where it is asked for.
    pub definitions: &'a [Definition],
    pub may_go_on: &'a MayGoOn<'a>,
}

/// What is wanted of one picture.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub image: &'a str,
    pub patient: &'a str,
    /// Its position among the pictures, from 0.
    pub number: usize,
    /// Whether the maps are put to the test on it.
    pub truth: bool,
    /// Whether they are held against what is marked in it.
    pub places: bool,
    /// Its class, where CLEAR's experiment is made with it.
    pub experiment: Option<usize>,
}

impl Wanted<'_> {
    /// A line of an earlier run with what the table says now, and without what is no longer wanted.
    fn of_today(&self, mut row: Row) -> Row {
        row.truth = row.truth.filter(|_| self.truth);
        row.places = row.places.filter(|_| self.places);
        row.features = self.experiment.and_then(|truth| Some(PictureFeatures { truth, ..row.features? }));
        let patients = [
            row.truth.as_mut().map(|truth| &mut truth.patient),
            row.places.as_mut().map(|places| &mut places.patient),
            row.features.as_mut().map(|features| &mut features.patient),
        ];
        patients.into_iter().flatten().for_each(|patient| *patient = self.patient.to_owned());
        row
    }

    /// Whether `row` has it all.
    fn is_in(&self, row: &Row) -> bool {
        (!self.truth || row.truth.is_some())
            && (!self.places || row.places.is_some())
            && (self.experiment.is_none() || row.features.is_some())
    }
}

impl Work<'_> {
    /// Measures the picture of `source`, unless `known` has its line; `None` where it may not go on. A panic on its way is its
    /// failure alone.
    pub fn one(
        &self,
        source: &Source,
        wanted: Wanted<'_>,
        known: impl Fn(&str) -> Option<Row>,
    ) -> Result<Option<(Row, bool)>> {
        let failed = |reason: String| Err(anyhow!(panics::sentence(&reason)));
        let answer = panics::caught(|| match source {
            Source::File(path) => self.file(path, wanted, known),
            Source::Digit { scan, sha256 } => match known(sha256).filter(|row| wanted.is_in(row)) {
                Some(row) => Ok(Some((wanted.of_today(row), false))),
                None => self.scanned(None, scan, sha256.clone(), wanted),
            },
        });
        answer.unwrap_or_else(failed).with_context(|| source.name())
    }

    fn file(
        &self,
        path: &Path,
        wanted: Wanted<'_>,
        known: impl Fn(&str) -> Option<Row>,
    ) -> Result<Option<(Row, bool)>> {
        let file = Encoded::read(path, 0)?;
        let sha256 = file.sha256();
        if let Some(row) = known(&sha256).filter(|row| wanted.is_in(row)) {
            return Ok(Some((wanted.of_today(row), false)));
        }
        let bytes = needed_bytes(&file.header, &self.explainer.card, false, false);
        let _taken = self.memory.take(bytes)?;
        let scan = file.decode()?;
        drop(file);
        self.scanned(Some(path), &scan, sha256, wanted)
    }

    fn scanned(
        &self,
        path: Option<&Path>,
        scan: &Scan,
        sha256: String,
        wanted: Wanted<'_>,
    ) -> Result<Option<(Row, bool)>> {
        let explanation = self.explainer.explain(scan, &self.settings)?;
        let mut row = self.row(wanted.image, sha256, scan, &explanation);
        let input = input::prepare(scan, &self.explainer.card.preprocessing)?;
        row.looks = Some(Looks::of(scan, &input, &explanation.response, explanation.verdict.decided));
        drop((explanation, input));
        if let Some(class) = wanted.experiment {
            let how = (self.definitions, self.truth.fill, self.truth.seed);
            let names = (wanted.image, wanted.patient, class);
            row.features = PictureFeatures::of(self.explainer, scan, names, how, self.may_go_on)?;
        }
        if wanted.truth || wanted.places {
            self.map(path, wanted, scan, &mut row)?;
        }
        Ok(wanted.is_in(&row).then_some((row, true)))
    }

    /// Judges the maps of `scan` into `row`, as far as it may go on.
    fn map(&self, path: Option<&Path>, wanted: Wanted<'_>, scan: &Scan, row: &mut Row) -> Result<()> {
        let subject = Subject::new(self.explainer, scan, &self.truth.kinds)?;
        let names = (wanted.image, wanted.patient);
        if let Some(path) = path.filter(|_| wanted.places) {
            let regions = self.marks.regions(path, &subject.grid())?;
            row.places = PicturePlaces::of(&subject, names, &regions, self.may_go_on);
        }
        if wanted.truth {
            let (device, seed) = (self.explainer.network().device(), self.truth.seed + wanted.number as u64);
            let Some(models) = randomised_models(self.bundle, device, seed, self.may_go_on)? else { return Ok(()) };
            let others = Others { models: &models, against: self.against };
            row.truth = PictureTruth::of(&subject, names, self.truth, others, self.may_go_on)?;
        }
        Ok(())
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
            ..Row::default()
        }
    }
}
