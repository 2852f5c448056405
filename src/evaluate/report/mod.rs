//! The report of an evaluation: one HTML file that needs nothing else, and every plot and table as files of their own.
//!
//! Sets what [`Section`]s say; must not know how anything was measured.

mod html;
mod plots;

use std::io::Cursor;

use image::{ImageFormat, RgbImage};

use super::Section;

/// What stands above all sections.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReportHeader {
    pub title: String,
    /// What was measured, on what and when: name and value.
    pub facts: Vec<(String, String)>,
    /// What must be known before a figure is believed.
    pub warnings: Vec<String>,
}

/// The report itself, which all other files stand beside.
pub const PAGE: &str = "report.html";

/// Every file of the report by its name: `report.html`, each table as CSV and Parquet, each plot as SVG and PNG, each
/// picture as PNG.
///
/// # Errors
/// A plot or picture that cannot be drawn, a table with rows of different lengths.
pub fn files(head: &ReportHeader, sections: &[Section]) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut files = vec![(PAGE.to_owned(), html::page(head, sections)?.into_bytes())];
    for table in sections.iter().flat_map(|section| &section.tables) {
        files.push((format!("{}.csv", table.name), table.of.csv()?));
        files.push((format!("{}.parquet", table.name), table.of.parquet()?));
    }
    for plot in sections.iter().flat_map(|section| &section.plots) {
        let failed = |error: plots::PlotError| format!("the plot {} cannot be drawn: {error}", plot.name);
        files.push((format!("{}.svg", plot.name), plots::svg(&plot.of).map_err(failed)?.into_bytes()));
        files.push((format!("{}.png", plot.name), png(&plots::pixels(&plot.of).map_err(failed)?)?));
    }
    for picture in sections.iter().flat_map(|section| &section.pictures) {
        files.push((format!("{}.png", picture.name), png(&picture.of)?));
    }
    Ok(files)
}

fn png(picture: &RgbImage) -> Result<Vec<u8>, String> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).map_err(|error| error.to_string())?;
    Ok(bytes.into_inner())
}
