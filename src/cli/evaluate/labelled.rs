//! Which pictures are measured, and what is true of each.

use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};

use super::{Arguments, note};
use crate::bundle::Card;
use crate::evaluate::{Truth, Truths};
use crate::labels::{self, Label};
use crate::scan;

/// Names that are listed one by one; the rest are counted.
const LISTED: usize = 5;

/// A picture with what its line says.
pub struct Picture {
    pub path: PathBuf,
    pub label: Label,
    pub truth: Truth,
    /// One for each of [`Labelled::columns`].
    pub groups: Vec<String>,
}

/// All of them.
pub struct Labelled {
    pub pictures: Vec<Picture>,
    /// As the table writes them.
    pub columns: Vec<String>,
    /// What did not match, in sentences.
    pub left_out: Vec<String>,
}

impl Labelled {
    /// Brings pictures and lines together, and says what does not match.
    pub fn find(arguments: &Arguments, card: &Card) -> Result<Self> {
        let table = labels::read_table(&arguments.labels)?;
        let truths = Truths::new(card, &table).map_err(|reason| anyhow!(reason))?;
        let column = |name: &String| {
            let says = || anyhow!("{} has no column `{name}`; it has {}", table.path.display(), table.heads.join(", "));
            table.column(name).ok_or_else(says)
        };
        let columns = arguments.groups.iter().map(column).collect::<Result<Vec<_>>>()?;
        let found = scan::find::pictures(&arguments.paths)?;
        found.problems.iter().for_each(|problem| note(format_args!("left out: {problem}")));
        let matched = labels::matched(&found.pictures, &table.lines);
        let mut left_out = Vec::new();
        listed(&mut left_out, "label without a picture", "labels without a picture", &matched.without_picture);
        if matched.without_label > 0 {
            left_out.push(format!("{} of {} pictures have no label", matched.without_label, found.pictures.len()));
        }
        let missing: Vec<String> = truths.missing().map(str::to_owned).collect();
        listed(&mut left_out, "finding without a column", "findings without a column", &missing);
        let (mut pictures, mut unknown) = (Vec::new(), Vec::new());
        for (path, label) in matched.pictures {
            match truths.of(&label) {
                Ok(truth) => {
                    let groups = columns.iter().map(|column| label.cells[*column].clone()).collect();
                    pictures.push(Picture { path, label, truth, groups });
                }
                Err(reason) => unknown.push(reason),
            }
        }
        listed(&mut left_out, "label that says nothing", "labels that say nothing", &unknown);
        left_out.iter().for_each(|says| note(format_args!("left out: {says}")));
        if pictures.is_empty() {
            bail!("no picture has a label: names in {} and files must be alike", table.path.display());
        }
        let columns = columns.into_iter().map(|column| table.heads[column].clone()).collect();
        Ok(Self { pictures, columns, left_out })
    }
}

/// "3 labels without a picture (a, b, c)".
fn listed(sentences: &mut Vec<String>, one: &str, many: &str, names: &[String]) {
    if names.is_empty() {
        return;
    }
    let first = names.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if names.len() > LISTED { ", …" } else { "" };
    sentences.push(format!("{} {} ({first}{more})", names.len(), if names.len() == 1 { one } else { many }));
}
