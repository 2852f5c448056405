//! `fovea report`: a file of readings as a table for print.

use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::{Result, anyhow};
use clap::Args;

use super::say;
use crate::export::report_page::{List, document, list_pages};
use crate::export::{PageTheme, iso_date};
use crate::reading::ReadingFile;
use crate::reading::table::{self, TableOptions};

#[derive(Debug, Args)]
pub struct Arguments {
    /// A file of readings as the window saves it (.fovea)
    #[arg(value_name = "FILE")]
    readings: PathBuf,
    /// The PDF to write
    #[arg(long, value_name = "FILE.pdf")]
    out: PathBuf,
    /// The colours
    #[arg(long, value_enum, default_value = "light", value_name = "THEME")]
    report_theme: PageTheme,
    /// Include patient names; without it, patients are numbered
    #[arg(long)]
    with_patients: bool,
    /// Overwrite an existing file
    #[arg(long)]
    force: bool,
}

pub fn run(arguments: &Arguments) -> Result<()> {
    let contents = ReadingFile::look(&arguments.readings)?;
    let title = arguments.readings.file_stem().unwrap_or_default().to_string_lossy();
    let options = TableOptions { with_patients: arguments.with_patients };
    // A session may be called after a folder, and the folder after a patient.
    let title = if arguments.with_patients { title.into_owned() } else { "Readings".to_owned() };
    let list = List::of(&contents, &title, options);
    let pages = list_pages(&list, arguments.report_theme);
    let count = pages.len();
    let pdf = document(&title, &iso_date(SystemTime::now()), pages, arguments.report_theme).to_pdf()?;
    table::write(&arguments.out, &pdf, arguments.force).map_err(|error| anyhow!("{error}"))?;
    let pages = if count == 1 { "page" } else { "pages" };
    say(format_args!("{}  {} pictures on {count} {pages}", arguments.out.display(), list.rows.len()));
    Ok(())
}
