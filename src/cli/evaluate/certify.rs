//! The certificate: what was measured of a model, failures included, kept beside it.

use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result, anyhow};

use super::say;
use crate::bundle::Certificate;
use crate::bundle::certificate::Tested;
use crate::evaluate::Cases;
use crate::evaluate::decisions::Decisions;
use crate::evaluate::four_tests::FourTests;
use crate::export::iso_date;
use crate::guard::whole::OutputSet;
use crate::statistics::Figure;

/// Of all tests of one run.
pub fn certificate(cases: &Cases, decided: &Decisions, maps: &FourTests, tested: usize, on: &str) -> Certificate {
    let mut tests = vec![answer(
        "accuracy, its interval above that of always giving the commonest answer",
        decided.accuracy,
        decided.majority,
    )];
    for (name, figure) in &decided.auc {
        // Of one class against the rest where the model is asked nothing else.
        if decided.auc.len() <= cases.classes.len() || ["any", "referable"].contains(&name.as_str()) {
            tests.push(answer(&format!("AUC of {name}, its interval above chance"), *figure, Some(0.5)));
        }
    }
    tests.extend(maps.results.iter().map(|result| Tested {
        test: result.asked.title().to_owned(),
        of: result.map.title().to_owned(),
        figure: match result.threshold {
            Some(threshold) => format!("{} ({})", result.asked.criterion(), rounded(threshold)),
            None => result.asked.criterion().to_owned(),
        },
        value: result.figure.and_then(|figure| figure.value).map(rounded),
        spread: result.figure.and_then(|figure| figure.interval).map(|ends| ends.map(rounded)),
        passed: result.passed,
    }));
    Certificate {
        model: cases.model.clone(),
        sha256: cases.sha256.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        date: iso_date(SystemTime::now()),
        on: on.to_owned(),
        pictures: decided.n,
        maps_tested_on: tested,
        tests,
    }
}

/// A figure of the answers against what chance or the commonest answer would give.
fn answer(what: &str, figure: Figure, limit: Option<f64>) -> Tested {
    let passed = figure.interval.zip(limit).map(|([low, _], limit)| low > limit);
    Tested {
        test: "Decisions".to_owned(),
        of: "answer".to_owned(),
        figure: limit.map_or_else(|| what.to_owned(), |limit| format!("{what} ({})", rounded(limit))),
        value: figure.value.map(rounded),
        spread: figure.interval.map(|ends| ends.map(rounded)),
        passed,
    }
}

/// More digits than these would be more than the numbers of pictures can tell.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// Writes it, whole or not at all, in the place of an earlier one.
pub fn keep(place: &Path, certificate: &Certificate) -> Result<()> {
    let (folder, name) = (place.parent(), place.file_name());
    let (folder, name) = folder.zip(name).context("the model's folder has no name")?;
    let mut set = OutputSet::new(folder, "certificate", true);
    let text = toml::to_string(certificate)?;
    set.add_file(&name.to_string_lossy(), text.as_bytes()).map_err(|error| anyhow!("{error}"))?;
    set.finish().map_err(|error| anyhow!("{error}"))?;
    say(format_args!("certificate saved in {}", place.display()));
    Ok(())
}
