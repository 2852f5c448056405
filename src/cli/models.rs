//! `fovea models`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use super::say;
use crate::bundle::library::{LibraryEntry, no_weights, user_folder};
use crate::bundle::{Certificate, Library};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Show the whole card of one model
    name: Option<String>,
}

/// Lists all models, or prints one card.
pub fn run(arguments: &Arguments, folders: &[PathBuf]) -> Result<()> {
    let library = Library::open(folders)?;
    match &arguments.name {
        Some(name) => whole_card(library, name),
        None => {
            library.entries.iter().for_each(line);
            if let Some(folder) = user_folder() {
                say(format_args!("\nYour own models go into {}, one folder each.", folder.display()));
            }
            say(format_args!("`fovea models NAME` shows the whole card. Research use only, not for diagnosis."));
            Ok(())
        }
    }
}

fn line(entry: &LibraryEntry) {
    match &entry.card {
        Ok(card) => {
            say(format_args!("{:<12} {} ({}; reads: {})", entry.name, card.title, entry.origin, card.reads));
            if !card.has_weights() {
                say(format_args!("{:<12}   {}", "", no_weights(card)));
            }
            for result in &card.results {
                say(format_args!("{:<12}   {}", "", measured(result)));
            }
        }
        Err(error) => say(format_args!("{:<12} cannot be used: {error}", entry.name)),
    }
}

/// One figure of a card, as a line of text.
pub fn measured(result: &crate::bundle::card::Measured) -> String {
    let mut text = format!("{} {}", result.what, result.value);
    if let Some([low, high]) = result.spread {
        text += &format!(" ({low} to {high})");
    }
    if let Some(baseline) = result.baseline {
        text += &format!(", baseline {baseline}");
    }
    text + &format!(", on {}", result.on)
}

fn whole_card(library: Library, name: &str) -> Result<()> {
    let entry = library.find(name)?;
    let certificate = entry.certificate()?;
    let text = toml::to_string(&entry.card?).context("the card cannot be printed")?;
    say(format_args!("# {}\n{text}", entry.origin));
    certificate.iter().for_each(certified);
    Ok(())
}

/// The table of tests, failures included.
fn certified(certificate: &Certificate) {
    say(format_args!(
        "# Certificate of {}, by fovea {}: on {} ({} pictures, maps on {} of them)",
        certificate.date, certificate.version, certificate.on, certificate.pictures, certificate.maps_tested_on
    ));
    for test in &certificate.tests {
        let value = test.value.map_or_else(String::new, |value| format!("{value:.3}"));
        let spread = test.spread.map_or_else(String::new, |[low, high]| format!(" ({low:.3} to {high:.3})"));
        say(format_args!("# {:<9} {}: {}, {} {value}{spread}", test.verdict(), test.test, test.of, test.figure));
    }
}
